package contract

import (
	"context"
	"testing"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/civil"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// Figures is the contract of ports.Figures.
func Figures(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"everything is zero in an empty store", noFigures},
		{"cases at 10 are held for the reason that counts first", figuresHeld},
		{"the ledger is the sum of its runs, and knows which are open", figuresLedger},
		{"callers are active users with an entry since", figuresCallers},
		{"what was made is counted since a time", figuresRecorded},
		{"a database is in use since its first entry", figuresBegun},
		{"what waits in the outbox keeps its age through failures", figuresBacklog},
		{"the seal lags by the oldest entry behind it", figuresSeal},
		{"each costs at most two statements", figuresCost},
	})
}

func (w *world) held(excluded ...ident.UserID) map[pay.HoldReason]int {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (map[pay.HoldReason]int, error) {
		return r.Figures.Held(ctx, excluded, civil.On(given.Morning))
	})
}

func (w *world) ledger() ports.LedgerState {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (ports.LedgerState, error) { return r.Figures.Ledger(ctx) })
}

func (w *world) callers(since time.Time) int {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (int, error) { return r.Figures.Callers(ctx, since) })
}

func (w *world) recorded(since time.Time) [2]int {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([2]int, error) {
		cases, users, err := r.Figures.Recorded(ctx, since)
		return [2]int{cases, users}, err
	})
}

func (w *world) begun() time.Time {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (time.Time, error) { return r.Figures.Begun(ctx) })
}

func (w *world) backlog() ports.Backlog {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (ports.Backlog, error) {
		return r.Figures.Backlog(ctx, w.clock.Now())
	})
}

func (w *world) sealState() ports.SealState {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (ports.SealState, error) { return r.Figures.Seal(ctx) })
}

func noFigures(w *world) {
	equal(w.t, "held", w.held(), map[pay.HoldReason]int{})
	equal(w.t, "ledger", w.ledger(), ports.LedgerState{})
	equal(w.t, "callers", w.callers(time.Time{}), 0)
	equal(w.t, "recorded", w.recorded(time.Time{}), [2]int{})
	equal(w.t, "begun", w.begun(), time.Time{})
	equal(w.t, "backlog", w.backlog(), ports.Backlog{})
	equal(w.t, "seal", w.sealState(), ports.SealState{})
}

func figuresHeld(w *world) {
	w.hire(permission.Provider, "ann", "load-test")
	nobody := given.User("nobody", permission.Provider)
	nobody.NPI = 0
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Users.Add(ctx, copied(nobody)) })
	at10 := func(id ident.CaseID, owner ident.UserID, status pay.Status) *surgical.Case {
		c := given.Case(id, owner)
		c.Status, c.Pay.Status = surgical.ReadyForBilling, status
		return c
	}
	draft := given.Case("draft", "nobody")
	w.record(at10("a", "ann", pay.Priced), at10("b", "ann", pay.Unpriced), at10("c", "ann", pay.Unpriced), at10("d", "nobody", pay.Priced),
		at10("e", "nobody", pay.NoCodes), at10("f", "load-test", pay.Priced), draft)
	w.delete("c")
	equal(w.t, "held", w.held("load-test"), map[pay.HoldReason]int{
		pay.HoldReason(pay.Unpriced): 1, pay.HeldNoNPI: 1, pay.HoldReason(pay.NoCodes): 1, pay.HeldExcluded: 1,
	})
}

func figuresLedger(w *world) {
	first, second := w.worth(3), w.worth(1)
	run, payments := w.openRun(pay.Weekly, first...)
	w.openRun(pay.Manual, second...)
	before := w.ledger()
	equal(w.t, "both open", before, ports.LedgerState{Runs: 2, OpenRuns: 2, OldestOpen: given.Morning, Open: run.Opened + 10_001})
	w.settle(payments[:2]...)
	equal(w.t, "settled in part", w.ledger().OpenRuns, 2)
	w.settle(payments[2])
	w.takeBack(pay.Reversal, payments[0])
	equal(w.t, "one settled", w.ledger(), ports.LedgerState{
		Runs: 2, OpenRuns: 1, OldestOpen: given.Morning, Open: 10_001, Settled: run.Opened, Reversed: payments[0].Amount,
	})
	w.takeBack(pay.Cancellation, w.paymentsOf(second...)...)
	equal(w.t, "none open", w.ledger(), ports.LedgerState{Runs: 2, Settled: run.Opened, Cancelled: 10_001, Reversed: payments[0].Amount})
}

func figuresCallers(w *world) {
	w.hire(permission.Provider, "ann", "bob", "gone")
	w.do(func(ctx context.Context, r ports.Repos) error {
		u, err := r.Users.Get(ctx, "gone")
		if err != nil {
			return err
		}
		u.Deactivate(given.Morning)
		return r.Users.Save(ctx, u)
	})
	for _, name := range []ident.UserID{"ann", "ann", "gone", "never-was"} {
		e := auditEntry("c-1")
		e.Actor, e.At = permission.Actor{User: name}, given.Morning
		w.do(recording(e))
	}
	equal(w.t, "since then", w.callers(given.Morning), 1)
	equal(w.t, "since later", w.callers(given.Morning.Add(time.Microsecond)), 0)
}

