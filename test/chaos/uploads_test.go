package chaos

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"surgicase/test/given"
)

// documentOf is a document of a quarter of a megabyte that no other case has.
func documentOf(id string) string {
	return "%PDF-1.4\n% " + id + "\n" + strings.Repeat(id+" ", (256<<10)/(len(id)+1)) + "\n%%EOF\n"
}

// trickle gives a document out over a third of a second or so, as a slow line does, so that uploads are under way
// when the storage goes.
type trickle struct{ io.Reader }

func (s trickle) Read(to []byte) (int, error) {
	time.Sleep(10 * time.Millisecond)
	return s.Reader.Read(to[:min(len(to), 8<<10)])
}

// uploads are the answers to uploads that have no place in the table.
type uploads struct {
	gone    atomic.Int64 // when the storage went, in nanoseconds; 0 before
	crossed atomic.Int64 // uploads that were under way then and were refused
	mute    atomic.Int64 // answers of 503 that do not say when to try again
}

// attempt records a case and uploads a document for it.
func (u *uploads) attempt(p *process, at place) func(id string) (int, error) {
	return func(id string) (int, error) {
		if status, _, err := p.send(http.MethodPost, "/case", provider, caseOf(id, at)); err != nil || status != http.StatusCreated {
			return status, fmt.Errorf("recording a case beside the fault: %d %w", status, err)
		}
		began := time.Now().UnixNano()
		req, err := http.NewRequest(http.MethodPost, p.base+"/case_files?kind=note&case_id="+id, trickle{strings.NewReader(documentOf(id))})
		if err != nil {
			return 0, err
		}
		req.Header.Set("Content-Type", "application/pdf")
		req.Header.Set("X-User-ID", provider)
		res, err := p.client.Do(req)
		if err != nil {
			return 0, err
		}
		_, err = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.StatusCode == http.StatusServiceUnavailable {
			if gone := u.gone.Load(); gone != 0 && began < gone {
				u.crossed.Add(1)
			}
			if res.Header.Get("Retry-After") == "" {
				u.mute.Add(1)
			}
		}
		return res.StatusCode, err
	}
}

// kept says whether the document of a case is there to the byte.
func (p *process) kept(id string) bool {
	p.t.Helper()
	req, err := http.NewRequest(http.MethodGet, p.base+"/case_file?kind=note&case_id="+id, nil)
	must(p.t, err)
	req.Header.Set("X-User-ID", provider)
	res, err := p.client.Do(req)
	must(p.t, err)
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	return err == nil && res.StatusCode == http.StatusOK && bytes.Equal(content, []byte(documentOf(id)))
}

// storageGoneUnderUploads takes the folder of the objects away while documents are on their way into it. What was
// acknowledged before is there afterwards, byte for byte; what is refused is refused with the time to try again.
func storageGoneUnderUploads(t *testing.T) outcome {
	folder := filepath.Join(t.TempDir(), "objects")
	p := install(t, given.TempSQLite(t))
	p.env = append(p.env, "STORAGE_URL=file://"+folder)
	p.start()
	u := &uploads{}
	s := p.besiegeBy("storage gone for 5 s, uploads under way", u.attempt(p, p.stage()))
	s.there = p.kept
	time.Sleep(2 * time.Second)
	u.gone.Store(time.Now().UnixNano())
	must(t, os.Rename(folder, folder+".away"))
	must(t, os.WriteFile(folder, nil, 0o600))
	time.Sleep(5 * time.Second)
	must(t, os.Remove(folder))
	must(t, os.Rename(folder+".away", folder))
	s.recovered(time.Now())
	o := s.lift()
	p.stop()
	if u.crossed.Load() == 0 || o.acked == 0 {
		t.Errorf("uploads: %d were under way when the storage went, %d were acknowledged", u.crossed.Load(), o.acked)
	}
	if u.mute.Load() > 0 {
		t.Errorf("uploads: %d answers of 503 do not say when to try again", u.mute.Load())
	}
	if len(o.errors) != 1 {
		t.Errorf("uploads: errors %v, want 503 only", o.errors)
	}
	return o
}
