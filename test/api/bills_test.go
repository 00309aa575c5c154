package api

import (
	"net/http"
	"testing"

	"surgicase/domain/permission"
)

// The bills that must not be paid are those that an accounting file shows: none of 0.00. What was open when moving in has a
// file of its own.
func TestBillsNotToPayStandInAFile(t *testing.T) {
	everywhere(t, func(p *program) {
		run := stageForReports(p)
		other := p.person("dr-c", permission.Provider, 1)
		p.standing(0, "dr-c", other)
		p.send(http.MethodPost, "/case", "dr-c", caseOf("free", "dr-c", other, "procedure_codes", []string{"Z9999"})).is(201)
		p.allMove("case-admin", 10, []string{"free"})
		p.send(http.MethodPost, "/case_pay/approve_zero", "global-admin", map[string]any{"case_ids": []string{"free"}, "reason": "a courtesy"}).is(200).has("approved_cases.0.case_id", "free")
		zero := p.openRun("global-admin", map[string]any{}).is(201).has("total_payments", 1).header.Get("Location")
		reversed := p.send(http.MethodPost, zero+"/reverse", "global-admin", map[string]any{"reason": "by mistake"}).is(200).has("total_updated", 1)
		wantTexts(p.t, "bills of 0.00", reversed.each("bills_not_to_pay", "case_id"))

		bulk := func(body map[string]any) answer {
			return p.send(http.MethodPatch, "/bulk_update_case_status", "global-admin", body).is(200)
		}
		back := map[string]any{"case_ids": []string{"a-1"}, "new_status": 10, "reason": "wrong code"}
		would := p.send(http.MethodPatch, "/bulk_update_case_status?dry_run=true", "global-admin", back).is(200)
		if got := would.at("bills_not_to_pay").([]any); len(got) != 1 {
			p.t.Errorf("a dry run names %v", got)
		}
		if got := bulk(back).at("bills_not_to_pay").([]any); len(got) != 1 || got[0] != would.at("bills_not_to_pay.0") {
			p.t.Errorf("of a run: %v", got)
		}
		p.spoil("UPDATE payment_runs SET kind = 'import' WHERE run_id = " + run)
		if got := bulk(map[string]any{"case_ids": []string{"a-2"}, "new_status": 10, "reason": "wrong code"}).at("bills_not_to_pay").([]any); len(got) != 1 {
			p.t.Errorf("of what was open when moving in: %v", got)
		}
	})
}

// What was just taken back is not shown as open.
func TestCancelledBillsAreShownCancelled(t *testing.T) {
	everywhere(t, func(p *program) {
		run := stageForReports(p)
		taken := p.send(http.MethodPost, "/payment_runs/"+run+"/reverse", "global-admin", map[string]any{"reason": "bank error"}).is(200)
		wantTexts(p.t, "states", taken.each("bills_not_to_pay", "state"), "cancelled", "cancelled", "cancelled")
	})
}

// Nothing but own cases are open: nothing is settled, and the trail says so.
func TestSettlingOwnCasesOnlySettlesNothing(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()
		p.prices()
		p.standing(10, "global-admin", at["global-admin"], "own")
		run := p.openRun("system-admin", map[string]any{}).is(201).header.Get("Location")
		p.send(http.MethodPost, run+"/settle", "global-admin", nil).is(200).has("message", "Nothing was settled", "total_updated", 0, "exceptions.0.code", "own_case")
		if n := p.database().value("SELECT COUNT(*) FROM audit_entries WHERE entity = 'run' AND outcome = 'done' AND actor_id = 'global-admin'"); n != "0" {
			p.t.Errorf("%s entries of a run that was not settled", n)
		}
	})
}

// Pay that was moved in and frozen is what it is: no table of today explains it, and none contradicts it.
func TestPayThatWasMovedInIsExplainedAsSuch(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()
		p.prices()
		p.standing(15, "provider", at["provider"], "c-1")
		p.spoil("UPDATE cases SET pay_amount_cents = 80000, pay_table_version = 0, pay_code = NULL WHERE case_id = 'c-1'")
		explained := p.get("/case_pay?case_id=c-1", "case-admin").is(200).
			has("pay_amount", 800, "why", "The amount was taken over from the service before: no price table here gives it.")
		if codes := explained.at("procedure_codes").([]any); len(codes) != 0 {
			p.t.Errorf("prices of today explain it: %v", codes)
		}
	})
}
