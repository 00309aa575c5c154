package verify

import (
	"testing"
	"time"

	"surgicase/adapters/minioblob"
	"surgicase/adapters/s3blob"
	"surgicase/domain/bucket"
	"surgicase/ports"
	"surgicase/test/given"
)

// TestMinIOIsSetUp has both clients bring about what MinIO knows: rules of the lifecycle and a policy. It cleans up
// unfinished uploads by itself and answers every page, and refuses to be told.
func TestMinIOIsSetUp(t *testing.T) {
	judges(t)
	server := given.MinIO(t)
	for name, open := range map[string]func(bucket string) (ports.StorageSetup, error){
		"minio": func(bucket string) (ports.StorageSetup, error) {
			return minioblob.Open(minioblob.Config{
				Endpoint: server.Address, Region: "us-east-1", Bucket: bucket, Key: server.Key, Secret: server.Secret, Encryption: "AES256", Now: time.Now,
			})
		},
		"s3": func(bucket string) (ports.StorageSetup, error) {
			return s3blob.Open(t.Context(), s3blob.Config{
				Endpoint: "http://" + server.Address, Region: "us-east-1", Bucket: bucket, KeyID: server.Key, KeySecret: server.Secret, Encryption: "AES256", Now: time.Now,
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			store, err := open(server.Bucket(t))
			if err != nil {
				t.Fatal(err)
			}
			origins := []string{"https://app.example.com"}
			for _, setting := range bucket.Names {
				err := store.Arrange(t.Context(), origins, setting)
				if known := setting == bucket.Old || setting == bucket.Trials || setting == bucket.Policy; (err == nil) != known {
					t.Errorf("%s: %v", setting, err)
				}
			}
			settings, err := store.Settings(t.Context(), origins)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range settings {
				if known := s.Name == bucket.Old || s.Name == bucket.Trials || s.Name == bucket.Policy; known != (s.State == ports.SettingFine) {
					t.Errorf("%+v", s)
				}
			}
		})
	}
}
