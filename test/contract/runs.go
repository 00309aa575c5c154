package contract

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// Carried tells which run carries the counter entries of payments, by payment. The ports cannot be
// asked for it until accounting files exist.
type Carried func(*testing.T, ports.Store) map[int64]int64

// Runs is the contract of ports.Runs.
func Runs(t *testing.T, open func(*testing.T) ports.Store, carried Carried) {
	sentences(t, open, []sentence{
		{"a run comes back as stored", runRoundTrip},
		{"an unknown run is NotFound", unknownRun},
		{"payments come back as stored, in order of id", paymentRoundTrip},
		{"payments keep the codes their cases had, and so does what takes them back", paidCodes},
		{"a run may be empty, and large", runSizes},
		{"a case has one payment in a generation, and one more in the next", oncePerGeneration},
		{"of twenty runs that want one case one gets it", racingRuns},
		{"settling marks the payments and moves the sums", settles},
		{"what is settled or cancelled is not settled again", settlesOnce},
		{"a payment that cannot be settled keeps all others from it", settlesAllOrNothing},
		{"taking back moves the sums, to the cent", takesBack},
		{"a payment is taken back once, and in the way that fits it", takesBackOnce},
		{"of one who settles and one who cancels one wins", settleOrCancel},
		{"of twenty who settle one wins", racingSettlers},
		{"who settles in two runs counts what another has settled there meanwhile", overlappingSettlers},
		{"settling in one run leaves the others alone", otherRuns},
		{"a counter entry is carried by the next run, once, and never by an import", func(w *world) { carriedOnce(w, carried) }},
	})
}

// open opens a run with a payment for each case and gives the payments.
func (w *world) open(kind pay.RunKind, cases ...*surgical.Case) []pay.Entry {
	w.t.Helper()
	_, payments := w.openRun(kind, cases...)
	return payments
}

func (w *world) openRun(kind pay.RunKind, cases ...*surgical.Case) (pay.Run, []pay.Entry) {
	w.t.Helper()
	run, payments := runOf(kind, cases...)
	w.do(opening(&run, payments))
	return run, w.paymentsOf(cases...)
}

// paymentsOf gives the payments that the cases have in their present generation.
func (w *world) paymentsOf(cases ...*surgical.Case) []pay.Entry {
	w.t.Helper()
	var ids []int64
	for _, s := range w.standings(cases...) {
		if s.PaymentID != 0 {
			ids = append(ids, s.PaymentID)
		}
	}
	return w.payments(ids...)
}

func (w *world) payments(ids ...int64) []pay.Entry {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]pay.Entry, error) { return r.Runs.Payments(ctx, ids) })
}

func (w *world) run(id int64) pay.Run {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (pay.Run, error) { return r.Runs.Get(ctx, id) })
}

func runOf(kind pay.RunKind, cases ...*surgical.Case) (pay.Run, []pay.Entry) {
	day := civil.On(given.Morning).AddDays(-1) // where the practice is, which may lie west of here
	run := pay.Run{Kind: kind, OpenedAt: given.Morning, OpenedOn: day, OpenedBy: "eve", PayDate: civil.Date{Year: 2026, Month: 3, Day: 6}, Payments: len(cases)}
	payments := make([]pay.Entry, len(cases))
	for i, c := range cases {
		payments[i] = pay.Entry{
			Kind: pay.Payment, CaseNumber: c.Number, Generation: c.Generation, Provider: c.Owner, CaseDate: c.Date,
			Category: c.Pay.Category, Codes: surgical.Billed(c.Codes), Amount: c.Pay.Amount, Table: c.Pay.Table, At: given.Morning, On: day,
		}
		run.Opened += c.Pay.Amount
	}
	run.Open = run.Opened
	return run, payments
}

func opening(run *pay.Run, payments []pay.Entry) work {
	return func(ctx context.Context, r ports.Repos) error { return r.Runs.Open(ctx, run, payments) }
}

func idsOfEntries(entries []pay.Entry) []int64 {
	ids := make([]int64, len(entries))
	for i, e := range entries {
		ids[i] = e.ID
	}
	return ids
}

func settling(payments ...pay.Entry) work {
	return func(ctx context.Context, r ports.Repos) error {
		return r.Runs.Settle(ctx, idsOfEntries(payments), "eve", given.Morning.Add(time.Hour))
	}
}

