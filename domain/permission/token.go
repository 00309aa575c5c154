package permission

import (
	"slices"
	"strings"

	"surgicase/domain/fault"
)

// TokenScope is a part of the product that an API token opens. Source: spec/decisions.md 2.3.
type TokenScope string

// The scopes. What a token opens is what its scopes open and its owner may do.
const (
	CasesRead      TokenScope = "cases:read"
	CasesWrite     TokenScope = "cases:write" // reading included: a change shows what is there
	Payments       TokenScope = "payments"
	Administration TokenScope = "admin"

	// AnyToken is what a rule needs that every token meets; no token carries it.
	AnyToken TokenScope = "any"
)

// AllTokenScopes lists the scopes, in the order in which they are printed.
var AllTokenScopes = []TokenScope{CasesRead, CasesWrite, Payments, Administration}

// TokenScopes is a set of scopes.
type TokenScopes uint8

// ParseTokenScopes reads the names of scopes. Invalid if one is unknown or there is none.
func ParseTokenScopes(names []string) (TokenScopes, error) {
	var set TokenScopes
	for _, name := range names {
		i := slices.Index(AllTokenScopes, TokenScope(name))
		if i < 0 {
			return 0, fault.New(fault.Invalid, "unknown_scope", "may hold only %s", scopeNames())
		}
		set |= 1 << i
	}
	if set == 0 {
		return 0, fault.New(fault.Invalid, "no_scope", "must hold at least one of %s", scopeNames())
	}
	return set, nil
}

func scopeNames() string {
	names := make([]string, len(AllTokenScopes))
	for i, s := range AllTokenScopes {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}

// Names lists the scopes of the set in their usual order.
func (s TokenScopes) Names() []string {
	names := []string{}
	for i, scope := range AllTokenScopes {
		if s&(1<<i) != 0 {
			names = append(names, string(scope))
		}
	}
	return names
}

// Opens says whether the set holds a scope, or another that includes it.
func (s TokenScopes) Opens(scope TokenScope) bool {
	held := s.Names()
	return scope == AnyToken || slices.Contains(held, string(scope)) || (scope == CasesRead && slices.Contains(held, string(CasesWrite)))
}

// LimitedTo is the actor as a token with these scopes lets him act.
func (a Actor) LimitedTo(scopes TokenScopes) Actor {
	a.limited, a.scopes = true, scopes
	return a
}

// Wholly is the actor in the middle of an action that he was allowed: what belongs to it needs no scope of
// its own. His type still decides.
func (a Actor) Wholly() Actor {
	a.limited = false
	return a
}

// checkScope refuses what the actor may do but his token does not open.
func (a Actor) checkScope(rule Rule) error {
	if !a.limited || a.scopes.Opens(rule.Needs) {
		return nil
	}
	return scopeMissing(rule.Needs)
}

func scopeMissing(scope TokenScope) *fault.Error {
	return fault.New(fault.Forbidden, "scope_missing", "The API token does not have the scope that this needs.").Naming("scope", string(scope))
}

// CheckGrant says whether the actor may make a token of these scopes: a token makes none that opens
// more than itself.
func CheckGrant(a Actor, scopes TokenScopes) error {
	for _, name := range scopes.Names() {
		if a.limited && !a.scopes.Opens(TokenScope(name)) {
			return scopeMissing(TokenScope(name))
		}
	}
	return nil
}
