package api

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"surgicase/test/given"
)

// theObject is the file of the only object in the store whose key holds a part.
func (p *program) theObject(part string) string {
	p.t.Helper()
	for _, key := range p.objects() {
		if strings.Contains(key, part) {
			return filepath.Join(p.dataDir, "objects", filepath.FromSlash(key))
		}
	}
	p.t.Fatalf("no object of %s among %v", part, p.objects())
	return ""
}

func rewrite(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedDocumentsAreNotHandedOut, whole or in an archive or by a link, and are told of.
func TestDamagedDocumentsAreNotHandedOut(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), nil)
	p.drafts("provider", p.cast()["provider"], "c-1", "c-2", "c-3")
	long := somePDF + strings.Repeat("x", 300_000)
	for _, id := range []string{"c-1", "c-2", "c-3"} {
		p.upload("/case_files?case_id="+id+"&kind=demo&file_name=a.pdf", "provider", long).is(201)
	}
	license := p.upload("/user_files?document_type=License&user_id=provider&file_name=l.pdf", "provider", long).is(201)
	link := p.send(http.MethodPost, "/case_files/presign", "provider", map[string]any{"case_id": "c-1", "kind": "demo", "use": "download"}).is(200)
	archive := func() answer {
		return p.send(http.MethodPost, "/get_case_images", "case-admin", map[string]any{"case_ids": []string{"c-1", "c-2", "c-3"}}).is(200)
	}
	if got := archive().trailer.Get("X-Downloaded-Files"); got != "3" {
		t.Fatalf("%s files are in the archive", got)
	}
	cut := func(content []byte) []byte { return content[:len(content)-1] }
	flip := func(content []byte) []byte {
		content[1000] ^= 1
		return content
	}
	rewrite(t, p.theObject("/c-1/"), cut)
	rewrite(t, p.theObject("/c-2/"), flip)
	rewrite(t, p.theObject("user-documents"), flip)
	if err := os.Remove(p.theObject("/c-3/")); err != nil {
		t.Fatal(err)
	}
	p.get("/case_file?case_id=c-1&kind=demo", "provider").refused(503, "document_damaged")
	p.get(fmt.Sprint(link.at("link.url")), "").refused(503, "document_damaged")
	p.get("/case_file?case_id=c-3&kind=demo", "provider").refused(404, "document_not_found")
	for _, path := range []string{"/case_file?case_id=c-2&kind=demo", fmt.Sprint("/user_file?user_id=provider&document_id=", license.at("file.document_id"))} {
		if a, err := p.try(http.MethodGet, path, "provider", nil); err == nil {
			t.Errorf("%s: %d, %d bytes, although a bit was flipped", path, a.status, len(a.raw))
		}
	}
	whole := archive()
	if whole.trailer.Get("X-Downloaded-Files") != "0" || whole.trailer.Get("X-Download-Errors") != "6" {
		t.Errorf("the archive has %v", whole.trailer)
	}
	metrics := string(p.get("/metrics", "", "Authorization", "Bearer "+metricsToken).is(200).raw)
	for _, want := range []string{`event="document.damaged",outcome="failed"} 6`, `event="document.missing",outcome="refused"} 2`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s: %v", want, grep(metrics, "document."))
		}
	}
}

// TestTheWeeklyJobFindsWhatIsDamagedOrMissing, among all versions of all documents, and logs no file name.
func TestTheWeeklyJobFindsWhatIsDamagedOrMissing(t *testing.T) {
	everywhere(t, func(p *program) {
		p.drafts("provider", p.cast()["provider"], "c-1", "c-2", "c-3", "c-4")
		for _, id := range []string{"c-1", "c-2", "c-3", "c-4"} {
			p.upload("/case_files?case_id="+id+"&kind=demo&file_name=Canary.pdf", "provider", somePDF).is(201)
		}
		p.upload("/user_files?document_type=License&user_id=provider&file_name=Canary.pdf", "provider", somePDF).is(201)
		run := "/scheduler/jobs/verify_documents/run"
		p.send(http.MethodPost, run+"?dry_run=true", "global-admin", nil).is(200).has("outcome", "5 documents would be checked, 5 of them read whole (0 MB)")
		p.send(http.MethodPost, run, "global-admin", nil).is(200).has("run.state", "done", "outcome", "5 documents checked, 5 of them read whole (0 MB), 0 damaged, 0 missing, 0 unreadable")
		flip := func(content []byte) []byte {
			content[len(content)-1] ^= 1
			return content
		}
		rewrite(p.t, p.theObject("/c-1/"), func(content []byte) []byte { return content[1:] })
		rewrite(p.t, p.theObject("/c-2/"), flip)
		rewrite(p.t, p.theObject("user-documents"), flip)
		if err := os.Remove(p.theObject("/c-3/")); err != nil {
			p.t.Fatal(err)
		}
		p.send(http.MethodPost, run, "global-admin", nil).is(200).has("outcome", "5 documents checked, 5 of them read whole (0 MB), 3 damaged, 1 missing, 0 unreadable")
		p.send(http.MethodPost, run, "user-admin", nil).refused(403, "not_allowed")
		metrics := string(p.get("/metrics", "", "Authorization", "Bearer "+metricsToken).is(200).raw)
		for _, want := range []string{`event="document.damaged",outcome="failed"} 3`, `event="document.missing",outcome="refused"} 1`} {
			if !strings.Contains(metrics, want) {
				p.t.Errorf("the metrics lack %s: %v", want, grep(metrics, "document."))
			}
		}
	})
}

