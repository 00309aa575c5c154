package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"surgicase/domain/ident"
	"surgicase/domain/support"
	"surgicase/ports"
	"surgicase/test/given"
)

// bug puts a bug of a reporter on the stage and gives its id.
func (p *program) bug(reporter string) int64 {
	p.t.Helper()
	var id int64
	p.inTx(func(ctx context.Context, r ports.Repos) error {
		b := support.Bug{Title: "It does not work", Status: support.Open, Reporter: ident.UserID(reporter), CreatedAt: given.Morning, UpdatedAt: given.Morning}
		err := r.Bugs.Add(ctx, &b)
		id = b.ID
		return err
	})
	return id
}

func theirBug(s *abused, owner string) example {
	s.t.Helper()
	return example{body: map[string]any{"bug_id": s.bug(owner), "title": s.next("title")}}
}

// withTracker runs a scenario with ClickUp behind the program.
func withTracker(t *testing.T, scenario func(*program, *given.ClickUp)) {
	t.Helper()
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			fake := given.StartClickUp(t)
			scenario(start(t, db.url(t), map[string]string{
				"BUG_TRACKER": "clickup", "CLICKUP_API_URL": fake.URL,
				"SURGICASE_MAIN": fmt.Sprintf(`{"CLICKUP_API_TOKEN":%q,"CLICKUP_LIST_URL":"https://app.clickup.com/1/v/li/%s"}`, given.ClickUpToken, given.ClickUpList),
			}), fake)
		})
	}
}

func (p *program) track() {
	p.t.Helper()
	if err := p.Courier.Bugs.Work(context.Background()); err != nil {
		p.t.Fatal(err)
	}
}

// oldBug is a report as clients of the old product send it: with everything they know.
func oldBug(title string) map[string]any {
	return map[string]any{
		"bug_date": "2026-03-02", "calling_page": "https://app.example.com/case/edit?patient=Canary#top", "priority": "high",
		"bug":          map[string]any{"title": title, "description": "After searching it stays empty.", "extra": "CanaryExtra"},
		"user_profile": map[string]any{"first_name": "CanaryFirst", "telephone": 5035550100},
		"surgeons":     []any{map[string]any{"first_name": "CanarySurgeon"}}, "environment_info": map[string]any{"anything": nil},
	}
}

func TestABugGoesFromTheReporterToTheTracker(t *testing.T) {
	withTracker(t, func(p *program, fake *given.ClickUp) {
		p.cast()
		id := p.send(http.MethodPost, "/bugs", "provider", oldBug("The list is empty"), "X-Request-ID", "req-1").is(201).has("status", "Open").at("bug_id")
		if len(fake.Tasks()) > 0 {
			p.t.Error("the tracker was told before the outbox was worked on")
		}
		p.track()
		for reference, task := range fake.Tasks() {
			want := "After searching it stays empty.\n\nPage: /case/edit\nPriority: high\nRequest: req-1"
			if task.Name != fmt.Sprintf("Bug #%v: The list is empty", id) || task.Description != want || task.Priority != 2 {
				p.t.Errorf("the tracker has %+v", task)
			}
			p.get("/bugs", "provider").is(200).has("count", 1, "bugs.0.tracker_ref", reference, "bugs.0.calling_page", "/case/edit", "bugs.0.reported_by", "provider").lacks("canary")
		}
		if dump := fmt.Sprint(fake.Tasks(), p.log, p.database().rows("SELECT * FROM bugs")); strings.Contains(dump, "Canary") || strings.Contains(p.log.String(), given.ClickUpToken) {
			p.t.Errorf("what has no business in a report was kept: %s", dump)
		}
		p.send(http.MethodPatch, "/bugs", "case-admin", map[string]any{"bug_id": id, "status": "In Progress", "priority": "low", "unknown": 1}).is(200)
		p.send(http.MethodPatch, "/bugs", "case-admin", map[string]any{"bug_id": id, "priority": "low"}).is(200)
		p.track()
		for _, task := range fake.Tasks() {
			if task.Priority != 4 || len(fake.Tasks()) != 1 {
				p.t.Errorf("after the change the tracker has %+v", fake.Tasks())
			}
		}
	})
}

