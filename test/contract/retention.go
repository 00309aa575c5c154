package contract

import (
	"context"
	"testing"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/job"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// Retention is the contract of ports.Retention.
func Retention(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"condemned are cases that were deleted before a time, some at a time, and nobody restores them", condemns},
		{"a condemned case comes with the keys of all its documents", condemnedKeys},
		{"keys that another case names are left out, until that one goes", condemnedSharing},
		{"purging leaves the id taken and the payments as they were", purges},
		{"one case is condemned by its version, and found again however young it is", condemnsOne},
		{"one case comes with its own keys, and the number of those that stay", condemnsOneSharing},
		{"purging tells how many rows went", countsPurged},
		{"a case that is not condemned keeps all others from being purged", purgesOnlyCondemned},
		{"requests, done tasks and runs of jobs are forgotten when they are old, some at a time", forgets},
	})
}

func (w *world) condemn(before time.Time, limit int) []ports.PurgedCase {
	w.t.Helper()
	var found []ports.PurgedCase
	w.do(func(ctx context.Context, r ports.Repos) (err error) {
		found, err = r.Keeping.Condemn(ctx, before, limit)
		return err
	})
	return found
}

// deletedAt stores cases that were deleted at a time.
func (w *world) deletedAt(at time.Time, cases ...*surgical.Case) {
	w.t.Helper()
	w.record(cases...)
	for _, c := range cases {
		w.change(c.ID, func(c *surgical.Case) { c.DeletedAt, c.DeletedBy = at, "eve" })
	}
}

func idsOfPurged(purged []ports.PurgedCase) []ident.CaseID {
	ids := []ident.CaseID{}
	for _, p := range purged {
		ids = append(ids, p.ID)
	}
	return ids
}

func condemns(w *world) {
	w.hire(1, "ann")
	old, young := some(3, "old", "ann"), some(1, "young", "ann")
	w.deletedAt(given.Morning, old...)
	w.deletedAt(given.Morning.Add(time.Hour), young...)
	w.record(some(1, "alive", "ann")...)
	isEmpty(w.t, "nothing is older", w.condemn(given.Morning, 10))
	before := given.Morning.Add(time.Minute)
	equal(w.t, "expired", read(w, func(ctx context.Context, r ports.Repos) (int, error) { return r.Keeping.CountExpired(ctx, before) }), 3)
	equal(w.t, "first", idsOfPurged(w.condemn(before, 2)), []ident.CaseID{old[0].ID, old[1].ID})
	equal(w.t, "again", idsOfPurged(w.condemn(before, 10)), []ident.CaseID{old[0].ID, old[1].ID, old[2].ID})
	_, err := attempt(w, func(ctx context.Context, r ports.Repos) (*surgical.Case, error) {
		return r.Cases.GetDeleted(ctx, old[0].ID)
	})
	refused(w.t, err, fault.NotFound, "case_not_found")
	equal(w.t, "condemned before, whatever the time", idsOfPurged(w.condemn(given.Morning, 10)), []ident.CaseID{old[0].ID, old[1].ID, old[2].ID})
	equal(w.t, "young case", read(w, func(ctx context.Context, r ports.Repos) (*surgical.Case, error) {
		return r.Cases.GetDeleted(ctx, young[0].ID)
	}).ID, young[0].ID)
}

func condemnedKeys(w *world) {
	w.hire(1, "ann")
	c := some(1, "c", "ann")[0]
	c.Files = map[surgical.FileKind]surgical.File{
		surgical.DemoFile: {Name: surgical.NewPHI("a.pdf"), Key: surgical.NewPHI("private/a"), Stored: true},
		surgical.NoteFile: {Name: surgical.NewPHI("b.pdf"), Key: surgical.NewPHI("private/b")},
	}
	w.record(c)
	w.change(c.ID, func(c *surgical.Case) { // replaced, it is kept all the same
		c.Files[surgical.DemoFile] = surgical.File{Name: surgical.NewPHI("c.pdf"), Key: surgical.NewPHI("private/c"), Stored: true}
		c.Files[surgical.MiscFile] = surgical.File{Name: surgical.NewPHI("d.pdf"), Key: surgical.NewPHI("private//d")} // no store has such a key
	})
	w.change(c.ID, func(c *surgical.Case) { c.DeletedAt, c.DeletedBy = given.Morning, "eve" })
	keys := w.condemn(given.Morning.Add(time.Microsecond), 10)[0].Keys
	equal(w.t, "keys", keys, []string{"private/c", "private/a", "private/b"})
}

// naming stores cases that have a document under a key, and deletes the first so many.
func (w *world) naming(key string, deleted int, cases ...*surgical.Case) {
	w.t.Helper()
	for _, c := range cases {
		c.Files = map[surgical.FileKind]surgical.File{surgical.DemoFile: {Name: surgical.NewPHI("a.pdf"), Key: surgical.NewPHI(key), Stored: true}}
	}
	w.deletedAt(given.Morning, cases[:deleted]...)
	w.record(cases[deleted:]...)
}

