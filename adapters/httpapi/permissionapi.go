package httpapi

import (
	"context"
	"net/http"

	"surgicase/domain/permission"
)

func (a *API) permissionRoutes() {
	register(a, route{
		method: http.MethodGet, path: "/permissions", id: "list-permissions", tag: tagUsers,
		summary: "Say what the caller may do", description: "Every action, and whether the caller may do it with his own things, with those of the members of groups that he administers, and with everybody's.",
	}, a.permissions)
}

type permissionsAnswer struct {
	Body struct {
		UserID      string           `json:"user_id" example:"demo-provider"`
		UserType    int              `json:"user_type" example:"1"`
		Permissions []permissionBody `json:"permissions" nullable:"false"`
	}
}

type permissionBody struct {
	Action  string  `json:"action" example:"case.read"`
	Scope   string  `json:"scope" doc:"What an API token needs for it." example:"cases:read"`
	Own     bool    `json:"own" doc:"With one's own things."`
	Group   bool    `json:"group" doc:"With those of group members."`
	Any     bool    `json:"any" doc:"With everybody's, and with things that have no owner."`
	Meaning string  `json:"meaning" example:"read a case, its history and files"`
	Remark  *string `json:"remark" nullable:"true" doc:"What else limits it." example:"others: types up to the own"`
}

func (a *API) permissions(ctx context.Context, _ *OnlyCaller) (*permissionsAnswer, error) {
	who := actorOf(ctx)
	out := &permissionsAnswer{}
	out.Body.UserID, out.Body.UserType = string(who.User), int(who.Type)
	may := func(r permission.Rule, rel permission.Relation) bool {
		return permission.CheckRelation(who, r.Action, rel) == nil
	}
	out.Body.Permissions = mapped(permission.Table, func(r permission.Rule) permissionBody {
		return permissionBody{
			Action: string(r.Action), Scope: string(r.Needs), Own: may(r, permission.Own), Group: may(r, permission.Grouped),
			Any: may(r, permission.Other), Meaning: r.Meaning, Remark: nullable(r.Remark),
		}
	})
	return out, nil
}
