package api

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"surgicase/domain/permission"
)

// crowd is how many want the same thing at the same time.
const crowd = 20

func wantTally(t *testing.T, answers []answer, want map[string]int) {
	t.Helper()
	if got := tally(answers); !maps.Equal(got, want) {
		t.Errorf("the answers are %v, want %v", got, want)
	}
}

func TestOfTwentyCreatesOfOneCaseOneWins(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", permission.Provider, 1)
		p.prices()
		answers := together(p, crowd, func(i int) (answer, error) {
			body := caseOf("c-1", "dr-a", at, "procedure_codes", []string{"Z9001"},
				"patient", map[string]any{"first": fmt.Sprintf("Number-%d", i), "last": "Patient"})
			return p.try(http.MethodPost, "/case", "dr-a", body)
		})
		wantTally(p.t, answers, map[string]int{"201": 1, "409 case_exists": crowd - 1})
		for table, want := range map[string]string{"cases": "1", "case_ids": "1", "case_procedure_codes": "1"} {
			if got := p.database().value("SELECT COUNT(*) FROM " + table); got != want {
				p.t.Errorf("%s has %s rows, want %s", table, got, want)
			}
		}
	})
}

func TestOfTwentyCasesOfOnePatientAndDayOneWins(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", permission.Provider, 1)
		patient := map[string]any{"first": "Only", "last": "Once"}
		answers := together(p, crowd, func(i int) (answer, error) {
			return p.try(http.MethodPost, "/case", "dr-a", caseOf(fmt.Sprintf("c-%d", i), "dr-a", at, "patient", patient))
		})
		wantTally(p.t, answers, map[string]int{"201": 1, "409 possible_duplicate": crowd - 1})
		kept := p.database().value("SELECT case_id FROM cases")
		for _, a := range answers {
			if a.status == http.StatusConflict {
				a.has("existing_case_id", kept)
			}
		}
	})
}

func TestOfTwentyMovesOfOneCaseOneWins(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		p.standing(1, "provider", at, "c-1")
		answers := together(p, crowd, func(int) (answer, error) {
			return p.try(http.MethodPatch, "/bulk_update_case_status", "case-admin", moveOf(10, []string{"c-1"}))
		})
		won := 0
		for _, a := range answers {
			if a.is(200).at("total_updated") == 1.0 {
				won++
				continue
			}
			a.has("exceptions.0.code", "case_status_same", "exceptions.0.current_status", 10)
		}
		moves := p.database().value("SELECT COUNT(*) FROM case_history WHERE to_status = 10")
		if won != 1 || moves != "1" {
			p.t.Errorf("%d won and the history has %s moves to 10, want one of each", won, moves)
		}
	})
}

func TestTwoRunsOfOneCaseAtTheSameTimePayItOnce(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		ids := names("c", 10)
		p.standing(10, "provider", at, ids...)
		answers := together(p, 2*len(ids), func(i int) (answer, error) {
			as := []string{"global-admin", "system-admin"}[i%2]
			return p.try(http.MethodPatch, "/bulk_update_case_status", as, moveOf(15, ids[i/2:i/2+1]))
		})
		updated := 0.0
		for _, a := range answers {
			updated += a.is(200).at("total_updated").(float64)
		}
		db := p.database()
		if payments := db.value("SELECT COUNT(*) FROM payment_entries"); int(updated) != len(ids) || payments != fmt.Sprint(len(ids)) {
			p.t.Errorf("%v moves and %s payments for %d cases", updated, payments, len(ids))
		}
		db.holds("racing runs")
	})
}

func TestSettlingAndTakingBackAtTheSameTimeLeaveTheLedgerInOrder(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		ids := names("c", 10)
		p.standing(15, "provider", at, ids...)
		together(p, 3*len(ids), func(i int) (answer, error) {
			id, body := ids[i/3:i/3+1], map[string]any(nil)
			switch i % 3 {
			case 0:
				body = moveOf(20, id)
			case 1:
				body = moveOf(10, id, "reason", "taken back", "force", true)
			default:
				body = moveOf(500, id, "reason", "closed", "force", true)
			}
			return p.try(http.MethodPatch, "/bulk_update_case_status", "global-admin", body)
		})
		p.database().holds("settling, cancelling and closing at the same time")
	})
}

func TestOfTwoChangesWithOneETagOneWins(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", permission.Provider, 1)
		for round := range 5 {
			id := fmt.Sprintf("c-%d", round)
			p.send(http.MethodPost, "/case", "dr-a", caseOf(id, "dr-a", at)).is(201)
			etag := p.get("/case?case_id="+id, "dr-a").is(200).header.Get("ETag")
			answers := together(p, 2, func(i int) (answer, error) {
				body := map[string]any{"case_id": id, "ins_provider": fmt.Sprintf("Insurer %d", i)}
				return p.try(http.MethodPatch, "/case", "dr-a", body, "If-Match", etag)
			})
			wantTally(p.t, answers, map[string]int{"200": 1, "412 version_mismatch": 1})
		}
	})
}

