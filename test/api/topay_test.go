package api

import (
	"fmt"
	"net/http"
	"testing"

	"surgicase/domain/permission"
)

// What was cancelled before it was paid deducts nothing; what was reversed does, and what exceeds the payments is carried
// to the next run. Source: spec/decisions.md 11.5.
func TestARunSaysWhatToPay(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.prices()
		dr := p.person("dr-due", permission.Provider, 1)
		ready := func(ids ...string) { p.standing(10, "dr-due", dr, ids...) }
		open := func() answer { return p.openRun("global-admin", map[string]any{}).is(201) }
		back := func(id string) {
			p.send(http.MethodPatch, "/bulk_update_case_status", "global-admin",
				map[string]any{"case_ids": []string{id}, "new_status": 400, "force": true, "reason": "wrong"}).is(200)
		}
		ready("never", "paid")
		first := open()
		const each = 1000
		first.has("to_pay_total", 2*each)
		back("never")
		p.get(first.header.Get("Location"), "case-admin").is(200).has("to_pay_total", each, "cancellations_total", each, "to_pay.0.user_id", "dr-due")
		p.send(http.MethodPost, first.header.Get("Location")+"/settle", "global-admin", nil).is(200)

		ready("second")
		preview := p.send(http.MethodPost, "/payment_runs?dry_run=true", "global-admin", map[string]any{}).is(200)
		preview.has("to_pay_total", each, "cancellations_total", each, "reversals_total", 0)
		second := open().has("to_pay_total", each, "cancellations_total", each, "refunds_total", -each)
		report := p.get("/provider_payment_report?run_id="+fmt.Sprint(second.at("run_id")), "case-admin").is(200)
		if got, want := report.header.Get("X-Total-Amount"), "1000.00"; got != want {
			t.Errorf("the report comes to %s, want %s", got, want)
		}
		p.send(http.MethodPost, second.header.Get("Location")+"/settle", "global-admin", nil).is(200)

		p.send(http.MethodPost, first.header.Get("Location")+"/reverse", "global-admin", map[string]any{"reason": "wrong"}).is(200)
		p.send(http.MethodPost, second.header.Get("Location")+"/reverse", "global-admin", map[string]any{"reason": "wrong"}).is(200)
		p.send(http.MethodPatch, "/bulk_update_case_status", "global-admin", map[string]any{"case_ids": []string{"paid"}, "new_status": 400, "reason": "wrong"}).is(200)
		open().has("to_pay_total", 0, "reversals_total", -2*each, "carried_total", each) // pays the second case again
		ready("fourth", "fifth")
		p.send(http.MethodPost, "/payment_runs?dry_run=true", "global-admin", map[string]any{}).is(200).has("to_pay_total", each, "to_pay.0.owed", each)
		open().has("to_pay_total", each, "to_pay.0.owed", each, "carried_total", 0)
		ready("sixth")
		open().has("to_pay_total", each, "carried_total", 0)
	})
}
