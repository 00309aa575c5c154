package api

import (
	"net/http"
	"strings"
	"testing"

	"surgicase/domain/permission"
)

// userOf is a valid request for a new user; with changes some of its members.
func userOf(id string, with ...any) map[string]any {
	body := map[string]any{
		"user_id": id, "user_email": "new@Example.ORG", "first_name": "Nova", "last_name": "New", "addr1": "1 Sample Plaza", "city": "Portland",
		"state": "or", "zipcode": "97201", "telephone": "+1 (503) 555-0100", "user_npi": 1234567893, "message_pref": "1", "states_licensed": "OR, WA",
	}
	for i := 0; i+1 < len(with); i += 2 {
		if with[i+1] == nil {
			delete(body, with[i].(string))
			continue
		}
		body[with[i].(string)] = with[i+1]
	}
	return body
}

func TestAUserFromCreationToDeactivation(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		made := p.send(http.MethodPost, "/user", "user-admin", userOf("new", "tax_id", "99-0000001", "documents", []any{
			map[string]any{"document_type": "Medical License", "document_name": "license.pdf"},
		}), "Idempotency-Key", "k1").is(201).has("user_id", "new", "message", "User created successfully")
		if got := made.header.Get("Location"); got != "/user?user_id=new" {
			t.Errorf("Location is %q", got)
		}
		p.send(http.MethodPost, "/user", "user-admin", userOf("new")).refused(409, "user_exists").has("user_id", "new")

		read := p.get("/user?user_id=new", "user-admin").is(200)
		read.has("user.user_email", "new@example.org", "user.telephone", 5035550100, "user.user_npi", 1234567893, "user.state", "OR", "user.user_type", 1,
			"user.user_tier", 1, "user.max_case_status", 20, "user.tax_id_last4", "0001", "user.addr2", nil, "user.documents.0.document_name", "license.pdf").lacks("990000001")

		change := map[string]any{"user_id": "new", "first_name": "Nora", "addr2": nil, "user_npi": nil}
		changed := p.send(http.MethodPatch, "/user", "new", change, "If-Match", read.header.Get("ETag")).is(200)
		changed.has("updated_fields.0", "first_name", "updated_fields.1", "user_npi", "version", 2)
		again := p.get("/user", "new").is(200).has("user.first_name", "Nora", "user.user_npi", nil)
		if got := again.header.Get("ETag"); got != changed.header.Get("ETag") {
			t.Errorf("a change gives the ETag %s, a read %s", changed.header.Get("ETag"), got)
		}
		p.send(http.MethodPatch, "/user", "new", change, "If-Match", read.header.Get("ETag")).refused(412, "version_mismatch")
		p.send(http.MethodPatch, "/user", "new", change).is(200).has("version", 2)
		p.send(http.MethodPatch, "/user", "new", map[string]any{"user_id": "new"}).refused(400, "no_fields")

		p.send(http.MethodDelete, "/user?user_id=new", "user-admin", nil, "If-Match", read.header.Get("ETag")).refused(412, "version_mismatch")
		p.send(http.MethodDelete, "/user?user_id=new", "user-admin", nil).is(200).has("message", "User deactivated successfully", "active", 0)
		p.send(http.MethodDelete, "/user?user_id=new", "user-admin", nil).is(200).has("message", "User already inactive", "active", 0)
		p.get("/user", "new").refused(401, "unknown_caller")
		p.get("/user?user_id=new", "user-admin").refused(404, "user_not_found")
		p.send(http.MethodPatch, "/user", "user-admin", map[string]any{"user_id": "new", "active": 1}).is(200).has("updated_fields.0", "active")
		p.get("/user", "new").is(200)
	})
}

func TestARepeatedRequestForAUser(t *testing.T) {
	p := start(t, databases[0].url(t), nil)
	p.cast()
	first := p.send(http.MethodPost, "/user", "user-admin", userOf("new"), "Idempotency-Key", "k1").is(201)
	second := p.send(http.MethodPost, "/user", "user-admin", userOf("new"), "Idempotency-Key", "k1").is(201)
	if string(first.raw) != string(second.raw) || first.header.Get("Location") != second.header.Get("Location") {
		t.Errorf("the second answer is %s, the first %s", second.raw, first.raw)
	}
	p.send(http.MethodPost, "/user", "user-admin", userOf("other"), "Idempotency-Key", "k1").refused(422, "idempotency_key_reused")
	p.send(http.MethodPost, "/user", "user-admin", userOf("wrong", "user_type", 20), "Idempotency-Key", "k2").refused(403, "user_type_too_high")
	p.send(http.MethodPost, "/user", "user-admin", userOf("wrong"), "Idempotency-Key", "k2").is(201)
}

