package contract

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

// AuditLog is the contract of List in ports.Audit.
func AuditLog(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"entries come newest first, with the numbers of their seals", logOrder},
		{"pages follow each other without gaps and repetitions, also among entries of one instant", logPages},
		{"every filter finds its entries, alone and with another", logFilters},
		{"times include their beginning and exclude their end", logTimes},
		{"an empty log is empty and not nil", logEmpty},
		{"a case is found by either name: what was done to it and which lists showed it", logCase},
		{"so are the reads of a file whose making named the case, on whatever page that is", logFiles},
		{"a page costs the same statements for one entry and for a thousand", logCost},
	})
}

func (w *world) log(q audit.Query) audit.Page {
	w.t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	return read(w, func(ctx context.Context, r ports.Repos) (audit.Page, error) { return r.Audit.List(ctx, q) })
}

// ids are the ids of the things that the entries of a page are about.
func ids(page audit.Page) string {
	var all []string
	for _, e := range page.Entries {
		all = append(all, e.EntityID)
	}
	return strings.Join(all, " ")
}

func logOrder(w *world) {
	entries := numbered(3)
	entries[2].At = entries[0].At.Add(-time.Hour)
	entries[0] = entries[0].Changing([]string{"codes", "case_date"}, []byte{1}, nil)
	w.do(recording(entries[:2]...))
	w.sealAll()
	w.do(recording(entries[2]))
	page := w.log(audit.Query{})
	equal(w.t, "order", ids(page), "1 0 2")
	equal(w.t, "entry", page.Entries[1].Entry, entries[0])
	equal(w.t, "seals", []int64{page.Entries[0].Seq, page.Entries[1].Seq, page.Entries[2].Seq}, []int64{2, 1, 0})
	if page.Next != nil {
		w.t.Errorf("there is no next page, got %v", page.Next)
	}
}

func logPages(w *world) {
	entries := numbered(25)
	for i := range entries {
		entries[i].At = given.Morning.Add(time.Duration(i/10) * time.Microsecond)
	}
	w.do(recording(entries...))
	all := strings.Fields(ids(w.log(audit.Query{})))
	equal(w.t, "all", len(all), 25)
	for _, limit := range []int{1, 3, 10, 24, 25, 26} {
		var seen []string
		q := audit.Query{Limit: limit, Actor: "ann", Count: true}
		for {
			page := w.log(q)
			equal(w.t, "total", page.Total, 25)
			seen = append(seen, strings.Fields(ids(page))...)
			if page.Next == nil {
				break
			}
			equal(w.t, "page", len(page.Entries), limit)
			q.After = page.Next
		}
		equal(w.t, fmt.Sprint("pages of ", limit), seen, all)
	}
}

func logFilters(w *world) {
	kind := func(id, entity string, change func(*audit.Entry)) audit.Entry {
		e := auditEntry(id)
		e.Entity = entity
		change(&e)
		return e
	}
	w.do(recording(
		kind("c-1", "case", func(e *audit.Entry) {}),
		kind("c-2", "case", func(e *audit.Entry) { e.Actor.User = "bob" }),
		kind("ann", "user", func(e *audit.Entry) { e.Action = permission.EditProfile }),
		kind("c-1", "case", func(e *audit.Entry) { *e = e.Refusing(errChanged) }),
		kind("", "cases", func(e *audit.Entry) { *e = e.Reading("7") }),
		kind("c-1", "user", func(e *audit.Entry) { e.Actor.User = "Bob" }),
	))
	for _, c := range []struct {
		q    audit.Query
		want string
	}{
		{audit.Query{Actor: "bob"}, "c-2"},
		{audit.Query{Actor: "ann"}, " c-1 ann c-1"},
		{audit.Query{Actor: "an"}, ""},
		{audit.Query{Action: permission.EditProfile}, "ann"},
		{audit.Query{Entity: "case"}, "c-1 c-2 c-1"},
		{audit.Query{Entity: "user"}, "c-1 ann"},
		{audit.Query{EntityID: "c-1"}, "c-1 c-1 c-1"},
		{audit.Query{EntityID: "c-1", Entity: "user"}, "c-1"},
		{audit.Query{Outcome: audit.Refused}, "c-1"},
		{audit.Query{Outcome: audit.Read, Actor: "ann"}, ""},
		{audit.Query{Outcome: audit.Done, Actor: "ann", Entity: "case"}, "c-1"},
		{audit.Query{Outcome: audit.Done, Actor: "bob", Entity: "user"}, ""},
	} {
		c.q.Count = true
		page := w.log(c.q)
		equal(w.t, fmt.Sprintf("%+v", c.q), ids(page), c.want)
		equal(w.t, fmt.Sprintf("total of %+v", c.q), page.Total, len(page.Entries))
	}
}

func logTimes(w *world) {
	w.do(recording(numbered(5)...))
	at := func(i int) time.Time { return given.Morning.Add(time.Duration(i) * time.Millisecond) }
	equal(w.t, "from", ids(w.log(audit.Query{From: at(3)})), "4 3")
	equal(w.t, "to", ids(w.log(audit.Query{To: at(2)})), "1 0")
	equal(w.t, "both", ids(w.log(audit.Query{From: at(1), To: at(4), Actor: "ann"})), "3 2 1")
	equal(w.t, "nothing between", ids(w.log(audit.Query{From: at(2), To: at(2)})), "")
}

