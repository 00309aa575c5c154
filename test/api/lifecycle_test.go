package api

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"surgicase/domain/permission"
	"surgicase/test/given"
)

// files are what a case needs to be submitted, beside a code.
var files = map[string]any{"demo_file": "demo.pdf", "note_file": "note.pdf", "procedure_codes": []string{"Z9001"}}

func TestACompleteCaseIsSubmittedByTheRequestThatCompletesIt(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", permission.Provider, 1)
		p.prices()
		now := given.Morning.Format(time.RFC3339Nano)

		complete := []any{}
		for field, value := range files {
			complete = append(complete, field, value)
		}
		p.send(http.MethodPost, "/case", "dr-a", caseOf("at-once", "dr-a", at, complete...)).is(201).
			has("status_update.success", true, "status_update.case_status", 1, "status_update.procedure_count", 1)

		for missing, value := range files {
			body := caseOf("without-"+missing, "dr-a", at, complete...)
			delete(body, missing)
			p.send(http.MethodPost, "/case", "dr-a", body).is(201).has("status_update.success", false)
			p.get("/case?case_id=without-"+missing, "dr-a").is(200).has("case.case_status", 0)
			p.send(http.MethodPatch, "/case", "dr-a", map[string]any{"case_id": "without-" + missing, missing: value}).is(200).
				has("status_update.success", true, "status_update.case_status", 1)
		}
		for _, id := range []string{"at-once", "without-demo_file", "without-note_file", "without-procedure_codes"} {
			p.get("/case?case_id="+id, "dr-a").is(200).has("case.case_status", 1, "case.timestamps.submitted_ts", now)
			history := p.get("/case_history?case_id="+id, "dr-a").is(200)
			history.has("history.0.from_status", 0, "history.0.to_status", 1, "history.0.at", now, "history.0.actor_id", "system:auto")
			if n := len(history.at("history").([]any)); n != 1 {
				p.t.Errorf("%s has %d moves", id, n)
			}
		}
		p.database().holds("submitting")
	})
}

func TestACaseThatIsPatchedStaysWhereItIs(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		for _, status := range []int{1, 10, 15, 20, 30, 500} {
			id := fmt.Sprint("c-", status)
			p.standing(status, "provider", at, id)
			before := p.get("/case_history?case_id="+id, "case-admin").is(200).raw
			for i, as := range []string{"provider", "case-admin", "global-admin"} {
				field := []string{"misc_file", "admin_file", "misc_file"}[i]
				answer := p.send(http.MethodPatch, "/case", as, map[string]any{"case_id": id, field: "added.pdf"}).is(200)
				if as != "provider" {
					answer.has("status_update.case_status", status)
				}
			}
			p.get("/case?case_id="+id, "case-admin").is(200).has("case.case_status", status, "case.misc_file", "added.pdf")
			if after := p.get("/case_history?case_id="+id, "case-admin").raw; string(after) != string(before) {
				p.t.Errorf("at %d the history became %s", status, after)
			}
		}
		p.database().holds("patching")
	})
}

func TestFromPendingPaymentOnOnlyMissingFilesCanBeAdded(t *testing.T) {
	everywhere(t, func(p *program) {
		places := p.cast()
		p.person("dr-b", permission.Provider, 1)
		p.prices()
		locked := map[string]any{
			"user_id": "dr-b", "case_date": "2026-02-21", "procedure_codes": []string{"Z9002"}, "patient_first": "Other", "patient_last": "Other",
			"patient_dob": nil, "ins_provider": "Other", "demo_file": "other.pdf", "note_file": nil,
			"surgeon_id": p.person("dr-c", permission.Provider, 1).surgeon,
		}
		for _, status := range []int{15, 20, 30, 400, 500} {
			id := fmt.Sprint("c-", status)
			p.standing(status, "provider", places["provider"], id)
			for field, value := range locked {
				p.send(http.MethodPatch, "/case", "system-admin", map[string]any{"case_id": id, field: value}).refused(409, "case_locked")
			}
			p.send(http.MethodPatch, "/case", "provider", map[string]any{"case_id": id, "misc_file": "late.pdf"}).is(200)
			p.send(http.MethodPatch, "/case", "provider", map[string]any{"case_id": id, "misc_file": "later.pdf"}).refused(409, "case_locked")
		}
		p.standing(10, "provider", places["provider"], "c-10")
		p.send(http.MethodPatch, "/case", "provider", map[string]any{"case_id": "c-10", "ins_provider": "Other"}).refused(409, "case_locked")
		p.send(http.MethodPatch, "/case", "case-admin", map[string]any{"case_id": "c-10", "ins_provider": "Other"}).is(200)
	})
}

func TestADryRunSaysWhatWouldHappenAndWritesNothing(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		db := p.database()
		for from, to := range map[int]int{1: 10, 10: 15, 15: 20, 20: 10} {
			ids := names(fmt.Sprintf("from-%d", from), 3)
			p.standing(from, "provider", at, ids...)
			asked := append([]string{"no-such-case"}, ids...)
			before := db.print()
			dry := p.send(http.MethodPatch, "/bulk_update_case_status?dry_run=true", "global-admin", moveOf(to, asked, "force", true, "reason", "try")).is(200)
			dry.has("dry_run", true, "total_updated", 3, "total_exceptions", 1, "exceptions.0.code", "case_not_found", "run_id", nil)
			if tables := changed(before, db.print()); len(tables) > 0 {
				p.t.Errorf("a dry run from %d to %d changed %v", from, to, tables)
			}
			real := p.move("global-admin", to, asked, "force", true, "reason", "do").is(200)
			if fmt.Sprint(real.at("updated_cases"), real.at("exceptions")) != fmt.Sprint(dry.at("updated_cases"), dry.at("exceptions")) {
				p.t.Errorf("the dry run said %s, then came %s", dry.raw, real.raw)
			}
		}
	})
}

