package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// markFound marks a case as the search for duplicates does.
func (p *program) markFound(id string) {
	p.t.Helper()
	p.inTx(func(ctx context.Context, r ports.Repos) error {
		c, err := r.Cases.Get(ctx, ident.CaseID(id), permission.Scope{All: true})
		if err != nil {
			return err
		}
		c.Duplicate = surgical.DuplicateFound
		return r.Cases.Save(ctx, c)
	})
}

// spelled records complete cases of one owner and day at 0, each with a last name, as the program before would have.
func (p *program) spelled(owner string, at place, last string, force bool, ids ...string) {
	p.t.Helper()
	p.inTx(func(ctx context.Context, r ports.Repos) error {
		for i, id := range ids {
			c := given.Case(ident.CaseID(id), ident.UserID(owner))
			c.SurgeonID, c.FacilityID, c.DuplicateForced = at.surgeon, at.facility, force
			c.Patient.First, c.Patient.Last = surgical.NewPHI("Sean "+id[1:2]), surgical.NewPHI(fmt.Sprint(last, " ", i))
			c.Pay = surgical.Worth{Amount: 100000, Category: "SPINE", Status: pay.Priced, Tier: 1, Table: 1, Winner: "Z9001", At: given.Morning}
			if err := r.Cases.Add(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// asBefore takes cases back to where the program before had them: names with an apostrophe of their own (a…, b4…)
// under a digest of their own, plain names (b0 to b3) under the same digest as now, and slots for forced cases only.
func (p *program) asBefore() {
	p.t.Helper()
	digest := "CAST(case_id AS BLOB)"
	if p.database().mysql {
		digest = "UNHEX(SHA2(case_id, 256))"
	}
	p.spoil("UPDATE cases SET twin_fold = 0, folded_digest = NULL, duplicate_mark = 0, twin_digest = CASE WHEN case_id LIKE 'b%' AND case_id NOT LIKE 'b4%' THEN twin_digest ELSE " +
		digest + " END, twin_slot = CASE WHEN active = 0 OR case_id LIKE 'b4%' THEN human_case_id ELSE 0 END")
}

func TestStoredPairsAreFoundAndHeldUntilTheyAreConfirmed(t *testing.T) {
	oneByOne(t)
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		const each = 200 // pairs of each of five kinds
		a, b := map[int][]string{}, map[int][]string{}
		for kind := range 5 {
			a[kind], b[kind] = names(fmt.Sprint("a", kind), each), names(fmt.Sprint("b", kind), each)
			p.spelled("provider", at, "O\u2019Connor", false, a[kind]...)
		}
		p.allMove("system-admin", 10, slices.Concat(a[0], a[3], a[4]))
		p.allMove("system-admin", 10, slices.Concat(a[1], a[2]))
		p.allMove("system-admin", 15, slices.Concat(a[1], a[2]))
		p.allMove("system-admin", 20, slices.Concat(a[1], a[2]))
		p.allMove("system-admin", 30, a[2])
		p.inTx(func(ctx context.Context, r ports.Repos) error { // paid and deleted, and only deleted
			for _, id := range slices.Concat(a[2], a[3]) {
				c, err := r.Cases.Get(ctx, ident.CaseID(id), permission.Scope{All: true})
				if err != nil {
					return err
				}
				c.DeletedAt, c.DeletedBy = p.clock.Now(), "system-admin"
				if err := r.Cases.Save(ctx, c); err != nil {
					return err
				}
			}
			return nil
		})
		for kind := range 4 {
			p.spelled("provider", at, "OCONNOR", true, b[kind]...)
		}
		p.spelled("provider", at, "O\u2019Connor", true, b[4]...) // forced by somebody
		p.allMove("system-admin", 10, slices.Concat(b[0], b[1], b[2], b[3], b[4]))
		p.asBefore()

		unchecked := p.send(http.MethodPost, "/payment_runs?dry_run=true", "global-admin", map[string]any{}).is(200)
		if got := len(unchecked.at("held").([]any)); got != 7*each {
			t.Errorf("%d cases are held before the search has come to them, want %d", got, 7*each)
		}
		unchecked.has("held.0.reason", "duplicate_unchecked", "total_payments", 0)

		for patience := 300 * time.Millisecond; ; patience *= 2 { // broken off in the middle, again and again
			ctx, stop := context.WithTimeout(context.Background(), patience)
			err := p.Search.Work(ctx)
			late := ctx.Err() != nil
			stop()
			if err == nil {
				break
			}
			if !late {
				t.Fatal(err)
			}
		}

		preview := p.send(http.MethodPost, "/payment_runs?dry_run=true", "global-admin", map[string]any{}).is(200)
		want := map[string]string{}
		for _, id := range slices.Concat(a[0], b[0], b[1], b[2]) {
			want[id] = "possible_duplicate"
		}
		for _, h := range preview.at("held").([]any) {
			held := h.(map[string]any)
			id := held["case_id"].(string)
			if want[id] != held["reason"] || held["duplicate_found"] != true || len(held["duplicate_case_ids"].([]any)) != 1 {
				t.Fatalf("held %v, want %q", held, want[id])
			}
			delete(want, id)
		}
		if len(want) > 0 {
			t.Errorf("%d cases are not held: %.200v", len(want), want)
		}
		preview.has("total_payments", 3*each)
		for _, l := range preview.at("payments").([]any) {
			line := l.(map[string]any)
			if id := line["case_id"].(string); id[:2] == "b4" && line["duplicate_forced"] != true || line["duplicate_found"] == true {
				t.Fatalf("a payment shows %v", line)
			}
		}

		// What was paid stays paid, and is listed with what it meets.
		p.get("/case?case_id="+a[1][0], "case-admin").is(200).has("case.case_status", 20, "case.duplicate_found", true, "case.duplicate_case_ids.0", b[1][0])
		p.get("/case?case_id="+b[2][0], "case-admin").is(200).has("case.duplicate_found", true, "case.duplicate_case_ids.0", a[2][0])
		if own := p.get("/case?case_id="+b[2][0], "provider").is(200); len(own.at("case.duplicate_case_ids").([]any)) != 0 {
			t.Errorf("the provider is told of a deleted case: %s", own.raw)
		}
		p.get("/case?case_id="+b[3][0], "case-admin").is(200).has("case.duplicate_found", false, "case.duplicate_forced", false)
		listed := p.get("/cases_by_status?duplicates=true&count=true&limit=1", "case-admin").is(200)
		if got := listed.header.Get("X-Total-Count"); got != fmt.Sprint(7*each) {
			t.Errorf("%s cases are listed as duplicates, want %d", got, 7*each)
		}
		p.get("/case_dashboard_data", "case-admin").is(200).has("summary.duplicate_found_cases", 5*each, "summary.duplicate_forced_cases", each)

		// A bulk move holds them as a run does, until somebody else than the owner confirms.
		p.move("global-admin", 15, b[0][:1]).is(200).has("total_updated", 0, "exceptions.0.code", "possible_duplicate")
		confirm := func(as string, ids ...string) answer {
			return p.send(http.MethodPost, "/case/confirm_duplicates", as, map[string]any{"case_ids": ids, "reason": "both eyes"})
		}
		confirm("provider", b[0][0]).refused(403, "not_allowed")
		p.send(http.MethodPost, "/case/confirm_duplicates?dry_run=true", "case-admin", map[string]any{"case_ids": b[0][:1], "reason": "both eyes"}).is(200).has("total_confirmed", 1)
		p.move("global-admin", 15, b[0][:1]).is(200).has("exceptions.0.code", "possible_duplicate")
		p.send(http.MethodPatch, "/case", "case-admin", map[string]any{"case_id": b[0][0], "ins_provider": "Other"}).is(200)
		confirm("case-admin", b[0][0], b[3][0]).is(200).has("total_confirmed", 1, "exceptions.0.code", "case_not_duplicate")
		p.allMove("global-admin", 15, b[0][:1])
		p.move("global-admin", 15, a[0][:1]).is(200).has("exceptions.0.code", "possible_duplicate")
		p.get("/case?case_id="+b[0][0], "case-admin").is(200).has("case.duplicate_confirmed", true, "case.duplicate_found", false)

		// Another spelling meets them from now on, and searching again changes nothing.
		db := p.database()
		before := db.print()
		p.send(http.MethodPost, "/case", "provider", caseOf("c-3", "provider", at, "case_date", given.Case("x", "y").Date.String(),
			"patient", map[string]any{"first": "Sean 0", "last": "O\u2018Connor 7"})).refused(409, "possible_duplicate")
		if err := p.Search.Work(context.Background()); err != nil {
			t.Error(err)
		}
		if tables := changed(before, db.print()); len(tables) > 0 {
			t.Errorf("searching again changed %v", tables)
		}
	})
}

func TestACaseOfTheVersionBeforeCanBeChangedBeforeTheSearchComesToIt(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		p.spelled("provider", at, "O\u2019Connor", false, "a0-1")
		p.spelled("provider", at, "OConnor", true, "b0-1")
		p.asBefore()
		p.send(http.MethodPatch, "/case", "provider", map[string]any{"case_id": "a0-1", "ins_provider": "Other"}).is(200)
		p.send(http.MethodPatch, "/case", "provider", map[string]any{"case_id": "b0-1", "ins_provider": "Other"}).is(200)
		// Sent as it is stored, the spelling is looked up under the digest of the program before, too.
		if err := p.Search.Work(context.Background()); err != nil {
			t.Fatal(err)
		}
		for id, other := range map[string]string{"a0-1": "b0-1", "b0-1": "a0-1"} {
			p.get("/case?case_id="+id, "provider").is(200).has("case.duplicate_found", true, "case.duplicate_forced", false, "case.duplicate_case_ids.0", other)
		}
		p.send(http.MethodDelete, "/case?case_id=b0-1", "provider", nil).is(200)
		p.send(http.MethodPost, "/case/restore", "global-admin", map[string]any{"case_id": "b0-1"}).refused(409, "possible_duplicate").has("existing_case_id", "a0-1")
	})
}

func TestAForcedDuplicateShowsWhereverCasesAreReviewed(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		p.send(http.MethodPost, "/case", "provider", twinOf("c-1", "provider", at, "Ann", "Twin", "procedure_codes", []string{"Z9001"})).is(201)
		p.send(http.MethodPost, "/case", "provider", twinOf("c-2", "provider", at, "Ann", "Twin", "procedure_codes", []string{"Z9001"}, "force_duplicate", true)).is(201)
		for _, path := range []string{"/case_filter?user_id=provider", "/cases_by_status", "/cases_by_status?duplicates=true"} {
			as := "case-admin"
			for _, entry := range p.get(path, as).is(200).at("cases").([]any) {
				c := entry.(map[string]any)
				other := map[any]any{"c-1": "c-2", "c-2": "c-1"}[c["case_id"]]
				if got := fmt.Sprint(c["duplicate_case_ids"]); got != fmt.Sprint([]any{other}) || c["duplicate_forced"] != (c["case_id"] == "c-2") {
					t.Errorf("%s shows %v", path, c)
				}
			}
		}
		p.allMove("system-admin", 10, []string{"c-1", "c-2"})
		run := p.openRun("global-admin", map[string]any{}).is(201)
		for _, entry := range run.at("payments").([]any) {
			line := entry.(map[string]any)
			if line["duplicate_forced"] != (line["case_id"] == "c-2") || len(line["duplicate_case_ids"].([]any)) != 1 {
				t.Errorf("the run shows %v", line)
			}
		}
		p.get("/case_dashboard_data", "case-admin").is(200).has("summary.duplicate_forced_cases", 1, "summary.duplicate_found_cases", 0)
	})
}
