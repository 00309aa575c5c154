package contract

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

// Trail reads the audit trail back, in order. The ports cannot be asked for it until there is an
// audit log to show.
type Trail func(*testing.T, ports.Store) []audit.Entry

// Audit is the contract of ports.Audit and of Logged in ports.Store.
func Audit(t *testing.T, open func(*testing.T) ports.Store, trail Trail) {
	told := func(fn func(*world, func() []audit.Entry)) func(*world) {
		return func(w *world) { fn(w, func() []audit.Entry { return trail(w.t, w.store) }) }
	}
	sentences(t, open, []sentence{
		{"entries come back as recorded, in order", told(auditRoundTrip)},
		{"a rolled-back change leaves no entry", told(auditRollback)},
		{"nothing to record is no error", told(auditNothing)},
		{"thousands of entries can be recorded at once", told(auditMany)},
		{"what is logged is safe when Logged returns", told(loggedIsSafe)},
		{"fifty that log at once are all heard, in few commits", told(loggedTogether)},
		{"who stops waiting gets an answer at once, and others are not harmed", told(loggedCancelled)},
		{"logging waits for a writer and is not lost", told(loggedWhileWriting)},
	})
}

func auditEntry(id string) audit.Entry {
	who := permission.Actor{User: "ann", Type: 7, Credential: "header", Mode: "trusted", RequestID: "request-1", Address: "127.0.0.1"}
	return audit.Record(who, permission.EditCase, "case", id, given.Morning)
}

func recording(entries ...audit.Entry) work {
	return func(ctx context.Context, r ports.Repos) error { return r.Audit.Record(ctx, entries...) }
}

func auditRoundTrip(w *world, trail func() []audit.Entry) {
	changed := auditEntry("one").Changing([]string{"case_date", "user_id"}, []byte("before\x00"), []byte("after"))
	listed := auditEntry("two").Reading("1", "22", "333")
	turnedAway := auditEntry("three").Refusing(errChanged, "codes")
	turnedAway.At = given.Morning.Add(time.Microsecond)
	w.do(recording(changed, listed))
	w.do(recording(turnedAway))
	equal(w.t, "trail", trail(), []audit.Entry{changed, listed, turnedAway})
}

func auditRollback(w *world, trail func() []audit.Entry) {
	_ = w.try(func(ctx context.Context, r ports.Repos) error {
		if err := r.Audit.Record(ctx, auditEntry("never")); err != nil {
			return err
		}
		return errRefused
	})
	equal(w.t, "entries", len(trail()), 0)
}

func auditNothing(w *world, trail func() []audit.Entry) {
	w.do(recording())
	if err := w.store.Logged(w.ctx); err != nil {
		w.t.Error(err)
	}
	equal(w.t, "entries", len(trail()), 0)
}

func auditMany(w *world, trail func() []audit.Entry) {
	entries := make([]audit.Entry, 2500)
	for i := range entries {
		entries[i] = auditEntry(fmt.Sprint(i))
	}
	entries[0] = entries[0].Reading(strings.Split(strings.Repeat("1234567,", 20_000), ",")...)
	w.do(recording(entries...))
	for i, e := range trail() {
		equal(w.t, "id", e.EntityID, fmt.Sprint(i))
	}
	equal(w.t, "entries", len(trail()), 2500)
}

func loggedIsSafe(w *world, trail func() []audit.Entry) {
	for i := range 3 {
		if err := w.store.Logged(w.ctx, auditEntry(fmt.Sprint(i)).Reading()); err != nil {
			w.t.Fatal(err)
		}
		equal(w.t, "entries", len(trail()), i+1)
	}
}

func loggedTogether(w *world, trail func() []audit.Entry) {
	for range 3 {
		for _, err := range together(50, func(i int) error {
			return w.store.Logged(w.ctx, auditEntry(fmt.Sprint(i)), auditEntry(fmt.Sprint(i, " again")))
		}) {
			if err != nil {
				w.t.Errorf("unexpected: %v", err)
			}
		}
	}
	heard := map[string]int{}
	for _, e := range trail() {
		heard[e.EntityID]++
	}
	equal(w.t, "different entries", len(heard), 100)
	for id, times := range heard {
		equal(w.t, "times "+id, times, 3)
	}
}

func loggedCancelled(w *world, trail func() []audit.Entry) {
	ctx, cancel := context.WithCancel(w.ctx)
	w.do(func(context.Context, ports.Repos) error { // holds the only writer of SQLite
		go func() { time.Sleep(50 * time.Millisecond); cancel() }()
		err := w.store.Logged(ctx, auditEntry("impatient"))
		if err != nil && !errors.Is(err, context.Canceled) {
			w.t.Errorf("got %v, want context.Canceled", err)
		}
		return nil
	})
	if err := w.store.Logged(w.ctx, auditEntry("patient")); err != nil {
		w.t.Error(err)
	}
	got := trail()
	equal(w.t, "last entry", got[len(got)-1].EntityID, "patient")
}

func loggedWhileWriting(w *world, trail func() []audit.Entry) {
	logged := make(chan error, 1)
	w.do(func(ctx context.Context, r ports.Repos) error {
		if err := r.Audit.Record(ctx, auditEntry("writer")); err != nil {
			return err
		}
		go func() { logged <- w.store.Logged(w.ctx, auditEntry("reader")) }()
		time.Sleep(50 * time.Millisecond)
		return nil
	})
	if err := <-logged; err != nil {
		w.t.Error(err)
	}
	equal(w.t, "entries", len(trail()), 2)
}
