// Package cases holds everything that changes cases: recording, editing, deleting and moving them.
package cases

import (
	"context"
	"net/url"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Service changes cases.
type Service struct {
	store  ports.Store
	clock  ports.Clock
	ids    ports.IDs
	events ports.Events
	rules  pay.Rules
}

// New makes the service.
func New(store ports.Store, clock ports.Clock, ids ports.IDs, events ports.Events, rules pay.Rules) *Service {
	return &Service{store: store, clock: clock, ids: ids, events: events, rules: rules}
}

// Recorded is a case as it was created or changed.
type Recorded struct {
	Case      *surgical.Case
	Fields    []string         // what a change changed
	Submitted bool             // it moved from 0 to 1
	Price     *pay.Explanation // nil if it was not priced
}

// NewCase is what a provider asks to be recorded. Request is set when the client sent an
// Idempotency-Key.
type NewCase struct {
	surgical.Facts
	Request *ident.RequestKey
}

// Create records a case for a provider, prices it and submits it if it is complete.
//
// Faults: Forbidden "not_your_data"; Invalid with fields for an unknown owner, surgeon or facility;
// Conflict "case_exists" or "possible_duplicate".
func (s *Service) Create(ctx context.Context, who permission.Actor, in NewCase) (Recorded, error) {
	named := in.ID != ""
	if !named {
		in.ID = s.ids.CaseID()
	}
	if err := permission.Check(who, permission.CreateCase, in.Owner); err != nil {
		return Recorded{}, s.refused(ctx, who, permission.CreateCase, in.ID, err)
	}
	var done Recorded
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		now := s.clock.Now()
		done = Recorded{Case: surgical.New(in.Facts, s.ids.Key(), now)}
		owner, err := checkReferences(ctx, r, done.Case, references{owner: true, surgeon: true, facility: true})
		if err != nil {
			return err
		}
		if err = price(ctx, r, &done, owner, now); err != nil {
			return err
		}
		if err = refuseNewTwin(ctx, r, done.Case, named); err != nil {
			return err
		}
		moves := s.submit(&done, now)
		if err = r.Cases.Add(ctx, done.Case, moves...); err != nil {
			return beaten(err, twinExists)
		}
		if err = finish(ctx, r, in.Request, done.Case.ID); err != nil {
			return err
		}
		if err = findFiles(ctx, r, done.Case, len(in.Files) > 0, now); err != nil {
			return err
		}
		entry := audit.Record(who, permission.CreateCase, "case", string(in.ID), now)
		return r.Audit.Record(ctx, entry.Changing(nil, nil, digest(done.Case)))
	})
	s.happened(ctx, "case.created", who, err)
	return done, s.disclosed(ctx, who, err)
}

// Change is what a PATCH asks for. IfVersion is the version the client has seen, 0 if it does not
// care.
type Change struct {
	ID             ident.CaseID
	IfVersion      int64
	ForceDuplicate bool
	surgical.Changes
}

// Change edits a case. Values equal to the stored ones change nothing.
//
// Faults: NotFound; Forbidden; Invalid with fields; Conflict "case_locked" or
// "possible_duplicate"; Stale if the version is another one.
func (s *Service) Change(ctx context.Context, who permission.Actor, in Change) (Recorded, error) {
	var done Recorded
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		c, err := s.load(ctx, r, who, in.ID, in.IfVersion)
		if err != nil {
			return err
		}
		done = Recorded{Case: c}
		return s.apply(ctx, r, who, in, &done)
	})
	s.happened(ctx, "case.changed", who, err)
	return done, s.refused(ctx, who, permission.EditCase, in.ID, s.disclosed(ctx, who, err))
}

func (s *Service) apply(ctx context.Context, r ports.Repos, who permission.Actor, in Change, done *Recorded) error {
	c, now, before, oldOwner := done.Case, s.clock.Now(), digest(done.Case), done.Case.Owner
	changed, err := c.Apply(who, in.Changes, now)
	if err != nil {
		return err
	}
	if done.Fields = changed.Fields; len(changed.Fields) == 0 {
		return nil
	}
	owner, err := checkReferences(ctx, r, c, references{owner: c.Owner != oldOwner, surgeon: in.SurgeonID != nil, facility: in.FacilityID != nil})
	if err != nil {
		return err
	}
	if changed.Twin {
		c.DuplicateForced = in.ForceDuplicate
		if err := refuseTwin(ctx, r, c, true); err != nil {
			return err
		}
	}
	if changed.Reprice {
		if err := price(ctx, r, done, owner, now); err != nil {
			return err
		}
	}
	moves := append(changed.Moves, s.submit(done, now)...)
	if err := r.Cases.Save(ctx, c, moves...); err != nil {
		return beaten(err, twinExists)
	}
	if err := findFiles(ctx, r, c, len(in.Files) > 0, now); err != nil {
		return err
	}
	entry := audit.Record(who, permission.EditCase, "case", string(c.ID), now)
	return r.Audit.Record(ctx, entry.Changing(changed.Fields, before, digest(c)))
}

