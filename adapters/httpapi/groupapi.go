package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
)

const tagGroups = "Groups"

const maxGroupText = 500

func (a *API) groupRoutes() {
	reading := []int{http.StatusForbidden, http.StatusNotFound}
	writing := []int{http.StatusForbidden, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType}
	register(a, route{
		method: http.MethodGet, path: "/groups", id: "list-groups", tag: tagGroups, faults: []int{http.StatusForbidden},
		summary: "List groups with their members", description: "For User Admins, in order of id.",
	}, a.listGroups)
	register(a, route{
		method: http.MethodPost, path: "/groups", id: "create-group", dryRun: true, tag: tagGroups, status: http.StatusCreated,
		faults:  []int{http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Make a group", description: "For User Admins. It has no members yet.",
	}, a.createGroup)
	register(a, route{
		method: http.MethodGet, path: "/groups/{group_id}", id: "get-group", tag: tagGroups, faults: reading,
		summary: "Read a group", description: "For User Admins; with its members, in order of user id.",
	}, a.getGroup)
	register(a, route{
		method: http.MethodPut, path: "/groups/{group_id}", id: "change-group", dryRun: true, tag: tagGroups, faults: writing,
		summary: "Change a group's description", description: "For User Admins. Members stay.",
	}, a.changeGroup)
	register(a, route{
		method: http.MethodDelete, path: "/groups/{group_id}", id: "delete-group", dryRun: true, tag: tagGroups, faults: reading,
		summary: "Remove a group", description: "For User Admins. Its memberships end; its members stay users.",
	}, a.deleteGroup)
	register(a, route{
		method: http.MethodPost, path: "/groups/{group_id}/members", id: "set-group-member", dryRun: true, tag: tagGroups, status: http.StatusCreated, faults: writing,
		summary: "Add a member, or change whether he administers the group", description: "For User Admins. A group_admin of type 7 and up reads the cases and files of the members of type 1 to 6. " +
			"201 for a new member, 200 for one who was a member before.",
	}, a.setMember)
	a.alsoOK("/groups/{group_id}/members", "The user was a member before.")
	register(a, route{
		method: http.MethodDelete, path: "/groups/{group_id}/members", id: "remove-group-member", dryRun: true, tag: tagGroups, faults: writing,
		summary: "Remove a member", description: "For User Admins. The member is named in the body or by member_user_id, as user_id may only repeat the caller.",
	}, a.removeMember)
}

// GroupBody is a group in answers.
type GroupBody struct {
	GroupID   int64        `json:"group_id" example:"1"`
	GroupDesc string       `json:"group_desc" example:"Northwest practice"`
	Members   []memberBody `json:"members" nullable:"false"`
	Version   int64        `json:"version" doc:"Rises with every change." example:"1"`
}

type memberBody struct {
	UserID     string `json:"user_id" example:"demo-provider"`
	UserName   string `json:"user_name" example:"Robin Provider"`
	GroupAdmin bool   `json:"group_admin" doc:"Reads the cases of the members of type 1 to 6."`
}

func groupBodyOf(g *directory.Group) GroupBody {
	b := GroupBody{GroupID: g.ID, GroupDesc: g.Description, Members: make([]memberBody, len(g.Members)), Version: g.Version}
	for i, m := range g.Members {
		b.Members[i] = memberBody{UserID: string(m.User), UserName: m.Name, GroupAdmin: m.Admin}
	}
	return b
}

// CallerInput are the parameters that may only repeat the caller.
type CallerInput struct {
	UserID           string `query:"user_id" maxLength:"255" doc:"May only repeat the caller; in trusted mode without a header it names him."`
	RequestingUserID string `query:"requesting_user_id" maxLength:"255" doc:"May only repeat the caller."`
}

// OneGroup names a group in the path.
type OneGroup struct {
	CallerInput
	GroupID int64 `path:"group_id" minimum:"1" doc:"The group." example:"1"`
}

type groupRequest struct {
	GroupDesc string `json:"group_desc" minLength:"1" maxLength:"500" doc:"What the group is called." example:"Northwest practice"`
}

func (b *groupRequest) description() (string, error) {
	var r reader
	return r.nameOf("body.group_desc", b.GroupDesc, maxGroupText, true), r.bad.Err()
}

type groupAnswer struct {
	Body struct {
		Group GroupBody `json:"group"`
	}
}

type groupsAnswer struct {
	PageHeaders
	Body struct {
		Groups    []GroupBody `json:"groups" nullable:"false"`
		Truncated bool        `json:"truncated,omitempty" doc:"There are more; page with limit and cursor."`
	}
}

type groupsInput struct {
	PageInput
	CallerInput
}

func (a *API) listGroups(ctx context.Context, in *groupsInput) (*groupsAnswer, error) {
	page, err := pageByID(in.PageInput, "groups", url.Values{}, func(g directory.Group) int64 { return g.ID },
		func(after int64, limit int) ([]directory.Group, error) {
			return a.Groups.List(ctx, actorOf(ctx), after, limit)
		})
	if err != nil {
		return nil, err
	}
	out := &groupsAnswer{PageHeaders: page.headers}
	out.Body.Groups, out.Body.Truncated = make([]GroupBody, len(page.rows)), page.truncated
	for i := range page.rows {
		out.Body.Groups[i] = groupBodyOf(&page.rows[i])
	}
	return out, nil
}

type createGroupInput struct {
	CallerInput
	Body groupRequest
}

type createdGroup struct {
	Location string `header:"Location" doc:"Where the group can be read."`
	Body     struct {
		Message string `json:"message" example:"Group created successfully"`
		GroupBody
	}
}

func (a *API) createGroup(ctx context.Context, in *createGroupInput) (*createdGroup, error) {
	description, err := in.Body.description()
	if err != nil {
		return nil, err
	}
	g, err := a.Groups.Add(ctx, actorOf(ctx), description)
	if err != nil {
		return nil, err
	}
	out := &createdGroup{Location: groupPath(g.ID)}
	out.Body.Message, out.Body.GroupBody = "Group created successfully", groupBodyOf(g)
	return out, nil
}

func groupPath(id int64) string { return "/groups/" + strconv.FormatInt(id, 10) }

func (a *API) getGroup(ctx context.Context, in *OneGroup) (*groupAnswer, error) {
	g, err := a.Groups.Get(ctx, actorOf(ctx), in.GroupID)
	if err != nil {
		return nil, err
	}
	out := &groupAnswer{}
	out.Body.Group = groupBodyOf(g)
	return out, nil
}

type changeGroupInput struct {
	OneGroup
	Body groupRequest
}

type changedGroup struct {
	Body struct {
		Message       string   `json:"message" example:"Group updated successfully"`
		UpdatedFields []string `json:"updated_fields" nullable:"false" doc:"Empty if the description was equal to the stored one."`
		GroupBody
	}
}

func (a *API) changeGroup(ctx context.Context, in *changeGroupInput) (*changedGroup, error) {
	description, err := in.Body.description()
	if err != nil {
		return nil, err
	}
	g, fields, err := a.Groups.Change(ctx, actorOf(ctx), in.GroupID, description)
	if err != nil {
		return nil, err
	}
	out := &changedGroup{}
	out.Body.Message, out.Body.UpdatedFields, out.Body.GroupBody = "Group updated successfully", fields, groupBodyOf(g)
	return out, nil
}

type removedGroup struct {
	Body struct {
		Message string `json:"message" example:"Group deleted successfully"`
		GroupID int64  `json:"group_id" example:"1"`
	}
}

func (a *API) deleteGroup(ctx context.Context, in *OneGroup) (*removedGroup, error) {
	if err := a.Groups.Remove(ctx, actorOf(ctx), in.GroupID); err != nil {
		return nil, err
	}
	out := &removedGroup{}
	out.Body.Message, out.Body.GroupID = "Group deleted successfully", in.GroupID
	return out, nil
}

type setMemberInput struct {
	OneGroup
	Body struct {
		UserID     string `json:"user_id" minLength:"1" maxLength:"255" doc:"The member." example:"demo-provider"`
		GroupAdmin *Flag  `json:"group_admin,omitempty" doc:"Whether he administers the group. Default false."`
	}
}

type memberAnswer struct {
	Status   int
	Location string `header:"Location" doc:"Where the group can be read."`
	Body     struct {
		Message string    `json:"message" example:"Member added successfully"`
		Group   GroupBody `json:"group"`
	}
}

func (a *API) setMember(ctx context.Context, in *setMemberInput) (*memberAnswer, error) {
	var r reader
	user := r.user("body.user_id", in.Body.UserID)
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	admin := in.Body.GroupAdmin != nil && bool(*in.Body.GroupAdmin)
	g, added, err := a.Groups.SetMember(ctx, actorOf(ctx), in.GroupID, user, admin)
	if err != nil {
		return nil, err
	}
	out := &memberAnswer{Status: http.StatusOK}
	out.Body.Message, out.Body.Group = "Member updated successfully", groupBodyOf(g)
	if added {
		out.Status, out.Location, out.Body.Message = http.StatusCreated, groupPath(g.ID), "Member added successfully"
	}
	return out, nil
}

type removeMemberInput struct {
	OneGroup
	MemberUserID string `query:"member_user_id" maxLength:"255" doc:"The member, if there is no body." example:"demo-provider"`
	Body         *struct {
		UserID string `json:"user_id" minLength:"1" maxLength:"255" doc:"The member." example:"demo-provider"`
	} `required:"false"`
}

type removedMember struct {
	Body struct {
		Message string    `json:"message" example:"Member removed successfully"`
		Group   GroupBody `json:"group"`
	}
}

func (a *API) removeMember(ctx context.Context, in *removeMemberInput) (*removedMember, error) {
	var r reader
	location, text := "query.member_user_id", in.MemberUserID
	if in.Body != nil {
		location, text = "body.user_id", in.Body.UserID
	}
	if in.Body != nil && in.MemberUserID != "" && in.MemberUserID != text {
		return nil, fault.InvalidField(location, "names another member than member_user_id")
	}
	user := r.user(location, text)
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	g, err := a.Groups.RemoveMember(ctx, actorOf(ctx), in.GroupID, user)
	if err != nil {
		return nil, err
	}
	out := &removedMember{}
	out.Body.Message, out.Body.Group = "Member removed successfully", groupBodyOf(g)
	return out, nil
}
