package api

import (
	"fmt"
	"net/http"
	"testing"

	"surgicase/domain/permission"
)

// twinOf is the case of a patient on the usual day.
func twinOf(id, owner string, at place, first, last string, with ...any) map[string]any {
	return caseOf(id, owner, at, append([]any{"patient", map[string]any{"first": first, "last": last}}, with...)...)
}

func TestASecondCaseOfAPatientOnADayIsAPossibleDuplicate(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", permission.Provider, 1)
		other := p.person("dr-b", permission.Provider, 1)
		record := func(body map[string]any) answer {
			return p.send(http.MethodPost, "/case", "", body, "X-User-ID", body["user_id"].(string))
		}
		record(twinOf("c-1", "dr-a", at, "Zoë", "van der Berg")).is(201)
		for i, name := range [][2]string{{"Zoë", "van der Berg"}, {"ZOË", "VAN DER BERG"}, {" Zoë ", "van  der Berg"}, {"Zoe\u0308", "Van Der Berg"}, {"Zoe", "Van-der\u2011Berg"}, {"Zoё", "van der Bеrg."}} {
			record(twinOf(fmt.Sprint("twin-", i), "dr-a", at, name[0], name[1])).refused(409, "possible_duplicate").
				has("existing_case_id", "c-1", "case_id", fmt.Sprint("twin-", i)).lacks("Zoë", "Berg")
		}
		unnamed := twinOf("", "dr-a", at, "Zoë", "van der Berg")
		delete(unnamed, "case_id")
		if twin := record(unnamed).refused(409, "possible_duplicate").has("existing_case_id", "c-1"); twin.at("case_id") != nil {
			p.t.Errorf("it names the case %v, which is nowhere", twin.at("case_id"))
		}
		record(twinOf("other-day", "dr-a", at, "Zoë", "van der Berg", "case_date", "2026-02-21")).is(201)
		record(twinOf("other-owner", "dr-b", other, "Zoë", "van der Berg")).is(201)
		record(twinOf("other-name", "dr-a", at, "Zora", "van der Berg")).is(201)
		record(twinOf("forced", "dr-a", at, "Zoë", "van der Berg", "force_duplicate", true)).is(201)
		record(twinOf("third", "dr-a", at, "Zoë", "van der Berg")).refused(409, "possible_duplicate").has("existing_case_id", "c-1")
		record(twinOf("c-1", "dr-a", at, "Zoë", "van der Berg")).refused(409, "case_exists").has("case_id", "c-1")
	})
}

func TestAChangeThatMakesATwinIsAPossibleDuplicate(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", permission.Provider, 1)
		other := p.person("dr-b", permission.Provider, 1)
		p.person("case-admin", permission.CaseAdmin, 1)
		p.send(http.MethodPost, "/case", "dr-a", twinOf("c-1", "dr-a", at, "Ann", "Twin")).is(201)
		p.send(http.MethodPost, "/case", "dr-a", twinOf("first", "dr-a", at, "Bea", "Twin")).is(201)
		p.send(http.MethodPost, "/case", "dr-a", twinOf("last", "dr-a", at, "Ann", "Other")).is(201)
		p.send(http.MethodPost, "/case", "dr-a", twinOf("date", "dr-a", at, "Ann", "Twin", "case_date", "2026-02-21")).is(201)
		p.send(http.MethodPost, "/case", "dr-b", twinOf("owner", "dr-b", other, "Ann", "Twin")).is(201)
		db := p.database()
		before := db.print()
		for id, change := range map[string][2]string{
			"first": {"patient_first", "ann"}, "last": {"patient_last", "TWIN"}, "date": {"case_date", "2026-02-20"}, "owner": {"user_id", "dr-a"},
		} {
			p.send(http.MethodPatch, "/case", "case-admin", map[string]any{"case_id": id, change[0]: change[1]}).
				refused(409, "possible_duplicate").has("existing_case_id", "c-1", "case_id", id)
		}
		if tables := changed(before, db.print()); len(tables) > 0 {
			p.t.Errorf("refused changes changed %v", tables)
		}
		forced := map[string]any{"case_id": "first", "patient_first": "Ann", "force_duplicate": true}
		p.send(http.MethodPatch, "/case", "dr-a", forced).is(200)
		p.send(http.MethodPatch, "/case", "dr-a", map[string]any{"case_id": "first", "ins_provider": "Other"}).is(200)
		p.send(http.MethodPatch, "/case", "dr-a", map[string]any{"case_id": "c-1", "patient_first": "ANN"}).refused(409, "possible_duplicate").
			has("existing_case_id", "first")
	})
}