// findFiles has the store asked for the files that the client has named, after the commit.
func findFiles(ctx context.Context, r ports.Repos, c *surgical.Case, named bool, now time.Time) error {
	if !named || len(c.PendingFiles()) == 0 {
		return nil
	}
	return r.Outbox.Put(ctx, ports.FindFiles, string(c.ID), now)
}

// Delete removes a case from sight. Its id stays taken and its files stay.
//
// Faults: NotFound; Forbidden; Conflict "case_locked"; Stale.
func (s *Service) Delete(ctx context.Context, who permission.Actor, id ident.CaseID, ifVersion int64) (time.Time, error) {
	var at time.Time
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		c, err := s.load(ctx, r, who, id, ifVersion)
		if err != nil {
			return err
		}
		if err := c.MayDelete(who); err != nil {
			return err
		}
		at = s.clock.Now()
		before := digest(c)
		c.DeletedAt, c.DeletedBy, c.UpdatedAt = at, who.User, at
		if err := r.Cases.Save(ctx, c); err != nil {
			return err
		}
		entry := audit.Record(who, permission.DeleteCase, "case", string(id), at)
		return r.Audit.Record(ctx, entry.Changing([]string{"active"}, before, digest(c)))
	})
	s.happened(ctx, "case.deleted", who, err)
	return at, s.refused(ctx, who, permission.DeleteCase, id, err)
}

// Restore brings a deleted case back, as surgical.Case.Restore says. Below PendingPayment it is priced anew.
//
// Faults: Forbidden; NotFound if there is no deleted case; Conflict "possible_duplicate".
func (s *Service) Restore(ctx context.Context, who permission.Actor, id ident.CaseID, force bool) (Recorded, error) {
	if err := permission.Check(who, permission.RestoreCase, ""); err != nil {
		return Recorded{}, s.refused(ctx, who, permission.RestoreCase, id, err)
	}
	var done Recorded
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		c, err := r.Cases.GetDeleted(ctx, id)
		if err != nil {
			return err
		}
		now, before := s.clock.Now(), digest(c)
		done = Recorded{Case: c}
		moves := c.Restore(who, now)
		c.DuplicateForced, c.Unfolded = force, false // duplicates are looked for now
		if err := refuseTwin(ctx, r, c, true); err != nil {
			return err
		}
		if c.Status < surgical.PendingPayment {
			if err := price(ctx, r, &done, nil, now); err != nil {
				return err
			}
		}
		if err := r.Cases.Save(ctx, c, moves...); err != nil {
			return beaten(err, twinExists)
		}
		fields := []string{"active"}
		if len(moves) > 0 {
			fields = append(fields, "case_status")
		}
		entry := audit.Record(who, permission.RestoreCase, "case", string(id), now)
		return r.Audit.Record(ctx, entry.Changing(fields, before, digest(c)))
	})
	s.happened(ctx, "case.restored", who, err)
	return done, s.disclosed(ctx, who, err)
}

func (s *Service) load(ctx context.Context, r ports.Repos, who permission.Actor, id ident.CaseID, ifVersion int64) (*surgical.Case, error) {
	scope, err := permission.ScopeFor(who, permission.ReadCase)
	if err != nil {
		return nil, err
	}
	c, err := r.Cases.Get(ctx, id, scope)
	if err != nil {
		return nil, err
	}
	if ifVersion != 0 && ifVersion != c.Version {
		return nil, fault.New(fault.Stale, "version_mismatch", "The case has changed since you read it.").Naming("case_id", string(id))
	}
	return c, nil
}

func (s *Service) submit(done *Recorded, now time.Time) []surgical.Move {
	move, moved := done.Case.SubmitIfComplete(now)
	if done.Submitted = moved; !moved {
		return nil
	}
	return []surgical.Move{move}
}

func (s *Service) refused(ctx context.Context, who permission.Actor, action permission.Action, id ident.CaseID, err error) error {
	return ports.Refused(ctx, s.store, audit.Record(who, action, "case", string(id), s.clock.Now()), err)
}

func (s *Service) happened(ctx context.Context, name string, who permission.Actor, err error, values ...ports.Value) {
	values = append(values, ports.Value{Name: "actor", Text: string(who.User)})
	s.events.Happened(ctx, ports.Event{Name: name, Err: err, Values: values})
}

func digest(c *surgical.Case) []byte { return audit.Digest(c.DigestKey, c.Contents()...) }

func finish(ctx context.Context, r ports.Repos, key *ident.RequestKey, id ident.CaseID) error {
	if key == nil {
		return nil
	}
	return r.Requests.Finish(ctx, *key, ports.RequestOutcome{Status: 201, Location: "/case?case_id=" + url.QueryEscape(string(id)), EntityID: string(id)})
}
