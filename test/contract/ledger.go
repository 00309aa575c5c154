package contract

import (
	"context"
	"slices"
	"testing"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// Ledger is the contract of ports.Ledger, and of what ports.Runs stores for it.
func Ledger(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"an empty ledger gives empty lists, not nil", emptyLedger},
		{"runs come newest first, page by page", listsRuns},
		{"a run is open while one of its payments is", findsOpenRuns},
		{"lines are the payments of a run with the names behind their ids, and what the run carries back", linesOfRun},
		{"lines come by provider, date and number, and can be narrowed down", narrowsLines},
		{"open lines are the open payments of all runs", openLines},
		{"of an import run only what was settled here and reversed is carried", importsAreNotCarried},
		{"held cases come back as noted, in order of number", heldCases},
		{"the cases of a run are those whose payment stands, deleted ones too", casesOfRun},
		{"a deleted case moves if it is said to be deleted, and only then", movesDeleted},
		{"every question takes one statement, for 1 and for 700 payments", ledgerCost},
	})
}

func (w *world) lines(q pay.LineQuery) []pay.Line {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]pay.Line, error) { return r.Ledger.Lines(ctx, q) })
}

func (w *world) openRuns(before time.Time) []int64 {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]int64, error) { return r.Ledger.OpenRuns(ctx, before) })
}

func (w *world) paidCases(run int64) []surgical.PaidCase {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]surgical.PaidCase, error) { return r.Ledger.Cases(ctx, run) })
}

func (w *world) heldBy(run int64) []pay.Held {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]pay.Held, error) { return r.Ledger.Held(ctx, run) })
}

func (w *world) runsBefore(id int64, limit int) []int64 {
	w.t.Helper()
	runs := read(w, func(ctx context.Context, r ports.Repos) ([]pay.Run, error) { return r.Ledger.Runs(ctx, id, limit) })
	ids := make([]int64, len(runs))
	for i, run := range runs {
		ids[i] = run.ID
		equal(w.t, "listed run", run, w.run(run.ID))
	}
	return ids
}

func emptyLedger(w *world) {
	isEmpty(w.t, "runs", read(w, func(ctx context.Context, r ports.Repos) ([]pay.Run, error) { return r.Ledger.Runs(ctx, 0, 10) }))
	isEmpty(w.t, "open runs", w.openRuns(given.Morning))
	isEmpty(w.t, "lines", w.lines(pay.LineQuery{Run: 1}))
	isEmpty(w.t, "open lines", w.lines(pay.LineQuery{Open: true}))
	isEmpty(w.t, "uncarried lines", w.lines(pay.LineQuery{Uncarried: true}))
	isEmpty(w.t, "held", w.heldBy(1))
	isEmpty(w.t, "cases", w.paidCases(1))
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Runs.Hold(ctx, 1, nil) })
}

func listsRuns(w *world) {
	var ids []int64
	for range 5 {
		run, _ := w.openRun(pay.Weekly, w.worth(2)...)
		ids = append([]int64{run.ID}, ids...)
	}
	equal(w.t, "first page", w.runsBefore(0, 2), ids[:2])
	equal(w.t, "second page", w.runsBefore(ids[1], 2), ids[2:4])
	equal(w.t, "last page", w.runsBefore(ids[3], 2), ids[4:])
	equal(w.t, "count", read(w, func(ctx context.Context, r ports.Repos) (int, error) { return r.Ledger.CountRuns(ctx) }), 5)
}

func findsOpenRuns(w *world) {
	one, first := w.openRun(pay.Weekly, w.worth(2)...)
	two, second := w.openRun(pay.Manual, w.worth(2)...)
	w.openRun(pay.Manual) // without payments
	equal(w.t, "both", w.openRuns(two.OpenedAt.Add(time.Microsecond)), []int64{one.ID, two.ID})
	isEmpty(w.t, "before they were opened", w.openRuns(one.OpenedAt))
	w.settle(second...)
	w.takeBack(pay.Reversal, second[0])
	w.settle(first[0])
	equal(w.t, "one payment is left", w.openRuns(two.OpenedAt.Add(time.Microsecond)), []int64{one.ID})
	w.takeBack(pay.Cancellation, first[1])
	isEmpty(w.t, "none is left", w.openRuns(two.OpenedAt.Add(time.Microsecond)))
}

