package people

import (
	"context"
	"strings"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Users reads and changes users.
type Users struct{ trail }

// NewUsers makes the service.
func NewUsers(store ports.Store, clock ports.Clock, events ports.Events) *Users {
	return &Users{trail{store, clock, events, "user"}}
}

// Get returns the profile of an active user.
//
// Faults: Forbidden "not_your_data" to providers who ask about others, the same whether or not they
// exist; NotFound "user_not_found" to administrators if the user does not exist, is inactive, or is
// of a type above theirs.
func (s *Users) Get(ctx context.Context, who permission.Actor, id ident.UserID) (*directory.User, error) {
	var u *directory.User
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		u, err = visible(ctx, r, who, id)
		return err
	})
	return u, s.read(ctx, who, permission.ReadProfile, string(id), err)
}

func visible(ctx context.Context, r ports.Repos, who permission.Actor, id ident.UserID) (*directory.User, error) {
	if err := permission.Check(who, permission.ReadProfile, id); err != nil {
		return nil, err
	}
	u, err := r.Users.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if !u.Active {
		return nil, permission.NoSuchUser(id)
	}
	return u, permission.CheckSee(who, id, u.Type)
}

// NewUser is a user to be created. Type, tier and cap may be left 0: then he is a provider of tier 1
// who sees cases up to 20. Request is set when the client sent an Idempotency-Key.
type NewUser struct {
	directory.User
	Request *ident.RequestKey
}

// The rank of a user for whom none is given.
const (
	firstTier  = 1
	systemName = "system:" // begins the names under which the system itself acts
)

// Create adds a user. A newcomer registers himself: as a provider, inactive until somebody activates
// him.
//
// Faults: Forbidden; Invalid with fields; Conflict "user_exists" if the id was ever used.
func (s *Users) Create(ctx context.Context, who permission.Actor, in NewUser) (*directory.User, error) {
	if in.Type == 0 {
		in.Type = permission.Provider
	}
	if fields, err := mayCreate(who, in); err != nil {
		return nil, s.refused(ctx, who, permission.CreateUser, string(in.ID), err, fields...)
	}
	var u *directory.User
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		if u, err = s.fresh(ctx, r, in.User); err != nil {
			return err
		}
		u.Active = !who.IsNewcomer()
		if err = r.Users.Add(ctx, u); err != nil {
			return err
		}
		if err = s.verify(ctx, r, string(u.ID), u.NPI); err != nil {
			return err
		}
		if in.Request != nil {
			done := ports.RequestOutcome{Status: 201, Location: "/user?user_id=" + string(u.ID), EntityID: string(u.ID)}
			if err = r.Requests.Finish(ctx, *in.Request, done); err != nil {
				return err
			}
		}
		entry := s.entry(who, permission.CreateUser, string(u.ID))
		return r.Audit.Record(ctx, entry.Changing(nil, nil, s.digest(string(u.ID), u.Contents())))
	})
	s.happened(ctx, "user.created", who, err)
	return u, err
}

// mayCreate also names the fields that a refusal is about.
func mayCreate(who permission.Actor, in NewUser) ([]string, error) {
	fields, err := []string{"user_type"}, permission.Check(who, permission.CreateUser, "")
	if err == nil {
		err = permission.CheckGive(who, in.Type)
	}
	if who.IsNewcomer() {
		fields, err = mayRegister(who, in)
	}
	if err == nil && strings.HasPrefix(string(in.ID), systemName) {
		err = fault.InvalidField("body.user_id", "must not begin with %s", systemName)
	}
	return fields, err
}

