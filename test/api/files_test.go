package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"surgicase/domain/ident"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// form writes a form with fields, and the file behind them.
func form(fileName, content string, fields ...string) (body, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = w.WriteField(fields[i], fields[i+1])
	}
	part, _ := w.CreateFormFile("file", fileName)
	_, _ = part.Write([]byte(content))
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}

// objects are the keys of all files in the store of a program that keeps them in its folder.
func (p *program) objects() []string {
	p.t.Helper()
	root, found := filepath.Join(p.dataDir, "objects"), []string{}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if key := strings.TrimPrefix(path, root+"/"); err == nil && d.Type().IsRegular() && !strings.HasPrefix(key, ".") {
			found = append(found, key)
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return found
}

func TestUploadedDocumentsCompleteACase(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", 1, 1)
		p.person("dr-b", 1, 1)
		p.prices()
		p.send(http.MethodPost, "/case", "dr-a", caseOf("c-1", "dr-a", at, "procedure_codes", []string{"Z9001"})).is(201)
		body, kind := form("Rosalind's übersicht.pdf", somePDF, "case_id", "c-1", "kind", "demo")
		p.send(http.MethodPost, "/case_files", "dr-a", body, "Content-Type", kind).is(201).
			has("file.kind", "demo", "file.file_name", "Rosalind's übersicht.pdf", "file.size_bytes", len(somePDF), "file.content_type", "application/pdf",
				"file.pending", false, "file.uploaded_by", "dr-a", "status_update.success", false, "version", 2)
		p.upload("/case_files?case_id=c-1&kind=note", "dr-a", somePDF).is(201).
			has("file.file_name", "note.pdf", "status_update.success", true, "status_update.case_status", 1)
		p.get("/case?case_id=c-1", "dr-a").is(200).has("case.case_status", 1, "case.demo_file", "Rosalind's übersicht.pdf", "case.note_file", "note.pdf")
		if got := p.get("/case?case_id=c-1", "dr-a").at("case.pending_files"); fmt.Sprint(got) != "[]" {
			t := p.t
			t.Errorf("pending files: %v", got)
		}
		p.get("/case_files?case_id=c-1", "dr-a").is(200).has("files.0.kind", "demo", "files.1.kind", "note", "files.1.pending", false)
		p.get("/case_file?case_id=c-1&kind=demo", "dr-b").refused(404, "case_not_found")
		p.get("/case_file?case_id=c-1&kind=misc", "dr-a").refused(404, "document_not_found")
		p.database().holds("after uploads")
	})
}

func TestDownloads(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), nil)
	p.person(root, 999, 1)
	at := p.person("dr-a", 1, 1)
	p.drafts("dr-a", at, "c-1")
	body, kind := form("über \"sicht\".pdf", somePDF, "case_id", "c-1", "kind", "demo")
	p.send(http.MethodPost, "/case_files", "dr-a", body, "Content-Type", kind).is(201)
	get := func(headers ...string) answer { return p.get("/case_file?case_id=c-1&kind=demo", "dr-a", headers...) }
	sum := sha256.Sum256([]byte(somePDF))
	etag := `"` + hex.EncodeToString(sum[:]) + `"`
	whole := get().is(200)
	if string(whole.raw) != somePDF || whole.header.Get("ETag") != etag || whole.header.Get("Content-Type") != "application/pdf" ||
		!strings.HasPrefix(whole.header.Get("Content-Disposition"), "attachment; filename*=utf-8''%C3%BCber") || whole.header.Get("Accept-Ranges") != "bytes" {
		t.Errorf("%q, %v", whole.raw, whole.header)
	}
	for asked, want := range map[string]string{"bytes=0-4": somePDF[:5], "bytes=5-": somePDF[5:], "bytes=-6": somePDF[len(somePDF)-6:]} {
		if part := get("Range", asked).is(206); string(part.raw) != want || !strings.HasSuffix(part.header.Get("Content-Range"), fmt.Sprint("/", len(somePDF))) {
			t.Errorf("%s: %q, %v", asked, part.raw, part.header)
		}
	}
	get("Range", "bytes=0-4", "If-Range", `"other"`).is(200)
	get("Range", "bytes=0-4", "If-Range", etag).is(206)
	get("Range", "bytes=5000-").refused(416, "range_outside")
	for _, many := range []string{
		"bytes=0-0,1-1,2-2,3-3,4-4,5-5", "bytes=" + strings.Repeat("0-0,", 7000) + "0-0", "bytes=" + strings.Repeat("0-4, ", 5) + "-1",
	} {
		get("Range", many).is(200)
	}
	get("Range", "bytes=0-0,2-2,4-4,6-6,8-8").is(206)
	get("Range", "bytes=0-0,1-1,2-2,3-3,4-4,5-5", "If-Range", etag).is(200)
	get("If-None-Match", etag).is(304)
	p.get("/audit_log?case_id=c-1&limit=1", root).is(200).has("audit_log.0.action", "case.read", "audit_log.0.outcome", "read", "audit_log.0.fields.0", "demo_file")
	p.send(http.MethodPost, "/case_files/presign", "dr-a", map[string]any{"case_id": "c-1", "kind": "demo", "use": "download"}).is(200)
	p.get("/audit_log?case_id=c-1&limit=1", root).is(200).has("audit_log.0.action", "case.read", "audit_log.0.fields.0", "demo_file", "audit_log.0.fields.1", "link")
}

