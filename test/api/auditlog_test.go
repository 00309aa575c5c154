package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"surgicase/application/operations"
	"surgicase/domain/audit"
)

// seal has everything on the trail sealed, as the server does every second.
func (p *program) seal() {
	p.t.Helper()
	if _, err := p.Sealer.Work(context.Background()); err != nil {
		p.t.Fatal(err)
	}
}

// logged are entries of an audit log as "actor action entity_id outcome".
func (a answer) logged() []string {
	a.t.Helper()
	lines := []string{}
	for _, e := range a.is(200).at("audit_log").([]any) {
		m := e.(map[string]any)
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%v %v %v %v", m["actor_id"], m["action"], m["entity_id"], m["outcome"])))
	}
	return lines
}

func (a answer) logs(want ...string) answer {
	a.t.Helper()
	if got := a.logged(); !slices.Equal(got, want) {
		a.t.Errorf("the log shows %q, want %q", got, want)
	}
	return a
}

func TestTheAuditLogIsReadByGlobalAdminsOnly(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		for _, r := range roles {
			a := p.get("/audit_log", r.name)
			if r.name == "global-admin" || r.name == "system-admin" {
				a.is(200)
				continue
			}
			a.refused(403, "not_allowed").lacks("provider")
		}
		p.get("/audit_log?actor=case-admin", "global-admin").logs("case-admin audit.read  refused")
		p.get("/audit_log?user_id=provider", "global-admin").refused(403, "not_your_data")
	})
}

func TestTheAuditLogFollowsACase(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		tick := func() { p.clock.Advance(time.Second) }
		p.send(http.MethodPost, "/case", "provider", caseOf("c-1", "provider", at, "procedure_codes", []string{"Z9001"})).is(201)
		tick()
		p.send(http.MethodPost, "/case", "provider", caseOf("c-2", "provider", at, "procedure_codes", []string{"Z9002"})).is(201)
		tick()
		number := fmt.Sprintf("%.0f", p.get("/case?case_id=c-1", "case-admin").is(200).at("case.human_case_id"))
		tick()
		p.get("/case_filter", "provider").is(200)
		tick()
		p.get("/case?case_id=c-1", "user-admin").is(200)
		tick()
		p.get("/users", "case-admin").is(200) // shows people, whose ids may look like the numbers of cases
		tick()
		p.send(http.MethodDelete, "/case?case_id=c-1", "group-admin", nil).refused(404, "case_not_found")
		tick()
		want := []string{
			"group-admin case.delete c-1 refused", "user-admin case.read c-1 read", "provider case.read provider read", "case-admin case.read c-1 read", "provider case.create c-1 done",
		}
		p.get("/audit_log?case_id=c-1", "global-admin").logs(want...)
		p.get("/audit_log?human_case_id="+number, "global-admin").logs(want...)
		p.get("/audit_log?case_id=c-1&actor=provider", "global-admin").logs(want[2], want[4])
		var paged []string
		for path := "/audit_log?limit=2&case_id=c-1"; path != ""; {
			page := p.get(path, "global-admin")
			paged = append(paged, page.logged()...)
			path = nextOf(page)
		}
		if !slices.Equal(paged, want) {
			p.t.Errorf("page by page: %q", paged)
		}
		own := p.get("/audit_log?action=audit.read", "global-admin").is(200)
		own.has("audit_log.1.entity", "audit_log", "audit_log.1.entity_id", "c-1", "audit_log.1.fields.0", "case_id", "audit_log.1.outcome", "read")
		p.get("/audit_log?human_case_id=99&case_id=c-1", "global-admin").refused(422, "invalid_input")
		p.get("/audit_log?case_id=c-1&count=true", "global-admin").refused(422, "invalid_input")
		p.get("/audit_log?case_id=nothing", "global-admin").logs()
	})
}

