package people

import (
	"context"
	"slices"
	"strconv"

	"surgicase/domain/audit"
	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// UserChange is what a PATCH asks for. IfVersion is the version the client has seen, 0 if it does
// not care.
type UserChange struct {
	ID        ident.UserID
	IfVersion int64
	directory.UserChanges
}

// ChangedUser is a user as changed, with the names of the fields that differ from before.
type ChangedUser struct {
	User   *directory.User
	Fields []string
}

// Change edits a user. Values equal to the stored ones change nothing. A new type brings the cap
// that the list of user types sets for it; a new tier reprices the user's cases below 15.
//
// Faults: Forbidden "not_your_data", "not_allowed", "not_on_yourself", "user_type_too_high";
// NotFound; Invalid with fields; Stale if the version is another one;
// Conflict "too_many_documents" with those that were uploaded.
func (s *Users) Change(ctx context.Context, who permission.Actor, in UserChange) (ChangedUser, error) {
	var done ChangedUser
	var tried []string
	err := permission.Check(who, permission.EditProfile, in.ID)
	if err == nil {
		locked := ctx
		if in.Tier != nil {
			locked = ports.LockFirst(ctx, ports.Locks{User: in.ID})
		}
		err = s.store.InTx(locked, func(ctx context.Context, r ports.Repos) (err error) {
			done, tried, err = s.change(ctx, r, who, in)
			return err
		})
	}
	s.happened(ctx, "user.changed", who, err)
	return done, s.refused(ctx, who, permission.EditProfile, string(in.ID), err, tried...)
}

// change also names the fields that were tried, for the audit trail if it is refused.
func (s *Users) change(ctx context.Context, r ports.Repos, who permission.Actor, in UserChange) (ChangedUser, []string, error) {
	u, err := r.Users.Get(ctx, in.ID)
	if err != nil {
		return ChangedUser{}, nil, err
	}
	fields := u.Differing(in.UserChanges)
	if err := u.MayChange(who, in.UserChanges, fields); err != nil {
		tried := directory.RankOnly(fields)
		if len(tried) == 0 {
			tried = fields
		}
		return ChangedUser{}, tried, err
	}
	if err := checkVersion(in.IfVersion, u.Version); err != nil {
		return ChangedUser{}, nil, err
	}
	if slices.Contains(fields, "user_type") {
		if fields, err = followType(ctx, r, u, &in.UserChanges); err != nil {
			return ChangedUser{}, nil, err
		}
	}
	if len(fields) == 0 {
		return ChangedUser{User: u, Fields: fields}, nil, nil
	}
	return ChangedUser{User: u, Fields: fields}, nil, s.save(ctx, r, who, u, in.UserChanges, fields)
}

// followType lets a new type set the cap, whatever the request said of it.
func followType(ctx context.Context, r ports.Repos, u *directory.User, ch *directory.UserChanges) ([]string, error) {
	top, err := capOf(ctx, r, *ch.Type)
	if err == nil && top != 0 {
		ch.Cap = &top
	}
	return u.Differing(*ch), err
}

func (s *Users) save(ctx context.Context, r ports.Repos, who permission.Actor, u *directory.User, ch directory.UserChanges, fields []string) error {
	now, before, held := s.clock.Now(), s.digest(string(u.ID), u.Contents()), slices.Clone(u.Documents)
	u.Apply(ch, now)
	if len(u.Documents) > directory.MaxDocuments {
		return tooManyDocuments()
	}
	if err := r.Users.Save(ctx, u); err != nil {
		return err
	}
	if err := sweepGone(ctx, r, held, u, s.clock); err != nil {
		return err
	}
	if slices.Contains(fields, "active") && !u.Active {
		if err := revokeAll(ctx, r, u.ID, now); err != nil {
			return err
		}
	}
	if slices.Contains(fields, "user_npi") {
		if err := s.verify(ctx, r, string(u.ID), u.NPI); err != nil {
			return err
		}
	}
	if slices.Contains(fields, "last_login_dt") {
		if err := r.Users.SawLogin(ctx, u.ID, u.LastLoginAt); err != nil {
			return err
		}
	}
	entry := s.entry(who, permission.EditProfile, string(u.ID)).Changing(fields, before, s.digest(string(u.ID), u.Contents()))
	if slices.Contains(fields, "user_tier") {
		if err := s.reprice(ctx, r, u, &entry); err != nil {
			return err
		}
	}
	return r.Audit.Record(ctx, entry)
}

// reprice gives the user's cases below 15 the prices of his new tier and names those whose price
// differs in the audit entry. A case that was recorded at the same time is caught up by a task.
func (s *Users) reprice(ctx context.Context, r ports.Repos, u *directory.User, entry *audit.Entry) error {
	now := s.clock.Now()
	priced, err := ports.Reprice(ctx, r, ports.PricingSet{Owner: u.ID}, now)
	if err != nil {
		return err
	}
	for _, c := range priced {
		if c.Differs() {
			entry.Things = append(entry.Things, strconv.FormatInt(c.Number, 10))
		}
	}
	return r.Outbox.Put(ctx, ports.RepriceStale, string(u.ID), now)
}