func keysOf(purged []ports.PurgedCase) [][]string {
	keys := [][]string{}
	for _, p := range purged {
		keys = append(keys, append([]string{}, p.Keys...))
	}
	return keys
}

func condemnedSharing(w *world) {
	w.hire(1, "ann")
	w.hire(1, "bob")
	before := given.Morning.Add(time.Hour)
	w.naming("private/alone", 2, some(2, "alone", "ann")...) // both go at once
	equal(w.t, "of both", keysOf(w.condemn(before, 10)), [][]string{{"private/alone"}, {"private/alone"}})
	equal(w.t, "of one", keysOf(w.condemn(before, 1)), [][]string{{}})
	w.do(purging(w.condemn(before, 10)...))

	shared := append(some(1, "first", "ann"), some(1, "second", "bob")...)
	w.naming("private/shared", 1, shared...)
	gone := w.condemn(before, 10)
	equal(w.t, "while another has it", keysOf(gone), [][]string{{}})
	w.do(purging(gone...))
	w.change(shared[1].ID, func(c *surgical.Case) { // replaced, it counts all the same
		c.Files[surgical.DemoFile] = surgical.File{Name: surgical.NewPHI("b.pdf"), Key: surgical.NewPHI("private/b"), Stored: true}
		c.DeletedAt, c.DeletedBy = given.Morning, "eve"
	})
	w.naming("private/shared", 1, some(1, "third", "ann")...)
	equal(w.t, "while one has it that is condemned, too", keysOf(w.condemn(before, 1)), [][]string{{"private/b"}})
	equal(w.t, "at last", keysOf(w.condemn(before, 10)), [][]string{{"private/b", "private/shared"}, {"private/shared"}})
}

func purging(purged ...ports.PurgedCase) work {
	return func(ctx context.Context, r ports.Repos) error {
		numbers := []int64{}
		for _, p := range purged {
			numbers = append(numbers, p.Number)
		}
		_, err := r.Keeping.Purge(ctx, numbers)
		return err
	}
}

func purges(w *world) {
	cases := w.worth(2)
	run, payments := w.openRun(pay.Weekly, cases...)
	w.settle(payments...)
	w.change(cases[0].ID, func(c *surgical.Case) { c.DeletedAt, c.DeletedBy = given.Morning, "eve" })
	gone := w.condemn(given.Morning.Add(time.Hour), 10)
	w.do(purging())
	w.do(purging(gone...))
	isEmpty(w.t, "condemned", w.condemn(given.Morning.Add(time.Hour), 10))
	equal(w.t, "cases of the run", len(w.paidCases(run.ID)), 1)
	lines := w.lines(pay.LineQuery{Run: run.ID})
	equal(w.t, "lines", len(lines), 2)
	equal(w.t, "its id is kept", lines[0].CaseID, cases[0].ID)
	again := given.Case(cases[0].ID, "ann")
	refused(w.t, w.try(func(ctx context.Context, r ports.Repos) error { return r.Cases.Add(ctx, again) }), fault.Conflict, "case_exists")
}

func (w *world) condemnOne(id ident.CaseID, version int64) (one ports.PurgedCase, err error) {
	w.t.Helper()
	err = w.once(func(ctx context.Context, r ports.Repos) (err error) {
		one, err = r.Keeping.CondemnCase(ctx, id, version)
		return err
	})
	return one, err
}

func condemnsOne(w *world) {
	w.hire(1, "ann")
	cases := some(2, "young", "ann")
	w.deletedAt(given.Morning, cases...)
	w.record(some(1, "alive", "ann")...)
	version := read(w, func(ctx context.Context, r ports.Repos) (*surgical.Case, error) {
		return r.Cases.GetDeleted(ctx, cases[1].ID)
	}).Version
	for _, id := range []ident.CaseID{"alive-0000", "nobody"} {
		_, err := w.condemnOne(id, 1)
		refused(w.t, err, fault.NotFound, "case_not_found")
	}
	_, err := w.condemnOne(cases[0].ID, 0)
	refused(w.t, err, fault.Conflict, "changed_meanwhile")
	keys := []string{"private/case-documents/ann/demo-young-0001.pdf", "private/case-documents/ann/note-young-0001.pdf"}
	for _, v := range []int64{version, 0} { // again, it needs no version
		one, err := w.condemnOne(cases[1].ID, v)
		if err != nil {
			w.t.Fatal(err)
		}
		equal(w.t, "condemned", one, ports.PurgedCase{Number: cases[1].Number, ID: cases[1].ID, Keys: keys})
	}
	_, err = attempt(w, func(ctx context.Context, r ports.Repos) (*surgical.Case, error) {
		return r.Cases.GetDeleted(ctx, cases[1].ID)
	})
	refused(w.t, err, fault.NotFound, "case_not_found")
	longAgo := given.Morning.Add(-time.Hour)
	equal(w.t, "expired", read(w, func(ctx context.Context, r ports.Repos) (int, error) {
		return r.Keeping.CountExpired(ctx, longAgo)
	}), 1)
	equal(w.t, "found again", idsOfPurged(w.condemn(longAgo, 10)), []ident.CaseID{cases[1].ID})
	w.do(purging(w.condemn(longAgo, 10)...))
	isEmpty(w.t, "left", w.condemn(longAgo, 10))
}

