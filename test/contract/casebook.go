package contract

import (
	"context"
	"fmt"
	"testing"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// Casebook is the contract of ports.Casebook.
func Casebook(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"a sheet is the case with the names its ids stand for", sheet},
		{"a sheet outside the scope, of a deleted or an unknown case is NotFound", hiddenSheet},
		{"a sheet names the run of the present payment only", sheetRun},
		{"a code has the description of the day of the case", sheetDescriptions},
		{"empty lists are empty and not nil", emptyCasebook},
		{"pages put together are the whole, in order, also when dates and statuses are the same", casePages},
		{"the last page says so, also when it is full", lastCasePage},
		{"a list can be asked for by owner, status, cap and days", caseFilters},
		{"a list shows and counts what the scope allows", caseListScope},
		{"a case of a list is the case that Sheet gives", listedIsSheet},
		{"a list costs the same statements for 1 and for 1,000 cases", caseListCost},
		{"totals count and sum by status and day", caseTotals},
		{"unpriced are cases below 15 that have no price", unpricedCases},
	})
}

func (w *world) sheet(id ident.CaseID, in permission.Scope) (surgical.Sheet, error) {
	return attempt(w, func(ctx context.Context, r ports.Repos) (surgical.Sheet, error) { return r.Casebook.Sheet(ctx, id, in) })
}

func (w *world) sheetOf(id ident.CaseID) surgical.Sheet {
	w.t.Helper()
	s, err := w.sheet(id, everything)
	if err != nil {
		w.t.Fatalf("unexpected: %v", err)
	}
	return s
}

func (w *world) list(q surgical.Query, in permission.Scope) surgical.Page {
	w.t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	return read(w, func(ctx context.Context, r ports.Repos) (surgical.Page, error) { return r.Casebook.List(ctx, q, in) })
}

func idsOnPage(page surgical.Page) []ident.CaseID {
	ids := []ident.CaseID{}
	for _, s := range page.Cases {
		ids = append(ids, s.ID)
	}
	return ids
}

func sheet(w *world) {
	w.hire(1, "ann")
	c, bare := given.Case("c", "ann"), given.Case("bare", "ann")
	bare.Codes, bare.Files = nil, map[surgical.FileKind]surgical.File{}
	w.do(func(ctx context.Context, r ports.Repos) error {
		s, f := given.Surgeon("ann"), given.Facility("ann")
		if err := r.Surgeons.Add(ctx, s); err != nil {
			return err
		}
		s.DeletedAt = given.Morning // old cases keep the name
		if err := r.Surgeons.Save(ctx, s); err != nil {
			return err
		}
		if err := r.Places.Add(ctx, f); err != nil {
			return err
		}
		c.SurgeonID, c.FacilityID = s.ID, f.ID
		if err := r.Cases.Add(ctx, c); err != nil {
			return err
		}
		return r.Cases.Add(ctx, bare)
	})
	got := w.sheetOf("c")
	got.DigestKey = c.DigestKey // a sheet has no use for it
	equal(w.t, "sheet", got, surgical.Sheet{
		Case: *c, SurgeonName: "Sam Surgeon", FacilityName: "General Hospital",
		OwnerFirst: "Ann", OwnerLast: "Provider-ann", OwnerActive: true, Descriptions: map[string]string{},
	})
	got = w.sheetOf("bare")
	equal(w.t, "names of none", got.SurgeonName+got.FacilityName, "")
	equal(w.t, "codes of none", len(got.Codes), 0)
}

func hiddenSheet(w *world) {
	w.hire(1, "ann", "bob")
	w.record(given.Case("c", "ann"), given.Case("gone", "ann"))
	w.delete("gone")
	for id, in := range map[ident.CaseID]permission.Scope{"c": {User: "bob"}, "gone": everything, "unknown": everything} {
		_, err := w.sheet(id, in)
		refused(w.t, err, fault.NotFound, "case_not_found")
	}
	if _, err := w.sheet("c", permission.Scope{User: "ann"}); err != nil {
		w.t.Errorf("own: %v", err)
	}
}

