package api

import (
	"net/http"
	"strings"
	"testing"

	"surgicase/domain/permission"
)

func price(tier int, code string, amount any) map[string]any {
	return map[string]any{"user_tier": tier, "procedure_code": code, "code_category": "SPINE", "code_pay_amount": amount}
}

func TestLoadingPrices(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.prices()
		at := p.person("dr-a", permission.Provider, 1)
		for _, id := range []string{"c-1", "c-2"} {
			p.send(http.MethodPost, "/case", "dr-a", caseOf(id, "dr-a", at, "procedure_codes", []string{"Z9002"}, "patient", map[string]any{"first": id, "last": "P", "ins_provider": "x"})).is(201)
		}
		p.standing(15, "dr-a", at, "c-3")
		load := map[string]any{"rows": []any{price(1, "z9002", 450.5), price(1, "Z9009", 1)}, "source": "2027"}
		p.send(http.MethodPost, "/pay_tiers", "user-admin", load).refused(403, "not_allowed")

		would := p.send(http.MethodPost, "/pay_tiers?dry_run=true", "global-admin", load).is(200)
		would.has("dry_run", true, "table_version", 2, "cases_priced", 2, "cases_changed", 2, "total_difference", 101, "changes.0.before.pay_amount", 400, "changes.0.after.pay_amount", 450.5)
		p.get("/case?case_id=c-1", "dr-a").is(200).has("case.pay_amount", 400, "case.version", 1)
		p.get("/pay_tiers", "global-admin").is(200).has("table_version", 1)

		done := p.send(http.MethodPost, "/pay_tiers", "global-admin", load).is(201).has("dry_run", false, "table_version", 2, "cases_changed", 2, "total_difference", 101)
		if !strings.Contains(string(done.raw), `"total_difference":101.00`) {
			t.Errorf("money has no two decimals: %s", done.raw)
		}
		p.get("/case?case_id=c-1", "dr-a").is(200).has("case.pay_amount", 450.5)
		p.get("/case?case_id=c-3", "dr-a").is(200).has("case.pay_amount", 1000)
		p.get("/pay_tiers?user_tier=1&count=true", "global-admin").is(200).has("pay_tiers.1.procedure_code", "Z9002", "pay_tiers.1.code_pay_amount", 450.5, "pay_tiers.3.procedure_code", "Z9009")
		page := p.get("/pay_tiers?limit=4", "global-admin").is(200)
		p.get(next(page), "global-admin").is(200).has("pay_tiers.0.user_tier", 2)
		p.get("/tiers_summary", "global-admin").is(200).has("table_version", 2, "tiers.0.codes", 4, "tiers.0.max_amount", 1000, "tiers.1.user_tier", 2)

		whole := map[string]any{"rows": []any{price(1, "Z9001", 900)}, "replace_tiers": true}
		p.send(http.MethodPost, "/pay_tiers", "global-admin", whole).is(201).has("cases_changed", 2)
		p.get("/case?case_id=c-1", "dr-a").is(200).has("case.pay_amount", 0, "case.pay_status", "unpriced")
		p.get("/tiers_summary", "global-admin").is(200).has("tiers.0.codes", 1, "tiers.1.codes", 1)

		for _, wrong := range []any{price(0, "Z9001", 1), price(1, "Z900", 1), price(1, "Z9001", -1), price(1, "Z9001", 1.005), price(1, "Z9001", "1")} {
			p.send(http.MethodPost, "/pay_tiers", "global-admin", map[string]any{"rows": []any{wrong}}).refused(422, "invalid_input")
		}
		p.send(http.MethodPost, "/pay_tiers", "global-admin", map[string]any{"rows": []any{price(1, "Z9001", 1), price(1, "z9001", 2)}}).refused(422, "invalid_input")
		p.send(http.MethodPost, "/pay_tiers", "global-admin", map[string]any{"rows": []any{}}).refused(422, "invalid_input")
	})
}

func TestApprovingZero(t *testing.T) {
	everywhere(t, func(p *program) {
		places := p.cast()
		p.prices()
		at := places["provider"]
		record := func(id, owner string, at place, code string) {
			p.send(http.MethodPost, "/case", owner, caseOf(id, owner, at, "procedure_codes", []string{code})).is(201)
		}
		record("c-1", "provider", at, "X0000")
		record("c-2", "provider", at, "Z9001")
		record("c-3", "global-admin", places["global-admin"], "X0000")
		ask := map[string]any{"case_ids": []string{"c-1", "c-2", "c-3", "none", "c-1"}, "reason": "courtesy"}
		p.send(http.MethodPost, "/case_pay/approve_zero", "user-admin", ask).refused(403, "not_allowed")
		p.send(http.MethodPost, "/case_pay/approve_zero", "global-admin", map[string]any{"case_ids": []string{"c-1"}}).refused(422, "invalid_input")
		p.send(http.MethodPost, "/case_pay/approve_zero", "global-admin", map[string]any{"case_ids": []string{"c-1"}, "reason": " "}).refused(422, "invalid_input")
		p.send(http.MethodPost, "/case_pay/approve_zero", "global-admin", ask).is(200).has("approved_cases.0.case_id", "c-1", "approved_cases.0.pay_status", "zero_approved",
			"exceptions.0.code", "case_not_unpriced", "exceptions.1.code", "own_case", "exceptions.2.code", "case_not_found", "total_processed", 4)
		p.get("/case?case_id=c-1", "provider").is(200).has("case.pay_status", "zero_approved", "case.version", 2)
		p.get("/case_history?case_id=c-1", "provider").is(200).has("history.0.from_status", 0, "history.0.to_status", 0, "history.0.reason", "courtesy", "history.0.actor_id", "global-admin")

		// A table without a price for it leaves the approval alone; one with a price ends it.
		p.send(http.MethodPost, "/pay_tiers", "global-admin", map[string]any{"rows": []any{price(1, "Z9009", 1)}}).is(201)
		p.get("/case?case_id=c-1", "provider").is(200).has("case.pay_status", "zero_approved")
		p.send(http.MethodPost, "/pay_tiers", "global-admin", map[string]any{"rows": []any{price(1, "X0000", 5)}}).is(201)
		p.get("/case?case_id=c-1", "provider").is(200).has("case.pay_status", "priced", "case.pay_amount", 5)
	})
}