func TestDeletedCasesAreTwinsOnlyIfTheyWerePaid(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		record := func(id, first string) answer {
			return p.send(http.MethodPost, "/case", "provider", twinOf(id, "provider", at, first, "Twin", "procedure_codes", []string{"Z9001"}))
		}
		remove := func(id, as string) { p.send(http.MethodDelete, "/case?case_id="+id, as, nil).is(200) }
		restore := func(id string, force bool) answer {
			return p.send(http.MethodPost, "/case/restore", "global-admin", map[string]any{"case_id": id, "force_duplicate": force})
		}
		record("unpaid", "Una").is(201)
		remove("unpaid", "provider")
		record("again", "Una").is(201)
		restore("unpaid", false).refused(409, "possible_duplicate").has("existing_case_id", "again")
		restore("unpaid", true).is(200).has("active", 1)
		remove("again", "provider")
		restore("again", false).refused(409, "possible_duplicate").has("existing_case_id", "unpaid")

		record("paid", "Paula").is(201)
		for _, to := range []int{10, 15, 20, 30} {
			p.allMove("global-admin", to, []string{"paid"})
		}
		remove("paid", "case-admin")
		record("twin", "Paula").refused(409, "possible_duplicate").has("existing_case_id", "paid")
		restore("paid", false).is(200)
		p.allMove("global-admin", 1, []string{"paid"}, "force", true, "reason", "paid to the wrong person")
		remove("paid", "provider")
		record("twin", "Paula").is(201)
		p.database().holds("deleting and restoring")
	})
}

func TestWhoMayDeleteACaseAndWhen(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		statuses, _ := readMoves(p.t)
		for _, status := range statuses {
			for _, as := range []string{"provider", "case-admin", "system-admin"} {
				id := fmt.Sprintf("%s-%d", as, status)
				p.standing(status, "provider", at, id)
				locked := status > 1
				if as != "provider" {
					locked = status == 15 || status == 20
				}
				got := p.send(http.MethodDelete, "/case?case_id="+id, as, nil)
				if locked {
					got.refused(409, "case_locked")
					continue
				}
				got.is(200).has("case_id", id, "active", 0)
				p.send(http.MethodDelete, "/case?case_id="+id, as, nil).refused(404, "case_not_found")
				p.get("/case?case_id="+id, "system-admin").refused(404, "case_not_found")
				p.send(http.MethodPatch, "/case", "system-admin", map[string]any{"case_id": id, "misc_file": "x.pdf"}).refused(404, "case_not_found")
				p.move("system-admin", 10, []string{id}).is(200).has("exceptions.0.code", "case_not_found", "exceptions.0.current_status", nil)
				p.send(http.MethodPost, "/case", "provider", caseOf(id, "provider", at)).refused(409, "case_exists")
			}
		}
		p.database().holds("deleting")
	})
}

func TestARestoredCaseIsWhereItWas(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		for _, status := range []int{0, 1, 10, 30, 500} {
			id := fmt.Sprint("c-", status)
			p.standing(status, "provider", at, id)
			before := p.get("/case?case_id="+id, "case-admin").is(200)
			p.send(http.MethodDelete, "/case?case_id="+id, "case-admin", nil, "If-Match", `"0-0"`).refused(412, "version_mismatch")
			p.send(http.MethodDelete, "/case?case_id="+id, "case-admin", nil, "If-Match", before.header.Get("ETag")).is(200)
			for _, as := range []string{"provider", "case-admin", "user-admin"} {
				p.send(http.MethodPost, "/case/restore", as, map[string]any{"case_id": id}).refused(403, "not_allowed")
			}
			p.loadPrices(priceRow{1, "Z9001", "SPINE", 123400})
			p.send(http.MethodPost, "/case/restore", "global-admin", map[string]any{"case_id": id}).is(200)
			p.send(http.MethodPost, "/case/restore", "global-admin", map[string]any{"case_id": id}).refused(404, "case_not_found")
			after := p.get("/case?case_id="+id, "case-admin").is(200)
			amount := 1234.0
			if status >= 15 {
				amount = before.at("case.pay_amount").(float64)
			}
			after.has("case.case_status", status, "case.pay_amount", amount, "case.demo_file", before.at("case.demo_file"),
				"case.procedure_codes.0.procedure_code", "Z9001", "case.run_id", before.at("case.run_id"))
			p.loadPrices(priceRow{1, "Z9001", "SPINE", 100000})
		}
		p.database().holds("restoring")
	})
}
