package api

import (
	"net/http"
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
		p.clock.Advance(2191 * 24 * time.Hour)
		p.send(http.MethodPost, "/scheduler/jobs/retention/run", "system-admin", nil).is(200).has("run.state", "done")
		left := p.objects()
		if len(left) != 2 || slices.ContainsFunc(left, func(key string) bool { return strings.Contains(key, "/gone/") }) {
			p.t.Errorf("left are %q", left)
		}
		p.get("/case_file?case_id=kept&kind=demo", "provider").is(200)
	})
}
