package operations

import (
	"context"
	"errors"
	"slices"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/dryrun"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Purging purges deleted cases by hand, before their time is over. It takes the same steps as the job, so that the job
// finds and completes what breaks off. Source: docs/rules.md, Delete and restore.
type Purging struct {
	retention *Retention
	events    ports.Events
}

// NewPurging makes the service.
func NewPurging(retention *Retention, events ports.Events) *Purging {
	return &Purging{retention: retention, events: events}
}

// CasePurge asks for one deleted case to be purged.
type CasePurge struct {
	ID     ident.CaseID
	Reason surgical.PurgeReason
}

// CasePurged is what went with a purged case, or would go. Payments and the audit log stay.
type CasePurged struct {
	ID      ident.CaseID
	Number  int64
	Rows    ports.PurgedRows
	Objects int   // in the storage; what was missing there does not count
	Bytes   int64 // of these objects
	Shared  int   // objects that stay, since other cases name them as well
}

// Purge purges a deleted case: objects first, then rows. If it breaks off in between, the case is out of reach already,
// and the next call or the job completes it.
//
// Faults: Forbidden "not_allowed", "own_case"; NotFound "case_not_found"; Conflict "case_not_deleted", "case_locked",
// "case_paid", "purge_running"; as storage and database.
func (p *Purging) Purge(ctx context.Context, who permission.Actor, in CasePurge) (CasePurged, error) {
	done, err := p.purge(ctx, who, in)
	p.events.Happened(ctx, ports.Event{Name: "case.purged", Err: err, Values: []ports.Value{
		{Name: "actor", Text: string(who.User)}, {Name: "reason", Text: string(in.Reason)},
	}})
	s := p.retention
	entry := audit.Record(who, permission.PurgeCase, "case", string(in.ID), s.clock.Now())
	return done, ports.Refused(ctx, s.store, entry, err)
}

func (p *Purging) purge(ctx context.Context, who permission.Actor, in CasePurge) (done CasePurged, err error) {
	if err := permission.Check(who, permission.PurgeCase, ""); err != nil {
		return done, err
	}
	s := p.retention
	turn := s.newPurgeTurn()
	defer turn.end(ctx)
	entry := func() audit.Entry {
		return audit.Record(who, permission.PurgeCase, "case", string(in.ID), s.clock.Now()).WithReason(string(in.Reason))
	}
	var going ports.PurgedCase
	err = turn.inTx(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		if going, err = condemnByHand(ctx, r, who, in); err != nil {
			return err
		}
		if dryrun.Is(ctx) { // rolled back: the rows are counted by what would really remove them
			if done.Rows, err = r.Keeping.Purge(ctx, []int64{going.Number}); err != nil {
				return err
			}
		}
		// If the job has to complete the purge, this entry alone tells who wanted it, and why.
		return r.Audit.Record(ctx, entry().Changing([]string{"active"}, nil, nil))
	})
	if err != nil {
		return done, err
	}
	done.ID, done.Number, done.Shared = going.ID, going.Number, going.Shared
	if done.Objects, done.Bytes, err = s.measure(ctx, going.Keys); err != nil || dryrun.Is(ctx) {
		return done, err
	}
	if err = s.removeObjects(ctx, going); err != nil {
		return done, err
	}
	err = turn.inTx(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		if done.Rows, err = r.Keeping.Purge(ctx, []int64{going.Number}); err != nil {
			return err
		}
		return r.Audit.Record(ctx, entry())
	})
	return done, err
}

// condemnByHand takes the case out of reach if it may be purged. A case that is condemned already was decided about
// when its purge began.
func condemnByHand(ctx context.Context, r ports.Repos, who permission.Actor, in CasePurge) (ports.PurgedCase, error) {
	version := int64(0)
	c, err := r.Cases.GetDeleted(ctx, in.ID)
	if errors.Is(err, fault.NotFound) {
		c, err = r.Cases.Get(ctx, in.ID, permission.Scope{All: true})
	}
	switch {
	case err == nil:
		if err := c.MayPurge(who, in.Reason); err != nil {
			return ports.PurgedCase{}, err
		}
		version = c.Version
	case !errors.Is(err, fault.NotFound):
		return ports.PurgedCase{}, err
	}
	return r.Keeping.CondemnCase(ctx, in.ID, version)
}

// measure counts the objects that there are, and their bytes.
func (s *Retention) measure(ctx context.Context, keys []string) (objects int, bytes int64, err error) {
	for _, key := range slices.Compact(slices.Sorted(slices.Values(keys))) { // two documents may be one object
		object, err := s.blobs.Stat(ctx, key)
		switch {
		case errors.Is(err, fault.NotFound):
			continue
		case err != nil:
			return 0, 0, err
		}
		objects, bytes = objects+1, bytes+object.Size
	}
	return objects, bytes, nil
}

// purgeTurn is the right to purge. One at a time has it: of two purges at once, each could leave an object that both
// their cases name to the other.
type purgeTurn struct {
	*Retention
	holder string
}

const (
	purgeLease     = "purge"
	purgeLeaseTime = time.Minute // how long nobody else purges after the last sign of life
	endTurnTimeout = 5 * time.Second
)

func (s *Retention) newPurgeTurn() purgeTurn { return purgeTurn{s, s.ids.Unique()} }

// inTx runs fn in a transaction that holds only while the turn does.
//
// Faults: Conflict "purge_running".
func (t purgeTurn) inTx(ctx context.Context, fn func(context.Context, ports.Repos) error) error {
	return t.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		now := t.clock.Now()
		_, err := r.Outbox.Lease(ctx, purgeLease, t.holder, now, now.Add(purgeLeaseTime))
		if fault.CodeOf(err) == "lease_held" {
			running := fault.New(fault.Conflict, "purge_running", "Another purge is running. Please try again in a minute.")
			running.RetryAfter = purgeLeaseTime
			return running
		}
		if err != nil {
			return err
		}
		return fn(ctx, r)
	})
}

// end lets the next have the turn. If that fails, the lease expires.
func (t purgeTurn) end(ctx context.Context) {
	if dryrun.Is(ctx) {
		return // it has taken none
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTurnTimeout)
	defer cancel()
	_ = t.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		now := t.clock.Now()
		_, err := r.Outbox.Lease(ctx, purgeLease, t.holder, now, now)
		return err
	})
}
