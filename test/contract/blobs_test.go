package contract_test

import (
	"bytes"
	"testing"
	"time"

	"surgicase/adapters/fileblob"
	"surgicase/adapters/minioblob"
	"surgicase/adapters/s3blob"
	"surgicase/ports"
	"surgicase/test/contract"
	"surgicase/test/given"
)

// blobStores are the adapters of ports.Blobs.
var blobStores = map[string]contract.OpenBlobs{
	"file": func(t *testing.T) ports.Blobs { return fileBlobs(t, t.TempDir()) },
	"minio": func(t *testing.T) ports.Blobs {
		server := given.VersityGateway(t)
		return minioBlobs(t, server, server.Bucket(t))
	},
	"s3": func(t *testing.T) ports.Blobs {
		server := given.VersityGateway(t)
		return s3Blobs(t, server, server.Bucket(t))
	},
}

func fileBlobs(t *testing.T, folder string) *fileblob.Blobs {
	t.Helper()
	blobs, err := fileblob.Open(fileblob.Config{Folder: folder, LinkKey: make([]byte, 32), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := blobs.Close(); err != nil {
			t.Error(err)
		}
	})
	return blobs
}

func minioBlobs(t *testing.T, server *given.ObjectServer, bucket string) ports.Blobs {
	t.Helper()
	blobs, err := minioblob.Open(minioblob.Config{Endpoint: server.Address, Region: "us-east-1", Bucket: bucket, Key: server.Key, Secret: server.Secret, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return blobs
}

func s3Blobs(t *testing.T, server *given.ObjectServer, bucket string) ports.Blobs {
	t.Helper()
	blobs, err := s3blob.Open(t.Context(), s3blob.Config{
		Endpoint: "http://" + server.Address, Region: "us-east-1", Bucket: bucket, KeyID: server.Key, KeySecret: server.Secret, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return blobs
}

func TestBlobs(t *testing.T) {
	for name, open := range blobStores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contract.Blobs(t, open)
		})
	}
}

func TestEachClientReadsTheOthersObjects(t *testing.T) {
	t.Parallel()
	server := given.VersityGateway(t)
	bucket := server.Bucket(t)
	contract.SharedBlobs(t, minioBlobs(t, server, bucket), s3Blobs(t, server, bucket))
}

func TestAStoreWhoseServerIsAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	server := given.StartVersityGateway(t)
	bucket := server.Bucket(t)
	stores := map[string]ports.Blobs{"minio": minioBlobs(t, server, bucket), "s3": s3Blobs(t, server, bucket)}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	for name, blobs := range stores {
		t.Run(name, func(t *testing.T) { contract.LostBlobs(t, blobs) })
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	contract.SharedBlobs(t, stores["minio"], stores["s3"]) // they go on when it is back
}

func TestABucketThatIsNotThereIsUnavailable(t *testing.T) {
	t.Parallel()
	server := given.VersityGateway(t)
	for name, blobs := range map[string]ports.Blobs{"minio": minioBlobs(t, server, "no-such-bucket"), "s3": s3Blobs(t, server, "no-such-bucket")} {
		t.Run(name, func(t *testing.T) {
			if _, err := blobs.Put(t.Context(), ports.Object{Key: "a", Size: 1}, bytes.NewReader([]byte("x"))); err == nil {
				t.Error("it takes objects")
			}
		})
	}
}

func TestLinksOfServers(t *testing.T) {
	for name, open := range blobStores {
		if name != "file" { // its links lead to the API
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				contract.BlobLinks(t, open(t))
			})
		}
	}
}
