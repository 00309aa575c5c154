package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"surgicase/domain/permission"
	"surgicase/test/given"
)

// Clients that upload elsewhere name their files, and the name ends the object's key. However the storage fails, neither the log
// nor what the database keeps of failures tells it.
func TestTheCanaryDoesNotSingWhenTheStorageFails(t *testing.T) {
	t.Parallel()
	gossip := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, "<Error><Code>AccessDenied</Code><Message>You may not read %[1]s</Message><Key>%[1]s</Key><Resource>%[1]s</Resource></Error>", r.URL.Path)
	}))
	t.Cleanup(gossip.Close)
	for name, storage := range map[string]string{
		"a link out of the folder": "file://",
		"MinIO is away":            "minio://qxkey:qxsecretqx@127.0.0.1:1/documents?tls=false",
		"S3 is away":               "s3://qxkey:qxsecretqx@documents?region=us-east-1&endpoint=http://127.0.0.1:1",
		"MinIO refuses":            "minio://qxkey:qxsecretqx@" + gossip.Listener.Addr().String() + "/documents?tls=false",
		"S3 refuses":               "s3://qxkey:qxsecretqx@documents?region=us-east-1&endpoint=" + gossip.URL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, given.TempSQLite(t), map[string]string{"LOG_LEVEL": "DEBUG", "STORAGE_URL": storage})
			at := p.person("dr-canary", permission.Provider, 1)
			p.person("admin", permission.GlobalAdmin, 1)
			p.send(http.MethodPost, "/case", "dr-canary", caseOf("c-canary", "dr-canary", at, "demo_file", "qxdemo.pdf", "note_file", "qxnote.pdf")).is(201)
			p.send(http.MethodPatch, "/user", "dr-canary", map[string]any{"user_id": "dr-canary", "documents": []any{
				map[string]any{"document_type": "Medical License", "document_name": "qxlicence.pdf"},
			}}).is(200)
			if storage == "file://" {
				p.leadOut("private/case-documents/dr-canary/qxdemo.pdf", "private/case-documents/dr-canary/qxnote.pdf", "private/user-documents/dr-canary/qxlicence.pdf")
			}
			for _, a := range []answer{
				p.get("/case_file?case_id=c-canary&kind=demo", "dr-canary"), p.get("/user_files?user_id=dr-canary", "dr-canary"),
				p.send(http.MethodPost, "/case_files/presign", "dr-canary", map[string]any{"case_id": "c-canary", "kind": "demo", "use": "download"}),
			} {
				a.refused(503, "storage_unavailable").lacks(canaries...)
			}
			p.send(http.MethodPost, "/get_case_images", "admin", map[string]any{"case_ids": []string{"c-canary"}}).lacks(canaries...)
			_ = p.Outbox.Work(context.Background()) // looks for the files, and keeps why it could not
			if log := p.log.String(); !strings.Contains(log, "storage_unavailable") || sings(log) != "" {
				t.Errorf("the log tells %q: %s", sings(log), log)
			}
			reasons := p.database().rows("SELECT last_error FROM outbox WHERE topic = 'find_files'")
			if len(reasons) != 1 || !strings.Contains(reasons[0][0], "storage_unavailable") || sings(reasons[0][0]) != "" {
				t.Errorf("the task failed with %q", reasons)
			}
		})
	}
}

// The links of S3 show the key of the object: there is none to a file that was named by its client.
func TestNoLinkShowsTheNameOfAFile(t *testing.T) {
	t.Parallel()
	var stored sync.Map
	full := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // it has everything
		content, _ := io.ReadAll(r.Body)
		if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") { // one chunk: its size, its signature, its bytes
			head, rest, _ := bytes.Cut(content, []byte("\r\n"))
			size, _, _ := bytes.Cut(head, []byte(";"))
			n, _ := strconv.ParseInt(string(size), 16, 64)
			content = rest[:n]
		}
		w.Header().Set("ETag", `"0123456789abcdef0123456789abcdef"`)
		if r.Method == http.MethodPut {
			stored.Store(r.URL.Path, content)
			return
		}
		held, _ := stored.LoadOrStore(r.URL.Path, []byte(somePDF))
		http.ServeContent(w, r, "", given.Morning, bytes.NewReader(held.([]byte)))
	}))
	t.Cleanup(full.Close)
	for name, storage := range map[string]string{
		"MinIO": "minio://qxkey:qxsecretqx@" + full.Listener.Addr().String() + "/documents?tls=false",
		"S3":    "s3://qxkey:qxsecretqx@documents?region=us-east-1&endpoint=" + full.URL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, given.TempSQLite(t), map[string]string{"STORAGE_URL": storage})
			at := p.person("dr-canary", permission.Provider, 1)
			p.send(http.MethodPost, "/case", "dr-canary", caseOf("c-canary", "dr-canary", at, "demo_file", "qxdemo.pdf")).is(201)
			p.upload("/case_files?case_id=c-canary&kind=note&file_name=qxnote.pdf", "dr-canary", somePDF).is(201)
			linked := func(kind string) answer {
				return p.send(http.MethodPost, "/case_files/presign", "dr-canary", map[string]any{"case_id": "c-canary", "kind": kind, "use": "download"})
			}
			linked("demo").refused(409, "link_shows_name").lacks(canaries...)
			linked("note").is(200).lacks(canaries...)
		})
	}
}

// leadOut puts links in the place of objects that lead out of the folder: the store refuses to follow them.
func (p *program) leadOut(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.putPast(key)
		path := filepath.Join(p.dataDir, "objects", key)
		if err := os.Remove(path); err != nil {
			p.t.Fatal(err)
		}
		if err := os.Symlink("/etc/passwd", path); err != nil {
			p.t.Fatal(err)
		}
	}
}
