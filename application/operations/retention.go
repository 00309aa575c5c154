package operations

import (
	"context"
	"fmt"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Retention lets go of what was kept for long enough: deleted cases with their documents, and the small
// change of operation. Source: spec/decisions.md 3.6.
type Retention struct {
	store ports.Store
	blobs ports.Blobs
	clock ports.Clock
	ids   ports.IDs
	keep  time.Duration // how long a deleted case is kept
}

// KeepDeleted is how long deleted cases are kept.
type KeepDeleted time.Duration

// NewRetention makes the service.
func NewRetention(store ports.Store, blobs ports.Blobs, clock ports.Clock, ids ports.IDs, keep KeepDeleted) *Retention {
	return &Retention{store: store, blobs: blobs, clock: clock, ids: ids, keep: time.Duration(keep)}
}

// How long the small change of operation is kept, and how much of anything goes in one transaction.
const (
	keepRequests = 24 * time.Hour
	keepTasks    = 30 * 24 * time.Hour
	keepJobRuns  = 400 * 24 * time.Hour
	purgeBatch   = 50
	forgetBatch  = 500
)

// Work purges and forgets all that is due, some at a time, and says how much it was.
//
// Faults: Forbidden; Conflict "purge_running"; as storage and database.
func (s *Retention) Work(ctx context.Context, who permission.Actor) (string, error) {
	if err := permission.Check(who, permission.PurgeCase, ""); err != nil {
		return "", ports.Refused(ctx, s.store, audit.Record(who, permission.PurgeCase, "case", "", s.clock.Now()), err)
	}
	_, err := s.repeated(ctx, func(ctx context.Context, r ports.Repos) (int, error) { return r.Keeping.DigestKeys(ctx, forgetBatch) })
	if err != nil {
		return said(0, 0), err
	}
	purged, err := s.purgeAll(ctx, who)
	if err != nil {
		return said(purged, 0), err
	}
	forgotten, err := s.forgetAll(ctx)
	return said(purged, forgotten), err
}

func said(purged, forgotten int) string {
	return fmt.Sprintf("%d cases purged, %d rows forgotten", purged, forgotten)
}

// Preview counts the cases that Work would purge.
//
// Faults: Forbidden.
func (s *Retention) Preview(ctx context.Context, who permission.Actor) (string, error) {
	if err := permission.Check(who, permission.PurgeCase, ""); err != nil {
		return "", ports.Refused(ctx, s.store, audit.Record(who, permission.PurgeCase, "case", "", s.clock.Now()), err)
	}
	n, err := view(ctx, s.store, func(ctx context.Context, r ports.Repos) (int, error) {
		return r.Keeping.CountExpired(ctx, s.clock.Now().Add(-s.keep))
	})
	return fmt.Sprintf("%d cases would be purged", n), err
}

func (s *Retention) purgeAll(ctx context.Context, who permission.Actor) (int, error) {
	turn := s.newPurgeTurn()
	defer turn.end(ctx)
	total := 0
	for {
		n, err := s.purgeSome(ctx, turn, who)
		total += n
		if err != nil || n < purgeBatch {
			return total, err
		}
	}
}

// purgeSome takes cases out of reach, removes their objects, and then the rows that name them: whatever
// happens between, the next run finds what is left.
func (s *Retention) purgeSome(ctx context.Context, turn purgeTurn, who permission.Actor) (int, error) {
	var going []ports.PurgedCase
	err := turn.inTx(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		going, err = r.Keeping.Condemn(ctx, s.clock.Now().Add(-s.keep), purgeBatch)
		return err
	})
	if err != nil {
		return 0, err
	}
	numbers := make([]int64, len(going))
	for i, c := range going {
		numbers[i] = c.Number
		if err := s.removeObjects(ctx, c); err != nil {
			return 0, err
		}
	}
	err = turn.inTx(ctx, func(ctx context.Context, r ports.Repos) error {
		if _, err := r.Keeping.Purge(ctx, numbers); err != nil {
			return err
		}
		entries := make([]audit.Entry, len(going))
		for i, c := range going {
			entries[i] = audit.Record(who, permission.PurgeCase, "case", string(c.ID), s.clock.Now())
		}
		return r.Audit.Record(ctx, entries...)
	})
	return len(going), err
}

func (s *Retention) removeObjects(ctx context.Context, c ports.PurgedCase) error {
	for _, key := range c.Keys {
		if err := s.blobs.Remove(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

func (s *Retention) forgetAll(ctx context.Context) (int, error) {
	return s.repeated(ctx, func(ctx context.Context, r ports.Repos) (int, error) {
		now := s.clock.Now()
		return r.Keeping.Forget(ctx, now.Add(-keepRequests), now.Add(-keepTasks), now.Add(-keepJobRuns), forgetBatch)
	})
}

// repeated does something in a transaction each, until it finds nothing more to do.
func (s *Retention) repeated(ctx context.Context, some func(context.Context, ports.Repos) (int, error)) (int, error) {
	total := 0
	for {
		n := 0
		err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) (err error) {
			n, err = some(ctx, r)
			return err
		})
		total += n
		if err != nil || n == 0 {
			return total, err
		}
	}
}
