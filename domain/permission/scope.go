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
//
// Faults: Forbidden "scope_missing".
func ScopeFor(a Actor, action Action) (Scope, error) {
	rule := RuleOf(action)
	if err := a.checkScope(rule); err != nil {
		return Scope{}, err
	}
	if a.system || rule.Allows(a.Type, Other) {
		return Scope{All: true}, nil
	}
	return Scope{User: a.User, Groups: rule.Allows(a.Type, Grouped)}, nil
}