func takingBack(kind pay.EntryKind, payments ...pay.Entry) work {
	return func(ctx context.Context, r ports.Repos) error {
		counters := make([]pay.Entry, len(payments))
		for i, p := range payments {
			counters[i] = p.Counter(kind, given.Morning.Add(2*time.Hour))
		}
		return r.Runs.TakeBack(ctx, counters, "eve")
	}
}

func (w *world) settle(payments ...pay.Entry) { w.t.Helper(); w.do(settling(payments...)) }

func (w *world) takeBack(kind pay.EntryKind, payments ...pay.Entry) {
	w.t.Helper()
	w.do(takingBack(kind, payments...))
}

// worth records n cases of ann's that are worth 100.01, 100.02 and so on.
func (w *world) worth(n int) []*surgical.Case {
	w.t.Helper()
	if _, err := attempt(w, func(ctx context.Context, r ports.Repos) (any, error) { return r.Users.Get(ctx, "ann") }); err != nil {
		w.hire(1, "ann")
	}
	cases := some(n, w.ids.Unique(), "ann")
	for i, c := range cases {
		c.Pay.Amount = pay.Cents(10_001 + i)
	}
	w.record(cases...)
	return cases
}

func runRoundTrip(w *world) {
	run, _ := w.openRun(pay.Weekly, w.worth(3)...)
	if run.ID == 0 {
		w.t.Error("the run has no id")
	}
	equal(w.t, "run", w.run(run.ID), run)
	equal(w.t, "opened", run.Opened, 30_006)
}

func unknownRun(w *world) {
	_, err := attempt(w, func(ctx context.Context, r ports.Repos) (pay.Run, error) { return r.Runs.Get(ctx, 4711) })
	refused(w.t, err, fault.NotFound, "run_not_found")
	isEmpty(w.t, "unknown payments", w.payments(4711))
	isEmpty(w.t, "no payments", w.payments())
}

func paymentRoundTrip(w *world) {
	cases := w.worth(3)
	cases[1].Pay = surgical.Worth{Status: pay.ZeroApproved}
	cases[2].Pay.Amount = pay.MaxAmount
	run, got := w.openRun(pay.Manual, cases...)
	_, want := runOf(pay.Manual, cases...)
	for i := range want {
		want[i].ID, want[i].RunID = got[i].ID, run.ID
	}
	equal(w.t, "payments", got, want)
	equal(w.t, "in order", w.payments(got[2].ID, got[0].ID), []pay.Entry{got[0], got[2]})
}

// paidCodes: the largest list a case can have, none at all, and both once the cases have others.
func paidCodes(w *world) {
	long := make([]surgical.Code, surgical.MaxCodes)
	for i := range long {
		long[i] = surgical.Code{Procedure: pay.Code(fmt.Sprintf("Z9%03d", surgical.MaxCodes-i)), Modifiers: []string{"50", "LT", "RT", "22"}}
	}
	w.hire(1, "ann")
	cases := some(3, w.ids.Unique(), "ann")
	cases[1].Codes, cases[2].Codes = long, nil
	w.record(cases...)
	want := []pay.BilledCodes{{"Z9001-50"}, surgical.Billed(long), {}}
	run, payments := runOf(pay.Weekly, cases...)
	for i := range payments {
		payments[i].Codes = pay.BilledCodes{"wrong"} // the cases are asked, not the caller
	}
	w.do(opening(&run, payments))
	for i, p := range payments {
		equal(w.t, "codes at hand", p.Codes, want[i])
	}
	for _, c := range cases {
		w.change(c.ID, func(c *surgical.Case) { c.Codes = []surgical.Code{{Procedure: "Z9777"}} })
	}
	stored := w.paymentsOf(cases...)
	w.settle(stored[0])
	w.takeBack(pay.Reversal, stored[0])
	w.takeBack(pay.Cancellation, stored[1:]...)
	next, again := w.openRun(pay.Weekly, w.worth(1)...)
	equal(w.t, "codes of another case", again[0].Codes, pay.BilledCodes{"Z9001-50"})
	for i, c := range cases {
		equal(w.t, "codes of the payment", stored[i].Codes, want[i])
		entries := 0
		for _, l := range append(w.lines(pay.LineQuery{Run: run.ID}), w.lines(pay.LineQuery{Run: next.ID})...) {
			if l.CaseNumber == c.Number {
				entries++
				equal(w.t, "codes of the "+string(l.Kind), l.Codes, want[i])
			}
		}
		equal(w.t, "entries", entries, 2)
	}
}