func sheetRun(w *world) {
	w.hire(1, "ann")
	c := given.Case("c", "ann")
	w.record(c)
	equal(w.t, "no run", w.sheetOf("c").RunID, 0)
	run, payments := w.openRun(pay.Weekly, c)
	equal(w.t, "open", w.sheetOf("c").RunID, run.ID)
	w.settle(payments...)
	equal(w.t, "settled", w.sheetOf("c").RunID, run.ID)
	w.takeBack(pay.Reversal, payments...)
	equal(w.t, "reversed", w.sheetOf("c").RunID, 0)
}

func sheetDescriptions(w *world) {
	w.hire(1, "ann")
	old, current, late := entry("Z9001", "old"), entry("Z9001", "current"), entry("Z9002", "only later")
	old.From, old.Until, current.From, late.From = day(2020, 1), day(2025, 31), day(2026, 1), day(2030, 1)
	w.catalogue(old, current, late)
	c := given.Case("c", "ann")
	c.Codes = append(c.Codes, surgical.Code{Procedure: "Z9002"}, surgical.Code{Procedure: "Z9003"})
	before := given.Case("before", "ann")
	before.Date = day(2024, 5)
	w.record(c, before)
	equal(w.t, "today", w.sheetOf("c").Descriptions, map[string]string{"Z9001": "current", "Z9002": "only later"})
	equal(w.t, "before", w.sheetOf("before").Descriptions, map[string]string{"Z9001": "old"})
}

func emptyCasebook(w *world) {
	page := w.list(surgical.Query{Count: true}, everything)
	isEmpty(w.t, "cases", page.Cases)
	equal(w.t, "page", page, surgical.Page{Cases: []surgical.Sheet{}})
	isEmpty(w.t, "history", w.history(4711))
	isEmpty(w.t, "totals", w.totals(civil.Date{}, civil.Date{}))
}

func casePages(w *world) {
	w.hire(1, "ann")
	cases := some(25, "c", "ann")
	for i, c := range cases {
		c.Status, c.Date = surgical.Statuses[i%3], c.Date.AddDays(-(i % 2))
	}
	w.record(cases...)
	for _, order := range []surgical.Order{surgical.ByID, surgical.ByIDDescending, surgical.ByStatusAndDate} {
		whole := w.list(surgical.Query{Order: order}, everything)
		inOrder(w.t, order, whole.Cases)
		q := surgical.Query{Order: order, Limit: 7, Count: true}
		var pieces []ident.CaseID
		for more := true; more; {
			page := w.list(q, everything)
			equal(w.t, "total", page.Total, 25)
			last := page.Cases[len(page.Cases)-1]
			q.After = &surgical.Position{Status: last.Status, Date: last.Date, ID: last.ID}
			pieces, more = append(pieces, idsOnPage(page)...), page.More
		}
		equal(w.t, fmt.Sprint("pages in order ", order), pieces, idsOnPage(whole))
	}
}

// inOrder checks that each case comes before the next.
func inOrder(t *testing.T, order surgical.Order, cases []surgical.Sheet) {
	t.Helper()
	key := func(s surgical.Sheet) string { return fmt.Sprintf("%03d %s %s", s.Status, s.Date, s.ID) }
	for i := 1; i < len(cases); i++ {
		a, b := cases[i-1], cases[i]
		if (order == surgical.ByID && a.ID >= b.ID) || (order == surgical.ByIDDescending && a.ID <= b.ID) || (order == surgical.ByStatusAndDate && key(a) >= key(b)) {
			t.Errorf("order %d: %s comes before %s", order, key(a), key(b))
		}
	}
}

func lastCasePage(w *world) {
	w.hire(1, "ann")
	w.record(some(4, "c", "ann")...)
	equal(w.t, "more after 3 of 4", w.list(surgical.Query{Limit: 3}, everything).More, true)
	equal(w.t, "more after 4 of 4", w.list(surgical.Query{Limit: 4}, everything).More, false)
	after := &surgical.Position{ID: "c-0002"}
	equal(w.t, "rest", w.list(surgical.Query{Limit: 2, After: after}, everything).More, false)
	isEmpty(w.t, "beyond", w.list(surgical.Query{After: &surgical.Position{ID: "c-0000"}}, everything).Cases)
}