// paidBy records cases of providers, in the order given, and opens a run of them.
func (w *world) paidBy(dates []civil.Date, owners ...ident.UserID) ([]*surgical.Case, pay.Run) {
	w.t.Helper()
	var cases []*surgical.Case
	for i, owner := range owners {
		c := w.worthTo(owner)
		c.Date = dates[i%len(dates)]
		cases = append(cases, c)
	}
	w.record(cases...)
	run, _ := w.openRun(pay.Weekly, cases...)
	return cases, run
}

func linesOfRun(w *world) {
	cases := w.worth(3)
	first, payments := w.openRun(pay.Weekly, cases...)
	w.settle(payments[0])
	w.takeBack(pay.Reversal, payments[0])
	w.takeBack(pay.Cancellation, payments[1])
	next, _ := w.openRun(pay.Weekly, w.worth(1)...)

	ann := w.userNamed("ann")
	got := w.lines(pay.LineQuery{Run: first.ID})
	equal(w.t, "lines of the first run", len(got), 3)
	for i, l := range got {
		equal(w.t, "entry", l.Entry, w.payments(payments[i].ID)[0])
		equal(w.t, "case id", l.CaseID, cases[i].ID)
		equal(w.t, "name", [2]string{l.First, l.Last}, [2]string{ann.First, ann.Last})
		equal(w.t, "NPI", l.NPI, ann.NPI)
		equal(w.t, "state", l.State, ann.State)
	}
	later := given.Morning.Add(2 * time.Hour)
	equal(w.t, "reversed at", got[0].ReversedAt, later)
	equal(w.t, "cancelled at", got[1].CancelledAt, later)
	equal(w.t, "outcomes", []pay.Outcome{got[0].Outcome(), got[1].Outcome(), got[2].Outcome()}, []pay.Outcome{pay.WasReversed, pay.WasCancelled, pay.StillOpen})

	second := w.lines(pay.LineQuery{Run: next.ID})
	equal(w.t, "lines of the second run", len(second), 3)
	var carried []pay.Cents
	for _, l := range second {
		if l.Kind != pay.Payment {
			equal(w.t, "carried by", l.CarriedBy, next.ID)
			equal(w.t, "run of the payment", l.RunID, first.ID)
			carried = append(carried, l.Amount)
		}
	}
	slices.Sort(carried)
	equal(w.t, "carried", carried, []pay.Cents{-10_002, -10_001})
	equal(w.t, "payments alone", len(w.lines(pay.LineQuery{Run: next.ID, Payments: true})), 1)
}

// worthTo makes a case of an owner, who is hired if he is new.
func (w *world) worthTo(owner ident.UserID) *surgical.Case {
	w.t.Helper()
	if _, err := attempt(w, func(ctx context.Context, r ports.Repos) (any, error) { return r.Users.Get(ctx, owner) }); err != nil {
		w.hire(1, owner)
	}
	return some(1, w.ids.Unique(), owner)[0]
}

func narrowsLines(w *world) {
	early, late := civil.Date{Year: 2026, Month: 1, Day: 5}, civil.Date{Year: 2026, Month: 2, Day: 9}
	cases, run := w.paidBy([]civil.Date{late, early}, "bob", "ann", "bob", "bob", "ann")
	order := func(q pay.LineQuery) []int64 {
		q.Run = run.ID
		numbers := []int64{}
		for _, l := range w.lines(q) {
			numbers = append(numbers, l.CaseNumber)
		}
		return numbers
	}
	n := func(of ...int) []int64 {
		numbers := []int64{}
		for _, i := range of {
			numbers = append(numbers, cases[i].Number)
		}
		return numbers
	}
	equal(w.t, "order", order(pay.LineQuery{}), n(1, 4, 3, 0, 2))
	equal(w.t, "one provider", order(pay.LineQuery{Provider: "bob"}), n(3, 0, 2))
	equal(w.t, "from", order(pay.LineQuery{From: late}), n(4, 0, 2))
	equal(w.t, "to", order(pay.LineQuery{To: early, Provider: "ann"}), n(1))
	equal(w.t, "nothing", order(pay.LineQuery{From: late, To: early}), n())
}

func openLines(w *world) {
	_, first := w.openRun(pay.Weekly, w.worth(3)...)
	_, second := w.openRun(pay.Imported, w.worth(1)...)
	w.settle(first[0])
	w.takeBack(pay.Cancellation, first[1])
	var ids []int64
	for _, l := range w.lines(pay.LineQuery{Open: true}) {
		ids = append(ids, l.ID)
	}
	equal(w.t, "open", ids, []int64{first[2].ID, second[0].ID})
	equal(w.t, "waiting to be carried", len(w.lines(pay.LineQuery{Uncarried: true})), 1)
}

