package contract

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"surgicase/domain/audit"
	"surgicase/domain/directory"
	"surgicase/domain/dryrun"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

// Store is the contract of ports.Store, but for Logged, which is under Audit.
func Store(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"a transaction commits when fn returns nil", commits},
		{"a transaction reads its own writes", readsItsOwnWrites},
		{"an error rolls everything back", rollsBackOnError},
		{"a panic rolls back and goes on up", rollsBackOnPanic},
		{"a dry run does all and keeps nothing but that it was asked", dryRunKeepsNothing},
		{"a dry run fails as the work would", dryRunFails},
		{"fn runs again after a lost race", runsAgain},
		{"a race that is lost every time is a Conflict in the end", givesUp},
		{"other faults are not tried again", noSecondTry},
		{"twenty transactions at once all get their turn", takesTurns},
		{"two that read and then write the same do not lose an update", losesNoUpdate},
		{"a view sees one snapshot and waits for nobody", seesOneSnapshot},
		{"a view does not write", viewDoesNotWrite},
		{"a client that has gone stops a transaction", stopsWhenCancelled},
		{"a client that goes in the middle leaves nothing behind", stopsInTheMiddle},
	})
}

var errRefused = errors.New("refused")

func addUser(id ident.UserID) work {
	return func(ctx context.Context, r ports.Repos) error { return r.Users.Add(ctx, given.User(id, 1)) }
}

func (w *world) noUser(id ident.UserID) {
	w.t.Helper()
	_, err := attempt(w, func(ctx context.Context, r ports.Repos) (*directory.User, error) { return r.Users.Get(ctx, id) })
	refused(w.t, err, fault.NotFound, "user_not_found")
}

func commits(w *world) {
	w.do(addUser("ann"))
	w.userNamed("ann")
}

func readsItsOwnWrites(w *world) {
	w.do(func(ctx context.Context, r ports.Repos) error {
		if err := r.Users.Add(ctx, given.User("ann", 1)); err != nil {
			return err
		}
		_, err := r.Users.Get(ctx, "ann")
		return err
	})
}

func rollsBackOnError(w *world) {
	err := w.try(func(ctx context.Context, r ports.Repos) error {
		return errors.Join(r.Users.Add(ctx, given.User("ann", 1)), errRefused)
	})
	if !errors.Is(err, errRefused) {
		w.t.Errorf("got %v, want the error of fn", err)
	}
	w.noUser("ann")
}

func dryRunKeepsNothing(w *world) {
	done := audit.Record(permission.System("test"), permission.CreateUser, "user", "ann", w.clock.Now()).Changing([]string{"user_id"}, nil, []byte{1})
	refusal := done.Refusing(permission.NotYourData())
	ctx, dry := dryrun.Start(w.ctx)
	ran := 0
	err := w.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		if ran++; ran == 1 { // what a first try recorded does not count
			return errors.Join(r.Audit.Record(ctx, done), ports.RunAgain(nil))
		}
		if err := r.Users.Add(ctx, given.User("ann", 1)); err != nil {
			return err
		}
		if _, err := r.Users.Get(ctx, "ann"); err != nil {
			return err
		}
		return r.Audit.Record(ctx, done, refusal)
	})
	if err != nil || ran != 2 {
		w.t.Fatalf("ran %d times, then %v", ran, err)
	}
	w.noUser("ann")
	if len(dry.Entries) != 2 || len(dry.Changes()) != 1 || dry.Changes()[0].EntityID != "ann" {
		w.t.Errorf("collected %v", dry.Entries)
	}
	page := read(w, func(ctx context.Context, r ports.Repos) (audit.Page, error) {
		return r.Audit.List(ctx, audit.Query{Limit: 10})
	})
	if len(page.Entries) != 2 {
		w.t.Fatalf("the audit log has %d entries, want 2", len(page.Entries))
	}
	for _, e := range page.Entries {
		if e.Outcome != audit.DryRun && e.Outcome != audit.Refused || e.After != nil && e.Outcome == audit.DryRun {
			w.t.Errorf("a dry run left %+v", e.Entry)
		}
	}
}

func dryRunFails(w *world) {
	ctx, dry := dryrun.Start(w.ctx)
	err := w.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		return errors.Join(r.Users.Add(ctx, given.User("ann", 1)), errRefused)
	})
	if !errors.Is(err, errRefused) || len(dry.Entries) != 0 {
		w.t.Errorf("got %v and %v, want the error of fn and nothing", err, dry.Entries)
	}
	w.noUser("ann")
}

func rollsBackOnPanic(w *world) {
	func() {
		defer func() {
			if got := recover(); got != "boom" {
				w.t.Errorf("recovered %v, want boom", got)
			}
		}()
		_ = w.try(func(ctx context.Context, r ports.Repos) error {
			if err := r.Users.Add(ctx, given.User("ann", 1)); err != nil {
				return err
			}
			panic("boom")
		})
	}()
	w.noUser("ann")
	w.do(addUser("bob")) // the connection is free again
}