// TestBadUploadsChangeNothing: each is refused with one clear answer.
func TestBadUploadsChangeNothing(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), map[string]string{"MAX_UPLOAD_MB": "1"})
	at := p.person("dr-a", 1, 1)
	p.drafts("dr-a", at, "c-1")
	good, kind := form("demo.pdf", somePDF, "case_id", "c-1", "kind", "demo")
	named := func(name string) string {
		return strings.Replace(good, `filename="demo.pdf"`, `filename="`+name+`"`, 1)
	}
	large := somePDF + strings.Repeat(" ", 1<<20)
	formOf := func(content string, fields ...string) string {
		body, is := form("demo.pdf", content, fields...)
		return strings.ReplaceAll(body, strings.TrimPrefix(is, "multipart/form-data; boundary="), strings.TrimPrefix(kind, "multipart/form-data; boundary="))
	}
	before := p.database().print()
	for what, try := range map[string]struct {
		body   any
		kind   string
		status int
		code   string
	}{
		"a program named .pdf":      {formOf("MZ\x90\x00 a program", "case_id", "c-1", "kind", "demo"), kind, 422, "document_type_unknown"},
		"a page named .pdf":         {formOf("<html>", "case_id", "c-1", "kind", "demo"), kind, 422, "document_type_unknown"},
		"an empty file":             {formOf("", "case_id", "c-1", "kind", "demo"), kind, 422, "document_empty"},
		"a file over the cap":       {formOf(large, "case_id", "c-1", "kind", "demo"), kind, 413, "document_too_large"},
		"a form that is cut":        {good[:len(good)-60], kind, 400, "upload_broken"},
		"a form that is no form":    {"%PDF-", kind, 400, "upload_broken"},
		"a form without a boundary": {good, "multipart/form-data", 422, "invalid_input"},
		"a form of another kind":    {good, "multipart/mixed; boundary=x", 422, "invalid_input"},
		"a form without a file":     {strings.Replace(good, `name="file"`, `name="kind"`, 1), kind, 422, "invalid_input"},
		"an unknown field":          {formOf(somePDF, "case_id", "c-1", "surprise", "x"), kind, 422, "invalid_input"},
		"no case":                   {formOf(somePDF, "kind", "demo"), kind, 422, "invalid_input"},
		"an unknown kind":           {formOf(somePDF, "case_id", "c-1", "kind", "x-ray"), kind, 422, "invalid_input"},
		"a name that leads up":      {named("../../secret.pdf"), kind, 422, "invalid_input"},
		"an absolute name":          {named("/etc/passwd"), kind, 422, "invalid_input"},
		"another owner's folder":    {named("../dr-b/x.pdf"), kind, 422, "invalid_input"},
		"a name of 10 kB":           {named(strings.Repeat("a", 10_000)), kind, 422, "invalid_input"},
		"a name with NUL":           {named("a\x00.pdf"), kind, 400, "upload_broken"},
		"a raw body over the cap":   {io.MultiReader(strings.NewReader(large)), "application/pdf", 413, "document_too_large"},
	} {
		path := "/case_files"
		if try.kind == "application/pdf" {
			path += "?case_id=c-1&kind=demo"
		}
		a := p.send(http.MethodPost, path, "dr-a", try.body, "Content-Type", try.kind)
		if a.status != try.status || a.body["code"] != try.code {
			t.Errorf("%s: %d %v, want %d %s: %s", what, a.status, a.body["code"], try.status, try.code, a.raw)
		}
	}
	for _, table := range changed(before, p.database().print()) {
		if table != "outbox" { // the sweeping of what might have been stored
			t.Errorf("%s changed", table)
		}
	}
	if left := p.objects(); len(left) != 0 {
		t.Errorf("objects are left: %v", left)
	}
	p.send(http.MethodPost, "/case_files", "dr-a", good, "Content-Type", kind).is(201)
}

