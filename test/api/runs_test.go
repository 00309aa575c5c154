package api

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"surgicase/domain/permission"
)

// openRun asks for a run.
func (p *program) openRun(as string, body map[string]any, headers ...string) answer {
	p.t.Helper()
	return p.send(http.MethodPost, "/payment_runs", as, body, headers...)
}

// each gives a member of the entries of a list, sorted.
func (a answer) each(list, member string) []string {
	a.t.Helper()
	texts := []string{}
	for _, entry := range a.at(list).([]any) {
		texts = append(texts, fmt.Sprint(entry.(map[string]any)[member]))
	}
	slices.Sort(texts)
	return texts
}

func wantTexts(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// stageForRuns has two providers with cases at 10, one of them in every way in which a case is held.
func stageForRuns(p *program) (at map[string]place) {
	p.t.Helper()
	at = p.cast()
	p.prices()
	for _, name := range []string{"dr-a", "dr-b", "dr-poor"} {
		at[name] = p.person(name, permission.Provider, 1)
	}
	p.standing(10, "dr-a", at["dr-a"], "a-1", "a-2")
	p.standing(10, "dr-b", at["dr-b"], "b-1")
	p.standing(10, "dr-poor", at["dr-poor"], "poor")
	p.standing(10, "global-admin", at["global-admin"], "own")
	for id, codes := range map[string][]string{"unpriced": {"Q0000"}, "bare": nil} {
		p.send(http.MethodPost, "/case", "dr-a", caseOf(id, "dr-a", at["dr-a"], "case_date", "2026-02-0"+fmt.Sprint(len(id)), "procedure_codes", codes)).is(201)
		p.allMove("case-admin", 10, []string{id})
	}
	p.withoutNPI("dr-poor")
	p.deactivated("dr-b")
	return at
}

func TestARunPaysWhatItsPreviewSaid(t *testing.T) {
	everywhere(t, func(p *program) {
		stageForRuns(p)
		db := p.database()
		before := db.print()
		preview := p.send(http.MethodPost, "/payment_runs?dry_run=true", "global-admin", map[string]any{}).is(200).
			has("run_id", nil, "total_payments", 3, "opened_total", 3000, "open_total", 3000, "dry_run", true, "pay_date", "2026-03-06")
		if tables := changed(before, db.print()); len(tables) > 0 {
			t.Errorf("a dry run changed %v", tables)
		}
		opened := p.openRun("global-admin", map[string]any{}).is(201).has("total_payments", 3, "opened_total", 3000, "settled_total", 0, "dry_run", false, "pay_date", "2026-03-06", "kind", "manual")
		for _, a := range []answer{preview, opened} {
			wantTexts(p.t, "payments", a.each("payments", "case_id"), "a-1", "a-2", "b-1")
			wantTexts(p.t, "amounts", a.each("payments", "amount"), "1000", "1000", "1000")
			wantTexts(p.t, "held", a.each("held", "case_id"), "poor", "own", "unpriced", "bare")
			wantTexts(p.t, "reasons", a.each("held", "reason"), "no_npi", "own_case", "unpriced", "no_codes")
		}
		db.holds("opening a run")
		read := p.get(opened.header.Get("Location"), "case-admin").is(200).has("run_id", opened.at("run_id"), "payments.0.state", "open")
		wantTexts(p.t, "held, read later", read.each("held", "reason"), "no_npi", "own_case", "unpriced", "no_codes")
		wantTexts(p.t, "payments, read later", read.each("payments", "case_id"), "a-1", "a-2", "b-1")
		wantTexts(p.t, "cases at 15", p.get("/cases_by_status?filter=15", "case-admin").is(200).each("cases", "case_id"), "a-1", "a-2", "b-1")
	})
}

func TestARunOfNothingIsNotOpened(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()
		p.prices()
		db := p.database()
		before := db.print()
		for range 2 {
			p.openRun("global-admin", map[string]any{}, "Idempotency-Key", "nothing").is(200).has("run_id", nil, "total_payments", 0, "message", "There is nothing to pay")
		}
		if tables := changed(before, db.print()); len(tables) > 0 {
			t.Errorf("a run of nothing changed %v", tables)
		}
		// What was taken back is carried by a run even if that pays nothing, and only once.
		p.standing(20, "provider", at["provider"], "c-1")
		p.allMove("global-admin", 0, []string{"c-1"}, "force", true, "reason", "wrong")
		carrier := p.openRun("global-admin", map[string]any{}).is(201).has("total_payments", 0, "refunds.0.case_id", "c-1", "refunds.0.amount", -1000, "refunds_total", -1000, "refunds.0.kind", "reversal")
		p.openRun("global-admin", map[string]any{}).is(200).has("run_id", nil)
		p.get(carrier.header.Get("Location"), "case-admin").is(200).has("refunds.0.document_number", "1", "refunds_total", -1000)
		db.holds("a run that only carries")
	})
}

