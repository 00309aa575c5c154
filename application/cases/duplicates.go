package cases

import (
	"context"
	"errors"
	"strconv"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/dryrun"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// DuplicateSearch makes digests anew that the program before has made, and marks the cases that turn out to be
// possible duplicates. How far it is stands in the cases themselves: it goes on wherever it was interrupted, and
// several instances may search at once. Source: docs/rules.md, Duplicate cases.
type DuplicateSearch struct {
	store   ports.Store
	clock   ports.Clock
	events  ports.Events
	started bool // looked at what servers of the version before have overwritten
}

// NewDuplicateSearch makes the search.
func NewDuplicateSearch(store ports.Store, clock ports.Clock, events ports.Events) *DuplicateSearch {
	return &DuplicateSearch{store: store, clock: clock, events: events}
}

// searchBatch is how many cases are read at once and, if nothing is to be marked, written in one statement.
const searchBatch = 200

// Work searches until there is nothing left. When there is nothing at all it costs one cheap query. Cases that cannot
// be decrypted stay as they are; runs hold them.
func (s *DuplicateSearch) Work(ctx context.Context) error {
	began := s.clock.Now()
	sum, err := s.pass(ctx, func(r ports.Repos) searchPage { return r.Duplicates.Unfolded })
	if err == nil && (!s.started || sum.looked > sum.unreadable) {
		// Where the program before still runs, it also saves cases that were looked at.
		var more searched
		more, err = s.pass(ctx, func(r ports.Repos) searchPage { return r.Duplicates.Overwritten })
		sum.add(more)
		s.started = err == nil
	}
	if err != nil || sum.looked > sum.unreadable {
		count := func(n int) string { return strconv.Itoa(n) }
		s.events.Happened(ctx, ports.Event{Name: "duplicates.searched", Err: err, Took: s.clock.Now().Sub(began), Values: []ports.Value{
			{Name: "cases", Text: count(sum.looked)}, {Name: "marked", Text: count(sum.marked)}, {Name: "unreadable", Text: count(sum.unreadable)},
		}})
	}
	return err
}

type searched struct{ looked, marked, unreadable int }

func (s *searched) add(more searched) {
	s.looked, s.marked, s.unreadable = s.looked+more.looked, s.marked+more.marked, s.unreadable+more.unreadable
}

type searchPage func(ctx context.Context, after int64, limit int) ([]*surgical.Case, error)

// pass goes once through cases. It reads outside the transactions that write: others wait for few rows only.
func (s *DuplicateSearch) pass(ctx context.Context, of func(ports.Repos) searchPage) (sum searched, err error) {
	for after := int64(0); ; {
		began := s.clock.Now()
		var found []*surgical.Case
		err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
			found, err = of(r)(ctx, after, searchBatch)
			return err
		})
		if err != nil || len(found) == 0 {
			return sum, err
		}
		done, err := s.batch(ctx, found)
		if sum.add(done); err != nil {
			return sum, err
		}
		after = found[len(found)-1].Number
		if len(found) < searchBatch {
			return sum, nil
		}
		if err := pause(ctx, s.clock.Now().Sub(began)); err != nil {
			return sum, err
		}
	}
}

// pause rests as long as the last batch took, so that others who write get their turn.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// batch makes digests anew. Most stay what they were, and their cases meet no others by it.
func (s *DuplicateSearch) batch(ctx context.Context, found []*surgical.Case) (done searched, err error) {
	done.looked = len(found)
	var same []*surgical.Case
	for _, c := range found {
		switch {
		case c.Owner == "":
			done.unreadable++
		case c.DuplicateText().Equal(c.FormerDuplicateText()):
			same = append(same, c)
		default:
			marked, err := s.refold(ctx, c)
			if done.marked += marked; err != nil {
				return done, err
			}
		}
	}
	if len(same) == 0 {
		return done, nil
	}
	return done, s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error { return r.Duplicates.Affirm(ctx, same) })
}

// refold makes the digest of a case anew and marks the case and those that it meets, in one transaction.
func (s *DuplicateSearch) refold(ctx context.Context, c *surgical.Case) (marked int, err error) {
	err = s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		marked = 0
		present, others, err := s.meeting(ctx, r, c)
		if err != nil || present == nil {
			return err
		}
		found := surgical.FindDuplicates(present, others)
		if err := r.Duplicates.Refold(ctx, present, found); err != nil {
			return err
		}
		marked = len(found)
		var entries []audit.Entry
		for _, each := range found {
			entry := audit.Record(permission.System("job"), permission.EditCase, "case", string(each.ID), s.clock.Now())
			entries = append(entries, entry.Changing([]string{"duplicate_found"}, nil, nil))
		}
		return r.Audit.Record(ctx, entries...)
	})
	if fault.CodeOf(err) == ports.ChangedMeanwhile {
		return 0, nil // somebody is at it; the next search comes back
	}
	return marked, err
}

