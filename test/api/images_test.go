package api

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"surgicase/test/given"
)

// scan is a PNG that does not compress, larger than what is left alone.
func scan(t *testing.T) string {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 400, 300))
	r := rand.New(rand.NewPCG(1, 2))
	for y := range 300 {
		for x := range 400 {
			img.SetRGBA(x, y, color.RGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func unzipped(t *testing.T, raw []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		found[f.Name] = string(content)
	}
	return found
}

func TestTheDocumentsOfManyCasesComeAsOneArchive(t *testing.T) {
	patient := map[string]string{"DECODE_SECONDS": "60"} // a busy machine makes no image smaller in five seconds
	everywhereWith(t, patient, func(p *program) {
		at := p.cast()["provider"]
		p.drafts("provider", at, "c-1", "c-2")
		body, kind := form("my scan.png", scan(p.t), "case_id", "c-1", "kind", "demo")
		p.send(http.MethodPost, "/case_files", "provider", body, "Content-Type", kind).is(201)
		p.upload("/case_files?case_id=c-2&kind=demo&file_name=doc.pdf", "provider", somePDF).is(201)
		p.upload("/case_files?case_id=c-2&kind=misc&file_name=doc.pdf", "provider", somePDF).is(201)
		number := func(id string) string {
			return fmt.Sprint(p.get("/case?case_id="+id, "provider").is(200).at("case.human_case_id"))
		}
		ask := func(query string, ids ...string) answer {
			return p.send(http.MethodPost, "/get_case_images"+query, "case-admin", map[string]any{"case_ids": ids})
		}
		a := ask("", "c-1", "c-2", "c-none").is(200)
		one, two := number("c-1"), number("c-2")
		files := unzipped(p.t, a.raw)
		if files[two+"/demo.pdf"] != somePDF || files[two+"/misc.pdf"] != somePDF {
			p.t.Errorf("the archive holds %v", sorted(files))
		}
		if img, err := jpeg.Decode(strings.NewReader(files[one+"/demo.jpg"])); err != nil || img.Bounds().Dx() != 400 {
			p.t.Errorf("the scan: %v", err)
		}
		// The note files have names only: nobody uploaded them.
		if lines := strings.Count(files["download_errors.txt"], "\n"); lines != 2 || !strings.Contains(files["manifest.json"], `"downloaded_files": 3`) {
			p.t.Errorf("%s, %s", files["download_errors.txt"], files["manifest.json"])
		}
		for name, want := range map[string]string{"X-Downloaded-Files": "3", "X-Download-Errors": "2", "X-Cases-Processed": "2", "X-Images-Compressed": "1"} {
			if got := a.trailer.Get(name); got != want {
				p.t.Errorf("trailer %s is %q", name, got)
			}
		}
		if strings.Contains(string(a.raw), "Patient") || strings.Contains(string(a.raw), "my scan") {
			p.t.Error("a name is in the archive")
		}
		named := unzipped(p.t, ask("?names=true", "c-1").is(200).raw)
		if _, ok := named[one+"_Pat_Patient-c-1/my_scan.jpg"]; !ok {
			p.t.Errorf("by name it holds %v", sorted(named))
		}
		if rows := p.database().rows("SELECT count(*) FROM audit_entries WHERE action = 'case.images' AND fields LIKE '%patient_names%'"); fmt.Sprint(rows) != "[[1]]" {
			p.t.Errorf("the trail has %v entries about names", rows)
		}
		ask("", "c-none").refused(404, "no_cases")
		p.send(http.MethodPost, "/case", "provider", caseOf("c-3", "provider", at)).is(201)
		ask("", "c-3").refused(404, "no_files")
	})
}

// TestAnArchiveOfTwoHundredCasesTakesLittleMemory: what it takes does not grow with what is in it.
func TestAnArchiveOfTwoHundredCasesTakesLittleMemory(t *testing.T) {
	if underRace {
		t.Skip("memory is measured without the race detector, which needs some of its own")
	}
	p := start(t, given.TempSQLite(t), nil)
	p.server.Client().Timeout = 10 * patience // 200 MB to press, on a machine that may do other things
	at := p.cast()["provider"]
	ids := []string{}
	for i := range 200 {
		ids = append(ids, fmt.Sprintf("c-%d", i))
	}
	p.drafts("provider", at, ids...)
	large := "%PDF-1.7\n" + strings.Repeat("0123456789abcdef", 64<<10) // 1 MB
	for _, id := range ids {
		path := filepath.Join(p.dataDir, "objects", "private", "case-documents", "provider", "demo-"+id+".pdf")
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(large), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	peak := watchHeap(t)
	r, err := http.NewRequest(http.MethodPost, p.server.URL+"/get_case_images", strings.NewReader(`{"case_ids":["`+strings.Join(ids, `","`)+`"]}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-User-ID", "case-admin")
	r.Header.Set("Content-Type", "application/json")
	res, err := p.server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != 200 {
		t.Fatal(res.StatusCode, err)
	}
	if got := res.Trailer.Get("X-Downloaded-Files"); got != "200" {
		t.Errorf("%s files", got)
	}
	if grown := peak(); grown > 50<<20 {
		t.Errorf("the heap grew by %d MB for 200 MB of documents", grown>>20)
	}
}

// watchHeap gives by how much the heap of this process grew at most since.
func watchHeap(t *testing.T) func() int64 {
	t.Helper()
	in := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	runtime.GC()
	before, peak := in(), int64(0)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				peak = max(peak, in()-before)
			}
		}
	}()
	return func() int64 { close(stop); <-done; return peak }
}
