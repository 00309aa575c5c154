package api

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"surgicase/domain/permission"
)

// ranks are what raises a user, with values that are not those of the cast.
var ranks = map[string][]any{
	"user_type": {2, 8, 11, 21, 101, 998}, "user_tier": {2, 999}, "max_case_status": {10, 30, 500}, "active": {false, 0},
}

func TestNobodyChangesHisOwnRank(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		db := p.database()
		for _, r := range roles {
			for field, values := range ranks {
				for _, value := range values {
					before := db.print()
					a := p.send(http.MethodPatch, "/user", r.name, map[string]any{"user_id": r.name, field: value, "city": "Elsewhere"})
					if a.status != http.StatusForbidden {
						p.t.Errorf("%s sets his own %s to %v: %d %.200s", r.name, field, value, a.status, a.raw)
					}
					if tables := changed(before, db.print()); len(tables) > 0 {
						p.t.Errorf("%s sets his own %s to %v and changes %v", r.name, field, value, tables)
					}
				}
			}
			if a := p.send(http.MethodDelete, "/user?user_id="+r.name, r.name, nil); a.status != http.StatusForbidden {
				p.t.Errorf("%s deactivates himself: %d", r.name, a.status)
			}
		}
	})
}

func TestNobodyGivesATypeAtOrAboveHisOwn(t *testing.T) {
	everywhere(t, func(p *program) {
		s := stageForAbuse(p)
		for _, r := range roles {
			for _, give := range []int{1, 7, 10, 19, 20, 21, 99, 100, 101, 998, 999} {
				may := r.typ >= permission.UserAdmin && (give < int(r.typ) || r.typ == permission.SystemAdmin)
				target := s.user()
				changing := p.send(http.MethodPatch, "/user", r.name, map[string]any{"user_id": target, "user_type": give})
				body := examples["create-user"](s).body
				body["user_type"] = give
				creating := p.send(http.MethodPost, "/user", r.name, body)
				if (changing.status == 200) != may || (creating.status == 201) != may || (!may && (changing.status != 403 || creating.status != 403)) {
					p.t.Errorf("%s gives type %d: changing %d, creating %d, want allowed %t", r.name, give, changing.status, creating.status, may)
				}
			}
		}
	})
}

func TestOnlyUsersOfALowerTypeCanBeManaged(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		for _, target := range roles {
			for _, r := range roles {
				id := fmt.Sprintf("%s-of-%s", target.name, r.name)
				p.person(id, target.typ, 1)
				may := r.typ >= permission.UserAdmin && (target.typ < r.typ || r.typ == permission.SystemAdmin)
				for _, a := range []answer{
					p.send(http.MethodPatch, "/user", r.name, map[string]any{"user_id": id, "city": "Elsewhere"}),
					p.send(http.MethodPatch, "/user", r.name, map[string]any{"user_id": id, "user_tier": 2}),
					p.send(http.MethodDelete, "/user?user_id="+id, r.name, nil),
				} {
					// Administrators do not see users above their own type at all.
					if (a.status == 200) != may || (!may && !slices.Contains([]int{403, 404}, a.status)) {
						p.t.Errorf("%s manages %s: %d, want allowed %t: %.200s", r.name, id, a.status, may, a.raw)
					}
				}
				seen := p.get("/user?user_id="+id, r.name).status
				switch {
				case r.typ < permission.CaseAdmin && seen != 403, r.typ >= permission.CaseAdmin && target.typ > r.typ && seen != 404,
					r.typ >= permission.CaseAdmin && target.typ <= r.typ && seen != 200 && !may:
					p.t.Errorf("%s looks at %s: %d", r.name, id, seen)
				}
			}
		}
	})
}

func TestWhatIsWorkedOutCannotBeSent(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		p.drafts("provider", at, "c-1")
		db := p.database()
		before := db.print()
		for _, field := range []string{"case_status", "pay_amount", "pay_category", "pay_status", "run_id", "human_case_id", "active", "version", "deleted_at", "submitted_ts"} {
			for _, as := range []string{"provider", "system-admin"} {
				location := "body." + field
				p.send(http.MethodPatch, "/case", as, map[string]any{"case_id": "c-1", field: 20}).refused(422, "invalid_input").has("errors.0.location", location)
				p.send(http.MethodPost, "/case", as, caseOf("c-2", "provider", at, field, 20)).refused(422, "invalid_input").has("errors.0.location", location)
			}
		}
		if tables := changed(before, db.print()); len(tables) > 0 {
			p.t.Errorf("%v changed", tables)
		}
	})
}
