package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Of changes that meet, none answers the ETag of another: with it the next If-Match would overwrite what its sender
// never saw.
func TestTheETagOfAChangeIsItsOwn(t *testing.T) {
	everywhere(t, func(p *program) {
		p.drafts("provider", p.cast()["provider"], "c-1")
		for round := range 10 {
			answers := together(p, 4, func(i int) (answer, error) {
				return p.try(http.MethodPatch, "/case", "provider", map[string]any{"case_id": "c-1", "ins_provider": fmt.Sprintf("plan %d of %d", i, round)})
			})
			for _, a := range answers {
				version := fmt.Sprintf(`"%v-`, a.is(200).at("version"))
				if tag := a.header.Get("ETag"); tag != "" && !strings.HasPrefix(tag, version) {
					p.t.Fatalf("a change to version %v answers the ETag %s", a.at("version"), tag)
				}
			}
		}
		alone := p.send(http.MethodPatch, "/case", "provider", map[string]any{"case_id": "c-1", "ins_provider": "a plan"}).is(200)
		if tag := p.get("/case?case_id=c-1", "provider").header.Get("ETag"); alone.header.Get("ETag") != tag {
			p.t.Errorf("alone it answers %q, the case has %q", alone.header.Get("ETag"), tag)
		}
	})
}
