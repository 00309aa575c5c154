package api

import (
	"maps"
	"net/http"
	"testing"

	"surgicase/domain/permission"
)

// null demands members that are there and null, which is not the same as left out.
func (a answer) null(object string, members ...string) answer {
	a.t.Helper()
	held := a.body
	if object != "" {
		held = a.at(object).(map[string]any)
	}
	for _, name := range members {
		if value, sent := held[name]; !sent || value != nil {
			a.t.Errorf("%s.%s is %v (sent: %v), want null", object, name, value, sent)
		}
	}
	return a
}

// TestAnEmptyTextClearsWhateverNullClears: the clients of the old product have nothing else to clear with.
func TestAnEmptyTextClearsWhateverNullClears(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		at := p.person("dr-a", permission.Provider, 1)
		files := map[string]any{"demo_file": "d.pdf", "note_file": "n.pdf", "misc_file": "m.pdf", "admin_file": "a.pdf", "patient_dob": "1961-04-12", "ins_provider": "Plan"}
		p.send(http.MethodPost, "/case", "dr-a", caseOf("c-1", "dr-a", at)).is(201)
		change := func(members map[string]any) {
			p.send(http.MethodPatch, "/case", "case-admin", andAlso(members, "case_id", "c-1")).is(200).has("case_id", "c-1")
		}
		change(files)
		change(emptied(files))
		p.get("/case?case_id=c-1", "dr-a").is(200).null("case", "demo_file", "note_file", "misc_file", "admin_file", "patient_dob", "ins_provider")

		person := map[string]any{
			"addr1": "1", "addr2": "2", "city": "X", "state": "OR", "zipcode": "97001", "telephone": "5035550100", "user_npi": "1234567893", "timezone": "UTC",
			"referred_by_user": "x", "states_licensed": "OR", "credentials": "MD", "ins_exp_date": "2027-06-30", "tax_id": "99-0000001",
		}
		p.send(http.MethodPatch, "/user", "dr-a", andAlso(person, "user_id", "dr-a")).is(200)
		p.send(http.MethodPatch, "/user", "dr-a", andAlso(emptied(person), "user_id", "dr-a")).is(200)
		p.get("/user", "dr-a").is(200).null("user", "addr1", "addr2", "city", "state", "zipcode", "telephone", "user_npi", "timezone",
			"referred_by_user", "states_licensed", "credentials", "ins_exp_date")
		p.send(http.MethodPatch, "/user", "user-admin", map[string]any{"user_id": "dr-a", "max_case_status": ""}).is(200)
		p.send(http.MethodPatch, "/user", "dr-a", map[string]any{"user_id": "dr-a", "last_name": ""}).refused(422, "invalid_input")
		p.send(http.MethodPatch, "/case", "dr-a", map[string]any{"case_id": "c-1", "surgeon_id": ""}).refused(422, "invalid_input")
	})
}

// andAlso is members and one more.
func andAlso(members map[string]any, name string, value any) map[string]any {
	members = maps.Clone(members)
	members[name] = value
	return members
}

// emptied is the same members, each an empty text.
func emptied(members map[string]any) map[string]any {
	empty := map[string]any{}
	for name := range members {
		empty[name] = ""
	}
	return empty
}

// TestMembersOfTheOldProductAreNullRatherThanLeftOut: clients of typed languages count on them.
func TestMembersOfTheOldProductAreNullRatherThanLeftOut(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		at := p.person("dr-a", permission.Provider, 1)
		p.send(http.MethodPost, "/case", "dr-a", caseOf("c-1", "dr-a", at)).is(201).null("status_update", "demo_file", "note_file")
		p.send(http.MethodPatch, "/case", "dr-a", map[string]any{"case_id": "c-1", "demo_file": "demo.pdf"}).is(200).
			has("status_update.demo_file", "demo.pdf").null("status_update", "note_file")
		name := p.get("/case?case_id=c-1", "dr-a").is(200).at("case.user_name")
		p.send(http.MethodDelete, "/user?user_id=dr-a", "user-admin", nil).is(200)
		p.get("/case?case_id=c-1", "case-admin").is(200).null("case", "user_name")

		p.get("/cases_by_status", "case-admin").is(200).has("cases.0.provider_name", name).null("", "start_date", "end_date")
		p.get("/cases_by_status?end_date=2026-12-31", "case-admin").is(200).has("end_date", "2026-12-31").null("", "start_date")
		p.get("/case_filter", "case-admin").is(200).lacks("start_date", "user_name", "provider_name")

		p.export("/export_cases", map[string]any{"case_ids": []string{"none"}}).is(200).none("summary.found_case_ids")
		p.export("/export_cases", map[string]any{"case_ids": []string{"c-1"}}).is(200).none("summary.missing_case_ids")
		p.export("/export_cases", map[string]any{"start_date": "2026-01-01"}).is(200).lacks("found_case_ids", "missing_case_ids")
	})
}
