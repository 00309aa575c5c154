package access

import (
	"context"
	"errors"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Caller stands in the context of a request for whoever turns out to call.
type Caller struct{ confirm ports.Confirm }

// In returns a context whose writing transactions confirm the caller first, once it is known who calls.
func (c *Caller) In(ctx context.Context) context.Context {
	return ports.OnBehalf(ctx, func(ctx context.Context, r ports.Repos) error {
		if c.confirm == nil {
			return nil
		}
		return c.confirm(ctx, r)
	})
}

// Confirm has a caller confirmed from now on, in every writing transaction: that they are still active, of the
// type and cap that they had, and that their token still counts and opens what it opened. Memberships are not
// among it: the queries that rest on them read them. It reports whether there is a user to be confirmed.
// Source: spec/decisions.md 11.10.
func (s *Service) Confirm(c *Caller, who permission.Actor) bool {
	if who.IsSystem() || who.IsNewcomer() {
		return false
	}
	c.confirm = s.confirming(who)
	return true
}

func (s *Service) confirming(who permission.Actor) ports.Confirm {
	return func(ctx context.Context, r ports.Repos) error {
		now, err := s.current(ctx, r, who)
		if err == nil {
			err = who.CheckUnchanged(now)
		}
		if errors.Is(err, fault.Unauthenticated) {
			s.Refused(ctx, who.Mode, err)
		}
		return err
	}
}

func (s *Service) current(ctx context.Context, r ports.Repos, who permission.Actor) (permission.Actor, error) {
	if who.Token == 0 {
		now, err := r.Users.ActorForUse(ctx, who.User)
		if errors.Is(err, fault.NotFound) {
			err = unknownCaller()
		}
		return now, err
	}
	token, owner, err := r.Tokens.ForUse(ctx, who.Token)
	if errors.Is(err, fault.NotFound) {
		return owner, directory.BadToken()
	}
	if err == nil {
		err = token.CheckUse(s.clock.Now())
	}
	if err != nil {
		return owner, err
	}
	return owner.LimitedTo(token.Scopes), nil
}

// LookAgain confirms the caller of the context between the pieces of a long answer.
//
// Faults: Unauthenticated; Forbidden "rights_changed".
func (s *Service) LookAgain(ctx context.Context) error { return ports.LookAgain(ctx, s.store) }