func runSizes(w *world) {
	empty, none := w.openRun(pay.Weekly)
	equal(w.t, "payments of an empty run", len(none), 0)
	equal(w.t, "empty run", w.run(empty.ID).Opened, 0)
	run, payments := w.openRun(pay.Weekly, w.worth(1200)...)
	equal(w.t, "payments", len(payments), 1200)
	w.settle(payments...)
	equal(w.t, "settled", w.run(run.ID).Settled, run.Opened)
	w.takeBack(pay.Reversal, payments...)
	equal(w.t, "reversed", w.run(run.ID).Reversed, run.Opened)
}

func oncePerGeneration(w *world) {
	cases := w.worth(2)
	run, payments := w.openRun(pay.Weekly, cases[0])
	second, more := runOf(pay.Weekly, cases[1], cases[0])
	refused(w.t, w.try(opening(&second, more)), fault.Conflict, "already_in_run")
	equal(w.t, "payments", w.paymentsOf(cases...), payments)
	_, err := attempt(w, func(ctx context.Context, r ports.Repos) (pay.Run, error) { return r.Runs.Get(ctx, run.ID+1) })
	refused(w.t, err, fault.NotFound, "run_not_found")
	w.change(cases[0].ID, func(c *surgical.Case) { c.Generation++ })
	cases[0].Generation++
	equal(w.t, "next generation", len(w.open(pay.Weekly, cases...)), 2)
}

func racingRuns(w *world) {
	cases := w.worth(1)
	errs := together(20, func(int) error {
		run, payments := runOf(pay.Weekly, cases...)
		return w.try(opening(&run, payments))
	})
	oneWins(w.t, errs, fault.Conflict, "already_in_run")
}

func settles(w *world) {
	run, payments := w.openRun(pay.Weekly, w.worth(3)...)
	w.settle(payments[0], payments[2])
	want := run
	want.Open, want.Settled = 10_002, 20_004
	equal(w.t, "run", w.run(run.ID), want)
	got := w.payments(idsOfEntries(payments)...)
	equal(w.t, "settled at", got[0].SettledAt, given.Morning.Add(time.Hour))
	equal(w.t, "open", got[1].SettledAt, time.Time{})
}

func settlesOnce(w *world) {
	run, payments := w.openRun(pay.Weekly, w.worth(2)...)
	w.settle(payments[0])
	w.takeBack(pay.Cancellation, payments[1])
	before := w.run(run.ID)
	for _, p := range payments {
		refused(w.t, w.once(settling(p)), fault.Conflict, "changed_meanwhile")
	}
	equal(w.t, "run", w.run(run.ID), before)
}

func settlesAllOrNothing(w *world) {
	run, payments := w.openRun(pay.Weekly, w.worth(3)...)
	w.settle(payments[1])
	before := w.payments(idsOfEntries(payments)...)
	refused(w.t, w.once(settling(payments...)), fault.Conflict, "changed_meanwhile")
	equal(w.t, "payments", w.payments(idsOfEntries(payments)...), before)
	equal(w.t, "open", w.run(run.ID).Open, 20_004)
}

func takesBack(w *world) {
	run, payments := w.openRun(pay.Weekly, w.worth(4)...)
	w.settle(payments[0], payments[1])
	w.takeBack(pay.Reversal, payments[0])
	w.takeBack(pay.Cancellation, payments[2])
	want := run
	want.Open, want.Settled, want.Cancelled, want.Reversed = 10_004, 20_003, 10_003, 10_001
	got := w.run(run.ID)
	equal(w.t, "run", got, want)
	equal(w.t, "opened", got.Opened, got.Open+got.Settled+got.Cancelled)
}

