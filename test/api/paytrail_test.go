package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// readsSince gives what the trail holds of reads since then, as "actor action entity entity_id: things".
func (d *database) readsSince(entry string) []string {
	d.t.Helper()
	var lines []string
	for _, row := range d.rows("SELECT actor_id, action, entity, entity_id, COALESCE(things, '') FROM audit_entries WHERE outcome = 'read' AND entry_id > ? ORDER BY entry_id", entry) {
		lines = append(lines, fmt.Sprintf("%s: %s", strings.Join(row[:4], " "), row[4]))
	}
	return lines
}

// Who looks at what others are paid is on the trail with the cases he saw, also when he only tries.
func TestWhoeverIsShownPayIsOnTheTrail(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		p.standing(15, "provider", at, "back")
		p.standing(10, "provider", at, "c-1", "c-2")
		p.withoutNPI("user-admin")
		p.standing(10, "user-admin", at, "held")
		p.move("global-admin", 10, []string{"back"}, "reason", "wrong").is(200)
		db := p.database()
		number := func(ids ...string) string {
			for i, id := range ids {
				ids[i] = db.value("SELECT human_case_id FROM case_ids WHERE case_id = '" + id + "'")
			}
			return strings.Join(ids, ",")
		}
		leaves := func(call func() answer, want ...string) answer {
			p.t.Helper()
			before := db.value("SELECT COALESCE(MAX(entry_id), 0) FROM audit_entries")
			a := call()
			if got := db.readsSince(before); !slices.Equal(got, want) {
				p.t.Errorf("the trail of %s holds %q, want %q", a.raw, got, want)
			}
			return a
		}
		leaves(func() answer {
			return p.send(http.MethodPost, "/payment_runs?dry_run=true", "global-admin", map[string]any{}).is(200).has("total_payments", 3)
		}, "global-admin run.manage run : "+number("back", "back", "c-1", "c-2", "held"))
		leaves(func() answer {
			return p.send(http.MethodPost, "/pay_tiers?dry_run=true", "global-admin", map[string]any{"rows": []any{price(1, "Z9001", 900)}}).is(200).has("cases_changed", 4)
		}, "global-admin price.manage price_table : "+number("back", "c-1", "c-2", "held"))
		leaves(func() answer {
			return p.send(http.MethodPatch, "/bulk_update_case_status?dry_run=true", "global-admin", moveOf(15, []string{"c-2", "held", "nothing"})).is(200).has("total_updated", 1)
		}, "global-admin case.move cases : "+number("c-2", "held"))
		run := leaves(func() answer { return p.openRun("global-admin", map[string]any{}).is(201) }).header.Get("Location")
		id := run[strings.LastIndex(run, "/")+1:]
		first := leaves(func() answer {
			return p.get(run+"?limit=2", "case-admin").is(200).has("refunds.0.case_id", "back", "held.0.case_id", "held")
		},
			"case-admin run.read run "+id+": "+number("back", "c-1", "back", "held"))
		leaves(func() answer { return p.get(nextOf(first), "case-admin").is(200).has("payments.0.case_id", "c-2") }, "case-admin run.read run "+id+": "+number("c-2"))
		leaves(func() answer { return p.get("/payment_runs", "case-admin").is(200) }) // totals, of nobody
		p.get("/audit_log?outcome=read&action=run.read&case_id=c-2", "global-admin").logs("case-admin run.read " + id + " read")
	})
}
