package contract

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/ports"
	"surgicase/test/given"
)

// Seals is the contract of ports.Seals.
func Seals(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"an empty trail has no seals, no checkpoints and no links", emptyTrail},
		{"entries wait for a seal from their commit on, as they were recorded", waitingEntries},
		{"only entries above the id asked for come, as many as asked for", waitingPages},
		{"a sealed entry does not come again, one that was passed over does", waitingBelow},
		{"a rolled-back entry leaves a gap at most, and the trail verifies", waitingRollback},
		{"looking when nothing is new costs one statement", waitingCost},
		{"the last seal is the one with the highest number", lastSeal},
		{"a number is given once, an entry sealed once, and nothing of a refused lot stays", sealedOnce},
		{"of twenty sealers with the same number one wins", sealRace},
		{"a thousand seals take few statements", sealCost},
		{"links come by number, then those without a seal by id", linkOrder},
		{"who has seen enough links may stop", linksStop},
		{"what is missing and what is empty stay apart", missingAndEmpty},
		{"checkpoints come back as they were made, by seal and time", checkpoints},
	})
}

func (w *world) waiting(after int64, limit int) ([]audit.Stored, int64) {
	w.t.Helper()
	var through int64
	entries := read(w, func(ctx context.Context, r ports.Repos) (entries []audit.Stored, err error) {
		entries, through, err = r.Seals.Unsealed(ctx, after, limit)
		return entries, err
	})
	return entries, through
}

func (w *world) last() audit.Seal {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (audit.Seal, error) { return r.Seals.Last(ctx) })
}

func (w *world) links() []audit.Link {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (links []audit.Link, err error) {
		for l, err := range r.Seals.Links(ctx) {
			if err != nil {
				return nil, err
			}
			links = append(links, l)
		}
		return links, nil
	})
}

func adding(seals ...audit.Seal) work {
	return func(ctx context.Context, r ports.Repos) error { return r.Seals.Add(ctx, seals) }
}

// seals chains entries to what is sealed already, without storing it.
func (w *world) seals(entries ...audit.Stored) []audit.Seal {
	w.t.Helper()
	chain := audit.NewChain(w.last())
	var seals []audit.Seal
	for i := range entries {
		seals = append(seals, chain.Seal(&entries[i]))
	}
	return seals
}

// sealAll seals everything that waits.
func (w *world) sealAll() []audit.Seal {
	w.t.Helper()
	entries, _ := w.waiting(0, 10_000)
	seals := w.seals(entries...)
	w.do(adding(seals...))
	return seals
}