func figuresRecorded(w *world) {
	refusal := audit.Record(permission.Actor{User: "ann"}, permission.CreateCase, "case", "x", given.Morning)
	refusal.Outcome = audit.Refused
	early := audit.Record(permission.Actor{User: "ann"}, permission.CreateCase, "case", "y", given.Morning.Add(-time.Hour))
	w.do(recording(refusal, early,
		audit.Record(permission.Actor{User: "ann"}, permission.CreateCase, "case", "z", given.Morning),
		audit.Record(permission.Actor{User: "ann"}, permission.CreateUser, "user", "bob", given.Morning),
		audit.Record(permission.Actor{User: "ann"}, permission.ReadCase, "case", "z", given.Morning)))
	equal(w.t, "today", w.recorded(given.Morning), [2]int{1, 1})
	equal(w.t, "ever", w.recorded(time.Time{}), [2]int{2, 1})
}

func figuresBegun(w *world) {
	ann := permission.Actor{User: "ann"}
	w.do(recording(audit.Record(ann, permission.CreateUser, "user", "ann", given.Morning)))
	w.do(recording(audit.Record(ann, permission.ReadCase, "case", "z", given.Morning.Add(time.Hour)),
		audit.Record(ann, permission.ReadCase, "case", "z", given.Morning.Add(-time.Hour)))) // by a clock that was put back
	equal(w.t, "begun", w.begun(), given.Morning)
}

func figuresBacklog(w *world) {
	now := w.clock.Now()
	w.putTask("old", now.Add(-time.Hour))
	w.putTask("new", now.Add(-time.Minute))
	w.putTask("later", now.Add(time.Hour))
	equal(w.t, "backlog", w.backlog(), ports.Backlog{Waiting: 3, OldestDue: now.Add(-time.Hour)})
	old, second := w.due()[0], w.due()[1]
	w.do(func(ctx context.Context, r ports.Repos) error {
		return r.Outbox.Retry(ctx, old.ID, now.Add(time.Hour), "away")
	})
	equal(w.t, "backlog with a failure", w.backlog(), ports.Backlog{Waiting: 3, Failing: 1, OldestDue: now.Add(-time.Hour)})
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Outbox.Done(ctx, old.ID, now) })
	equal(w.t, "backlog without it", w.backlog(), ports.Backlog{Waiting: 2, OldestDue: now.Add(-time.Minute)})
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Outbox.Done(ctx, second.ID, now) })
	equal(w.t, "backlog of what is not due", w.backlog(), ports.Backlog{Waiting: 1})
}

func figuresSeal(w *world) {
	for i := range 3 {
		e := auditEntry("c-1")
		e.At = given.Morning.Add(time.Duration(i) * time.Minute)
		w.do(recording(e))
	}
	equal(w.t, "before the first seal", w.sealState(), ports.SealState{OldestUnsealed: given.Morning})
	entries, _ := w.waiting(0, 2)
	w.do(adding(w.seals(entries...)...))
	equal(w.t, "behind two", w.sealState(), ports.SealState{Sealed: 2, OldestUnsealed: given.Morning.Add(2 * time.Minute)})
	w.do(func(ctx context.Context, r ports.Repos) error {
		return r.Seals.AddCheckpoint(ctx, audit.Checkpoint{Seal: audit.Seal{Seq: 2, Entry: entries[1].ID, Hash: []byte("h")}, At: given.Morning, KeyID: "k", Signature: []byte("s")})
	})
	equal(w.t, "checkpoint", w.sealState().LastCheckpoint, given.Morning)
}

func figuresCost(w *world) {
	for name, ask := range map[string]work{
		"held": func(ctx context.Context, r ports.Repos) error {
			_, err := r.Figures.Held(ctx, nil, civil.Date{})
			return err
		},
		"ledger": func(ctx context.Context, r ports.Repos) error { _, err := r.Figures.Ledger(ctx); return err },
		"callers": func(ctx context.Context, r ports.Repos) error {
			_, err := r.Figures.Callers(ctx, given.Morning)
			return err
		},
		"recorded": func(ctx context.Context, r ports.Repos) error {
			_, _, err := r.Figures.Recorded(ctx, given.Morning)
			return err
		},
		"backlog": func(ctx context.Context, r ports.Repos) error {
			_, err := r.Figures.Backlog(ctx, given.Morning)
			return err
		},
		"begun": func(ctx context.Context, r ports.Repos) error { _, err := r.Figures.Begun(ctx); return err },
		"seal":  func(ctx context.Context, r ports.Repos) error { _, err := r.Figures.Seal(ctx); return err },
	} {
		if n := w.cost(ask); n > 2 {
			w.t.Errorf("%s costs %d statements", name, n)
		}
	}
}