func TestTheAuditLogFiltersAndPages(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		for i := range 7 {
			p.clock.Advance(time.Minute)
			p.get("/user?user_id=provider", []string{"provider", "case-admin"}[i%2]).is(200)
		}
		p.seal()
		start := p.clock.Now().Add(-6 * time.Minute)
		at := func(minutes int) string {
			return q(start.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339Nano))
		}
		all := p.get("/audit_log?entity=user&count=true", "global-admin").is(200)
		if len(all.logged()) != 7 || all.header.Get("X-Total-Count") != "7" {
			p.t.Errorf("%d entries, total %s", len(all.logged()), all.header.Get("X-Total-Count"))
		}
		all.has("audit_log.0.seal", 7, "audit_log.6.seal", 1, "audit_log.0.actor_type", 1, "audit_log.0.credential", "header", "audit_log.0.code", nil, "audit_log.0.before_digest", nil)
		for filter, n := range map[string]int{
			"actor=case-admin": 3, "actor=case": 0, "action=user.read": 7, "action=user.read&actor=provider": 4, "entity_id=provider": 7, "outcome=done": 0,
			"entity=user&outcome=read": 7, "entity=user&from=" + at(2): 5, "entity=user&to=" + at(2): 2, "from=" + at(2) + "&to=" + at(4) + "&entity=user": 2,
		} {
			if got := len(p.get("/audit_log?"+filter, "global-admin").logged()); got != n {
				p.t.Errorf("%s finds %d entries, want %d", filter, got, n)
			}
		}
		var times []string
		for path := "/audit_log?limit=3&entity=user"; path != ""; {
			page := p.get(path, "global-admin").is(200)
			for _, e := range page.at("audit_log").([]any) {
				times = append(times, e.(map[string]any)["at"].(string))
			}
			path = nextOf(page)
		}
		if len(times) != 7 || !slices.IsSortedFunc(times, func(a, b string) int { return strings.Compare(b, a) }) {
			p.t.Errorf("page by page: %q", times)
		}
		for _, wrong := range []string{"from=yesterday", "to=2026-02-30T00:00:00Z", "outcome=lost", "case_id=a%20b", "human_case_id=0", "limit=1001", "cursor=x", "unknown=1&actor=%00"} {
			p.get("/audit_log?"+wrong, "global-admin").refused(422, "invalid_input")
		}
		p.get("/audit_log?from="+at(2)+"&to="+at(1), "global-admin").refused(400, "times_reversed")
	})
}

func TestTheAuditLogTakesAsManyStatementsForManyAsForOne(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		paths := []string{"/audit_log?limit=1&count=true", "/audit_log?case_id=c-1&limit=1", "/audit_log?limit=300&count=true", "/audit_log?case_id=c-1&limit=300"}
		few := map[string]int64{}
		for _, path := range paths {
			few[path], _ = p.cost(func() answer { return p.get(path, "global-admin").is(200) })
		}
		for range 60 {
			p.get("/case?case_id=c-1", "provider").is(404)
		}
		for _, path := range paths {
			if many, _ := p.cost(func() answer { return p.get(path, "global-admin").is(200) }); many > few[path] || many > 8 {
				p.t.Errorf("%s takes %d statements at first and %d later", path, few[path], many)
			}
		}
		p.t.Logf("statements: %v", few)
	})
}

// What fails leaves nothing behind, and what the program writes verifies.
func TestTheTrailOfTheProgramVerifies(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		p.send(http.MethodPost, "/case", "provider", caseOf("c-1", "provider", at)).is(201)
		p.send(http.MethodPost, "/case", "provider", caseOf("c-1", "provider", at)).refused(409, "case_exists")
		p.send(http.MethodPatch, "/case", "provider", map[string]any{"case_id": "c-1", "surgeon_id": 4711}).is(422)
		p.send(http.MethodPatch, "/case", "provider", map[string]any{"case_id": "c-1", "case_date": "2026-02-21"}, "If-Match", `"1-x"`).refused(412, "version_mismatch")
		p.get("/audit_log?case_id=c-1&outcome=done", "global-admin").logs("provider case.create c-1 done")
		p.seal()
		p.clock.Advance(time.Hour)
		err := operations.NewTrail(p.Store, p.clock).Read(context.Background(), func(e audit.Evidence) error {
			report, err := e.Verify(nil, nil, func(int64) {})
			if err == nil && report.Last.Seq < 2 {
				p.t.Errorf("%+v", report)
			}
			return err
		})
		if err != nil {
			p.t.Error(err)
		}
	})
}