func TestUploadsByLink(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", 1, 1)
		p.drafts("dr-a", at, "c-1", "c-2")
		presign := func(body map[string]any) answer {
			return p.send(http.MethodPost, "/case_files/presign", "dr-a", body)
		}
		complete := func(id, kind, key string) answer {
			return p.send(http.MethodPost, "/case_files/complete", "dr-a", map[string]any{"case_id": id, "kind": kind, "key": key, "file_name": "scan.pdf"})
		}
		made := presign(planned(map[string]any{"case_id": "c-1", "kind": "demo"})).is(200)
		key := made.at("key").(string)
		complete("c-1", "demo", key).refused(404, "object_not_found")
		p.follow(made, "X"+somePDF[1:]).refused(422, "link_misused")
		p.follow(made, somePDF+" ").refused(422, "link_misused")
		p.follow(made, somePDF).is(200)
		complete("c-2", "demo", key).refused(422, "invalid_input")
		complete("c-1", "note", key).refused(422, "invalid_input")
		complete("c-1", "demo", "private/case-documents/dr-a/../dr-b/x.pdf").refused(422, "invalid_input")
		p.get("/case_files?case_id=c-1", "dr-a").is(200).lacks("scan.pdf")
		for range 2 { // a client that did not hear the answer asks again
			complete("c-1", "demo", key).is(201).has("file.file_name", "scan.pdf", "version", 2)
		}
		read := presign(map[string]any{"case_id": "c-1", "kind": "demo", "use": "download"}).is(200)
		if got := p.follow(read, "").is(200); string(got.raw) != somePDF {
			p.t.Errorf("got %q", got.raw)
		}
		for member, value := range map[string]any{"content_type": "text/html", "sha256": "abc", "size_bytes": 0} {
			body := planned(map[string]any{"case_id": "c-1", "kind": "demo"})
			body[member] = value
			presign(body).refused(422, "invalid_input")
		}
		big := planned(map[string]any{"case_id": "c-1", "kind": "demo"})
		big["size_bytes"] = 51 << 20
		presign(big).refused(413, "document_too_large")
	})
}

