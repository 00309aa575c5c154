package contract

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// CaseSets is the contract of ports.CaseSets.
func CaseSets(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"standings are those of the cases that exist and are not deleted", standings},
		{"a standing is that of the case, with the state of its payment", standingOfCase},
		{"standings of thousands of cases can be asked for", manyStandings},
		{"no cases make empty lists, not nil", noCaseSets},
		{"ready for a run is every case at 10, or those of them that are named", readyForRun},
		{"a move writes status, pay status, generation, timestamps and history", moves},
		{"a move backward clears later timestamps", movesBackward},
		{"a case that changed meanwhile keeps all others from moving", movesAllOrNothing},
		{"a case that was deleted meanwhile does not move", movesNoDeleted},
		{"of twenty who move the same cases one wins", racingMoves},
		{"moving costs the same statements for 1 and for 400 cases", moveCost},
		{"cases are priced by number, by owner, or all of them below 15, page by page", toPrice},
		{"stale are cases whose price comes from another table or another tier", toPriceStale},
		{"a price is written with all that explains it", reprices},
		{"a case that changed meanwhile keeps all others from being priced", repricesAllOrNothing},
		{"an approval at zero changes the pay status and leaves its reason in the history", approvesZero},
		{"a case that changed meanwhile keeps all others from being approved", approvesAllOrNothing},
	})
}

func (w *world) standings(cases ...*surgical.Case) []surgical.Standing {
	w.t.Helper()
	ids := make([]ident.CaseID, len(cases))
	for i, c := range cases {
		ids[i] = c.ID
	}
	found := read(w, func(ctx context.Context, r ports.Repos) ([]surgical.Standing, error) {
		return r.CaseSets.Standings(ctx, ids)
	})
	slices.SortFunc(found, func(a, b surgical.Standing) int { return cmp.Compare(a.Number, b.Number) })
	return found
}

func standings(w *world) {
	w.hire(1, "ann")
	cases := some(3, "c", "ann")
	w.record(cases...)
	w.delete(cases[1].ID)
	found := w.standings(append(cases, given.Case("unknown", "ann"))...)
	equal(w.t, "standings", found, []surgical.Standing{cases[0].Standing, cases[2].Standing})
}

func standingOfCase(w *world) {
	w.hire(1, "ann")
	cases := some(5, "c", "ann")
	w.record(cases...)
	payments := w.open(pay.Weekly, cases[1:]...)
	w.settle(payments[1], payments[3])
	w.takeBack(pay.Cancellation, payments[2])
	w.takeBack(pay.Reversal, payments[3])
	found := w.standings(cases...)
	for i, want := range []surgical.PaymentState{surgical.NoPayment, surgical.PaymentOpen, surgical.PaymentSettled, surgical.NoPayment, surgical.NoPayment} {
		equal(w.t, "payment of case "+string(cases[i].ID), found[i].Payment, want)
		equal(w.t, "standing", found[i], w.caseNamed(cases[i].ID).Standing)
	}
	equal(w.t, "open payment", found[1].PaymentID, payments[0].ID)
	equal(w.t, "settled payment", found[2].PaymentID, payments[1].ID)
	w.change(cases[1].ID, func(c *surgical.Case) { c.Generation++ })
	equal(w.t, "payment in a new generation", w.standings(cases[1])[0].Payment, surgical.NoPayment)
}

func manyStandings(w *world) {
	w.hire(1, "ann")
	c := given.Case("c-4321", "ann")
	w.record(c)
	asked := make([]*surgical.Case, 5000)
	for i := range asked {
		asked[i] = &surgical.Case{Standing: surgical.Standing{ID: ident.CaseID(fmt.Sprint("c-", i))}}
	}
	equal(w.t, "found", len(w.standings(asked...)), 1)
}

func noCaseSets(w *world) {
	isEmpty(w.t, "standings", w.standings())
	isEmpty(w.t, "ready", w.ready())
	isEmpty(w.t, "to price", w.toPrice(ports.PricingSet{All: true}, 0, 10))
	isEmpty(w.t, "nothing named", w.toPrice(ports.PricingSet{}, 0, 10))
	w.do(func(ctx context.Context, r ports.Repos) error {
		if err := r.CaseSets.Move(ctx, nil); err != nil {
			return err
		}
		return r.CaseSets.Reprice(ctx, nil)
	})
}

