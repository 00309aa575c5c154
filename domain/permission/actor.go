// Package permission decides who may do what. The table in table.go is the whole policy; nothing
// else in the product compares user types. Source: spec/decisions.md 2.
package permission

import (
	"surgicase/domain/fault"
	"surgicase/domain/ident"
)

// UserType is the rank of a user. Higher types may do more.
type UserType int

// The types with a meaning of their own; the numbers between belong to the next lower one.
const (
	Provider    UserType = 1
	GroupAdmin  UserType = 7
	CaseAdmin   UserType = 10
	UserAdmin   UserType = 20
	GlobalAdmin UserType = 100
	SystemAdmin UserType = 999
)

// Types lists the types with a meaning of their own, lowest first.
var Types = []UserType{Provider, GroupAdmin, CaseAdmin, UserAdmin, GlobalAdmin, SystemAdmin}

// never marks a relation in which nobody may do a thing.
const never UserType = 1 << 30

// DefaultCap is the highest status that a caller below Case Admin sees when none is set for him.
const DefaultCap = 20

// Actor is who acts: a user, or the system itself (timed jobs, automatic moves, the command line).
type Actor struct {
	User       ident.UserID
	Type       UserType
	Cap        int    // highest case status shown to him; 0 means DefaultCap
	Credential string // how he was identified: "header", "query", "gateway", "oidc", "token:7", "cli", "job"
	Token      int64  // id of the API token behind it, 0 if there is none
	Mode       string // the AUTH_MODE in force
	RequestID  string
	Address    string // network address the request came from
	system     bool
	newcomer   bool        // a person whom the identity provider knows and we do not
	limited    bool        // he acts by a token that opens only its scopes
	scopes     TokenScopes // of that token
}

// System is the actor behind automatic moves, timed jobs and the command line. Credential says
// which; it owns nothing and is never refused.
func System(credential string) Actor {
	return Actor{User: ident.UserID("system:" + credential), Type: SystemAdmin, Credential: credential, system: true}
}

// Newcomer is a person whom the identity provider vouches for and who is not a user yet. All he may
// do is register himself. Source: spec/decisions.md 2.3.
func Newcomer(id ident.UserID) Actor { return Actor{User: id, newcomer: true} }

// IsNewcomer says whether the actor is not a user yet.
func (a Actor) IsNewcomer() bool { return a.newcomer }

// IsSystem says whether no person acts.
func (a Actor) IsSystem() bool { return a.system }

// CheckUnchanged refuses an actor whose rights are not what they were when now is who they are. What they asked
// for was judged by rights that they no longer have, or did not have yet.
func (a Actor) CheckUnchanged(now Actor) error {
	if a.Type == now.Type && a.Cap == now.Cap && a.limited == now.limited && a.scopes == now.scopes {
		return nil
	}
	return fault.New(fault.Forbidden, "rights_changed", "Your rights were changed while the request was under way. Please send it again.")
}

// Is says whether the actor is this user.
func (a Actor) Is(user ident.UserID) bool { return !a.system && a.User == user }

// SeesEverything says whether the actor sees true statuses, above any cap.
func (a Actor) SeesEverything() bool { return a.Type >= CaseAdmin }

// HighestShown is the highest case status that the actor is shown: his cap below Case Admin, else
// no limit (0). Source: spec/decisions.md 2.8.
func (a Actor) HighestShown() int {
	switch {
	case a.SeesEverything():
		return 0
	case a.Cap == 0:
		return DefaultCap
	}
	return a.Cap
}
