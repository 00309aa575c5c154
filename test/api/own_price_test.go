package api

import (
	"net/http"
	"testing"
)

// TestAPriceOfTheOwnersIsHeldUntilItIsConfirmed: whoever loads a price makes none of their own cases payable by it.
// Source: spec/decisions.md 11.3.
func TestAPriceOfTheOwnersIsHeldUntilItIsConfirmed(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["global-admin"]
		load := func(as string, amount float64) any {
			p.t.Helper()
			return p.send(http.MethodPost, "/pay_tiers", as, map[string]any{"rows": []any{
				map[string]any{"user_tier": 1, "procedure_code": "Z9001", "code_category": "SPINE", "code_pay_amount": amount},
			}}).is(201).at("table_version")
		}
		held := func() answer {
			p.t.Helper()
			return p.send(http.MethodPost, "/payment_runs?dry_run=true", "system-admin", map[string]any{"case_ids": []string{"own"}}).is(200)
		}
		confirm := func(as string, version any) answer {
			p.t.Helper()
			return p.send(http.MethodPost, "/pay_tiers/confirm", as, map[string]any{"table_version": version})
		}
		first := load("global-admin", 9000)
		p.standing(10, "global-admin", at, "own")
		held().has("total_payments", 0, "held.0.reason", "own_price")
		confirm("global-admin", first).is(200).has("own.0.table_version", first).lacks(`"confirmed":[{`)
		held().has("held.0.reason", "own_price")
		confirm("case-admin", first).is(403)
		confirm("system-admin", 99).refused(422, "invalid_input").has("errors.0.location", "body.table_version")
		p.send(http.MethodPost, "/pay_tiers/confirm?dry_run=true", "system-admin", map[string]any{"table_version": first}).is(200).has("confirmed.0.loaded_by", "global-admin")
		held().has("held.0.reason", "own_price")

		second := load("global-admin", 9500) // after somebody has looked at the first
		confirm("system-admin", first).is(200).has("confirmed.0.table_version", first)
		held().has("held.0.reason", "own_price")
		confirm("system-admin", second).is(200).has("confirmed.0.table_version", second, "confirmed.0.source", "")
		held().has("total_payments", 1).lacks("own_price")
		if n := p.database().value("SELECT COUNT(*) FROM audit_entries WHERE entity = 'price_table' AND actor_id = 'system-admin' AND outcome = 'done' AND fields LIKE '%confirmed_by%'"); n != "2" {
			p.t.Errorf("%s confirmations are in the audit log, want 2", n)
		}
	})
}
