package s3blob

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"surgicase/ports"
)

func TestObjectsSayWhatTheyAreAbout(t *testing.T) {
	kept := http.Header{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for name, values := range r.Header {
			if r.Method == http.MethodPut && strings.HasPrefix(name, "X-Amz-Meta-") {
				kept[name] = values
			}
		}
		maps.Copy(w.Header(), kept)
		w.Header().Set("ETag", "\"e\"")
		w.Header().Set("Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT")
		w.Header().Set("Content-Length", "0")
	}))
	t.Cleanup(server.Close)
	b, err := Open(t.Context(), Config{Endpoint: server.URL, Region: "us-east-1", Bucket: "bucket", KeyID: "k", KeySecret: "s", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	about := map[string]string{"run": "7", "kind": "quickbooks_vendors", "generated-at": "2026-11-30T08:00:00Z"}
	if _, err := b.Put(t.Context(), ports.Object{Key: "a", About: about}, strings.NewReader("")); err != nil {
		t.Fatal(err)
	}
	known, err := b.Stat(t.Context(), "a")
	if err != nil || !maps.Equal(known.About, about) {
		t.Errorf("stat: %v, %v", known.About, err)
	}
	body, known, err := b.Get(t.Context(), "a", ports.Span{})
	if err != nil || !maps.Equal(known.About, about) {
		t.Fatalf("get: %v, %v", known.About, err)
	}
	_ = body.Close()
}