func TestARunIsSettledAndTakenBack(t *testing.T) {
	everywhere(t, func(p *program) {
		stageForRuns(p)
		db := p.database()
		run := p.openRun("system-admin", map[string]any{}).is(201).has("total_payments", 4).header.Get("Location")
		p.allMove("global-admin", 0, []string{"a-2"}, "reason", "wrong code").has("bills_not_to_pay.0", "2")
		p.send(http.MethodPost, run+"/settle", "global-admin", nil).is(200).
			has("total_updated", 2, "settled_total", 2000, "open_total", 1000, "cancelled_total", 1000, "opened_total", 4000, "exceptions.0.case_id", "own", "exceptions.0.code", "own_case", "bills_not_to_pay.0.case_id", "a-2", "case_ids.0", "a-1", "case_ids.1", "b-1")
		db.holds("settling")
		p.send(http.MethodPost, run+"/settle", "system-admin", nil).is(200).has("total_updated", 1, "open_total", 0)
		p.send(http.MethodPost, run+"/settle", "system-admin", nil).refused(409, "run_not_open")

		// Taken back wherever the cases stand: further on, and deleted.
		p.allMove("case-admin", 40, []string{"a-1", "b-1"})
		p.send(http.MethodDelete, "/case?case_id=b-1", "case-admin", nil).is(200)
		p.send(http.MethodPost, run+"/reverse", "global-admin", map[string]any{"reason": " "}).is(422)
		p.send(http.MethodPost, run+"/reverse", "global-admin", map[string]any{"reason": "bank error"}).is(200).
			has("total_updated", 2, "settled_total", 3000, "reversed_total", 2000, "exceptions.0.code", "own_case")
		db.holds("reversing")
		p.get("/case?case_id=a-1", "case-admin").is(200).has("case.case_status", 10)
		if status := db.value("SELECT case_status FROM cases WHERE case_id = 'b-1'"); status != "10" {
			p.t.Errorf("the deleted case stands at %s", status)
		}
		p.send(http.MethodPost, run+"/reverse", "system-admin", map[string]any{"reason": "bank error"}).is(200).has("total_updated", 1, "reversed_total", 3000)
		p.send(http.MethodPost, run+"/reverse", "system-admin", map[string]any{"reason": "bank error"}).refused(409, "run_taken_back")

		// A later run pays them again, under the next document number, and carries all four back.
		again := p.openRun("system-admin", map[string]any{}).is(201).has("total_payments", 2, "refunds_total", -4000)
		wantTexts(p.t, "document numbers", again.each("payments", "document_number"), "1-2", numberOf(db, "own")+"-2")
		db.holds("paying again")
		p.send(http.MethodPost, "/case/restore", "global-admin", map[string]any{"case_id": "b-1"}).is(200)
		p.openRun("system-admin", map[string]any{}).is(201).has("total_payments", 1, "payments.0.case_id", "b-1")
		db.holds("paying a restored case")
	})
}

func numberOf(db *database, id string) string {
	return db.value("SELECT human_case_id FROM case_ids WHERE case_id = ?", id)
}

func TestNamedCasesAloneEnterARun(t *testing.T) {
	everywhere(t, func(p *program) {
		at := stageForRuns(p)
		p.standing(1, "dr-a", at["dr-a"], "early")
		got := p.openRun("global-admin", map[string]any{"case_ids": []string{"a-1", "early", "nowhere", "a-1", "own"}, "pay_date": "2026-03-20"}).is(201).
			has("total_payments", 1, "pay_date", "2026-03-20", "payments.0.case_id", "a-1")
		wantTexts(p.t, "held", got.each("held", "reason"), "case_not_ready", "case_not_found", "own_case")
		p.get(got.header.Get("Location"), "case-admin").is(200).has("pay_date", "2026-03-20")
		for _, day := range []string{"2026-03-01", "2026-03-07", "2026-03-08", "2026-05-08", "9999-12-31"} {
			p.openRun("global-admin", map[string]any{"pay_date": day}).refused(422, "invalid_input").lacks("sql")
		}
		p.openRun("global-admin", map[string]any{"case_ids": []string{}}).refused(422, "invalid_input")
		p.database().holds("a run of named cases")
	})
}

