package storage_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"surgicase/adapters/fileblob"
	"surgicase/adapters/minioblob"
	"surgicase/adapters/s3blob"
	"surgicase/adapters/sqlstore"
	"surgicase/application/storage"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

var operator = permission.System("cli")

// newService gives the service on an empty database, and where that is.
func newService(t *testing.T) (service *storage.Service, database string) {
	t.Helper()
	database = given.TempSQLite(t)
	keys, err := sqlstore.OpenKeyring([]byte(given.KeySet(t)))
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlstore.OpenSQLite(sqlstore.Config{URL: database, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if _, err := store.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return storage.New(store, given.NewClock()), database
}

func inFolder(t *testing.T, folder string) *fileblob.Blobs {
	t.Helper()
	blobs, err := fileblob.Open(fileblob.Config{Folder: folder, LinkKey: make([]byte, 32), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	return blobs
}

func inMinIO(t *testing.T, server *given.ObjectServer, bucket string) *minioblob.Blobs {
	t.Helper()
	blobs, err := minioblob.Open(minioblob.Config{Endpoint: server.Address, Region: "us-east-1", Bucket: bucket, Key: server.Key, Secret: server.Secret, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return blobs
}

func inS3(t *testing.T, server *given.ObjectServer, bucket string) *s3blob.Blobs {
	t.Helper()
	blobs, err := s3blob.Open(t.Context(), s3blob.Config{
		Endpoint: "http://" + server.Address, Region: "us-east-1", Bucket: bucket, KeyID: server.Key, KeySecret: server.Secret, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return blobs
}

func put(t *testing.T, blobs ports.Blobs, key string, content []byte) {
	t.Helper()
	if _, err := blobs.Put(t.Context(), ports.Object{Key: key, Size: int64(len(content)), ContentType: "application/pdf"}, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
}

// contents reads everything that a store holds.
func contents(t *testing.T, blobs ports.Blobs) map[string]string {
	t.Helper()
	all := map[string]string{}
	for o, err := range blobs.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := blobs.Get(t.Context(), o.Key, ports.Span{})
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		_ = body.Close()
		all[o.Key] = string(content)
	}
	return all
}

// tapped is a store that is told of before it is read or written.
type tapped struct {
	ports.Blobs
	get func(key string) error
	put func(key string) error
}

func (b tapped) Get(ctx context.Context, key string, span ports.Span) (io.ReadCloser, ports.Object, error) {
	if b.get != nil {
		if err := b.get(key); err != nil {
			return nil, ports.Object{}, err
		}
	}
	return b.Blobs.Get(ctx, key, span)
}

func (b tapped) Put(ctx context.Context, object ports.Object, content io.Reader) (ports.Object, error) {
	if b.put != nil {
		if err := b.put(object.Key); err != nil {
			return ports.Object{}, err
		}
	}
	return b.Blobs.Put(ctx, object, content)
}
