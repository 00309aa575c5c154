package api

import (
	"fmt"
	"net/http"
	"testing"

	"surgicase/domain/permission"
)

func TestNamesWithInvisibleCharactersAreRefused(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.send(http.MethodPost, "/case", "provider", caseOf("c-1", "provider", at)).is(201)
		surgeon := map[string]any{"first_name": "A", "last_name": "B", "surgeon_npi": "1234567893", "surgeon_addr": "1 Main St", "surgeon_city": "X", "surgeon_state": "OR", "surgeon_zip": "97201"}
		facility := map[string]any{"facility_name": "A", "facility_npi": "1234567893", "facility_addr": "1 Main St", "facility_city": "X", "facility_state": "OR", "facility_zip": "97201"}
		for _, c := range []string{"\u202e", "\u200b", "\ufeff", "\u200d", "\u200c", "\u2060", "\u00ad", "\u3164", "\x07", "\u2066", "\U000e0041"} {
			bad := "Sam" + c + "Doe"
			with := func(body map[string]any, member string, value any) map[string]any {
				out := map[string]any{}
				for k, v := range body {
					out[k] = v
				}
				out[member] = value
				return out
			}
			for _, try := range []struct {
				method, path, as, member string
				body                     map[string]any
			}{
				{"POST", "/case", "provider", "body.patient.first", caseOf("c-2", "provider", at, "patient", map[string]any{"first": bad, "last": "Doe"})},
				{"POST", "/case", "provider", "body.patient.last", caseOf("c-2", "provider", at, "patient", map[string]any{"first": "Sam", "last": bad})},
				{"POST", "/case", "provider", "body.patient.ins_provider", caseOf("c-2", "provider", at, "patient", map[string]any{"first": "Sam", "last": "Doe", "ins_provider": bad})},
				{"PATCH", "/case", "provider", "body.patient_first", map[string]any{"case_id": "c-1", "patient_first": bad}},
				{"PATCH", "/case", "provider", "body.patient_last", map[string]any{"case_id": "c-1", "patient_last": bad}},
				{"PATCH", "/case", "provider", "body.ins_provider", map[string]any{"case_id": "c-1", "ins_provider": bad}},
				{"PATCH", "/user", "provider", "body.first_name", map[string]any{"user_id": "provider", "first_name": bad}},
				{"PATCH", "/user", "provider", "body.last_name", map[string]any{"user_id": "provider", "last_name": bad}},
				{"PATCH", "/user", "provider", "body.referred_by_user", map[string]any{"user_id": "provider", "referred_by_user": bad}},
				{"POST", "/surgeon", "provider", "body.first_name", with(surgeon, "first_name", bad)},
				{"POST", "/surgeon", "provider", "body.last_name", with(surgeon, "last_name", bad)},
				{"POST", "/facility", "provider", "body.facility_name", with(facility, "facility_name", bad)},
				{"PATCH", "/surgeon", "provider", "body.first_name", map[string]any{"surgeon_id": at.surgeon, "first_name": bad}},
				{"PATCH", "/facility", "provider", "body.facility_name", map[string]any{"facility_id": at.facility, "facility_name": bad}},
				{"POST", "/groups", "user-admin", "body.group_desc", map[string]any{"group_desc": bad}},
			} {
				got := p.send(try.method, try.path, try.as, try.body).refused(422, "invalid_input")
				if where := got.at("errors.0.location"); where != try.member {
					p.t.Errorf("%s %s with %+q names %v, want %s: %s", try.method, try.path, c, where, try.member, got.raw)
				}
			}
		}
	})
}

func TestAPossibleDuplicateIsAReadOfTheCaseThatItNames(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.person("dr-b", permission.Provider, 1)
		p.send(http.MethodPost, "/case", "provider", twinOf("c-1", "provider", at, "Sean", "O'Connor")).is(201)
		p.send(http.MethodPost, "/case", "provider", twinOf("c-2", "provider", at, "Ann", "Other")).is(201)
		reads := func() string {
			return fmt.Sprint(p.get("/audit_log?entity=case&entity_id=c-1&action=case.read&count=true", "global-admin").is(200).header.Get("X-Total-Count"))
		}
		equal := func(want string) {
			t.Helper()
			if got := reads(); got != want {
				t.Errorf("%s reads of the case are recorded, want %s", got, want)
			}
		}
		equal("0")
		p.send(http.MethodPost, "/case", "provider", twinOf("c-3", "provider", at, "Sean", "O\u2019Connor")).refused(409, "possible_duplicate").has("existing_case_id", "c-1")
		equal("1")
		p.send(http.MethodPatch, "/case", "provider", map[string]any{"case_id": "c-2", "patient_first": "Sean", "patient_last": "OConnor"}).
			refused(409, "possible_duplicate").has("existing_case_id", "c-1")
		equal("2")
		// The id is taken, nothing would be created: nothing is said of the patient.
		p.send(http.MethodPost, "/case", "provider", twinOf("c-2", "provider", at, "Sean", "OCONNOR")).refused(409, "case_exists").lacks("c-1")
		equal("2")
	})
}