func TestARunAskedForTwiceIsOpenedOnce(t *testing.T) {
	everywhere(t, func(p *program) {
		stageForRuns(p)
		first := p.openRun("global-admin", map[string]any{}, "Idempotency-Key", "monday").is(201)
		again := p.openRun("global-admin", map[string]any{}, "Idempotency-Key", "monday").is(201)
		if string(first.raw) != string(again.raw) {
			p.t.Errorf("first %s, then %s", first.raw, again.raw)
		}
		if n := p.database().value("SELECT COUNT(*) FROM payment_runs"); n != "1" {
			p.t.Errorf("%s runs", n)
		}
	})
}

func TestOfManyOpeningsEachCaseIsInOne(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()
		p.prices()
		ids := names("c", 40)
		p.standing(10, "provider", at["provider"], ids...)
		answers := together(p, 8, func(i int) (answer, error) {
			if i%2 == 0 {
				return p.try(http.MethodPost, "/payment_runs", "global-admin", map[string]any{"case_ids": ids[i*5 : i*5+5]})
			}
			return p.try(http.MethodPost, "/payment_runs", "system-admin", map[string]any{})
		})
		paid := 0
		for _, a := range answers {
			paid += len(a.at("payments").([]any))
		}
		if paid != len(ids) {
			p.t.Errorf("%d payments for %d cases: %v", paid, len(ids), tally(answers))
		}
		p.database().holds("eight openings at once")
		runs := p.get("/payment_runs", "case-admin").is(200)
		settled := together(p, 6, func(i int) (answer, error) {
			run := runs.at(fmt.Sprintf("payment_runs.%d.run_id", i%len(runs.at("payment_runs").([]any))))
			return p.try(http.MethodPost, fmt.Sprintf("/payment_runs/%v/settle", run), "global-admin", nil)
		})
		p.t.Logf("openings %v, settlings %v", tally(answers), tally(settled))
		p.database().holds("six settlings at once")
	})
}

func TestRunsAreListedNewestFirst(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()
		p.prices()
		for _, id := range names("c", 5) {
			p.standing(15, "provider", at["provider"], id)
		}
		page := p.get("/payment_runs?limit=2&count=true", "case-admin").is(200).has("payment_runs.0.run_id", 5, "payment_runs.1.run_id", 4)
		if page.header.Get("X-Total-Count") != "5" {
			p.t.Errorf("%s runs", page.header.Get("X-Total-Count"))
		}
		next := p.get(nextOf(page), "case-admin").is(200).has("payment_runs.0.run_id", 3)
		last := p.get(nextOf(next), "case-admin").is(200).has("payment_runs.0.run_id", 1)
		if last.header.Get("Link") != "" {
			p.t.Error("the last page has a next one")
		}
		p.standing(10, "provider", at["provider"], names("d", 5)...)
		run := p.openRun("global-admin", map[string]any{}).is(201).header.Get("Location")
		var seen []string
		for path := run + "?limit=2"; path != ""; {
			a := p.get(path, "case-admin").is(200)
			seen = append(seen, a.each("payments", "case_id")...)
			path = nextOf(a)
		}
		wantTexts(p.t, "payments by page", seen, names("d", 5)...)
		p.get("/payment_runs/4711", "case-admin").refused(404, "run_not_found")
		p.send(http.MethodPost, "/payment_runs/4711/settle", "global-admin", nil).refused(404, "run_not_found")
	})
}

func TestARunTakesAsManyStatementsForThreeHundredCasesAsForOne(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()
		p.prices()
		var few map[string]int64
		for _, n := range []int{1, 300} {
			p.standing(10, "provider", at["provider"], names(fmt.Sprint("c", n), n)...)
			var run string
			cost := map[string]int64{}
			cost["preview"], _ = p.cost(func() answer {
				return p.send(http.MethodPost, "/payment_runs?dry_run=true", "global-admin", map[string]any{}).is(200).has("total_payments", n)
			})
			cost["open"], _ = p.cost(func() answer {
				a := p.openRun("global-admin", map[string]any{}).is(201).has("total_payments", n)
				run = a.header.Get("Location")
				return a
			})
			cost["read"], _ = p.cost(func() answer { return p.get(run, "case-admin").is(200) })
			cost["settle"], _ = p.cost(func() answer {
				return p.send(http.MethodPost, run+"/settle", "global-admin", nil).is(200).has("total_updated", n)
			})
			cost["reverse"], _ = p.cost(func() answer {
				return p.send(http.MethodPost, run+"/reverse", "global-admin", map[string]any{"reason": "because"}).is(200).has("total_updated", n)
			})
			p.allMove("case-admin", 1, append([]string{}, names(fmt.Sprint("c", n), n)...), "force", true, "reason", "out of the way")
			for what, count := range cost {
				if few != nil && count > few[what] {
					p.t.Errorf("%s takes %d statements for one case and %d for 300", what, few[what], count)
				}
			}
			few = cost
		}
		p.t.Logf("statements: %v", few)
	})
}