// meeting reads a case again, in the transaction that writes, with the cases that it meets. Nil if it is not to be
// looked at any more.
func (s *DuplicateSearch) meeting(ctx context.Context, r ports.Repos, c *surgical.Case) (*surgical.Case, []*surgical.Case, error) {
	get := func(ctx context.Context) (*surgical.Case, error) {
		return r.Cases.Get(ctx, c.ID, permission.Scope{All: true})
	}
	if !c.DeletedAt.IsZero() {
		get = func(ctx context.Context) (*surgical.Case, error) { return r.Cases.GetDeleted(ctx, c.ID) }
	}
	present, err := get(ctx)
	switch {
	case errors.Is(err, fault.NotFound):
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	case !present.Unfolded:
		return nil, nil, nil
	case !present.DeletedAt.IsZero() && present.Payment != surgical.PaymentSettled:
		return present, nil, nil // it counts for nobody unless it is restored, which looks again
	}
	others, err := r.Duplicates.Meeting(ctx, present)
	for _, other := range others {
		if other.Owner == "" {
			return nil, nil, nil // it cannot be decrypted: nothing can be said of either
		}
	}
	return present, others, err
}

// Confirmed is what a confirmation of possible duplicates did, or would do.
type Confirmed struct {
	Cases      []surgical.Standing
	Exceptions []Exception
}

// Confirmation asks for possible duplicates to be confirmed as operations of their own.
type Confirmation struct {
	IDs    []ident.CaseID
	Reason string
}

// ConfirmDuplicates lets cases be paid that were found to be possible duplicates. What cannot be confirmed becomes an
// exception, and the others are confirmed all the same.
//
// Faults: Forbidden; Invalid without a reason.
func (s *Service) ConfirmDuplicates(ctx context.Context, who permission.Actor, in Confirmation) (Confirmed, error) {
	if err := permission.Check(who, permission.ConfirmDuplicate, ""); err != nil {
		return Confirmed{}, s.refused(ctx, who, permission.ConfirmDuplicate, "", err)
	}
	if in.Reason == "" {
		return Confirmed{}, fault.InvalidField("body.reason", "must not be empty")
	}
	var done Confirmed
	var seen []string
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		approval := surgical.Approval{By: who.User, At: s.clock.Now(), Reason: in.Reason}
		standings, err := r.CaseSets.Standings(ctx, in.IDs)
		if err != nil {
			return err
		}
		seen = nil
		for _, c := range standings {
			seen = append(seen, strconv.FormatInt(c.Number, 10))
		}
		var entries []audit.Entry
		done, entries = confirm(who, unique(in.IDs), standings, approval)
		if err := r.Duplicates.Confirm(ctx, done.Cases, approval); err != nil {
			return err
		}
		return r.Audit.Record(ctx, entries...)
	})
	s.happened(ctx, "case.duplicate_confirmed", who, err)
	if err != nil || !dryrun.Is(ctx) {
		return done, err
	}
	entry := audit.Record(who, permission.ConfirmDuplicate, "cases", "", s.clock.Now())
	return done, s.store.Logged(ctx, entry.ReadingAll(seen)...)
}

// confirm decides for every case, with the audit entries of what was confirmed or not allowed.
func confirm(who permission.Actor, ids []ident.CaseID, standings []surgical.Standing, a surgical.Approval) (Confirmed, []audit.Entry) {
	done := Confirmed{Cases: []surgical.Standing{}, Exceptions: []Exception{}}
	var entries []audit.Entry
	found := make(map[ident.CaseID]surgical.Standing, len(standings))
	for _, c := range standings {
		found[c.ID] = c
	}
	for _, id := range ids {
		c, known := found[id]
		if !known {
			done.Exceptions = append(done.Exceptions, Exception{ID: id, Code: "case_not_found", Reason: "Case not found or inactive"})
			continue
		}
		entry := audit.Record(who, permission.ConfirmDuplicate, "case", string(id), a.At)
		err := c.ConfirmDuplicate(who)
		if err == nil {
			done.Cases = append(done.Cases, c)
			entries = append(entries, entry.Changing([]string{"duplicate_found"}, nil, nil))
			continue
		}
		status := c.Status
		e := Exception{ID: id, Status: &status, Code: fault.CodeOf(err)}
		var f *fault.Error
		if errors.As(err, &f) {
			e.Reason = f.Safe
		}
		done.Exceptions = append(done.Exceptions, e)
		if errors.Is(err, fault.Forbidden) {
			entries = append(entries, entry.Refusing(err, "duplicate_found"))
		}
	}
	return done, entries
}