func TestWhatNothingRefersToIsSwept(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.drafts("provider", at, "c-1")
		p.filed("c-1", "provider")
		p.filed("c-1", "provider") // replaces the first, which stays until the case is purged
		p.uploadedByLink("/case_files", map[string]any{"case_id": "c-1", "kind": "note"})
		paper := p.paper("provider")
		p.uploadedByLink("/user_files", map[string]any{"user_id": root})
		if n := len(p.objects()); n != 5 {
			p.t.Fatalf("%d objects: %v", n, p.objects())
		}
		work := func() {
			for range 2 { // the first finds out, the second removes
				if err := p.Outbox.Work(context.Background()); err != nil {
					p.t.Fatal(err)
				}
			}
		}
		work()
		if n := len(p.objects()); n != 5 {
			p.t.Errorf("after a moment %d objects are left", n)
		}
		p.clock.Set(p.clock.Now().Add(ports.SweepAfter + time.Minute))
		work()
		if n := len(p.objects()); n != 3 {
			p.t.Errorf("%d objects are left, want the three of documents: %v", n, p.objects())
		}
		p.send(http.MethodDelete, "/user_file?user_id=provider&document_id="+paper["document_id"], "provider", nil).is(200)
		work()
		if n := len(p.objects()); n != 2 {
			p.t.Errorf("%d objects are left: %v", n, p.objects())
		}
		p.send(http.MethodDelete, "/case_file?case_id=c-1&kind=demo", "provider", nil).is(200)
		p.get("/case_file?case_id=c-1&kind=demo", "provider").refused(404, "document_not_found")
	})
}

func TestFilesThatClientsUploadElsewhereAreFound(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", 1, 1)
		p.drafts("dr-a", at, "c-1")
		patch := map[string]any{"case_id": "c-1", "demo_file": "here.pdf", "note_file": "missing.pdf"}
		key := surgical.KeyFor(ident.UserID("dr-a"), surgical.NewPHI("here.pdf")).Reveal()
		path := filepath.Join(p.dataDir, "objects", key)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(somePDF), 0o600); err != nil {
			p.t.Fatal(err)
		}
		p.send(http.MethodPatch, "/case", "dr-a", patch).is(200)
		pending := func() string { return fmt.Sprint(p.get("/case?case_id=c-1", "dr-a").is(200).at("case.pending_files")) }
		if got := pending(); got != "[demo_file note_file]" {
			p.t.Errorf("before anybody looked: %s", got)
		}
		if err := p.Outbox.Work(context.Background()); err != nil {
			p.t.Fatal(err)
		}
		if got := pending(); got != "[note_file]" {
			p.t.Errorf("after a look: %s", got)
		}
		if got := p.get("/case_file?case_id=c-1&kind=demo", "dr-a").is(200); string(got.raw) != somePDF {
			p.t.Errorf("got %q", got.raw)
		}
		p.get("/case_file?case_id=c-1&kind=note", "dr-a").refused(404, "document_not_found")
	})
}

func TestWhileTheStorageIsAwayCasesAreAsTheyWere(t *testing.T) {
	t.Parallel()
	server := given.StartVersityGateway(t)
	p := start(t, given.TempSQLite(t), map[string]string{"STORAGE_URL": server.URL(server.Bucket(t))})
	at := p.person("dr-a", 1, 1)
	p.drafts("dr-a", at, "c-1")
	p.filed("c-1", "dr-a")
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, a := range []answer{
		p.upload("/case_files?case_id=c-1&kind=note", "dr-a", somePDF), p.get("/case_file?case_id=c-1&kind=demo", "dr-a"),
		p.upload("/user_files?document_type=License", "dr-a", somePDF),
	} {
		a.refused(503, "storage_unavailable").lacks(server.Address)
		if a.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	p.get("/case?case_id=c-1", "dr-a").is(200).has("case.demo_file", "demo.pdf", "case.note_file", "note-c-1.pdf", "case.version", 2)
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	p.upload("/case_files?case_id=c-1&kind=note", "dr-a", somePDF).is(201)
}

func TestUploadsWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	p := startWith(t, given.NewClock(), given.TempSQLite(t), map[string]string{"UPLOAD_CONCURRENCY": "1"}, soon)
	p.drafts("dr-a", p.person("dr-a", 1, 1), "c-1")
	end, done := p.idle("dr-a", begun)
	p.underWay(1)
	busy := p.upload("/case_files?case_id=c-1&kind=note", "dr-a", somePDF).refused(503, "uploads_busy")
	if busy.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	end()
	(<-done).is(201)
	p.upload("/case_files?case_id=c-1&kind=note", "dr-a", somePDF).is(201)
}