var errChanged = fault.New(fault.Conflict, "changed_meanwhile", "Somebody else was faster.")

func runsAgain(w *world) {
	runs := 0
	w.do(func(ctx context.Context, r ports.Repos) error {
		if err := r.Users.Add(ctx, given.User("ann", 1)); err != nil {
			return err
		}
		if runs++; runs < 3 {
			return errChanged
		}
		return nil
	})
	equal(w.t, "runs", runs, 3)
	w.userNamed("ann")
}

func givesUp(w *world) {
	err := w.try(func(ctx context.Context, r ports.Repos) error {
		if err := r.Users.Add(ctx, given.User("ann", 1)); err != nil {
			return err
		}
		return errChanged
	})
	refused(w.t, err, fault.Conflict, "changed_meanwhile")
	w.noUser("ann")
}

func noSecondTry(w *world) {
	runs := 0
	err := w.try(func(context.Context, ports.Repos) error {
		runs++
		return fault.New(fault.Conflict, "case_locked", "Locked.")
	})
	refused(w.t, err, fault.Conflict, "case_locked")
	equal(w.t, "runs", runs, 1)
}

func takesTurns(w *world) {
	for i, err := range together(20, func(i int) error { return w.try(addUser(ident.UserID(fmt.Sprintf("user-%d", i)))) }) {
		if err != nil {
			w.t.Errorf("transaction %d: %v", i, err)
		}
	}
	for i := range 20 {
		w.userNamed(ident.UserID(fmt.Sprintf("user-%d", i)))
	}
}

func losesNoUpdate(w *world) {
	w.hire(1, "ann")
	for _, err := range together(20, func(int) error {
		return w.try(func(ctx context.Context, r ports.Repos) error {
			u, err := r.Users.Get(ctx, "ann")
			if err != nil {
				return err
			}
			u.MessagePref++
			return r.Users.Save(ctx, u)
		})
	}) {
		if err != nil {
			w.t.Errorf("unexpected: %v", err)
		}
	}
	equal(w.t, "updates", w.userNamed("ann").MessagePref, given.User("ann", 1).MessagePref+20)
}

func seesOneSnapshot(w *world) {
	w.hire(1, "ann")
	err := w.store.View(w.ctx, func(ctx context.Context, r ports.Repos) error {
		before, err := r.Users.GetForUse(ctx, "ann")
		if err != nil {
			return err
		}
		w.do(func(ctx context.Context, r ports.Repos) error {
			u, err := r.Users.Get(ctx, "ann")
			if err != nil {
				return err
			}
			u.First = "Changed"
			return r.Users.Save(ctx, u)
		})
		after, err := r.Users.GetForUse(ctx, "ann")
		if err != nil {
			return err
		}
		equal(w.t, "second look", after, before)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	equal(w.t, "after the view", w.userNamed("ann").First, "Changed")
}

func viewDoesNotWrite(w *world) {
	if err := w.store.View(w.ctx, addUser("ann")); err == nil {
		w.t.Error("a view wrote")
	}
	w.noUser("ann")
}

func stopsWhenCancelled(w *world) {
	ctx, cancel := context.WithCancel(w.ctx)
	cancel()
	if err := w.store.InTx(ctx, addUser("ann")); !errors.Is(err, context.Canceled) {
		w.t.Errorf("got %v, want context.Canceled", err)
	}
	if err := w.store.View(ctx, func(context.Context, ports.Repos) error { return nil }); !errors.Is(err, context.Canceled) {
		w.t.Errorf("got %v, want context.Canceled", err)
	}
	w.noUser("ann")
}

// Every kind of query meets the cancelled context: none may panic.
func stopsInTheMiddle(w *world) {
	questions := []work{
		func(ctx context.Context, r ports.Repos) error { _, err := r.Users.Actor(ctx, "ann"); return err },
		func(ctx context.Context, r ports.Repos) error { _, err := r.Users.Get(ctx, "ann"); return err },
		func(ctx context.Context, r ports.Repos) error {
			_, err := r.Cases.Get(ctx, "c", everything)
			return err
		},
		func(ctx context.Context, r ports.Repos) error { _, err := r.Lists.Statuses(ctx); return err },
	}
	for i, ask := range questions {
		ctx, cancel := context.WithCancel(w.ctx)
		err := w.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
			if err := r.Users.Add(ctx, given.User("ann", 1)); err != nil {
				return err
			}
			cancel()
			return ask(ctx, r)
		})
		if !errors.Is(err, context.Canceled) {
			w.t.Errorf("question %d: got %v, want context.Canceled", i, err)
		}
	}
	w.noUser("ann")
}