func TestTwentyUnconditionalChangesAllSucceedAndNoneIsHalf(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", permission.Provider, 1)
		p.prices()
		p.send(http.MethodPost, "/case", "dr-a", caseOf("c-1", "dr-a", at)).is(201)
		fields := []string{"ins_provider", "misc_file", "demo_file", "patient_dob", "patient_last"}
		answers := together(p, crowd, func(i int) (answer, error) {
			field, value := fields[i%len(fields)], fmt.Sprintf("value-%d", i)
			if field == "patient_dob" {
				value = fmt.Sprintf("1961-01-%02d", i+1)
			}
			// A pair that must never be seen apart: the codes and the field come from one request.
			body := map[string]any{"case_id": "c-1", field: value, "procedure_codes": []string{fmt.Sprintf("Z%04d", i), fmt.Sprintf("Y%04d", i)}}
			return p.try(http.MethodPatch, "/case", "dr-a", body)
		})
		wantTally(p.t, answers, map[string]int{"200": crowd})
		read := p.get("/case?case_id=c-1", "dr-a").is(200)
		for _, field := range fields {
			if read.at("case."+field) == nil {
				p.t.Errorf("%s was lost", field)
			}
		}
		first, second := read.at("case.procedure_codes.0.procedure_code").(string), read.at("case.procedure_codes.1.procedure_code").(string)
		if first[1:] != second[1:] || len(read.at("case.procedure_codes").([]any)) != 2 {
			p.t.Errorf("half of one change and half of another: %s with %s", first, second)
		}
		read.has("case.version", crowd+1)
	})
}

func TestDeletingAndChangingAtTheSameTimeDoesNotBringACaseBack(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", permission.Provider, 1)
		for round := range 5 {
			id := fmt.Sprintf("c-%d", round)
			p.send(http.MethodPost, "/case", "dr-a", caseOf(id, "dr-a", at)).is(201)
			answers := together(p, 8, func(i int) (answer, error) {
				if i == 0 {
					return p.try(http.MethodDelete, "/case?case_id="+id, "dr-a", nil)
				}
				return p.try(http.MethodPatch, "/case", "dr-a", map[string]any{"case_id": id, "ins_provider": fmt.Sprint(i)})
			})
			answers[0].is(200)
			for _, a := range answers[1:] {
				if a.status != http.StatusOK {
					a.refused(404, "case_not_found")
				}
			}
			p.get("/case?case_id="+id, "dr-a").refused(404, "case_not_found")
		}
	})
}

func TestOverlappingMovesInEveryOrderMoveEachCaseOnce(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		ids := names("c", 60)
		p.drafts("provider", at, ids...)
		answers := together(p, 8, func(i int) (answer, error) {
			some := slices.Clone(ids[i*4 : i*4+30])
			if i%2 == 1 {
				slices.Reverse(some)
			}
			return p.try(http.MethodPatch, "/bulk_update_case_status", "case-admin", moveOf(1+9*(i%2), some))
		})
		moved := 0.0
		for _, a := range answers {
			moved += a.is(200).at("total_updated").(float64)
		}
		db := p.database()
		if history := db.value("SELECT COUNT(*) FROM case_history"); history != fmt.Sprint(moved) {
			p.t.Errorf("%v moves were told, the history has %s", moved, history)
		}
		if twice := db.rows("SELECT human_case_id, to_status FROM case_history GROUP BY human_case_id, to_status HAVING COUNT(*) > 1"); len(twice) > 0 {
			p.t.Errorf("cases that moved twice to one status: %v", twice)
		}
		db.holds("overlapping moves")
	})
}

func TestOfTwentyWhoRestoreACaseOneWins(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		p.drafts("provider", at, "c-1")
		p.send(http.MethodDelete, "/case?case_id=c-1", "provider", nil).is(200)
		wantTally(p.t, together(p, crowd, func(int) (answer, error) {
			return p.try(http.MethodPost, "/case/restore", "global-admin", map[string]any{"case_id": "c-1"})
		}), map[string]int{"200": 1, "404 case_not_found": crowd - 1})
		wantTally(p.t, together(p, crowd, func(int) (answer, error) {
			return p.try(http.MethodDelete, "/case?case_id=c-1", "provider", nil)
		}), map[string]int{"200": 1, "404 case_not_found": crowd - 1})
	})
}

func TestMovingAndChangingAtTheSameTimeLeavesNoCaseUnpricedOrHalf(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		ids := names("c", 8)
		p.standing(1, "provider", at, ids...)
		together(p, 3*len(ids), func(i int) (answer, error) {
			id := ids[i/3]
			switch i % 3 {
			case 0:
				return p.try(http.MethodPatch, "/case", "case-admin", map[string]any{"case_id": id, "procedure_codes": []string{"Z9002"}})
			case 1:
				return p.try(http.MethodPatch, "/bulk_update_case_status", "global-admin", moveOf(10, []string{id}))
			default:
				return p.try(http.MethodPatch, "/bulk_update_case_status", "global-admin", moveOf(15, []string{id}))
			}
		})
		// Whatever came first: what is paid is what the codes are worth, and the ledger says so.
		wrong := p.database().rows(`SELECT c.case_id, c.case_status, c.pay_amount_cents, x.procedure_code FROM cases c
			JOIN case_procedure_codes x ON x.human_case_id = c.human_case_id LEFT JOIN payment_entries e ON e.human_case_id = c.human_case_id
			WHERE c.pay_amount_cents <> CASE x.procedure_code WHEN 'Z9001' THEN 100000 ELSE 40000 END OR e.amount_cents <> c.pay_amount_cents
			OR (e.entry_id IS NOT NULL AND COALESCE(e.codes, '') <> CASE e.amount_cents WHEN 100000 THEN 'Z9001-50' ELSE 'Z9002' END)`)
		if len(wrong) > 0 {
			p.t.Errorf("cases whose pay is not that of their codes: %v", wrong)
		}
		p.database().holds("moving and changing at the same time")
	})
}