func caseFilters(w *world) {
	w.hire(1, "ann", "bob")
	cases := some(4, "c", "ann")
	for i, status := range []surgical.Status{surgical.Draft, surgical.ReadyForBilling, surgical.Paid, surgical.Settled} {
		cases[i].Status, cases[i].Date = status, day(2026, 1+i)
	}
	cases[3].Owner = "bob"
	w.record(cases...)
	w.record(given.Case("gone", "ann"))
	w.delete("gone")
	provider, admin := permission.Actor{User: "ann", Type: 1}, permission.Actor{User: "eve", Type: 10}
	for what, c := range map[string]struct {
		q    surgical.Query
		want []ident.CaseID
	}{
		"all":                  {surgical.Query{}, []ident.CaseID{"c-0003", "c-0002", "c-0001", "c-0000"}},
		"owner":                {surgical.Query{Owner: "bob"}, []ident.CaseID{"c-0003"}},
		"unknown owner":        {surgical.Query{Owner: "nobody"}, []ident.CaseID{}},
		"two statuses":         {surgical.Query{Statuses: surgical.ParseFilter("10,0", admin)}, []ident.CaseID{"c-0001", "c-0000"}},
		"true status":          {surgical.Query{Statuses: surgical.ParseFilter("20", admin)}, []ident.CaseID{"c-0002"}},
		"status as shown":      {surgical.Query{Statuses: surgical.ParseFilter("20", provider)}, []ident.CaseID{"c-0003", "c-0002"}},
		"status and cap":       {surgical.Query{Statuses: surgical.ParseFilter("0,20", provider)}, []ident.CaseID{"c-0003", "c-0002", "c-0000"}},
		"above the cap":        {surgical.Query{Statuses: surgical.ParseFilter("60", provider)}, []ident.CaseID{}},
		"the word all":         {surgical.Query{Statuses: surgical.ParseFilter("all", provider), Owner: "bob"}, []ident.CaseID{"c-0003"}},
		"from":                 {surgical.Query{From: day(2026, 3)}, []ident.CaseID{"c-0003", "c-0002"}},
		"to":                   {surgical.Query{To: day(2026, 2)}, []ident.CaseID{"c-0001", "c-0000"}},
		"one day":              {surgical.Query{From: day(2026, 2), To: day(2026, 2)}, []ident.CaseID{"c-0001"}},
		"ids":                  {surgical.Query{IDs: []ident.CaseID{"c-0003", "C-0000", "c-0001", "gone", "never"}, Order: surgical.ByID}, []ident.CaseID{"c-0001", "c-0003"}},
		"ids and dates":        {surgical.Query{IDs: []ident.CaseID{"c-0003", "c-0001"}, To: day(2026, 2)}, []ident.CaseID{"c-0001"}},
		"owner, status, dates": {surgical.Query{Owner: "ann", Statuses: surgical.ParseFilter("20,60", admin), From: day(2026, 1)}, []ident.CaseID{"c-0002"}},
	} {
		c.q.Count = true
		page := w.list(c.q, everything)
		equal(w.t, what, idsOnPage(page), c.want)
		equal(w.t, "count of "+what, page.Total, len(c.want))
	}
}

