package bench

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// atOnce is how many uploads are under way in the product, and so in what it is measured beside.
const atOnce = 16

// plainCopy brings the content into the store so many times without the product, and says how long it took:
// as files that are synced, or by links that the store itself answers.
func (p *practice) plainCopy(t *testing.T, s *server, store string, n int, content []byte) time.Duration {
	t.Helper()
	bring := func(i int) error {
		return writeSynced(filepath.Join(p.env["DATA_DIR"], fmt.Sprint("plain-", i)), content)
	}
	if store != "file" {
		links := make([]signedLink, n)
		for i := range links {
			links[i] = p.presign(t, s, i, content)
		}
		bring = func(i int) error { return links[i].put(content) }
	}
	turns := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	began := time.Now()
	for i := range n {
		turns <- struct{}{}
		all.Go(func() {
			if err := bring(i); err != nil {
				t.Error(err)
			}
			<-turns
		})
	}
	all.Wait()
	return time.Since(began)
}

func writeSynced(path string, content []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// signedLink is a link to put an object to.
type signedLink struct {
	Link struct {
		URL     string            `json:"url"`
		Headers map[string]string `json:"headers"`
	} `json:"link"`
}

func (p *practice) presign(t *testing.T, s *server, i int, content []byte) (link signedLink) {
	t.Helper()
	sum := sha256.Sum256(content)
	answer, _ := s.once(t, call{method: http.MethodPost, path: "/case_files/presign", as: string(providerID(p.owner(i))), status: http.StatusOK, body: body(map[string]any{
		"case_id": caseID(i), "kind": "misc", "size_bytes": len(content), "content_type": "application/pdf", "sha256": hex.EncodeToString(sum[:]),
	})})
	if err := json.Unmarshal([]byte(answer), &link); err != nil {
		t.Fatal(err)
	}
	return link
}

func (l signedLink) put(content []byte) error {
	r, err := http.NewRequest(http.MethodPut, l.Link.URL, bytes.NewReader(content))
	if err != nil {
		return err
	}
	for name, value := range l.Link.Headers {
		r.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(res.Body)
		return fmt.Errorf("put: %d %.300s", res.StatusCode, text)
	}
	return nil
}