func TestABugWaitsForTheTracker(t *testing.T) {
	withTracker(t, func(p *program, fake *given.ClickUp) {
		p.cast()
		fake.Answer(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
		p.send(http.MethodPost, "/bugs", "provider", oldBug("one")).is(201)
		p.track()
		fake.Answer(nil)
		p.track() // not due yet
		p.get("/bugs", "provider").is(200).has("bugs.0.tracker_ref", nil)
		p.clock.Advance(time.Minute)
		p.track()
		p.clock.Advance(time.Hour)
		p.track()
		if n := len(fake.Tasks()); n != 1 {
			p.t.Errorf("the tracker has %d tasks", n)
		}
	})
}

func TestBugsThatTheTrackerLostAreFiledAnew(t *testing.T) {
	withTracker(t, func(p *program, fake *given.ClickUp) {
		p.cast()
		id := p.send(http.MethodPost, "/bugs", "provider", oldBug("one")).is(201).at("bug_id")
		p.track()
		for reference := range fake.Tasks() {
			fake.Lose(reference)
		}
		p.send(http.MethodPatch, "/bugs", "provider", map[string]any{"bug_id": id, "title": "two"}).is(200).has("updated_fields.0", "title")
		p.track()
		for reference, task := range fake.Tasks() {
			if !strings.HasSuffix(task.Name, ": two") {
				p.t.Errorf("the tracker has %+v", task)
			}
			p.get("/bugs", "provider").is(200).has("bugs.0.tracker_ref", reference)
		}
		if n := len(fake.Tasks()); n != 1 {
			p.t.Errorf("the tracker has %d tasks", n)
		}
	})
}

func TestWhoSeesWhichBugs(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		mine, other := p.bug("provider"), p.bug("group-admin")
		p.get("/bugs", "provider").is(200).has("count", 1, "bugs.0.bug_id", int(mine))
		p.get("/bugs", "group-admin").is(200).has("count", 1, "bugs.0.bug_id", int(other))
		p.get("/bugs", "case-admin").is(200).has("count", 2, "bugs.0.bug_id", int(other))
		p.send(http.MethodPatch, "/bugs", "provider", map[string]any{"bug_id": mine, "status": "Closed"}).is(200)
		p.get("/bugs", "provider").is(200).has("count", 0)
		p.get("/bugs?include_closed=true", "provider").is(200).has("count", 1, "bugs.0.status", "Closed")
		p.send(http.MethodPatch, "/bugs", "provider", map[string]any{"bug_id": mine}).refused(400, "no_fields")
		p.send(http.MethodPatch, "/bugs", "provider", map[string]any{"bug_id": mine, "status": "Closed"}).is(200)
		p.send(http.MethodPatch, "/bugs", "provider", map[string]any{"bug_id": other, "title": "x"}).refused(404, "bug_not_found")
		p.send(http.MethodPost, "/bugs", "provider", map[string]any{"bug": map[string]any{"title": "x", "Title": "CanaryTitle"}, "Priority": "CanaryPriority"}).is(201)
		p.get("/bugs", "provider").is(200).has("bugs.0.title", "x").lacks("canary")
		p.send(http.MethodPost, "/bugs", "provider", map[string]any{"bug": map[string]any{}}).refused(422, "invalid_input")
		p.send(http.MethodPost, "/bugs", "provider", map[string]any{"bug": map[string]any{"title": "x"}, "request_id": "a b"}).is(422)
	})
}

func TestClientsReportTheirRequests(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		before := len(p.database().rows("SELECT entry_id FROM audit_entries"))
		p.send(http.MethodPost, "/log_request", "provider", map[string]any{
			"timestamp": "2025-07-30T12:00:00", "user_id": "somebody-else", "endpoint": "/case?case_id=Canary-1", "method": "GET", "request_payload": "Canary", "query_params": "patient=Canary",
			"response_status": 200, "response_payload": `{"patient":"Canary"}`, "execution_time_ms": 35, "error_message": "Canary", "client_ip": "10.0.0.1",
		}).is(200).has("success", true)
		got := fmt.Sprint(p.database().rows("SELECT source, user_id, method, endpoint, response_status, execution_time_ms FROM client_requests"))
		if got != "[[client provider GET /case 200 35]]" {
			p.t.Errorf("kept is %s", got)
		}
		if after := len(p.database().rows("SELECT entry_id FROM audit_entries")); after != before {
			p.t.Errorf("%d entries came to the trail", after-before)
		}
		p.send(http.MethodPost, "/log_request", "provider", map[string]any{
			"endpoint": "/x", "method": "GET", "response_status": 201, "Response_Status": -5000000000, "execution_time_ms": 2, "EXECUTION_TIME_MS": 1 << 40, "Endpoint": "/y",
		}).is(200)
		if got := fmt.Sprint(p.database().rows("SELECT endpoint, response_status, execution_time_ms FROM client_requests WHERE response_status = 201")); got != "[[/x 201 2]]" {
			p.t.Errorf("with members of another spelling kept is %s", got)
		}
		p.clock.Advance(support.KeptReports + time.Microsecond)
		p.send(http.MethodPost, "/log_request", "provider", map[string]any{"endpoint": "/user", "method": "GET", "response_status": 200, "execution_time_ms": 1}).is(200)
		if forgotten, err := p.Support.Forget(context.Background()); forgotten != 2 || err != nil {
			p.t.Errorf("%d forgotten, %v", forgotten, err)
		}
		if got := fmt.Sprint(p.database().rows("SELECT endpoint FROM client_requests")); got != "[[/user]]" {
			p.t.Errorf("kept is %s", got)
		}
	})
}
