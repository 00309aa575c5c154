package ports

import (
	"context"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

// Users stores users, active or not.
type Users interface {
	// Add stores a new user with documents. Conflict "user_exists" if the id was ever used.
	Add(ctx context.Context, u *directory.User) error

	// Get returns the user with documents. NotFound "user_not_found".
	Get(ctx context.Context, id ident.UserID) (*directory.User, error)

	// GetForUse is Get without documents for a transaction whose outcome depends on the user: on
	// MySQL it keeps others from changing him until the transaction ends.
	GetForUse(ctx context.Context, id ident.UserID) (*directory.User, error)

	// Save writes a user read in this transaction with documents and raises the version. Conflict
	// "changed_meanwhile" if somebody else saved it since.
	Save(ctx context.Context, u *directory.User) error

	// SawLogin, alone, notes a login without raising the version.
	SawLogin(ctx context.Context, id ident.UserID, at time.Time) error

	// Actor returns the active user as an actor. NotFound if unknown or inactive.
	Actor(ctx context.Context, id ident.UserID) (permission.Actor, error)

	// ActorForUse is Actor for a transaction whose outcome depends on the actor: on MySQL it keeps others from
	// changing them until the transaction ends.
	ActorForUse(ctx context.Context, id ident.UserID) (permission.Actor, error)

	// FindIgnoringCase returns the id of the user with this id, else of the only one whose id differs in letter case
	// alone, active or not; else the id as given.
	FindIgnoringCase(ctx context.Context, id ident.UserID) (ident.UserID, error)
}

// UserQuery asks for a page of active users of types up to Top, ordered by last name, first name
// and id.
type UserQuery struct {
	Top   permission.UserType
	After *UserPosition
	Limit int
	Count bool
}

// UserPosition is where a page of users ended.
type UserPosition struct {
	Last, First string
	ID          ident.UserID
}

// UserPage is part of the list of users.
type UserPage struct {
	Users []directory.User
	More  bool
	Total int // only when counted
}

// Rosters reads many users at once.
type Rosters interface {
	// List returns a page of users with their documents in a fixed number of statements.
	List(ctx context.Context, q UserQuery) (UserPage, error)

	// CountByType counts active users, ordered by type.
	CountByType(ctx context.Context) ([]directory.TypeTotal, error)
}

// Surgeons stores the surgeons of providers. Deleted ones stay for old cases.
type Surgeons interface {
	// Add stores a surgeon and gives the id, unless it brings one that is free. Invalid "unknown_user" if there is no such owner.
	Add(ctx context.Context, s *directory.Surgeon) error

	// Get returns a surgeon that is not deleted and whose owner is in scope. NotFound
	// "surgeon_not_found".
	Get(ctx context.Context, id int64, in permission.Scope) (*directory.Surgeon, error)

	// Save writes a surgeon read in this transaction; with DeletedAt set it is deleted. Conflict
	// "changed_meanwhile" if somebody else saved it since.
	Save(ctx context.Context, s *directory.Surgeon) error

	// List returns up to limit surgeons of the owner that are not deleted and have an id above
	// after, in order of id.
	List(ctx context.Context, owner ident.UserID, after int64, limit int) ([]directory.Surgeon, error)
}

// Facilities stores the facilities of providers. Deleted ones stay for old cases.
type Facilities interface {
	// Add stores a facility and gives the id, unless it brings one that is free. Invalid "unknown_user" if there is no such owner.
	Add(ctx context.Context, f *directory.Facility) error

	// Get returns a facility that is not deleted and whose owner is in scope. NotFound
	// "facility_not_found".
	Get(ctx context.Context, id int64, in permission.Scope) (*directory.Facility, error)

	// Save writes a facility read in this transaction; with DeletedAt set it is deleted. Conflict
	// "changed_meanwhile" if somebody else saved it since.
	Save(ctx context.Context, f *directory.Facility) error

	// List returns up to limit facilities of the owner that are not deleted and have an id above
	// after, in order of id.
	List(ctx context.Context, owner ident.UserID, after int64, limit int) ([]directory.Facility, error)
}

// Groups stores groups and their memberships.
type Groups interface {
	// Add stores a group and gives the id, unless it brings one that is free.
	Add(ctx context.Context, g *directory.Group) error

	// Get returns the group with its members, ordered by user id. NotFound "group_not_found".
	Get(ctx context.Context, id int64) (*directory.Group, error)

	// Save writes description and members of a group read in this transaction. Conflict
	// "changed_meanwhile" if somebody else saved it since; Invalid if a member is unknown.
	Save(ctx context.Context, g *directory.Group) error

	// Remove deletes a group with its memberships. NotFound "group_not_found".
	Remove(ctx context.Context, id int64) error

	// Administers says whether admin is the group_admin of a group of which user, of type 1 to 6, is a
	// member.
	Administers(ctx context.Context, admin, user ident.UserID) (bool, error)

	// List returns up to limit groups with an id above after, with members, in order of id.
	List(ctx context.Context, after int64, limit int) ([]directory.Group, error)
}