func caseListScope(w *world) {
	w.staffGroups()
	for _, owner := range []ident.UserID{"one", "six", "seven", "ten", "elsewhere", "alone", "boss"} {
		w.record(given.Case(ident.CaseID("of-"+owner), owner))
	}
	for what, c := range map[string]struct {
		in   permission.Scope
		want []ident.CaseID
	}{
		"own":          {permission.Scope{User: "one"}, []ident.CaseID{"of-one"}},
		"groups":       {permission.Scope{User: "boss", Groups: true}, []ident.CaseID{"of-six", "of-one", "of-boss"}},
		"other group":  {permission.Scope{User: "chief", Groups: true}, []ident.CaseID{"of-elsewhere"}},
		"not marked":   {permission.Scope{User: "plain", Groups: true}, []ident.CaseID{}},
		"nobody's own": {permission.Scope{}, []ident.CaseID{}},
	} {
		page := w.list(surgical.Query{Count: true}, c.in)
		equal(w.t, what, idsOnPage(page), c.want)
		equal(w.t, "count of "+what, page.Total, len(c.want))
	}
	equal(w.t, "everybody's", len(w.list(surgical.Query{}, everything).Cases), 7)
}

func listedIsSheet(w *world) {
	w.hire(1, "ann")
	w.catalogue(entry("Z9001", "described"))
	cases := some(3, "c", "ann")
	w.record(cases...)
	w.open(pay.Weekly, cases[1])
	for _, s := range w.list(surgical.Query{}, everything).Cases {
		equal(w.t, "listed", s, w.sheetOf(s.ID))
	}
}

func caseListCost(w *world) {
	w.hire(1, "ann")
	ask := func(ctx context.Context, r ports.Repos) error {
		_, err := r.Casebook.List(ctx, surgical.Query{Limit: 1000, Count: true}, permission.Scope{User: "ann"})
		return err
	}
	cases := some(1000, "c", "ann")
	w.record(cases[0])
	before := w.cost(ask)
	w.record(cases[1:]...)
	equal(w.t, "statements", w.cost(ask), before)
	equal(w.t, "cases", len(w.list(surgical.Query{Limit: 1000}, everything).Cases), 1000)
}

func (w *world) totals(from, to civil.Date) []surgical.StatusTotal {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]surgical.StatusTotal, error) {
		return r.Casebook.Totals(ctx, from, to)
	})
}

func caseTotals(w *world) {
	w.hire(1, "ann")
	cases := some(4, "c", "ann")
	for i, c := range cases {
		c.Date, c.Pay.Amount = day(2026, 1+i), pay.MaxAmount
	}
	cases[3].Status = surgical.Paid
	w.record(cases...)
	w.record(given.Case("gone", "ann"))
	w.delete("gone")
	most := int64(pay.MaxAmount)
	equal(w.t, "all", w.totals(civil.Date{}, civil.Date{}), []surgical.StatusTotal{{Cases: 3, Cents: 3 * most}, {Status: surgical.Paid, Cases: 1, Cents: most}})
	equal(w.t, "some days", w.totals(day(2026, 2), day(2026, 3)), []surgical.StatusTotal{{Cases: 2, Cents: 2 * most}})
	equal(w.t, "from", w.totals(day(2026, 4), civil.Date{}), []surgical.StatusTotal{{Status: surgical.Paid, Cases: 1, Cents: most}})
	waived := given.Case("waived", "ann")
	waived.Date, waived.Status, waived.Pay.Amount, waived.Pay.Status = day(2026, 9), surgical.Paid, pay.MaxAmount, pay.Waived
	w.record(waived)
	equal(w.t, "what nobody gets", w.totals(day(2026, 9), civil.Date{}), []surgical.StatusTotal{{Status: surgical.Paid, Cases: 1}})
}

func unpricedCases(w *world) {
	w.hire(1, "ann")
	cases := some(6, "c", "ann")
	for i, c := range cases {
		c.Date, c.Pay.Status = day(2026, 1+i), pay.Unpriced
	}
	cases[3].Status, cases[4].Pay.Status = surgical.PendingPayment, pay.ZeroApproved
	w.record(cases...)
	w.delete(cases[5].ID)
	count := func(from, to civil.Date) int {
		return read(w, func(ctx context.Context, r ports.Repos) (int, error) { return r.Casebook.Unpriced(ctx, from, to) })
	}
	equal(w.t, "all", count(civil.Date{}, civil.Date{}), 3)
	equal(w.t, "from", count(day(2026, 2), civil.Date{}), 2)
	equal(w.t, "some days", count(day(2026, 1), day(2026, 1)), 1)
}
