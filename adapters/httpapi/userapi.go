package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"surgicase/application/people"
	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

const tagUsers = "Users"

func (a *API) userRoutes() {
	register(a, route{
		method: http.MethodGet, path: "/user", id: "get-user", tag: tagUsers, owner: true, faults: []int{http.StatusForbidden, http.StatusNotFound},
		summary: "Read a user's profile", description: "One's own, or as an administrator that of an active user of a type up to one's own. The ETag goes into If-Match of a later change.",
	}, a.getUser)
	register(a, route{
		method: http.MethodPost, path: "/user", id: "create-user", dryRun: true, tag: tagUsers, status: http.StatusCreated, owner: true, registers: true,
		faults:  []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Create a user", description: "For User Admins, and for types below their own. With AUTH_SELF_REGISTRATION somebody with a token of the identity provider and no user yet " +
			"makes his own: a provider, inactive until a User Admin activates him.",
	}, a.createUser)
	register(a, route{
		method: http.MethodPatch, path: "/user", id: "change-user", dryRun: true, tag: tagUsers, owner: true,
		faults:  []int{http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Change a user", description: "A JSON merge patch (RFC 7396): absent members stay, null clears. Values equal to the stored ones change nothing. " +
			"Everybody changes his own profile, but never user_type, user_tier, max_case_status or active; User Admins change users of types below their own, inactive ones too.",
	}, a.changeUser)
	register(a, route{
		method: http.MethodDelete, path: "/user", id: "delete-user", dryRun: true, tag: tagUsers, owner: true,
		faults:  []int{http.StatusForbidden, http.StatusNotFound, http.StatusPreconditionFailed},
		summary: "Deactivate a user", description: "For User Admins, and never oneself. Cases, surgeons and facilities stay, and cases are still paid. A second time is no error.",
	}, a.deleteUser)
	register(a, route{
		method: http.MethodGet, path: "/users", id: "list-users", tag: tagUsers, faults: []int{http.StatusForbidden},
		summary: "List users", description: "For Case Admins: active users of types up to the caller's, by last name, first name and id.",
	}, a.listUsers)
	register(a, route{
		method: http.MethodGet, path: "/user_environment", id: "user-environment", tag: tagUsers, owner: true, faults: []int{http.StatusForbidden, http.StatusNotFound},
		summary: "Read all a client needs to start", description: "Profile, surgeons, facilities, and the lists and permissions as the user has them. Asking for one's own is noted as a login.",
	}, a.userEnvironment)
}

// OwnerInput names the user asked about.
type OwnerInput struct {
	UserID string `query:"user_id" maxLength:"255" doc:"The user asked about (default: the caller)." example:"demo-provider"`
}

func (in OwnerInput) owner(ctx context.Context) (ident.UserID, error) {
	if in.UserID == "" {
		return actorOf(ctx).User, nil
	}
	id, err := ident.ParseUserID(in.UserID)
	return id, at("query.user_id", err)
}

type userAnswer struct {
	ETag string `header:"ETag" doc:"Changes with everything that is shown of the user."`
	Body userAnswerBody
}

type userAnswerBody struct {
	User   UserBody `json:"user"`
	UserID string   `json:"user_id" example:"demo-provider"`
}

func userAnswerOf(u *directory.User) (*userAnswer, error) {
	out := &userAnswer{Body: userAnswerBody{User: userBodyOf(u), UserID: string(u.ID)}}
	var err error
	out.ETag, err = etagOf(u.Version, out.Body)
	return out, err
}

func (a *API) getUser(ctx context.Context, in *OwnerInput) (*userAnswer, error) {
	id, err := in.owner(ctx)
	if err != nil {
		return nil, err
	}
	u, err := a.Users.Get(ctx, actorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return userAnswerOf(u)
}

// checkNamed holds the user_id parameter of a route whose body names the user: it may only repeat
// the caller or the body. Source: spec/decisions.md 2.1 and 2.3a.
func checkNamed(ctx context.Context, parameter, body string) error {
	if parameter == "" || parameter == body || isNamed(actorOf(ctx), parameter) {
		return nil
	}
	return permission.NotYourData()
}

type createUserInput struct {
	UserID         string `query:"user_id" maxLength:"255" doc:"May only repeat the caller or the body; in trusted mode without a header it names the caller."`
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"100" doc:"Sent again with the same body within 24 hours, the first answer is given again."`
	RawBody        []byte
	Body           createUserRequest
}

type createdUser struct {
	Location string `header:"Location" doc:"Where the user can be read."`
	Body     struct {
		Message string `json:"message" example:"User created successfully"`
		UserID  string `json:"user_id" example:"demo-provider-3"`
	}
}

func (a *API) createUser(ctx context.Context, in *createUserInput) (*createdUser, error) {
	if err := checkNamed(ctx, in.UserID, in.Body.UserID); err != nil {
		return nil, err
	}
	u, err := in.Body.user()
	if err != nil {
		return nil, err
	}
	key, earlier, err := a.beginRequest(ctx, "POST /user", in.IdempotencyKey, in.RawBody)
	if err != nil {
		return nil, err
	}
	if earlier != "" {
		if _, err := a.Users.Get(ctx, actorOf(ctx), ident.UserID(earlier)); err != nil {
			return nil, err
		}
		return createdUserOf(earlier), nil
	}
	if _, err := a.Users.Create(ctx, actorOf(ctx), people.NewUser{User: u, Request: key}); err != nil {
		return nil, a.abandonRequest(ctx, key, err)
	}
	return createdUserOf(string(u.ID)), nil
}

func createdUserOf(id string) *createdUser {
	out := &createdUser{Location: "/user?user_id=" + url.QueryEscape(id)}
	out.Body.Message, out.Body.UserID = "User created successfully", id
	return out
}

type changeUserInput struct {
	UserID  string `query:"user_id" maxLength:"255" doc:"May only repeat the caller or the body; in trusted mode without a header it names the caller."`
	IfMatch string `header:"If-Match" doc:"The ETag last read; another one means 412."`
	Body    changeUserRequest
}

type changedUser struct {
	ETag string `header:"ETag"`
	Body struct {
		Message       string   `json:"message" example:"User updated successfully"`
		UserID        string   `json:"user_id" example:"demo-provider"`
		UpdatedFields []string `json:"updated_fields" nullable:"false" doc:"Empty if every value was equal to the stored one."`
		Version       int64    `json:"version" example:"4"`
	}
}

func (a *API) changeUser(ctx context.Context, in *changeUserInput) (*changedUser, error) {
	if err := checkNamed(ctx, in.UserID, in.Body.UserID); err != nil {
		return nil, err
	}
	change, err := in.Body.change()
	if err != nil {
		return nil, err
	}
	if change.IfVersion, err = a.matchUser(ctx, change.ID, in.IfMatch); err != nil {
		return nil, err
	}
	done, err := a.Users.Change(ctx, actorOf(ctx), change)
	if err != nil {
		return nil, err
	}
	read, err := userAnswerOf(done.User)
	if err != nil {
		return nil, err
	}
	out := &changedUser{ETag: read.ETag}
	out.Body.Message, out.Body.UserID = "User updated successfully", string(change.ID)
	out.Body.UpdatedFields, out.Body.Version = changed(ctx, done.Fields), done.User.Version
	return out, nil
}

// matchUser compares If-Match with what the caller sees now and gives the version that his change
// must still find; 0 means any.
func (a *API) matchUser(ctx context.Context, id ident.UserID, ifMatch string) (int64, error) {
	if ifMatch == "" {
		return 0, nil
	}
	u, err := a.Users.Get(ctx, actorOf(ctx), id)
	if err != nil {
		return 0, err
	}
	read, err := userAnswerOf(u)
	if err != nil {
		return 0, err
	}
	return u.Version, matches(ifMatch, read.ETag)
}

type deleteUserInput struct {
	UserID  string `query:"user_id" required:"true" minLength:"1" maxLength:"255" doc:"The user to deactivate; never the caller." example:"demo-provider-3"`
	IfMatch string `header:"If-Match" doc:"The ETag last read; another one means 412."`
}

type deletedUser struct {
	Body struct {
		Message       string     `json:"message" example:"User deactivated successfully"`
		UserID        string     `json:"user_id" example:"demo-provider-3"`
		Active        int        `json:"active" example:"0"`
		DeactivatedAt *time.Time `json:"deactivated_at,omitempty" doc:"Left out if the user was inactive already."`
	}
}

func (a *API) deleteUser(ctx context.Context, in *deleteUserInput) (*deletedUser, error) {
	id, err := ident.ParseUserID(in.UserID)
	if err != nil {
		return nil, at("query.user_id", err)
	}
	version, err := a.matchUser(ctx, id, in.IfMatch)
	if err != nil {
		return nil, err
	}
	done, err := a.Users.Deactivate(ctx, actorOf(ctx), id, version)
	if err != nil {
		return nil, err
	}
	out := &deletedUser{}
	out.Body.Message, out.Body.UserID, out.Body.DeactivatedAt = "User deactivated successfully", string(id), nullableTime(done.At)
	if done.Already {
		out.Body.Message, out.Body.DeactivatedAt = "User already inactive", nil
	}
	return out, nil
}

type usersInput struct {
	PageInput
	UserID string `query:"user_id" maxLength:"255" doc:"May only repeat the caller; in trusted mode without a header it names him."`
}

type usersAnswer struct {
	PageHeaders
	Body struct {
		Users      []listedUserBody `json:"users" nullable:"false"`
		TotalCount int              `json:"total_count" doc:"All matches, on every page." example:"7"`
		Truncated  bool             `json:"truncated,omitempty" doc:"There are more; page with limit and cursor."`
	}
}

// userKeys is what a cursor of the list of users holds.
type userKeys struct {
	Last  string `json:"n"`
	First string `json:"f"`
	ID    string `json:"i"`
}

func (a *API) listUsers(ctx context.Context, in *usersInput) (*usersAnswer, error) {
	keys, err := readCursor[userKeys]("users", in.Cursor)
	if err != nil {
		return nil, err
	}
	q := people.Wanted{Limit: in.limit(), Count: true}
	if keys != nil {
		id, err := ident.ParseUserID(keys.ID)
		if err != nil {
			return nil, fault.InvalidField("query.cursor", "is not a cursor of this list")
		}
		q.After = &people.UserPosition{Last: keys.Last, First: keys.First, ID: id}
	}
	page, err := a.Users.List(ctx, actorOf(ctx), q)
	if err != nil {
		return nil, err
	}
	return usersAnswerOf(page, in.PageInput), nil
}

func usersAnswerOf(page people.UserPage, in PageInput) *usersAnswer {
	out := &usersAnswer{}
	out.Body.Users, out.Body.TotalCount = make([]listedUserBody, len(page.Users)), page.Total
	for i := range page.Users {
		u := &page.Users[i]
		out.Body.Users[i] = listedUserBody{UserBody: userBodyOf(u), CreateTS: u.CreatedAt, LastUpdatedTS: u.UpdatedAt}
	}
	if page.More {
		last := &page.Users[len(page.Users)-1]
		out.Link = nextLink("/users", url.Values{"limit": {strconv.Itoa(in.limit())}}, writeCursor("users", userKeys{last.Last, last.First, string(last.ID)}))
		out.Body.Truncated = in.Limit == 0
	}
	if in.Count {
		out.Total = strconv.Itoa(page.Total)
	}
	return out
}