func (w *world) ready(ids ...ident.CaseID) []surgical.RunCandidate {
	w.t.Helper()
	found := read(w, func(ctx context.Context, r ports.Repos) ([]surgical.RunCandidate, error) {
		return r.CaseSets.ReadyForRun(ctx, ids)
	})
	slices.SortFunc(found, func(a, b surgical.RunCandidate) int { return cmp.Compare(a.Number, b.Number) })
	return found
}

func readyForRun(w *world) {
	w.hire(1, "ann")
	poor := given.User("bob", 1)
	poor.NPI, poor.Active = 0, false
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Users.Add(ctx, poor) })
	mine, his := given.Case("mine", "ann"), given.Case("his", "bob")
	draft, gone := given.Case("draft", "ann"), given.Case("gone", "ann")
	for _, c := range []*surgical.Case{mine, his, gone} {
		c.Status = surgical.ReadyForBilling
	}
	w.record(mine, his, draft, gone)
	w.delete("gone")
	want := []surgical.RunCandidate{{Standing: mine.Standing, Date: mine.Date, HasNPI: true}, {Standing: his.Standing, Date: his.Date}}
	equal(w.t, "all", w.ready(), want)
	equal(w.t, "named", w.ready("his", "draft", "gone", "unknown"), want[1:])
}

// moved makes moves of cases as they were read.
func moved(cases []surgical.Standing, to surgical.Status, change func(*surgical.Standing)) []surgical.Moved {
	moves := make([]surgical.Moved, len(cases))
	for i, s := range cases {
		m := surgical.Move{From: s.Status, To: to, At: given.Morning.Add(time.Hour), By: "eve", Reason: "because", RunID: 3}
		s.Status = to
		if change != nil {
			change(&s)
		}
		moves[i] = surgical.Moved{Standing: s, Move: m}
	}
	return moves
}

func moving(moves []surgical.Moved) work {
	return func(ctx context.Context, r ports.Repos) error { return r.CaseSets.Move(ctx, moves) }
}

func moves(w *world) {
	w.hire(1, "ann")
	cases := some(3, "c", "ann")
	w.record(cases...)
	read := w.standings(cases...)
	batch := moved(read[:1], surgical.ReadyForBilling, nil)
	batch = append(batch, moved(read[1:2], surgical.Rejected, func(s *surgical.Standing) { s.Pay.Status = pay.Waived })...)
	w.do(moving(batch))
	for i, m := range batch {
		want := cases[i]
		want.Status, want.Version, want.Pay.Status = m.Status, 2, m.Pay.Status
		want.Stamps[m.Status], want.UpdatedAt = m.Move.At, m.Move.At
		equal(w.t, "case", w.caseNamed(want.ID), want)
		equal(w.t, "history", w.history(want.Number), []surgical.HistoryEntry{{To: m.Status, At: m.Move.At, By: "eve", Reason: "because", RunID: 3}})
	}
	equal(w.t, "untouched", w.caseNamed(cases[2].ID), cases[2])
}

func movesBackward(w *world) {
	w.hire(1, "ann")
	c := given.Case("c", "ann")
	c.Status = surgical.Settled
	for _, s := range []surgical.Status{surgical.Submitted, surgical.PendingPayment, surgical.Paid, surgical.Settled} {
		c.Stamps[s] = given.Morning
	}
	w.record(c)
	w.do(moving(moved(w.standings(c), surgical.ReadyForBilling, func(s *surgical.Standing) { s.Generation++ })))
	got := w.caseNamed("c")
	equal(w.t, "stamps", got.Stamps, map[surgical.Status]time.Time{surgical.Submitted: given.Morning, surgical.ReadyForBilling: given.Morning.Add(time.Hour)})
	equal(w.t, "generation", got.Generation, 2)
}

func movesAllOrNothing(w *world) {
	w.hire(1, "ann")
	cases := some(600, "c", "ann")
	w.record(cases...)
	read := w.standings(cases...)
	w.change(cases[599].ID, func(c *surgical.Case) { c.Insurer = "Changed" })
	refused(w.t, w.once(moving(moved(read, surgical.Submitted, nil))), fault.Conflict, "changed_meanwhile")
	equal(w.t, "first case", w.caseNamed(cases[0].ID), cases[0])
	isEmpty(w.t, "history", w.history(cases[0].Number))
	w.do(moving(moved(w.standings(cases...), surgical.Submitted, nil)))
	equal(w.t, "last case", w.caseNamed(cases[599].ID).Status, surgical.Submitted)
}