func grep(text, word string) (found []string) {
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			found = append(found, line)
		}
	}
	return found
}

// TestNamesAreHandedOutAsWhatTheyAre: by the type of the content, and so that every system takes them.
func TestNamesAreHandedOutAsWhatTheyAre(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), nil)
	at := p.cast()["provider"]
	names := map[string]struct{ shown, handed string }{
		"operative-note.bat": {"operative-note.bat", "operative-note.bat.pdf"}, "\u202egpj.exe.pdf": {"gpj.exe.pdf", "gpj.exe.pdf"}, "CON.pdf": {"CON.pdf", "_CON.pdf"},
		"scan.pdf ": {"scan.pdf", "scan.pdf"}, `C:\scans\x.pdf`: {"x.pdf", "x.pdf"}, "Smith Jr..pdf": {"Smith Jr..pdf", "Smith Jr.pdf"}, "M\xfcller.pdf": {"Müller.pdf", "Müller.pdf"},
		"photo.jpg": {"photo.jpg", "photo.pdf"},
	}
	number := 0
	for sent, want := range names {
		number++
		id := fmt.Sprintf("c-%d", number)
		p.drafts("provider", at, id)
		var body bytes.Buffer
		fmt.Fprintf(&body, "--x\r\nContent-Disposition: form-data; name=\"case_id\"\r\n\r\n%s\r\n--x\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\nmisc\r\n", id)
		fmt.Fprintf(&body, "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n\r\n%s\r\n--x--\r\n", sent, somePDF)
		p.send(http.MethodPost, "/case_files", "provider", body.String(), "Content-Type", "multipart/form-data; boundary=x").is(201).has("file.file_name", want.shown)
		got := p.get("/case_file?case_id="+id+"&kind=misc", "provider").is(200).header.Get("Content-Disposition")
		if _, name := disposition(t, got); name != want.handed {
			t.Errorf("%q is handed out as %q, want %q", sent, name, want.handed)
		}
		files := unzipped(t, p.send(http.MethodPost, "/get_case_images?names=true", "case-admin", map[string]any{"case_ids": []string{id}}).is(200).raw)
		found := false
		for name := range files {
			found = found || strings.HasSuffix(name, "/"+strings.ReplaceAll(want.handed, " ", "_"))
		}
		if !found {
			t.Errorf("%q is in an archive as %v", sent, sorted(files))
		}
	}
	for sent, want := range map[string]string{
		strings.Repeat("é", 120) + ".pdf": "200 bytes", "a/b.pdf": "without a path", "..": "not of a folder",
	} {
		body, kind := form(sent, somePDF, "case_id", "c-1", "kind", "misc")
		if a := p.send(http.MethodPost, "/case_files", "provider", body, "Content-Type", kind); a.status != 422 || !strings.Contains(string(a.raw), want) {
			t.Errorf("%.20q: %d %s", sent, a.status, a.raw)
		}
	}
}

// TestArchivesUnpackOnWindows: names of one folder differ in more than the case of letters.
func TestArchivesUnpackOnWindows(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), nil)
	p.drafts("provider", p.cast()["provider"], "c-1")
	for kind, name := range map[string]string{"demo": "Scan.pdf", "note": "sCAN.pdf", "misc": `a:b*c?"<>|.pdf`} {
		body, sent := form(name, somePDF, "case_id", "c-1", "kind", kind)
		p.send(http.MethodPost, "/case_files", "provider", body, "Content-Type", sent).is(201)
	}
	files := unzipped(t, p.send(http.MethodPost, "/get_case_images?names=true", "case-admin", map[string]any{"case_ids": []string{"c-1"}}).is(200).raw)
	seen := map[string]bool{}
	for name := range files {
		if low := strings.ToLower(name); seen[low] || strings.ContainsAny(name, `<>:"|?*\`) {
			t.Errorf("%q cannot be unpacked", name)
		} else {
			seen[low] = true
		}
	}
	if len(files) != 4 {
		t.Errorf("the archive holds %v", sorted(files))
	}
}

func disposition(t *testing.T, header string) (kind, name string) {
	t.Helper()
	kind, parameters, err := mime.ParseMediaType(header)
	if err != nil {
		t.Fatalf("%q: %v", header, err)
	}
	return kind, parameters["filename"]
}
