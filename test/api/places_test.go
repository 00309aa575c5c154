package api

import (
	"fmt"
	"net/http"
	"testing"

	"surgicase/domain/permission"
)

func TestSurgeonsAndFacilities(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.person("dr-b", permission.Provider, 1)
		for _, kind := range []struct{ one, many, name string }{{"surgeon", "surgeons", "last_name"}, {"facility", "facilities", "facility_name"}} {
			id := kind.one + "_id"
			body := map[string]any{
				kind.one + "_npi": "1234567893", kind.one + "_addr": "1 Main St", kind.one + "_city": "Portland", kind.one + "_state": "OR", kind.one + "_zip": "97201-1234",
				kind.name: "First",
			}
			if kind.one == "surgeon" {
				body["first_name"] = "Avery"
			}
			made := p.send(http.MethodPost, "/"+kind.one, "provider", body).is(201).has("user_id", "provider", kind.name, "First", kind.one+"_npi", 1234567893)
			if got := made.header.Get("Location"); got != "/"+kind.many+"?user_id=provider" {
				t.Errorf("Location is %q", got)
			}
			body["user_id"] = "dr-b"
			p.send(http.MethodPost, "/"+kind.one, "provider", body).refused(403, "not_your_data")
			p.send(http.MethodPost, "/"+kind.one, "case-admin", body).is(201).has("user_id", "dr-b")
			again := p.send(http.MethodPost, "/"+kind.one+"?dry_run=true", "case-admin", body).is(200)
			if same, _ := again.at("same_npi").([]any); len(same) == 0 {
				t.Errorf("entered twice: %s", again.raw)
			}
			body["user_id"] = "nobody"
			p.send(http.MethodPost, "/"+kind.one, "provider", body).refused(403, "not_your_data")
			p.send(http.MethodPost, "/"+kind.one, "case-admin", body).refused(422, "invalid_input").has("errors.0.location", "body.user_id")

			patch := map[string]any{id: made.at(id), kind.name: "Second", kind.one + "_npi": 1234567893}
			p.send(http.MethodPatch, "/"+kind.one, "dr-b", patch).refused(404, kind.one+"_not_found")
			changed := p.send(http.MethodPatch, "/"+kind.one, "provider", patch).is(200).has("updated_fields.0", kind.name, "version", 2)
			if len(changed.at("updated_fields").([]any)) != 1 {
				t.Errorf("too much changed: %s", changed.raw)
			}
			p.send(http.MethodPatch, "/"+kind.one, "provider", patch, "If-Match", `"1"`).refused(412, "version_mismatch")
			p.send(http.MethodPatch, "/"+kind.one, "provider", map[string]any{id: made.at(id)}).refused(400, "no_fields")
			list := p.get("/"+kind.many, "provider").is(200).has("user_id", "provider", kind.many+".1."+kind.name, "Second", kind.many+".1.version", 2)
			_ = list
			page := p.get("/"+kind.many+"?limit=1&count=true", "provider").is(200).has(kind.many+".0.version", 1)
			if page.header.Get("X-Total-Count") != "2" {
				t.Errorf("X-Total-Count is %q", page.header.Get("X-Total-Count"))
			}
			p.get(next(page), "provider").is(200).has(kind.many+".0."+kind.name, "Second")

			gone := fmt.Sprintf("/%s?%s=%.0f", kind.one, id, made.at(id))
			p.send(http.MethodDelete, gone, "dr-b", nil).refused(404, kind.one+"_not_found")
			p.send(http.MethodDelete, gone, "provider", nil).is(200).has(id, made.at(id))
			p.send(http.MethodDelete, gone, "provider", nil).refused(404, kind.one+"_not_found")
			p.get("/"+kind.many+"?user_id=nobody", "case-admin").is(200).none(kind.many)
		}
	})
}

func TestGroups(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		at := p.person("dr-b", permission.Provider, 1)
		p.drafts("dr-b", at, "c-1")
		p.send(http.MethodPost, "/groups", "case-admin", map[string]any{"group_desc": "North"}).refused(403, "not_allowed")
		p.get("/groups", "case-admin").refused(403, "not_allowed")
		made := p.send(http.MethodPost, "/groups", "user-admin", map[string]any{"group_desc": "North"}).is(201).has("group_desc", "North").none("members")
		path := made.header.Get("Location")
		member := func(user string, admin any) map[string]any {
			return map[string]any{"user_id": user, "group_admin": admin}
		}
		p.send(http.MethodPost, path+"/members", "user-admin", member("dr-b", 0)).is(201).has("group.members.0.user_id", "dr-b", "group.members.0.group_admin", false)
		p.send(http.MethodPost, path+"/members", "user-admin", member("group-admin", false)).is(201)
		p.get("/case?case_id=c-1", "group-admin").refused(404, "case_not_found")
		p.send(http.MethodPost, path+"/members", "user-admin", member("group-admin", true)).is(200).has("group.members.1.group_admin", true)
		p.get("/case?case_id=c-1", "group-admin").is(200)
		for _, unknown := range []string{"nobody", "global-admin"} {
			p.send(http.MethodPost, path+"/members", "user-admin", member(unknown, false)).refused(422, "invalid_input").has("errors.0.message", "is not an active user")
		}
		p.send(http.MethodPut, path, "user-admin", map[string]any{"group_desc": "South"}).is(200).has("group_desc", "South", "updated_fields.0", "group_desc", "members.0.user_id", "dr-b")
		p.get(path, "user-admin").is(200).has("group.group_desc", "South")
		p.get("/groups?count=true", "user-admin").is(200).has("groups.0.members.1.user_id", "group-admin")
		p.send(http.MethodDelete, path+"/members", "user-admin", map[string]any{"user_id": "dr-b"}).is(200).has("group.members.0.user_id", "group-admin")
		p.send(http.MethodDelete, path+"/members?member_user_id=dr-b", "user-admin", nil).refused(404, "member_not_found")
		p.send(http.MethodDelete, path+"/members", "user-admin", nil).refused(422, "invalid_input")
		p.get("/case?case_id=c-1", "group-admin").refused(404, "case_not_found")
		p.send(http.MethodDelete, path, "user-admin", nil).is(200)
		p.get(path, "user-admin").refused(404, "group_not_found")
		p.get("/groups/x", "user-admin").refused(422, "invalid_input")
	})
}