func movesNoDeleted(w *world) {
	w.hire(1, "ann")
	c := given.Case("c", "ann")
	w.record(c)
	read := w.standings(c)
	w.delete("c")
	read[0].Version++ // as if the deletion had been seen
	refused(w.t, w.once(moving(moved(read, surgical.Submitted, nil))), fault.Conflict, "changed_meanwhile")
}

func racingMoves(w *world) {
	w.hire(1, "ann")
	cases := some(10, "c", "ann")
	w.record(cases...)
	read := w.standings(cases...)
	oneWins(w.t, together(20, func(i int) error {
		mine := slices.Clone(read)
		if i%2 == 0 {
			slices.Reverse(mine) // the worst order for locks
		}
		return w.once(moving(moved(mine, surgical.Submitted, nil)))
	}), fault.Conflict, "changed_meanwhile")
	equal(w.t, "history", len(w.history(cases[0].Number)), 1)
}

func moveCost(w *world) {
	w.hire(1, "ann")
	cases := some(401, "c", "ann")
	w.record(cases...)
	read := w.standings(cases...)
	one := w.costOf(moving(moved(read[:1], surgical.Submitted, nil)))
	equal(w.t, "statements", w.costOf(moving(moved(read[1:], surgical.Submitted, nil))), one)
}

func (w *world) toPrice(which ports.PricingSet, after int64, limit int) []ports.Priceable {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]ports.Priceable, error) {
		return r.CaseSets.ToPrice(ctx, which, after, limit)
	})
}

func caseIDs(found []ports.Priceable) []ident.CaseID {
	ids := []ident.CaseID{}
	for _, p := range found {
		ids = append(ids, p.ID)
	}
	return ids
}

func toPrice(w *world) {
	w.hire(1, "ann", "bob")
	anns, bobs := some(3, "a", "ann"), some(2, "b", "bob")
	anns[0].Codes = []surgical.Code{{Procedure: "Z9002"}, {Procedure: "Z9001", Modifiers: []string{"50"}}}
	anns[1].Codes = nil
	anns[2].Status, bobs[1].Status = surgical.PendingPayment, surgical.ReadyForBilling
	w.record(append(anns, bobs...)...)
	w.record(given.Case("gone", "ann"))
	w.delete("gone")
	all := w.toPrice(ports.PricingSet{All: true}, 0, 10)
	equal(w.t, "all", caseIDs(all), []ident.CaseID{"a-0000", "a-0001", "b-0000", "b-0001"})
	equal(w.t, "first", all[0], ports.Priceable{Standing: anns[0].Standing, OwnerTier: 1, Codes: []pay.Code{"Z9002", "Z9001"}})
	equal(w.t, "codes of none", len(all[1].Codes), 0)
	equal(w.t, "owner", caseIDs(w.toPrice(ports.PricingSet{Owner: "bob"}, 0, 10)), []ident.CaseID{"b-0000", "b-0001"})
	byNumber := ports.PricingSet{Numbers: []int64{bobs[0].Number, anns[2].Number, anns[0].Number}}
	equal(w.t, "numbers", caseIDs(w.toPrice(byNumber, 0, 10)), []ident.CaseID{"a-0000", "b-0000"})
	equal(w.t, "first page", caseIDs(w.toPrice(ports.PricingSet{All: true}, 0, 2)), []ident.CaseID{"a-0000", "a-0001"})
	equal(w.t, "second page", caseIDs(w.toPrice(ports.PricingSet{All: true}, all[1].Number, 2)), []ident.CaseID{"b-0000", "b-0001"})
	isEmpty(w.t, "third page", w.toPrice(ports.PricingSet{All: true}, all[3].Number, 2))
}

