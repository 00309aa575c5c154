package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestReplacedDocumentsAreSeenAndRemoved: replaced versions are listed and given out, and whoever may replace a document may
// remove one, with its object, which makes room under the quota. All of it is on the audit log.
func TestReplacedDocumentsAreSeenAndRemoved(t *testing.T) {
	t.Parallel()
	for _, db := range databases {
		p := start(t, db.url(t), map[string]string{"DOCUMENT_VERSIONS": "3"})
		p.drafts("provider", p.cast()["provider"], "c-1")
		p.person("other", 1, 1)
		upload := func(n int) answer {
			path := fmt.Sprintf("/case_files?case_id=c-1&kind=misc&file_name=v%d.pdf", n)
			return p.upload(path, "provider", somePDF+strings.Repeat("x", n))
		}
		for n := range 3 {
			upload(n).is(201)
		}
		list := p.get("/case_file_versions?case_id=c-1", "provider").is(200).
			has("files.1.current", true, "files.1.replaced_by", nil, "files.1.file_name", "v2.pdf", "files.2.file_name", "v0.pdf",
				"files.2.current", false, "files.2.size_bytes", len(somePDF), "files.3.file_name", "v1.pdf")
		oldest := fmt.Sprintf("/case_file_version?case_id=c-1&kind=misc&replaced_by=%v", list.at("files.2.replaced_by"))
		if got := p.get(oldest, "case-admin").is(200); string(got.raw) != somePDF {
			t.Errorf("%q", got.raw)
		}
		upload(3).refused(409, "versions_quota")
		remove := func(as, with string) answer { return p.send(http.MethodDelete, oldest+with, as, nil) }
		remove("provider", "&dry_run=true").is(200)
		remove("other", "").refused(404, "case_not_found")
		p.get(oldest, "other").refused(404, "case_not_found")
		before := len(p.objects())
		remove("provider", "").is(200).has("file.file_name", "v0.pdf", "file.current", false)
		remove("provider", "").refused(404, "version_not_found")
		p.get(oldest, "provider").refused(404, "version_not_found")
		p.work() // finds out that nothing refers to it
		p.work()
		if left := len(p.objects()); left != before-1 {
			t.Errorf("%d of %d objects are left", left, before)
		}
		upload(3).is(201)
		p.get("/case_file?case_id=c-1&kind=misc", "provider").is(200)
		p.seal()
		p.get("/audit_log?case_id=c-1&action=case.edit", "global-admin").is(200).
			has("audit_log.2.actor_id", "provider", "audit_log.2.fields.0", "misc_file", "audit_log.2.fields.1", "version")
	}
}

// TestWhatACaseShowsIsNoVersionToRemove, and neither is what a client keeps under a name of its own, or anything of a case
// that its owner may not change any more.
func TestWhatACaseShowsIsNoVersionToRemove(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		p.standing(15, "provider", at, "c-1")
		p.drafts("provider", at, "c-2")
		for _, name := range []string{"a.pdf", "b.pdf"} {
			body := map[string]any{"case_id": "c-2", "misc_file": name}
			p.send(http.MethodPatch, "/case", "provider", body).is(200)
		}
		version := p.get("/case_file_versions?case_id=c-2", "provider").is(200).has("files.2.file_name", "a.pdf").at("files.2.replaced_by")
		remove := func(id, kind string, version any) answer {
			path := fmt.Sprintf("/case_file_version?case_id=%s&kind=%s&replaced_by=%v", id, kind, version)
			return p.send(http.MethodDelete, path, "provider", nil)
		}
		remove("c-2", "misc", version).refused(409, "document_not_uploaded")
		remove("c-2", "note", version).refused(404, "version_not_found")
		remove("c-2", "misc", 0).is(422)
		remove("c-2", "misc", "x").is(422)
		p.send(http.MethodDelete, "/case_file_version?case_id=c-2&kind=misc", "provider", nil).is(422)
		remove("c-1", "demo", 1).refused(409, "case_locked")
		p.get("/case_file_versions?case_id=none", "provider").refused(404, "case_not_found")
	})
}