// mayRegister lets a newcomer make himself a provider like any other, and nobody else.
// Source: spec/decisions.md 2.3.
func mayRegister(who permission.Actor, in NewUser) ([]string, error) {
	if !who.Is(in.ID) {
		return []string{"user_id"}, permission.NotYourData()
	}
	var ranked []string
	for _, f := range []struct {
		name  string
		usual bool
	}{
		{"user_type", in.Type == permission.Provider},
		{"user_tier", in.Tier == 0 || in.Tier == firstTier},
		{"max_case_status", in.Cap == 0 || in.Cap == permission.DefaultCap},
	} {
		if !f.usual {
			ranked = append(ranked, f.name)
		}
	}
	if len(ranked) > 0 {
		return ranked, fault.New(fault.Forbidden, "not_allowed", "Nobody ranks himself.").Naming("action", string(permission.RankUser))
	}
	return nil, nil
}

// fresh completes a new user. As in a change, a type other than the usual one sets the cap.
func (s *Users) fresh(ctx context.Context, r ports.Repos, u directory.User) (*directory.User, error) {
	if u.Tier == 0 {
		u.Tier = firstTier
	}
	if u.Cap == 0 {
		u.Cap = permission.DefaultCap
	}
	if u.Type != permission.Provider {
		top, err := capOf(ctx, r, u.Type)
		if err != nil {
			return nil, err
		}
		if top != 0 {
			u.Cap = top
		}
	}
	u.Active, u.CreatedAt = true, s.clock.Now()
	u.UpdatedAt = u.CreatedAt
	return &u, directory.CheckRank(u.Type, u.Tier, u.Cap)
}

// capOf is the max_case_status that the list of user types sets for a type, 0 if it sets none.
func capOf(ctx context.Context, r ports.Repos, t permission.UserType) (int, error) {
	labels, err := r.Lists.UserTypes(ctx)
	for _, l := range labels {
		if l.Type == t {
			return l.MaxStatus, err
		}
	}
	return 0, err
}

// Deactivated says when a user was deactivated. Already means that he was before.
type Deactivated struct {
	At      time.Time
	Already bool
}

// Deactivate ends a user's access and revokes his tokens. His cases, surgeons and facilities stay, and he is still paid.
//
// Faults: Forbidden "not_allowed", "not_on_yourself", "user_type_too_high"; NotFound; Stale.
func (s *Users) Deactivate(ctx context.Context, who permission.Actor, id ident.UserID, ifVersion int64) (Deactivated, error) {
	if err := mayDeactivate(who, id); err != nil {
		return Deactivated{}, s.refused(ctx, who, permission.DeactivateUser, string(id), err, "active")
	}
	var done Deactivated
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		u, err := managed(ctx, r, who, permission.DeactivateUser, id)
		if err != nil {
			return err
		}
		if done = (Deactivated{At: u.DeactivatedAt, Already: !u.Active}); done.Already {
			return nil
		}
		if err := checkVersion(ifVersion, u.Version); err != nil {
			return err
		}
		before := s.digest(string(id), u.Contents())
		u.Deactivate(s.clock.Now())
		done.At = u.DeactivatedAt
		if err := r.Users.Save(ctx, u); err != nil {
			return err
		}
		if err := revokeAll(ctx, r, id, done.At); err != nil {
			return err
		}
		entry := s.entry(who, permission.DeactivateUser, string(id))
		return r.Audit.Record(ctx, entry.Changing([]string{"active"}, before, s.digest(string(id), u.Contents())))
	})
	s.happened(ctx, "user.deactivated", who, err)
	return done, s.refused(ctx, who, permission.DeactivateUser, string(id), err, "active")
}

func mayDeactivate(who permission.Actor, id ident.UserID) error {
	if err := permission.Check(who, permission.DeactivateUser, id); err != nil {
		return err
	}
	return permission.CheckNotSelf(who, id)
}

// managed reads a user, active or not, whom the actor wants to manage.
func managed(ctx context.Context, r ports.Repos, who permission.Actor, action permission.Action, id ident.UserID) (*directory.User, error) {
	u, err := r.Users.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := permission.CheckSee(who, id, u.Type); err != nil {
		return nil, err
	}
	return u, permission.CheckManage(who, action, id, u.Type)
}