// Nobody learns whether somebody exists whose profile he may not see.
func TestWhoSeesWhom(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.person("other", permission.Provider, 1)
		for _, path := range []string{"/user", "/user_environment", "/surgeons", "/facilities"} {
			for _, caller := range []string{"provider", "group-admin"} {
				known := p.get(path+"?user_id=other", caller).refused(403, "not_your_data")
				unknown := p.get(path+"?user_id=nobody", caller).refused(403, "not_your_data")
				if known.at("detail") != unknown.at("detail") {
					t.Errorf("%s tells %s whether the user exists", path, caller)
				}
			}
			p.get(path+"?user_id=other", "case-admin").is(200)
		}
		for _, path := range []string{"/user", "/user_environment"} {
			p.get(path+"?user_id=user-admin", "case-admin").refused(404, "user_not_found")
			p.get(path+"?user_id=nobody", "case-admin").refused(404, "user_not_found")
			p.get(path+"?user_id=case-admin", "user-admin").is(200)
		}
	})
}

func TestWhoRanksWhom(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.person("victim", permission.Provider, 1)
		rank := func(as, whom, field string, value any) answer {
			return p.send(http.MethodPatch, "/user", as, map[string]any{"user_id": whom, field: value, "first_name": "Hacked"})
		}
		for field, value := range map[string]any{"user_type": 999, "user_tier": 3, "max_case_status": 500, "active": false} {
			rank("provider", "provider", field, value).refused(403, "not_allowed")
			rank("case-admin", "case-admin", field, value).refused(403, "not_allowed")
			rank("user-admin", "user-admin", field, value).refused(403, "not_on_yourself")
			rank("system-admin", "system-admin", field, map[bool]any{true: 100, false: value}[field == "user_type"]).refused(403, "not_on_yourself")
			rank("provider", "victim", field, value).refused(403, "not_your_data")
			rank("provider", "nobody", field, value).refused(403, "not_your_data")
		}
		for _, who := range []string{"provider", "user-admin", "victim"} {
			p.get("/user", who).is(200).has("user.first_name", "Ann", "user.user_tier", 1)
		}
		rank("user-admin", "victim", "user_type", 20).refused(403, "user_type_too_high")
		rank("user-admin", "global-admin", "user_tier", 2).refused(404, "user_not_found")
		rank("global-admin", "global-admin", "user_email", "mine@example.org").is(200)
		rank("user-admin", "case-admin", "user_tier", 2).is(200)
		rank("system-admin", "global-admin", "user_type", 999).is(200)
		p.send(http.MethodPost, "/user", "case-admin", userOf("x")).refused(403, "not_allowed")
		p.send(http.MethodPost, "/user", "user-admin", userOf("x", "user_type", 999)).refused(403, "user_type_too_high")
		p.send(http.MethodDelete, "/user?user_id=user-admin", "user-admin", nil).refused(403, "not_on_yourself")
		p.send(http.MethodDelete, "/user?user_id=victim", "", nil).refused(403, "not_allowed")
		p.send(http.MethodDelete, "/user?user_id=global-admin", "user-admin", nil).refused(404, "user_not_found")

		rank("user-admin", "victim", "user_type", 10).is(200).has("updated_fields.1", "user_type", "updated_fields.2", "max_case_status")
		p.get("/user", "victim").is(200).has("user.max_case_status", 500)
	})
}

func TestATierChangeReprices(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.prices()
		at := p.person("dr-a", permission.Provider, 1)
		p.send(http.MethodPost, "/case", "dr-a", caseOf("c-1", "dr-a", at, "procedure_codes", []string{"Z9001"})).is(201)
		p.standing(15, "dr-a", at, "c-2")
		p.send(http.MethodPatch, "/user", "user-admin", map[string]any{"user_id": "dr-a", "user_tier": "2"}).is(200).has("updated_fields.0", "user_tier")
		p.get("/case?case_id=c-1", "dr-a").is(200).has("case.pay_amount", 1250)
		p.get("/case?case_id=c-2", "dr-a").is(200).has("case.pay_amount", 1000)
	})
}