func toPriceStale(w *world) {
	w.hire(1, "ann")
	w.load(false, pay.Row{Tier: 1, Code: "Z9001", Amount: 1})
	cases := some(3, "c", "ann")
	for i, c := range cases {
		c.Pay.Table, c.Pay.Tier = 1, pay.Tier(1+i%2)
	}
	cases[2].Pay.Table = 0
	w.record(cases...)
	stale := ports.PricingSet{Stale: true}
	equal(w.t, "stale", caseIDs(w.toPrice(stale, 0, 10)), []ident.CaseID{"c-0001", "c-0002"})
	w.load(false, pay.Row{Tier: 1, Code: "Z9001", Amount: 2})
	equal(w.t, "after a new table", len(w.toPrice(stale, 0, 10)), 3)
	w.do(func(ctx context.Context, r ports.Repos) error {
		priced := w.standings(cases...)
		for i := range priced {
			priced[i].Pay.Table, priced[i].Pay.Tier = 2, 1
		}
		return r.CaseSets.Reprice(ctx, priced)
	})
	isEmpty(w.t, "after pricing", w.toPrice(stale, 0, 10))
	w.do(func(ctx context.Context, r ports.Repos) error { return changeTier(ctx, r, "ann", 2) })
	equal(w.t, "after a new tier", len(w.toPrice(stale, 0, 10)), 3)
}

func changeTier(ctx context.Context, r ports.Repos, id ident.UserID, tier pay.Tier) error {
	u, err := r.Users.Get(ctx, id)
	if err != nil {
		return err
	}
	u.Tier = tier
	return r.Users.Save(ctx, u)
}

func repricing(cases []surgical.Standing) work {
	return func(ctx context.Context, r ports.Repos) error { return r.CaseSets.Reprice(ctx, cases) }
}

func reprices(w *world) {
	w.hire(1, "ann")
	cases := some(1100, "c", "ann")
	w.record(cases...)
	priced := w.standings(cases...)
	for i := range priced {
		at := given.Morning.Add(time.Duration(i) * time.Microsecond)
		priced[i].Pay = surgical.Worth{Amount: pay.Cents(i), Category: fmt.Sprint("c", i%7), Status: pay.Priced, Tier: 2, Table: pay.TableVersion(i), Winner: "Z9002", At: at}
	}
	priced[7].Pay = surgical.Worth{Status: pay.Unpriced, Tier: 2, Table: 7, At: given.Morning}
	w.do(repricing(priced))
	for i, s := range w.standings(cases...) {
		priced[i].Version++
		equal(w.t, "standing", s, priced[i])
	}
}

func repricesAllOrNothing(w *world) {
	w.hire(1, "ann")
	cases := some(600, "c", "ann")
	w.record(cases...)
	read := w.standings(cases...)
	w.change(cases[599].ID, func(c *surgical.Case) { c.Insurer = "Changed" })
	for i := range read {
		read[i].Pay.Amount = 1
	}
	refused(w.t, w.once(repricing(read)), fault.Conflict, "changed_meanwhile")
	equal(w.t, "first case", w.caseNamed(cases[0].ID), cases[0])
}

func approving(cases []surgical.Standing, a surgical.Approval) work {
	return func(ctx context.Context, r ports.Repos) error { return r.CaseSets.ApproveZero(ctx, cases, a) }
}

func approvesZero(w *world) {
	w.hire(1, "ann")
	cases := some(3, "c", "ann")
	w.record(cases...)
	approval := surgical.Approval{By: "boss", At: given.Morning.Add(time.Hour), Reason: "courtesy – 50 %"}
	chosen := w.standings(cases[:2]...)
	w.do(approving(chosen, approval))
	for i, s := range w.standings(cases...) {
		want := cases[i].Standing
		if i < 2 {
			want.Pay.Status, want.Version = pay.ZeroApproved, want.Version+1
		}
		equal(w.t, "standing", s, want)
		history := read(w, func(ctx context.Context, r ports.Repos) ([]surgical.HistoryEntry, error) {
			return r.Casebook.History(ctx, s.Number)
		})
		if i == 2 {
			isEmpty(w.t, "history", history)
			continue
		}
		equal(w.t, "history", history, []surgical.HistoryEntry{{From: s.Status, To: s.Status, At: approval.At, By: "boss", Reason: approval.Reason}})
	}
	equal(w.t, "last change", w.caseNamed(cases[0].ID).UpdatedAt, approval.At)
	w.do(approving(nil, approval))
}

func approvesAllOrNothing(w *world) {
	w.hire(1, "ann")
	cases := some(600, "c", "ann")
	w.record(cases...)
	read := w.standings(cases...)
	w.change(cases[599].ID, func(c *surgical.Case) { c.Insurer = "Changed" })
	refused(w.t, w.once(approving(read, surgical.Approval{By: "boss", At: given.Morning, Reason: "x"})), fault.Conflict, "changed_meanwhile")
	equal(w.t, "first case", w.caseNamed(cases[0].ID), cases[0])
}