func importsAreNotCarried(w *world) {
	_, payments := w.openRun(pay.Imported, w.worth(2)...)
	w.settle(payments[0])
	w.takeBack(pay.Reversal, payments[0])
	w.takeBack(pay.Cancellation, payments[1])
	kinds := func(lines []pay.Line) (kinds []pay.EntryKind) {
		for _, l := range lines {
			kinds = append(kinds, l.Kind)
		}
		return kinds
	}
	want := kinds(w.lines(pay.LineQuery{Uncarried: true}))
	if !slices.Contains(want, pay.Reversal) {
		w.t.Errorf("waiting: got %v", want)
	}
	next, _ := w.openRun(pay.Weekly)
	equal(w.t, "carried", kinds(w.lines(pay.LineQuery{Run: next.ID})), want)
}

func heldCases(w *world) {
	cases := w.worth(1200)
	run, _ := w.openRun(pay.Weekly)
	var want []pay.Held
	for i, c := range cases {
		want = append(want, pay.Held{CaseNumber: c.Number, CaseID: c.ID, Provider: c.Owner, Reason: []pay.HoldReason{pay.HeldNoNPI, "unpriced"}[i%2]})
	}
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Runs.Hold(ctx, run.ID, want) })
	equal(w.t, "held", w.heldBy(run.ID), want)
}

func casesOfRun(w *world) {
	cases := w.worth(5)
	run, payments := w.openRun(pay.Weekly, cases...)
	w.openRun(pay.Weekly, w.worth(1)...)
	w.settle(payments[1], payments[3], payments[4])
	w.takeBack(pay.Cancellation, payments[2])
	w.takeBack(pay.Reversal, payments[3])
	w.delete(cases[4].ID)
	found := w.paidCases(run.ID)
	equal(w.t, "cases", len(found), 3)
	for i, want := range []struct {
		of      *surgical.Case
		state   surgical.PaymentState
		deleted bool
	}{{cases[0], surgical.PaymentOpen, false}, {cases[1], surgical.PaymentSettled, false}, {cases[4], surgical.PaymentSettled, true}} {
		equal(w.t, "case", found[i].ID, want.of.ID)
		equal(w.t, "payment", found[i].Payment, want.state)
		equal(w.t, "deleted", found[i].Deleted, want.deleted)
	}
}

func movesDeleted(w *world) {
	cases := w.worth(1)
	run, _ := w.openRun(pay.Weekly, cases...)
	w.delete(cases[0].ID)
	gone := w.paidCases(run.ID)[0]
	move := moved([]surgical.Standing{gone.Standing}, surgical.ReadyForBilling, nil)
	refused(w.t, w.once(moving(move)), fault.Conflict, "changed_meanwhile")
	move[0].Deleted = true
	w.do(moving(move))
	equal(w.t, "status", w.paidCases(run.ID)[0].Status, surgical.ReadyForBilling)
	equal(w.t, "deleted", w.paidCases(run.ID)[0].Deleted, true)
}

func ledgerCost(w *world) {
	small, _ := w.openRun(pay.Weekly, w.worth(1)...)
	large, _ := w.openRun(pay.Weekly, w.worth(700)...)
	for what, ask := range map[string]func(context.Context, ports.Repos, int64) error{
		"runs": func(ctx context.Context, r ports.Repos, _ int64) error {
			_, err := r.Ledger.Runs(ctx, 0, 100)
			return err
		},
		"open runs": func(ctx context.Context, r ports.Repos, _ int64) error {
			_, err := r.Ledger.OpenRuns(ctx, given.Morning)
			return err
		},
		"lines": func(ctx context.Context, r ports.Repos, id int64) error {
			_, err := r.Ledger.Lines(ctx, pay.LineQuery{Run: id})
			return err
		},
		"held": func(ctx context.Context, r ports.Repos, id int64) error { _, err := r.Ledger.Held(ctx, id); return err },
		"cases": func(ctx context.Context, r ports.Repos, id int64) error {
			_, err := r.Ledger.Cases(ctx, id)
			return err
		},
	} {
		for _, run := range []int64{small.ID, large.ID} {
			n := w.cost(func(ctx context.Context, r ports.Repos) error { return ask(ctx, r, run) })
			equal(w.t, "statements for "+what, n, 1)
		}
	}
}