func takesBackOnce(w *world) {
	run, payments := w.openRun(pay.Weekly, w.worth(4)...)
	open, settled, cancelled, reversed := payments[0], payments[1], payments[2], payments[3]
	w.settle(settled, reversed)
	w.takeBack(pay.Cancellation, cancelled)
	w.takeBack(pay.Reversal, reversed)
	before := w.run(run.ID)
	for what, wrong := range map[string]work{
		"reversing an open payment":      takingBack(pay.Reversal, open),
		"cancelling a settled payment":   takingBack(pay.Cancellation, settled),
		"cancelling twice":               takingBack(pay.Cancellation, cancelled),
		"reversing a cancelled payment":  takingBack(pay.Reversal, cancelled),
		"reversing twice":                takingBack(pay.Reversal, reversed),
		"cancelling a reversed payment":  takingBack(pay.Cancellation, reversed),
		"one that fits and one that not": takingBack(pay.Cancellation, open, settled),
	} {
		w.t.Log(what)
		refused(w.t, w.once(wrong), fault.Conflict, "changed_meanwhile")
	}
	equal(w.t, "run", w.run(run.ID), before)
}

func settleOrCancel(w *world) {
	for range 5 {
		run, payments := w.openRun(pay.Weekly, w.worth(1)...)
		oneWins(w.t, together(2, func(i int) error {
			if i == 0 {
				return w.once(settling(payments...))
			}
			return w.once(takingBack(pay.Cancellation, payments...))
		}), fault.Conflict, "changed_meanwhile")
		got := w.run(run.ID)
		equal(w.t, "open", got.Open, 0)
		equal(w.t, "settled and cancelled", got.Settled+got.Cancelled, got.Opened)
	}
}

func racingSettlers(w *world) {
	run, payments := w.openRun(pay.Weekly, w.worth(3)...)
	oneWins(w.t, together(20, func(int) error { return w.once(settling(payments...)) }), fault.Conflict, "changed_meanwhile")
	equal(w.t, "settled", w.run(run.ID).Settled, run.Opened)
}

func overlappingSettlers(w *world) {
	one, first := w.openRun(pay.Weekly, w.worth(1)...)
	two, second := w.openRun(pay.Weekly, w.worth(2)...)
	settled, wait := make(chan struct{}), make(chan struct{})
	tell := sync.OnceFunc(func() { close(settled) }) // the transaction may run again
	errs := together(2, func(i int) error {
		if i == 1 {
			<-settled
			time.AfterFunc(300*time.Millisecond, func() { close(wait) }) // by then it waits for the other, or never will
			return w.try(settling(first[0], second[1]))
		}
		return w.store.InTx(w.ctx, func(ctx context.Context, r ports.Repos) error {
			err := settling(second[0])(ctx, r)
			tell()
			<-wait
			return err
		})
	})
	equal(w.t, "errors", errs, []error{nil, nil})
	equal(w.t, "settled of the first", w.run(one.ID).Settled, one.Opened)
	equal(w.t, "settled of the second", w.run(two.ID).Settled, two.Opened)
}

func otherRuns(w *world) {
	one, first := w.openRun(pay.Weekly, w.worth(2)...)
	two, second := w.openRun(pay.Weekly, w.worth(2)...)
	w.settle(first[0])
	equal(w.t, "other run", w.run(two.ID), two)
	w.settle(first[1], second[0]) // one call may touch two runs
	equal(w.t, "first run", w.run(one.ID).Settled, one.Opened)
	equal(w.t, "second run", w.run(two.ID).Settled, 10_001)
}

func carriedOnce(w *world, carried Carried) {
	_, payments := w.openRun(pay.Weekly, w.worth(3)...)
	w.settle(payments[0])
	w.takeBack(pay.Reversal, payments[0])
	w.takeBack(pay.Cancellation, payments[1])
	equal(w.t, "before the next run", carried(w.t, w.store), map[int64]int64{payments[0].ID: 0, payments[1].ID: 0})
	w.openRun(pay.Imported)
	equal(w.t, "after an import", carried(w.t, w.store), map[int64]int64{payments[0].ID: 0, payments[1].ID: 0})
	next, _ := w.openRun(pay.Manual)
	w.takeBack(pay.Cancellation, payments[2])
	last, _ := w.openRun(pay.Weekly)
	equal(w.t, "in the end", carried(w.t, w.store), map[int64]int64{payments[0].ID: next.ID, payments[1].ID: next.ID, payments[2].ID: last.ID})
}
