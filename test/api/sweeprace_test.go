package api

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"testing"
	"time"

	"surgicase/adapters/fileblob"
	"surgicase/bootstrap"
	"surgicase/ports"
	"surgicase/test/given"
)

// watched is a storage that lets something happen when an object has been opened, once.
type watched struct {
	*fileblob.Blobs
	opened func()
}

// Get implements ports.Blobs.
func (w *watched) Get(ctx context.Context, key string, span ports.Span) (io.ReadCloser, ports.Object, error) {
	body, o, err := w.Blobs.Get(ctx, key, span)
	if then := w.opened; then != nil {
		w.opened = nil
		then()
	}
	return body, o, err
}

// Who completes an upload so late that it is being swept meanwhile hears that it is gone. What was
// acknowledged keeps its object, however often it is swept for.
func TestNoDocumentLosesItsObjectToTheSweeper(t *testing.T) {
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			objects, err := fileblob.Open(fileblob.Config{Folder: t.TempDir(), LinkKey: make([]byte, 32), Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			storage := &watched{Blobs: objects}
			p := startWith(t, given.NewClock(), db.url(t), nil, func(parts *bootstrap.Parts) { parts.Blobs = storage })
			p.drafts("provider", p.cast()["provider"], "c-1")
			p.completesLate(storage, "/case_files", "/case_file?case_id=c-1&kind=note", map[string]any{"case_id": "c-1", "kind": "note"}, nil)
			p.completesLate(storage, "/user_files", "/user_file?user_id=provider&document_id=", map[string]any{"user_id": "provider"}, map[string]any{"document_type": "License"})
		})
	}
}

func (p *program) completesLate(storage *watched, path, read string, presign, complete map[string]any) {
	p.t.Helper()
	sweep := func() {
		p.clock.Set(p.clock.Now().Add(ports.SweepAfter + time.Minute))
		if err := p.Outbox.Work(context.Background()); err != nil {
			p.t.Error(err)
		}
	}
	finish := func() answer {
		body := map[string]any{"key": p.uploadedByLink(path, presign)}
		maps.Copy(body, presign)
		maps.Copy(body, complete)
		return p.send(http.MethodPost, path+"/complete", "provider", body)
	}
	storage.opened = sweep
	finish().refused(404, "object_not_found")
	made := finish().is(201)
	if path == "/user_files" {
		read += fmt.Sprint(made.at("file.document_id"))
	}
	sweep()
	sweep()
	if got := p.get(read, "provider").is(200); string(got.raw) != somePDF {
		p.t.Errorf("%s gives %q", read, got.raw)
	}
}
