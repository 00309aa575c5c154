package api

import (
	"context"
	"testing"

	"surgicase/adapters/oidcauth"
	"surgicase/application/access"
	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
)

type nobodyListens struct{}

func (nobodyListens) Happened(context.Context, ports.Event) {}

// What is explained about a case is what a request about it would meet.
func TestExplanationsAboutACase(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		p.drafts("provider", at, "c-1")
		p.person("other", permission.Provider, 1)
		p.group(directory.Membership{User: "provider"}, directory.Membership{User: "group-admin", Admin: true})
		service := access.New(p.Store, p.clock, oidcauth.None{}, nobodyListens{})
		for _, x := range []struct {
			user     ident.UserID
			action   permission.Action
			relation permission.Relation
			code     string
		}{
			{"provider", permission.ReadCase, permission.Own, ""},
			{"other", permission.ReadCase, permission.Other, "not_your_data"},
			{"group-admin", permission.ReadCase, permission.Grouped, ""},
			{"group-admin", permission.ReadPay, permission.Grouped, "not_your_data"},
			{"group-admin", permission.EditCase, permission.Grouped, "not_your_data"},
			{"case-admin", permission.EditCase, permission.Other, ""},
			{"case-admin", permission.MoveMoney, permission.Other, "not_allowed"},
			{"global-admin", permission.MoveMoney, permission.Other, ""},
		} {
			got, err := service.Explain(t.Context(), x.user, x.action, "c-1")
			if err != nil || len(got.Decisions) != 1 {
				p.t.Fatalf("%s of %s: %v, %v", x.action, x.user, got.Decisions, err)
			}
			if d := got.Decisions[0]; d.Relation != x.relation || d.Code != x.code || d.Rule.Action != x.action || got.Case.Owner != "provider" {
				p.t.Errorf("%s of %s is explained as %+v", x.action, x.user, d)
			}
		}
		p.get("/case?case_id=c-1", "group-admin").is(200)
		p.get("/case_pay?case_id=c-1", "group-admin").refused(404, "case_not_found")
		p.get("/case?case_id=c-1", "other").refused(404, "case_not_found")
	})
}
