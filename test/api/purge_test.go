package api

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Purging a case removes what lies in the storage for it, what was replaced, too, and nothing of others.
func TestPurgingACaseRemovesItsObjects(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.drafts("provider", at, "gone", "kept")
		p.filed("gone", "provider")
		p.filed("gone", "provider") // replaces the first
		p.upload("/case_files?case_id=gone&kind=note&file_name=n.pdf", "provider", somePDF).is(201)
		p.filed("kept", "provider")
		p.paper("provider")
		if n := len(p.objects()); n != 5 {
			p.t.Fatalf("%d objects: %v", n, p.objects())
		}
		p.send(http.MethodDelete, "/case?case_id=gone", "provider", nil).is(200)
		p.purge()
		left := p.objects()
		if len(left) != 2 || slices.ContainsFunc(left, func(key string) bool { return strings.Contains(key, "/gone/") }) {
			p.t.Errorf("left are %q", left)
		}
		p.get("/case_file?case_id=kept&kind=demo", "provider").is(200)
	})
}

// putPast stores an object as clients do that upload without us.
func (p *program) putPast(key string) {
	p.t.Helper()
	path := filepath.Join(p.dataDir, "objects", key)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(somePDF), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// purge has everything purged that is deleted now.
func (p *program) purge() {
	p.t.Helper()
	p.clock.Advance(2191 * 24 * time.Hour)
	p.send(http.MethodPost, "/scheduler/jobs/retention/run", "system-admin", nil).is(200).has("run.state", "done")
}

// Clients that upload elsewhere name their files, and two cases of one owner may have the same: their object goes with the
// last case that names it, whoever owns that case by then, and also if nobody knew yet that it had come. Rows may be older
// than the digest by which they are found.
func TestPurgingACaseLeavesTheObjectsThatOtherCasesName(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.person("heir", 1, 1)
		p.drafts("provider", at, "gone", "kept", "late")
		name := func(id, field, file string) {
			p.send(http.MethodPatch, "/case", "provider", map[string]any{"case_id": id, field: file}).is(200)
		}
		const folder = "private/case-documents/provider/"
		p.putPast(folder + "demographics.pdf")
		name("gone", "demo_file", "demographics.pdf")
		name("kept", "misc_file", "demographics.pdf")
		name("late", "note_file", "late.pdf")
		p.putPast(folder + "late.pdf")
		p.send(http.MethodPatch, "/case", "case-admin", map[string]any{"case_id": "kept", "user_id": "heir"}).is(200)
		p.spoil("UPDATE case_documents SET key_digest = NULL WHERE kind = 'misc'")
		p.send(http.MethodDelete, "/case?case_id=gone", "provider", nil).is(200)
		p.send(http.MethodDelete, "/case?case_id=late", "provider", nil).is(200)
		p.purge()
		p.get("/case_file?case_id=kept&kind=misc", "heir").is(200)
		if left := p.objects(); len(left) != 1 || left[0] != folder+"demographics.pdf" {
			p.t.Fatalf("left are %q", left)
		}
		p.send(http.MethodDelete, "/case?case_id=kept", "heir", nil).is(200)
		p.purge()
		if left := p.objects(); len(left) != 0 {
			p.t.Errorf("left are %q", left)
		}
	})
}
