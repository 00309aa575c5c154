package contract

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"testing"
	"time"

	"surgicase/domain/fault"
	"surgicase/ports"
)

// BlobLinks is what holds for links that a server answers: it follows them as a browser would.
func BlobLinks(t *testing.T, b ports.Blobs) {
	t.Helper()
	body := []byte("%PDF-1.7 a document")
	sum := sha256.Sum256(body)
	object := ports.Object{Key: "private/case-documents/o'brien ö/c 1/demo/a b.pdf", Size: int64(len(body)), ContentType: "application/pdf", SHA256: sum[:]}
	for _, use := range []ports.LinkUse{ports.LinkRead, ports.LinkWrite} {
		_, err := b.Link(t.Context(), use, ports.Object{Key: "private/case-documents/o'brien/Rosalind.pdf", Size: 1, SHA256: sum[:]}, time.Minute)
		refused(t, err, fault.Conflict, "link_shows_name")
	}
	write, err := b.Link(t.Context(), ports.LinkWrite, object, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	other := append([]byte("X"), body[1:]...)
	for what, try := range map[string]struct {
		body   []byte
		change map[string]string
	}{
		"another content": {other, nil}, "more content": {append(body, 'x'), nil}, "less content": {body[1:], nil},
		"another type": {body, map[string]string{"Content-Type": "text/html"}},
	} {
		if status, _ := follow(t, http.MethodPut, write, try.body, try.change); status < 400 {
			t.Errorf("%s: %d", what, status)
		}
		if _, err := b.Stat(t.Context(), object.Key); err == nil {
			t.Errorf("%s is stored", what)
		}
	}
	if status, said := follow(t, http.MethodPut, write, body, nil); status != http.StatusOK {
		t.Fatalf("writing by the link: %d %s", status, said)
	}
	stored, err := b.Stat(t.Context(), object.Key)
	if err != nil || stored.Size != object.Size || stored.ContentType != object.ContentType || stored.SHA256 != nil && !bytes.Equal(stored.SHA256, sum[:]) {
		t.Errorf("%+v, %v", stored, err)
	}
	read, err := b.Link(t.Context(), ports.LinkRead, object, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if status, said := follow(t, http.MethodGet, read, nil, nil); status != http.StatusOK || said != string(body) {
		t.Errorf("reading by the link: %d %s", status, said)
	}
	if status, _ := follow(t, http.MethodPut, read, body, nil); status < 400 {
		t.Errorf("writing by a link to read: %d", status)
	}
	brief, err := b.Link(t.Context(), ports.LinkRead, object, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(2100 * time.Millisecond)
	if status, _ := follow(t, http.MethodGet, brief, nil, nil); status < 400 {
		t.Errorf("an expired link: %d", status)
	}
}

func follow(t *testing.T, method string, link ports.Link, body []byte, change map[string]string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, link.URL, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range link.Headers {
		r.Header.Set(name, value)
	}
	for name, value := range change {
		r.Header.Set(name, value)
	}
	r.Header.Del("Content-Length") // the client says how much it really sends
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(said)
}