// verifies demands a sound trail.
func (w *world) verifies(at time.Time) audit.Report {
	w.t.Helper()
	v, err := audit.NewVerifier(at, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, l := range w.links() {
		if err := v.Next(l); err != nil {
			w.t.Fatal(err)
		}
	}
	report, err := v.End()
	if err != nil {
		w.t.Fatal(err)
	}
	return report
}

func numbered(n int) []audit.Entry {
	entries := make([]audit.Entry, n)
	for i := range entries {
		entries[i] = auditEntry(fmt.Sprint(i))
		entries[i].At = given.Morning.Add(time.Duration(i) * time.Millisecond)
	}
	return entries
}

func emptyTrail(w *world) {
	equal(w.t, "last", w.last(), audit.Seal{})
	entries, through := w.waiting(0, 10)
	isEmpty(w.t, "waiting", entries)
	equal(w.t, "through", through, 0)
	equal(w.t, "links", len(w.links()), 0)
	isEmpty(w.t, "checkpoints", read(w, func(ctx context.Context, r ports.Repos) ([]audit.Checkpoint, error) {
		return r.Seals.Checkpoints(ctx, 0)
	}))
	w.do(adding())
}

func waitingEntries(w *world) {
	changed := auditEntry("one").Changing([]string{"case_date", "user_id"}, []byte("before\x00"), nil)
	listed := auditEntry("two — é").Reading("1", "22", "333")
	listed.At = given.Morning.Add(time.Microsecond)
	w.do(recording(changed, listed))
	entries, through := w.waiting(0, 10)
	equal(w.t, "entries", entries, []audit.Stored{{ID: entries[0].ID, Entry: changed}, {ID: entries[1].ID, Entry: listed}})
	equal(w.t, "through", through, entries[1].ID)
}

func waitingPages(w *world) {
	w.do(recording(numbered(5)...))
	all, _ := w.waiting(0, 10)
	some, through := w.waiting(0, 2)
	equal(w.t, "page", some, all[:2])
	equal(w.t, "through", through, all[1].ID)
	rest, through := w.waiting(through, 10)
	equal(w.t, "rest", rest, all[2:])
	none, through := w.waiting(through, 10)
	isEmpty(w.t, "beyond the end", none)
	equal(w.t, "through", through, all[4].ID)
}

func waitingBelow(w *world) {
	w.do(recording(numbered(4)...))
	all, _ := w.waiting(0, 10)
	w.do(adding(w.seals(all[1], all[3])...))
	left, through := w.waiting(0, 10)
	equal(w.t, "left", left, []audit.Stored{all[0], all[2]})
	equal(w.t, "through", through, all[3].ID)
	w.do(adding(w.seals(left...)...))
	report := w.verifies(w.clock.Now())
	equal(w.t, "sealed", report.Last.Seq, 4)
}

func waitingRollback(w *world) {
	w.do(recording(numbered(2)...))
	_ = w.try(func(ctx context.Context, r ports.Repos) error {
		if err := r.Audit.Record(ctx, numbered(3)...); err != nil {
			return err
		}
		return errRefused
	})
	w.sealAll()
	w.do(recording(numbered(2)...))
	w.sealAll()
	equal(w.t, "sealed", w.verifies(w.clock.Now()).Last.Seq, 4)
}

func waitingCost(w *world) {
	w.do(recording(numbered(3)...))
	_, through := w.waiting(0, 10)
	equal(w.t, "statements", w.cost(func(ctx context.Context, r ports.Repos) error {
		_, _, err := r.Seals.Unsealed(ctx, through, 1000)
		return err
	}), 1)
}

func lastSeal(w *world) {
	w.do(recording(numbered(3)...))
	seals := w.sealAll()
	equal(w.t, "last", w.last(), seals[2])
}

func sealedOnce(w *world) {
	w.do(recording(numbered(4)...))
	all, _ := w.waiting(0, 10)
	first := w.seals(all[0], all[1])
	w.do(adding(first...))
	next := w.seals(all[2], all[3])
	refused(w.t, w.try(adding(next[0], first[1])), fault.Conflict, "sealed_meanwhile")
	twice := next[1]
	twice.Entry = first[0].Entry
	refused(w.t, w.try(adding(next[0], twice)), fault.Conflict, "sealed_meanwhile")
	equal(w.t, "last", w.last(), first[1])
	w.do(adding(next...))
	w.verifies(w.clock.Now())
}

func sealRace(w *world) {
	w.do(recording(numbered(30)...))
	all, _ := w.waiting(0, 30)
	for round := range 3 {
		seals := w.seals(all[10*round : 10*round+10]...)
		oneWins(w.t, together(20, func(int) error { return w.try(adding(seals...)) }), fault.Conflict, "sealed_meanwhile")
	}
	equal(w.t, "sealed", w.verifies(w.clock.Now()).Last.Seq, 30)
}

func sealCost(w *world) {
	w.do(recording(numbered(1023)...))
	all, _ := w.waiting(0, 2000)
	seals := w.seals(all...)
	if n := w.costOf(adding(seals...)); n > 12 {
		w.t.Errorf("%d statements", n)
	}
	equal(w.t, "sealed", w.verifies(w.clock.Now()).Last.Seq, 1023)
}

func linkOrder(w *world) {
	w.do(recording(numbered(5)...))
	all, _ := w.waiting(0, 10)
	seals := w.seals(all[3], all[0])
	w.do(adding(seals...))
	equal(w.t, "links", w.links(), []audit.Link{
		{Sealed: true, Seal: seals[0], Entry: &all[3]}, {Sealed: true, Seal: seals[1], Entry: &all[0]}, {Entry: &all[1]}, {Entry: &all[2]}, {Entry: &all[4]},
	})
	equal(w.t, "waiting", w.verifies(w.clock.Now()).Unsealed, 3)
}

func linksStop(w *world) {
	w.do(recording(numbered(20)...))
	w.sealAll()
	w.do(func(ctx context.Context, r ports.Repos) error {
		for l, err := range r.Seals.Links(ctx) {
			if err != nil || l.Seal.Seq == 3 {
				return err
			}
		}
		return errRefused
	})
	w.do(func(ctx context.Context, r ports.Repos) error { // the transaction is still good for something
		for range r.Seals.Links(ctx) {
			break
		}
		return r.Audit.Record(ctx, auditEntry("more"))
	})
	equal(w.t, "links", len(w.links()), 21)
}

func missingAndEmpty(w *world) {
	empty := auditEntry("empty").Changing(nil, []byte{}, []byte{})
	w.do(recording(empty, auditEntry("missing")))
	entries, _ := w.waiting(0, 2)
	if e := entries[0]; e.Before == nil || e.After == nil || len(e.Before)+len(e.After) > 0 {
		w.t.Errorf("empty digests are %#v and %#v", e.Before, e.After)
	}
	if e := entries[1]; e.Before != nil || e.After != nil || e.Things != nil || e.Fields != nil {
		w.t.Errorf("missing values are %#v, %#v, %#v, %#v", e.Before, e.After, e.Things, e.Fields)
	}
}

func checkpoints(w *world) {
	signer, err := audit.NewSigner(make([]byte, audit.SeedLength))
	if err != nil {
		w.t.Fatal(err)
	}
	w.do(recording(numbered(3)...))
	seals := w.sealAll()
	made := []audit.Checkpoint{
		signer.Checkpoint(seals[0], given.Morning), signer.Checkpoint(seals[2], given.Morning), signer.Checkpoint(seals[2], given.Morning.Add(time.Microsecond)),
	}
	for _, c := range slices.Backward(made) {
		w.do(func(ctx context.Context, r ports.Repos) error { return r.Seals.AddCheckpoint(ctx, c) })
	}
	from := func(seq int64) []audit.Checkpoint {
		return read(w, func(ctx context.Context, r ports.Repos) ([]audit.Checkpoint, error) {
			return r.Seals.Checkpoints(ctx, seq)
		})
	}
	equal(w.t, "all", from(0), made)
	equal(w.t, "from 2", from(2), made[1:])
	isEmpty(w.t, "from 4", from(4))
	refused(w.t, w.try(func(ctx context.Context, r ports.Repos) error { return r.Seals.AddCheckpoint(ctx, made[0]) }), fault.Conflict, "checkpoint_exists")
}

// LayTrail records entries, seals them and makes a checkpoint.
func LayTrail(t *testing.T, store ports.Store, n int, signer audit.Signer) {
	t.Helper()
	w := begin(t, func(*testing.T) ports.Store { return store })
	w.do(recording(numbered(n)...))
	seals := w.sealAll()
	w.do(func(ctx context.Context, r ports.Repos) error {
		return r.Seals.AddCheckpoint(ctx, signer.Checkpoint(seals[len(seals)-1], w.clock.Now()))
	})
}
