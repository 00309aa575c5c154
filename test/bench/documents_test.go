package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"surgicase/test/given"
)

// TestDocumentsInLittleMemory has many upload large documents at once, and one fetch them all in an
// archive, and looks at the memory of the program from outside. In full: 40 of 20 MB on every store, and
// an archive of 200 cases, half of them with photographs.
func TestDocumentsInLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: builds and runs the program")
	}
	uploads, size, cases, stores := 8, 4<<20, 12, []string{"file"}
	if *full {
		uploads, size, cases, stores = 40, 20<<20, 200, []string{"file", "minio", "s3"}
	}
	binary := build(t, "../..")
	for _, store := range stores {
		t.Run(store, func(t *testing.T) {
			p := newPractice(t, given.TempSQLite(t))
			p.grow(t, cases)
			p.storeIn(t, store)
			s := p.ours(t, binary)
			pdf := append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("0123456789abcdef"), size/16)...)
			began := time.Now()
			p.uploadAtOnce(t, s, uploads, func(int) []byte { return pdf })
			took, peak := time.Since(began), residentPeak(s.pid)
			plain := p.plainCopy(t, s, store, uploads, pdf)
			found("Documents: uploads at once", "A plain copy writes as many files to the same folder, or puts them to the same server by signed links. Memory is the most that the program had resident, from its start on. At most 16 are under way; the others wait or try again.",
				[]string{"store", "uploads", "MB each", "seconds", "plain copy", "memory (MB)", "at most (MB)"}, store, uploads, size>>20, fmt.Sprintf("%.1f", took.Seconds()), fmt.Sprintf("%.1f", plain.Seconds()), peak>>20, 300)
			t.Logf("%d uploads of %d MB: %v, %d MB resident", uploads, size>>20, took.Round(time.Millisecond), peak>>20)
			must(t, peak <= 300<<20, "memory of uploads at once, "+store, "300 MB", fmt.Sprintf("%d MB", peak>>20))
			if *full {
				share := plain.Seconds() / took.Seconds()
				aim(t, share >= 0.8, "uploads beside a plain copy, "+store, "80 % or more", fmt.Sprintf("%.0f %%", 100*share))
			}
			if store == "file" {
				s.stop()
				p.archive(t, p.ours(t, binary), cases)
			}
		})
	}
}

// storeIn has the practice keep its documents in a store.
func (p *practice) storeIn(t *testing.T, store string) {
	t.Helper()
	if store == "file" {
		return
	}
	server := given.VersityGateway(t)
	bucket := server.Bucket(t)
	p.env["STORAGE_URL"] = server.URL(bucket)
	if store == "s3" {
		p.env["STORAGE_URL"] = "s3://" + bucket + "?region=us-east-1&encryption=none"
		p.env["AWS_ACCESS_KEY_ID"], p.env["AWS_SECRET_ACCESS_KEY"], p.env["AWS_ENDPOINT_URL_S3"] = server.Key, server.Secret, "http://"+server.Address
	}
}

// uploadAtOnce gives so many cases a document each, all at once. Who is told to come again comes again.
func (p *practice) uploadAtOnce(t *testing.T, s *server, n int, content func(int) []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			for {
				status, err := p.upload(ctx, s, i, content(i))
				switch {
				case status == http.StatusCreated:
					return
				case status != http.StatusServiceUnavailable || err != nil:
					t.Errorf("upload %d: %d, %v", i, status, err)
					return
				}
			}
		})
	}
	all.Wait()
}

// upload sends a form, so that nobody says beforehand how large the document is.
func (p *practice) upload(ctx context.Context, s *server, i int, content []byte) (int, error) {
	reader, writer := io.Pipe()
	form := multipart.NewWriter(writer)
	go func() {
		err := errors.Join(form.WriteField("case_id", string(caseID(i))), form.WriteField("kind", "misc"))
		part, partErr := form.CreateFormFile("file", "scan")
		if err = errors.Join(err, partErr); err == nil {
			_, err = part.Write(content)
		}
		writer.CloseWithError(errors.Join(err, form.Close()))
	}()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/case_files", reader)
	if err != nil {
		return 0, err
	}
	r.Header.Set("X-User-ID", string(providerID(p.owner(i))))
	r.Header.Set("Content-Type", form.FormDataContentType())
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// archive fetches the documents of all cases at once.
func (p *practice) archive(t *testing.T, s *server, cases int) {
	t.Helper()
	photographs := [][]byte{photograph(t, 3000, 2000), photograph(t, 4000, 4000)}
	pdf := append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("0123456789abcdef"), 128<<10)...)
	p.uploadAtOnce(t, s, cases, func(i int) []byte {
		if i%2 == 0 {
			return pdf
		}
		return photographs[i/2%2]
	})
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.pid), []byte("5"), 0o600); err != nil {
		t.Logf("the peak includes the uploads: %v", err)
	}
	ids := make([]string, cases)
	for i := range ids {
		ids[i] = string(caseID(i))
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/get_case_images", strings.NewReader(`{"case_ids":["`+strings.Join(ids, `","`)+`"]}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-User-ID", administrator)
	r.Header.Set("Content-Type", "application/json")
	began := time.Now()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	sent, err := io.Copy(io.Discard, res.Body)
	if err != nil || res.StatusCode != http.StatusOK || res.Trailer.Get("X-Downloaded-Files") != fmt.Sprint(cases) {
		t.Fatalf("%d, %d bytes, %v, %v", res.StatusCode, sent, res.Trailer, err)
	}
	took, peak := time.Since(began), residentPeak(s.pid)
	found("Documents: an archive of many cases", "Half of the cases have a PDF of 2 MB, half a photograph, which is made smaller.",
		[]string{"cases", "MB sent", "made smaller", "seconds", "memory (MB)", "at most (MB)"},
		cases, sent>>20, res.Trailer.Get("X-Images-Compressed"), fmt.Sprintf("%.1f", took.Seconds()), peak>>20, 150)
	t.Logf("an archive of %d cases: %d MB in %v, %s images made smaller, %d MB resident", cases, sent>>20, took.Round(time.Millisecond), res.Trailer.Get("X-Images-Compressed"), peak>>20)
	if peak > 150<<20 {
		t.Errorf("%d MB resident", peak>>20)
	}
}

// photograph is a JPEG with the noise of a camera, so that it is as large as one.
func photograph(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	dice := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	for y := range h {
		for x := range w {
			noise := uint8(dice.UintN(24))
			img.SetRGBA(x, y, color.RGBA{uint8(x*200/w) + noise, uint8(y*200/h) + noise, 90 + noise, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 92}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