func logEmpty(w *world) {
	for _, q := range []audit.Query{{}, {Actor: "nobody"}, {Case: "never"}, {Number: 99}} {
		page := w.log(q)
		isEmpty(w.t, "log", page.Entries)
		if page.Next != nil {
			w.t.Errorf("%+v has a next page", q)
		}
	}
}

func logCase(w *world) {
	w.hire(permission.Provider, "ann")
	cases := some(3, "c", "ann")
	w.record(cases...)
	one := w.caseNamed(cases[1].ID)
	number := fmt.Sprint(one.Number)
	showing := func(id string, things ...string) audit.Entry {
		e := auditEntry(id).Reading(things...)
		e.Entity, e.Action = "cases", permission.ListAllCases
		return e
	}
	people := showing("people", number)
	people.Action, people.Entity = permission.ListUsers, "user" // its things are users
	nameless := auditEntry("")
	w.do(recording(
		auditEntry(string(one.ID)), showing("only", number), showing("first", number, "999"), showing("last", "999", number), showing("middle", "998", number, "999"),
		showing("others", "1"+number, number+"1"), people, nameless, auditEntry(string(cases[2].ID)), auditEntry("never-there"),
	))
	const want = "middle last first only c-0001"
	equal(w.t, "by id", ids(w.log(audit.Query{Case: one.ID})), want)
	equal(w.t, "by number", ids(w.log(audit.Query{Number: one.Number})), want)
	equal(w.t, "lists only", ids(w.log(audit.Query{Number: one.Number, Entity: "cases"})), strings.TrimSuffix(want, " c-0001"))
	equal(w.t, "a case that never was", ids(w.log(audit.Query{Case: "never-there"})), "never-there")
	first := w.log(audit.Query{Case: one.ID, Limit: 2})
	equal(w.t, "first page", ids(first), "middle last")
	second := w.log(audit.Query{Case: one.ID, Limit: 3, After: first.Next})
	equal(w.t, "second page", ids(second), "first only c-0001")
	if second.Next != nil {
		w.t.Error("there is no third page")
	}
}

func logFiles(w *world) {
	w.hire(permission.Provider, "ann")
	cases := some(2, "c", "ann")
	w.record(cases...)
	number := fmt.Sprint(w.caseNamed(cases[1].ID).Number)
	of := func(file, by string, things ...string) audit.Entry {
		e := auditEntry(file).Reading(things...)
		e.Entity, e.Action, e.Actor.User = "file", permission.ReadReports, ident.UserID(by)
		return e
	}
	other := of("7", "other")
	other.Entity = "run"
	made := of("7", "maker")
	made.Outcome = audit.Done
	w.do(recording(
		made, of("7", "maker", "998", "999"), of("7", "maker", number, "1000"), of("8", "maker", "1"+number), // a large file takes several entries
		of("7", "first"), of("8", "others"), other, of("7", "refused").Refusing(errChanged), of("7", "second"), of("9", "nowhere"), of("7", "first"),
	))
	actors := func(page audit.Page) (all []string) {
		for _, e := range page.Entries {
			all = append(all, string(e.Actor.User))
		}
		return all
	}
	equal(w.t, "who saw it", actors(w.log(audit.Query{Case: cases[1].ID})), []string{"first", "second", "first", "maker"})
	equal(w.t, "by number", actors(w.log(audit.Query{Number: w.caseNamed(cases[1].ID).Number, Actor: "second"})), []string{"second"})
	first := w.log(audit.Query{Case: cases[1].ID, Limit: 1})
	second := w.log(audit.Query{Case: cases[1].ID, Limit: 2, After: first.Next})
	equal(w.t, "page by page", append(actors(first), actors(second)...), []string{"first", "second", "first"})
}

func logCost(w *world) {
	q := audit.Query{Limit: 1000, Count: true}
	cost := func(q audit.Query) int64 {
		return w.cost(func(ctx context.Context, r ports.Repos) error { _, err := r.Audit.List(ctx, q); return err })
	}
	w.do(recording(numbered(1)...))
	few, ofCase := cost(q), cost(audit.Query{Limit: 1000, Case: "5"})
	w.do(recording(numbered(999)...))
	equal(w.t, "statements", cost(q), few)
	equal(w.t, "statements for a case", cost(audit.Query{Limit: 1000, Case: "5"}), ofCase)
	if few > 2 || ofCase > 3 {
		w.t.Errorf("%d and %d statements", few, ofCase)
	}
}

// FollowCase follows a case that nothing on the trail is about, and counts the pages that it takes.
func FollowCase(t *testing.T, store ports.Store) (pages int) {
	t.Helper()
	w := begin(t, func(*testing.T) ports.Store { return store })
	q := audit.Query{Case: "never", Limit: 1}
	for {
		page := w.log(q)
		pages++
		equal(t, "entries", len(page.Entries), 0)
		if page.Next == nil {
			return pages
		}
		q.After = page.Next
	}
}