func TestAMoveToPendingPaymentLeavesOutWhatIsHeldAndSaysWhy(t *testing.T) {
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, db.url(t), map[string]string{"EXCLUDED_ACCOUNTS": "somebody, load-test"})
			places := p.cast()
			p.prices()
			at := p.person("no-npi", permission.Provider, 1)
			p.withoutNPI("no-npi")
			p.standing(10, "no-npi", at, "has-no-npi")
			p.standing(10, "load-test", p.person("load-test", permission.Provider, 1), "excluded")
			p.standing(10, "global-admin", places["global-admin"], "own")
			p.standing(10, "provider", places["provider"], "fine", "deleted")
			p.send(http.MethodPost, "/case", "provider", caseOf("without-price", "provider", places["provider"], "procedure_codes", []string{"Q0000"})).is(201)
			p.send(http.MethodPost, "/case", "provider", caseOf("without-code", "provider", places["provider"], "force_duplicate", true)).is(201)
			p.allMove("case-admin", 10, []string{"without-price", "without-code"})
			p.send(http.MethodDelete, "/case?case_id=deleted", "case-admin", nil).is(200)

			asked := []string{"fine", "has-no-npi", "excluded", "own", "without-price", "without-code", "deleted", "never-was"}
			answer := p.move("global-admin", 15, asked).is(200).has("total_updated", 1, "updated_cases.0.case_id", "fine")
			if answer.at("run_id") == nil {
				t.Error("no run was opened")
			}
			want := map[string]string{
				"has-no-npi": "no_npi", "excluded": "excluded_account", "own": "own_case", "without-price": "unpriced", "without-code": "no_codes",
				"deleted": "case_not_found", "never-was": "case_not_found",
			}
			for _, e := range answer.at("exceptions").([]any) {
				entry := e.(map[string]any)
				if id := entry["case_id"].(string); entry["code"] != want[id] {
					t.Errorf("%s is held for %v, want %s", id, entry["code"], want[id])
				}
			}
			p.database().holds("a run with held cases")
		})
	}
}

func TestOwnersWhoLeftAreStillPaid(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.prices()
		p.standing(10, "leaver", p.person("leaver", permission.Provider, 1), "c-1")
		p.deactivated("leaver")
		p.allMove("global-admin", 15, []string{"c-1"})
		p.allMove("global-admin", 20, []string{"c-1"})
	})
}

func TestNobodyMovesOwnCasesTowardsMoney(t *testing.T) {
	everywhere(t, func(p *program) {
		places := p.cast()
		p.prices()
		for _, r := range roles[2:] {
			helper := "system-admin"
			if r.name == helper {
				helper = "global-admin"
			}
			id := "own-" + r.name
			p.drafts(r.name, places[r.name], id)
			ids := []string{id}
			p.move(r.name, 1, ids).is(200).has("total_updated", 1)
			p.move(r.name, 10, ids).is(200).has("exceptions.0.code", "own_case")
			p.move(r.name, 400, ids, "reason", "x").is(200).has("exceptions.0.code", "own_case")
			p.allMove(helper, 10, ids)
			p.send(http.MethodPatch, "/case", r.name, map[string]any{"case_id": id, "procedure_codes": []string{"Z9002"}}).refused(403, "own_case")
			p.allMove(helper, 15, ids)
			if r.typ >= permission.GlobalAdmin {
				p.move(r.name, 20, ids).is(200).has("exceptions.0.code", "own_case")
				p.move(r.name, 10, ids, "reason", "x").is(200).has("exceptions.0.code", "own_case")
			}
			p.allMove(helper, 20, ids)
			p.move(r.name, 30, ids).is(200).has("exceptions.0.code", "own_case")
			if r.typ >= permission.GlobalAdmin {
				p.move(r.name, 10, ids, "force", true, "reason", "x").is(200).has("exceptions.0.code", "own_case")
				p.move(r.name, 1, ids, "force", true, "reason", "x").is(200).has("exceptions.0.code", "own_case")
			}
		}
		p.database().holds("moving own cases")
	})
}

func TestACaseThatComesBackIsPricedAnewAndCanBePaidAgain(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		db := p.database()
		p.standing(10, "provider", at, "c-1")
		ids := []string{"c-1"}
		p.allMove("global-admin", 15, ids)
		p.loadPrices(priceRow{1, "Z9001", "SPINE-2", 110001})
		p.get("/case?case_id=c-1", "case-admin").is(200).has("case.pay_amount", 1000, "case.pay_category", "SPINE")
		p.allMove("global-admin", 10, ids, "reason", "wrong amount")
		p.get("/case?case_id=c-1", "case-admin").is(200).has("case.pay_amount", 1100.01, "case.pay_category", "SPINE-2", "case.run_id", nil)
		p.allMove("global-admin", 15, ids)
		p.allMove("global-admin", 20, ids)
		p.allMove("global-admin", 1, ids, "force", true, "reason", "paid to the wrong person")
		p.allMove("case-admin", 10, ids)
		p.allMove("global-admin", 15, ids)
		p.allMove("global-admin", 20, ids)
		p.allMove("case-admin", 500, ids)
		entries := db.rows("SELECT kind, generation, amount_cents FROM payment_entries ORDER BY entry_id")
		want := "[[payment 1 100000] [cancellation 1 -100000] [payment 2 110001] [reversal 2 -110001] [payment 3 110001]]"
		if got := fmt.Sprint(entries); got != want {
			p.t.Errorf("the ledger is %s, want %s", got, want)
		}
		db.holds("paying three times")
	})
}
