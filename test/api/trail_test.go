package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"surgicase/domain/permission"
	"surgicase/ports"
)

// What was refused, read and done to people is on the trail, with the fields that were tried and
// without their values.
func TestTheTrailOfPeople(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.prices()
		at := p.person("dr-a", permission.Provider, 1)
		p.send(http.MethodPost, "/case", "dr-a", caseOf("c-1", "dr-a", at, "procedure_codes", []string{"Z9001"})).is(201)
		d := p.database()
		d.value("SELECT COUNT(*) FROM audit_entries WHERE entity = 'case' AND entity_id = 'c-1' AND outcome = 'done'")
		before := d.value("SELECT COALESCE(MAX(entry_id), 0) FROM audit_entries")

		p.send(http.MethodPatch, "/user", "dr-a", map[string]any{"user_id": "dr-a", "first_name": "Zoe", "user_type": 999, "max_case_status": 500}).refused(403, "not_allowed")
		p.send(http.MethodPatch, "/user", "dr-a", map[string]any{"user_id": "dr-a", "tax_id": "98-7654321", "documents": nil}).is(200)
		p.get("/user?user_id=dr-a", "case-admin").is(200)
		p.get("/user?user_id=nobody", "provider").refused(403, "not_your_data")
		p.get("/user_environment", "dr-a").is(200)
		p.send(http.MethodPatch, "/user", "user-admin", map[string]any{"user_id": "dr-a", "user_tier": 2}).is(200)
		p.send(http.MethodDelete, "/user?user_id=dr-a", "case-admin", nil).refused(403, "not_allowed")
		p.send(http.MethodDelete, "/user?user_id=dr-a", "user-admin", nil).is(200)
		p.send(http.MethodDelete, "/user?user_id=dr-a", "user-admin", nil).is(200)

		number := d.value("SELECT human_case_id FROM case_ids WHERE case_id = 'c-1'")
		want := [][]string{
			{"dr-a", "user.edit", "dr-a", "user_type,max_case_status", "refused", "not_allowed", ""},
			{"dr-a", "user.edit", "dr-a", "tax_id,documents", "done", "", ""},
			{"case-admin", "user.read", "dr-a", "", "read", "", ""},
			{"provider", "user.read", "nobody", "", "refused", "not_your_data", ""},
			{"dr-a", "user.read", "dr-a", "", "read", "", ""},
			{"user-admin", "user.edit", "dr-a", "user_tier", "done", "", number},
			{"case-admin", "user.deactivate", "dr-a", "active", "refused", "not_allowed", ""},
			{"user-admin", "user.deactivate", "dr-a", "active", "done", "", ""},
		}
		got := d.rows("SELECT actor_id, action, entity_id, fields, outcome, code, COALESCE(things, '') FROM audit_entries WHERE entry_id > ? ORDER BY entry_id", before)
		if !slices.EqualFunc(got, want, slices.Equal[[]string]) {
			p.t.Errorf("the trail holds %q, want %q", got, want)
		}
	})
}

// A refusal is on the trail whether or not the same bulk move moved something else.
func TestRefusalsBesideMovesAreOnTheTrail(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()
		p.prices()
		p.standing(1, "provider", at["provider"], "theirs")
		p.standing(1, "global-admin", at["global-admin"], "own")
		d := p.database()
		before := d.value("SELECT COALESCE(MAX(entry_id), 0) FROM audit_entries")
		p.move("global-admin", 10, []string{"own", "theirs"}).is(200).has("total_updated", 1, "exceptions.0.case_id", "own", "exceptions.0.code", "own_case")
		got := d.rows("SELECT entity_id, fields, outcome, code FROM audit_entries WHERE entry_id > ? AND action = 'case.move' ORDER BY entity_id", before)
		want := [][]string{{"own", "case_status", "refused", "own_case"}, {"theirs", "case_status", "done", ""}}
		if len(got) != 2 || !slices.Equal(got[0], want[0]) || got[1][0] != "theirs" || got[1][2] != "done" {
			p.t.Errorf("the trail holds %q, want %q", got, want)
		}
	})
}

// A case that was priced by another node's old table or tier is caught up by the task that the
// change has left.
func TestStalePricesAreCaughtUp(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.prices()
		at := p.person("dr-a", permission.Provider, 1)
		p.drafts("dr-a", at, "c-1")
		p.send(http.MethodPost, "/pay_tiers", "global-admin", map[string]any{"rows": []any{price(1, "Z9009", 1)}}).is(201)
		if err := p.Outbox.Work(context.Background()); err != nil {
			p.t.Fatal(err)
		}
		version := p.get("/case?case_id=c-1", "dr-a").is(200).at("case.version")
		p.inTx(func(ctx context.Context, r ports.Repos) error {
			u, err := r.Users.Get(ctx, "dr-a")
			if err != nil {
				return err
			}
			u.Tier = 2
			if err := r.Users.Save(ctx, u); err != nil {
				return err
			}
			return r.Outbox.Put(ctx, ports.RepriceStale, "", p.clock.Now())
		})
		for range 2 {
			if err := p.Outbox.Work(context.Background()); err != nil {
				p.t.Fatal(err)
			}
		}
		p.get("/case?case_id=c-1", "dr-a").is(200).has("case.version", version.(float64)+1)
	})
}

// TestTheTrailIsVerifiedDaily has an entry changed by somebody who went past the program.
func TestTheTrailIsVerifiedDaily(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.get("/audit_log", "global-admin").is(200)
		seal := func() {
			if _, err := p.Sealer.Work(t.Context()); err != nil {
				p.t.Fatal(err)
			}
		}
		seal()
		p.tick()
		for _, minute := range []string{"00", "01", "02", "03"} {
			p.at("2026-03-03 04:" + minute)
			seal()
		}
		db := p.database()
		verified := func(want string) {
			p.t.Helper()
			if got := db.value("SELECT outcome FROM job_runs WHERE job = 'audit_verify' AND by_hand = 0 ORDER BY scheduled_at DESC LIMIT 1"); !strings.Contains(got, want) {
				p.t.Errorf("the verification ended with %q, want %q", got, want)
			}
		}
		verified("checkpoints are sound")
		p.counts(0, "audit_trail_broken")
		p.spoil("DROP TRIGGER audit_entries_unchanged")
		p.spoil("UPDATE audit_entries SET actor_id = 'somebody' WHERE entry_id = 1")
		for _, minute := range []string{"00", "01", "02", "03"} {
			p.at("2026-03-04 04:" + minute)
		}
		verified("audit_trail_broken")
		p.counts(1, "audit_trail_broken")
		p.counts(1, "job_failed", "name", "audit_verify")
		if told := db.value("SELECT COUNT(*) FROM outbox WHERE topic = 'job_failed'"); told != "1" {
			p.t.Errorf("%s failures are told", told)
		}
		p.send(http.MethodPost, "/scheduler/jobs/audit_verify/run", "user-admin", nil).refused(403, "not_allowed")
		p.send(http.MethodPost, "/scheduler/jobs/audit_verify/run", "global-admin", nil).is(200).has("run.state", "failed", "outcome", "audit_trail_broken").lacks("somebody", "seal 1")
	})
}
