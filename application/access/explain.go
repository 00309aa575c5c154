package access

import (
	"context"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Explanation says whether a user may do something, and by which rule.
type Explanation struct {
	Actor     permission.Actor
	Case      *surgical.Case        // nil if none was asked about
	Decisions []permission.Decision // about the case, or about each relation
}

// Explain says whether a user may do an action with a case, or without one in each relation.
//
// Faults: NotFound "user_not_found" if he is unknown or inactive, "case_not_found"; Invalid if there is
// no such action.
func (s *Service) Explain(ctx context.Context, user ident.UserID, action permission.Action, id ident.CaseID) (Explanation, error) {
	if rule := permission.RuleOf(action); rule.Meaning == "" {
		return Explanation{}, fault.InvalidField("action", "is none of those that `surgicase permissions` lists")
	}
	var out Explanation
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		if out.Actor, err = r.Users.Actor(ctx, user); err != nil {
			return err
		}
		relations := []permission.Relation{permission.Own, permission.Grouped, permission.Other}
		if id != "" {
			if relations, err = out.read(ctx, r, id); err != nil {
				return err
			}
		}
		out.Decisions = nil
		for _, rel := range relations {
			out.Decisions = append(out.Decisions, permission.Explain(out.Actor, action, rel))
		}
		return nil
	})
	return out, err
}

// read reads the case and says how the user stands to its owner.
func (e *Explanation) read(ctx context.Context, r ports.Repos, id ident.CaseID) ([]permission.Relation, error) {
	var err error
	if e.Case, err = r.Cases.Get(ctx, id, permission.Scope{All: true}); err != nil {
		return nil, err
	}
	if e.Actor.Is(e.Case.Owner) {
		return []permission.Relation{permission.Own}, nil
	}
	member, err := r.Groups.Administers(ctx, e.Actor.User, e.Case.Owner)
	if member {
		return []permission.Relation{permission.Grouped}, err
	}
	return []permission.Relation{permission.Other}, err
}
