package given

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"sync"
	"testing"
	"time"
)

// NPPESSite plays the site on which CMS publishes its files: the index page, and downloads that can go on
// where they were broken off.
type NPPESSite struct {
	URL string // of the index page

	mu      sync.Mutex
	files   map[string][]byte
	order   []string
	breaks  []int // how many bytes of the next answers come before they break off
	untag   bool
	ranges  []string // the Range headers of downloads, as they came
	behaves http.HandlerFunc
}

// StartNPPESSite runs an empty site until the test ends.
func StartNPPESSite(t testing.TB) *NPPESSite {
	t.Helper()
	s := &NPPESSite{files: map[string][]byte{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL + "/nppes/NPI_Files.html"
	return s
}

// Publish puts a file on the page.
func (s *NPPESSite) Publish(name string, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.files[name]; !known {
		s.order = append(s.order, name)
	}
	s.files[name] = content
}

// Break has the next downloads break off after so many bytes each.
func (s *NPPESSite) Break(after ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.breaks = after
}

// Untag has files come without anything to tell them apart by.
func (s *NPPESSite) Untag() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.untag = true
}

// Behave has the site answer otherwise; nil ends that.
func (s *NPPESSite) Behave(handler http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaves = handler
}

// Ranges gives the Range headers of the downloads so far, empty for whole files.
func (s *NPPESSite) Ranges() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.ranges...)
}

// ServeHTTP implements http.Handler.
func (s *NPPESSite) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := path.Base(req.URL.Path)
	content, known := s.files[name]
	switch {
	case s.behaves != nil:
		s.behaves(w, req)
		return
	case name == "NPI_Files.html":
		_, _ = fmt.Fprint(w, "<html><body>")
		for _, name := range s.order {
			_, _ = fmt.Fprintf(w, "<a href='./%s'>file</a>\n", name)
		}
		return
	case !known:
		http.NotFound(w, req)
		return
	}
	s.ranges = append(s.ranges, req.Header.Get("Range"))
	if !s.untag {
		sum := sha256.Sum256(content)
		w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	}
	if len(s.breaks) > 0 {
		after := s.breaks[0]
		s.breaks = s.breaks[1:]
		w = &breaking{ResponseWriter: w, left: after}
	}
	http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(content))
}

// breaking breaks the connection off after some bytes.
type breaking struct {
	http.ResponseWriter
	left int
}

// Write implements http.ResponseWriter.
func (b *breaking) Write(p []byte) (int, error) {
	n, _ := b.ResponseWriter.Write(p[:min(len(p), b.left)])
	if b.left -= n; b.left == 0 {
		_ = http.NewResponseController(b.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, nil
}
