package verify

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"surgicase/adapters/minioblob"
	"surgicase/adapters/s3blob"
	"surgicase/ports"
	"surgicase/test/contract"
	"surgicase/test/given"
)

// clients are both of ours, on one bucket of a real MinIO.
func clients(t *testing.T, server *given.ObjectServer, bucket string) map[string]ports.Blobs {
	t.Helper()
	minio, err := minioblob.Open(minioblob.Config{Endpoint: server.Address, Region: "us-east-1", Bucket: bucket, Key: server.Key, Secret: server.Secret, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	s3, err := s3blob.Open(t.Context(), s3blob.Config{
		Endpoint: "http://" + server.Address, Region: "us-east-1", Bucket: bucket, KeyID: server.Key, KeySecret: server.Secret, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]ports.Blobs{"minio": minio, "s3": s3}
}

func TestMinIOHoldsTheContract(t *testing.T) {
	judges(t)
	server := given.MinIO(t)
	for _, name := range []string{"minio", "s3"} {
		t.Run(name, func(t *testing.T) {
			contract.Blobs(t, func(t *testing.T) ports.Blobs { return clients(t, server, server.Bucket(t))[name] })
		})
		t.Run(name+" links", func(t *testing.T) { contract.BlobLinks(t, clients(t, server, server.Bucket(t))[name]) })
	}
	both := clients(t, server, server.Bucket(t))
	t.Run("each reads the other's", func(t *testing.T) { contract.SharedBlobs(t, both["minio"], both["s3"]) })
}

// TestRcloneReadsWhatWeStore compares every byte, through a client of somebody else.
func TestRcloneReadsWhatWeStore(t *testing.T) {
	judges(t, "rclone")
	for name, server := range map[string]*given.ObjectServer{"MinIO": given.MinIO(t), "versitygw": given.VersityGateway(t)} {
		t.Run(name, func(t *testing.T) {
			bucket := server.Bucket(t)
			want := map[string][32]byte{}
			for client, blobs := range clients(t, server, bucket) {
				for _, size := range []int{0, 1000, 12 << 20} {
					key, content := fmt.Sprintf("private/case-documents/dr ö/%s/%d.pdf", client, size), bytes.Repeat([]byte(client), size/len(client)+1)[:size]
					want[key] = sha256.Sum256(content)
					for _, known := range []int64{-1, int64(size)} {
						if _, err := blobs.Put(t.Context(), ports.Object{Key: key, Size: known, ContentType: "application/pdf"}, bytes.NewReader(content)); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			folder := t.TempDir()
			remote := fmt.Sprintf(":s3,provider=Other,access_key_id=%s,secret_access_key=%s,region=us-east-1,endpoint='http://%s':%s", server.Key, server.Secret, server.Address, bucket)
			run(t, "rclone", "copy", remote, folder, "--config", "/dev/null")
			for key, sum := range want {
				content, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(key)))
				if err != nil || sha256.Sum256(content) != sum {
					t.Errorf("%s: rclone has %d other bytes, %v", key, len(content), err)
				}
			}
			if listed := strings.Count(run(t, "rclone", "lsf", "-R", "--files-only", remote, "--config", "/dev/null"), "\n"); listed != len(want) {
				t.Errorf("rclone lists %d objects of %d", listed, len(want))
			}
		})
	}
}
