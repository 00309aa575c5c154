package documents

import (
	"context"
	"fmt"

	"surgicase/domain/audit"
	"surgicase/domain/document"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Verifier checks that stored documents are what their rows say.
type Verifier struct {
	store  VerifiedStore
	blobs  ports.Blobs
	clock  ports.Clock
	events ports.Events
	budget int64
}

// VerifiedStore is a store that knows all objects.
type VerifiedStore interface {
	ports.Store
	ports.Archive
}

// NewVerifier makes the service. It reads about so many bytes in a run.
func NewVerifier(store VerifiedStore, blobs ports.Blobs, clock ports.Clock, events ports.Events, budget int64) *Verifier {
	return &Verifier{store: store, blobs: blobs, clock: clock, events: events, budget: budget}
}

// mostFailures is how many objects may be unreadable before the storage counts as away.
const mostFailures = 10

// verification counts what a run has found.
type verification struct {
	seen, deep, bytes          int64
	missing, damaged, failures int64
}

// Work compares the size of every stored document with its row, and the content of this week's share. What is damaged or missing
// is told as events, and is no fault of the run: the next try would find the same.
//
// Faults: Forbidden; Unavailable.
func (s *Verifier) Work(ctx context.Context, who permission.Actor) (string, error) {
	var done verification
	err := s.each(ctx, who, func(o ports.StoredObject, isDeep bool) error {
		done.count(o, isDeep)
		err := s.verify(ctx, o, isDeep, &done)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if done.failures++; done.failures > mostFailures {
			return err
		}
		return nil
	})
	return fmt.Sprintf("%d documents checked, %d of them read whole (%d MB), %d damaged, %d missing, %d unreadable", done.seen, done.deep, done.bytes>>20, done.damaged, done.missing, done.failures), err
}

// Preview counts what Work would read.
//
// Faults: Forbidden.
func (s *Verifier) Preview(ctx context.Context, who permission.Actor) (string, error) {
	var plan verification
	err := s.each(ctx, who, func(o ports.StoredObject, isDeep bool) error {
		plan.count(o, isDeep)
		return nil
	})
	return fmt.Sprintf("%d documents would be checked, %d of them read whole (%d MB)", plan.seen, plan.deep, plan.bytes>>20), err
}

func (v *verification) count(o ports.StoredObject, isDeep bool) {
	if v.seen++; isDeep {
		v.deep++
		v.bytes += o.Want.Size
	}
}

// each visits every object, and says whether it is to be read whole.
func (s *Verifier) each(ctx context.Context, who permission.Actor, visit func(o ports.StoredObject, isDeep bool) error) error {
	if err := permission.Check(who, permission.RunJobs, ""); err != nil {
		return ports.Refused(ctx, s.store, audit.Record(who, permission.RunJobs, "document", "", s.clock.Now()), err)
	}
	var total int64
	for o, err := range s.store.Objects(ctx) {
		if err != nil {
			return err
		}
		total += max(o.Want.Size, 0)
	}
	share := document.ShareOf(total, s.budget, ports.InstantOf(ctx, s.clock.Now()))
	for o, err := range s.store.Objects(ctx) {
		if err == nil {
			err = visit(o, len(o.Want.SHA256) > 0 && share.Includes(o.Key))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Verifier) verify(ctx context.Context, o ports.StoredObject, isDeep bool, done *verification) error {
	state, err := ports.CheckObject(ctx, s.blobs, o, isDeep)
	if err != nil || state == ports.ObjectSound {
		return err
	}
	if refers, err := s.store.Refers(ctx, o); err != nil || !refers {
		return err // it was removed or replaced meanwhile
	}
	event := ports.Event{Name: ports.DocumentDamaged, Err: document.Damaged(), Values: []ports.Value{{Name: "place", Text: o.Place()}}}
	if state == ports.ObjectMissing {
		event.Name, event.Err, event.Outcome = ports.DocumentMissing, nil, "document_not_found"
		done.missing++
	} else {
		done.damaged++
	}
	s.events.Happened(ctx, event)
	return nil
}