func TestWrongUsers(t *testing.T) {
	p := start(t, databases[0].url(t), nil)
	p.cast()
	for _, w := range []struct {
		field string
		value any
	}{
		{"user_npi", "1234567890"},
		{"user_npi", 12},
		{"user_npi", true},
		{"telephone", "12"},
		{"telephone", ""},
		{"state", "XX"},
		{"zipcode", "9720"},
		{"user_email", "Robin <r@example.org>"},
		{"user_email", ""},
		{"message_pref", 4},
		{"message_pref", "email"},
		{"timezone", "Mars/Base"},
		{"first_name", " "},
		{"first_name", "a\x00b"},
		{"last_name", strings.Repeat("é", 251)},
		{"user_id", "a\tb"},
		{"user_id", "ünicode"},
		{"user_id", "system:cli"},
		{"user_tier", 0},
		{"user_type", 1000},
		{"max_case_status", 16},
		{"tax_id", "123"},
		{"ins_exp_date", "2027-02-30"},
		{"active", true},
		{"unknown", 1},
		{"documents", []any{map[string]any{"document_type": "x", "document_name": "../x"}}},
	} {
		p.send(http.MethodPost, "/user", "user-admin", userOf("wrong", w.field, w.value)).refused(422, "invalid_input").has("errors.0.location", "body."+w.field+map[bool]string{true: "[0].document_name"}[w.field == "documents"])
	}
	for _, field := range []string{"user_id", "user_email", "first_name", "user_npi", "states_licensed"} {
		p.send(http.MethodPost, "/user", "user-admin", userOf("wrong", field, nil)).refused(422, "invalid_input")
	}
	for _, field := range []string{"user_email", "first_name", "user_type", "active", "message_pref"} {
		p.send(http.MethodPatch, "/user", "system-admin", map[string]any{"user_id": "provider", field: nil}).refused(422, "invalid_input")
	}
	p.get("/users?limit=1000", "system-admin").is(200).has("total_count", 6)
}

func TestTheListOfUsers(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.get("/users", "group-admin").refused(403, "not_allowed")
		all := p.get("/users?count=true", "system-admin").is(200).has("total_count", 6, "users.0.user_id", "case-admin")
		if got := all.header.Get("X-Total-Count"); got != "6" {
			t.Errorf("X-Total-Count is %q", got)
		}
		p.get("/users", "case-admin").is(200).has("total_count", 3)
		var seen []string
		path := "/users?limit=2"
		for path != "" {
			page := p.get(path, "system-admin").is(200)
			for _, u := range page.at("users").([]any) {
				seen = append(seen, u.(map[string]any)["user_id"].(string))
			}
			path = next(page)
		}
		if want := "case-admin global-admin group-admin provider system-admin user-admin"; strings.Join(seen, " ") != want {
			t.Errorf("pages hold %v, want %s", seen, want)
		}
		p.get("/users?cursor=rubbish", "system-admin").refused(422, "invalid_input")
	})
}

// next is the path of the next page, or empty.
func next(page answer) string {
	link, _, _ := strings.Cut(strings.TrimPrefix(page.header.Get("Link"), "<"), ">")
	return link
}

func TestTheEnvironment(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		first := p.get("/user_environment", "provider").is(200)
		first.has("user_profile.user_id", "provider", "user_profile.active", 1, "user_profile.user_type_desc", "Basic Provider", "case_statuses.4.case_status", 20,
			"environment_info.case_statuses_count", 5, "environment_info.surgeon_count", 1, "environment_info.user_types_count", 1, "environment_info.last_login_updated", true,
			"permissions.case_status_access_level", "limited", "permissions.max_case_status_desc", "Paid", "permissions.can_access_all_cases", false)
		p.get("/user_environment?user_id=provider", "case-admin").is(200).has("environment_info.last_login_updated", false,
			"user_profile.last_login_dt", "2026-03-02T09:30:15.123456Z")
		p.get("/user_environment", "case-admin").is(200).has("permissions.case_status_access_level", "full", "environment_info.case_statuses_count", 13,
			"permissions.can_access_backoffice", true)
	})
}

// none demands an empty list, which is not null, at a dotted path.
func (a answer) none(path string) answer {
	a.t.Helper()
	if list, ok := a.at(path).([]any); !ok || len(list) != 0 {
		a.t.Errorf("%s is %v, want an empty list", path, a.at(path))
	}
	return a
}