func condemnsOneSharing(w *world) {
	w.hire(1, "ann")
	cases := some(2, "c", "ann")
	w.naming("private/shared", 1, cases...)
	w.naming("private/alone", 1, some(1, "alone", "ann")...)
	for id, want := range map[ident.CaseID]ports.PurgedCase{
		cases[0].ID: {Keys: []string{}, Shared: 1}, "alone-0000": {Keys: []string{"private/alone"}},
	} {
		version := read(w, func(ctx context.Context, r ports.Repos) (*surgical.Case, error) { return r.Cases.GetDeleted(ctx, id) }).Version
		one, err := w.condemnOne(id, version)
		if err != nil {
			w.t.Fatal(err)
		}
		equal(w.t, "keys", append([]string{}, one.Keys...), want.Keys)
		equal(w.t, "shared", one.Shared, want.Shared)
	}
}

func countsPurged(w *world) {
	w.hire(1, "ann")
	cases := some(2, "c", "ann")
	w.naming("private/a", 2, cases...)
	gone := w.condemn(given.Morning.Add(time.Hour), 10)
	var got ports.PurgedRows
	w.do(func(ctx context.Context, r ports.Repos) (err error) {
		got, err = r.Keeping.Purge(ctx, []int64{gone[0].Number, gone[1].Number})
		return err
	})
	equal(w.t, "rows", got, ports.PurgedRows{Cases: 2, Codes: len(cases[0].Codes) + len(cases[1].Codes), Documents: 2, History: 0})
}

func purgesOnlyCondemned(w *world) {
	w.hire(1, "ann")
	cases := some(3, "c", "ann")
	w.deletedAt(given.Morning, cases[:2]...)
	w.record(cases[2])
	gone := w.condemn(given.Morning.Add(time.Microsecond), 1)
	for _, other := range cases[1:] {
		refused(w.t, w.once(purging(append(gone, ports.PurgedCase{Number: other.Number})...)), fault.Conflict, "changed_meanwhile")
	}
	equal(w.t, "still condemned", idsOfPurged(w.condemn(given.Morning.Add(time.Microsecond), 1)), idsOfPurged(gone))
}

func forgets(w *world) {
	old, now := given.Morning.Add(-48*time.Hour), given.Morning
	for i, at := range []time.Time{old, old, now} {
		key := ident.RequestKey{Caller: "ann", Route: "POST /case", Key: string(rune('a' + i))}
		w.do(func(ctx context.Context, r ports.Repos) error {
			if _, err := r.Requests.Begin(ctx, key, []byte("hash"), at, at.Add(time.Minute), at.Add(-time.Hour)); err != nil {
				return err
			}
			if err := r.Outbox.Put(ctx, "done", "1", at); err != nil {
				return err
			}
			tasks, err := r.Outbox.Due(ctx, ports.Topics{Others: true}, now, 10)
			if err != nil {
				return err
			}
			return r.Outbox.Done(ctx, tasks[0].ID, at)
		})
		wanted := w.wanting("one")
		wanted.At = at.Add(time.Duration(i) * time.Microsecond)
		run := w.takeRun(wanted)
		run.State, run.FinishedAt = job.Done, at
		w.do(ending(run))
	}
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Outbox.Put(ctx, "waiting", "1", old) })
	before := given.Morning.Add(-time.Hour)
	forget := func(limit int) (n int) {
		w.t.Helper()
		w.do(func(ctx context.Context, r ports.Repos) (err error) {
			n, err = r.Keeping.Forget(ctx, before, before, before, limit)
			return err
		})
		return n
	}
	equal(w.t, "first", forget(1), 3)
	equal(w.t, "rest", forget(10), 3)
	equal(w.t, "nothing", forget(10), 0)
	equal(w.t, "waiting tasks", w.notes(), 1)
	key := ident.RequestKey{Caller: "ann", Route: "POST /case", Key: "c"}
	refused(w.t, w.try(func(ctx context.Context, r ports.Repos) error {
		_, err := r.Requests.Begin(ctx, key, []byte("hash"), now, now.Add(time.Minute), before)
		return err
	}), fault.Conflict, "request_running")
}
