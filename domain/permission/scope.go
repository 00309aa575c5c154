package permission

import "surgicase/domain/ident"

// Scope says which owners' things a query may see. It is put into the query itself, so what lies
// outside is as if it did not exist.
type Scope struct {
	All    bool         // everybody's
	User   ident.UserID // else this user's
	Groups bool         // and those of the members of type 1 to 6 in groups that he administers
}

// ScopeFor gives the scope in which the actor may do the action.
func ScopeFor(a Actor, action Action) Scope {
	rule := RuleOf(action)
	if a.system || rule.Allows(a.Type, Other) {
		return Scope{All: true}
	}
	return Scope{User: a.User, Groups: rule.Allows(a.Type, Grouped)}
}
