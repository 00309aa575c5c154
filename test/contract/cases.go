package contract

import (
	"context"
	"fmt"
	"testing"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// Cases is the contract of ports.Cases.
func Cases(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"a case comes back as stored, to the microsecond and the cent", caseRoundTrip},
		{"a case with only what must be there comes back as stored", sparseCaseRoundTrip},
		{"names in any script come back as stored", caseScripts},
		{"an id is never used twice, even by twenty at once", caseIDOnce},
		{"the id of a deleted case stays used", deletedIDStays},
		{"an id of a rolled-back case is free, and numbers rise", numbers},
		{"Save changes every field and raises the version", saveCase},
		{"Save replaces codes and documents and takes them away", saveCaseParts},
		{"a stale version is a Conflict and changes nothing", staleCase},
		{"of twenty writers one wins", racingCases},
		{"a case outside the scope is NotFound", caseScope},
		{"a group administrator sees the cases of members of type 1 to 6", groupScope},
		{"Get does not find deleted cases, GetDeleted no others", deletedCase},
		{"moves are kept in order, with the case", caseHistory},
		{"an error takes case, codes, documents and moves back", caseRollback},
	})
}

// Twins is what ports.Cases promises about cases that are recorded twice.
func Twins(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"a twin is refused whatever the letter case and spaces of the names", twinRefused},
		{"another owner, day or patient makes no twin", noTwin},
		{"a forced twin is kept, and many of them", twinForced},
		{"of twenty twins at once one is stored", twinRace},
		{"a case cannot become a twin by Save", twinBySave},
		{"a deleted case is no twin, and cannot be restored beside one", twinDeleted},
		{"a deleted case that was paid counts as twin, until it is reversed", twinPaid},
	})
}

func fullCase() *surgical.Case {
	c := given.Case("full", "ann")
	c.Patient.First = surgical.NewPHI("Zoë 山田")
	c.Status, c.Generation, c.DuplicateForced = surgical.Closed, 3, true
	c.Pay = surgical.Worth{Amount: pay.MaxAmount, Category: "spine", Status: pay.Priced, Tier: 4, Table: 7, Winner: "Z9002", At: given.Morning.Add(time.Microsecond)}
	c.Codes = []surgical.Code{{Procedure: "Z9002", Modifiers: []string{"50", "LT", "AS", "22"}}, {Procedure: "Z9001"}, {Procedure: "Z9001", Modifiers: []string{"59"}}}
	for i, kind := range surgical.FileKinds {
		name := surgical.NewPHI(fmt.Sprintf("Ärzte %d.pdf", i))
		c.Files[kind] = surgical.File{Name: name, Key: surgical.KeyFor("ann", name), Stored: i%2 == 0}
	}
	for i, status := range surgical.Statuses[1:] {
		c.Stamps[status] = given.Morning.Add(time.Duration(i) * time.Microsecond)
	}
	c.UpdatedAt = given.Morning.Add(time.Hour)
	return c
}

func caseRoundTrip(w *world) {
	w.hire(1, "ann")
	c := fullCase()
	w.do(func(ctx context.Context, r ports.Repos) error {
		s, f := given.Surgeon("ann"), given.Facility("ann")
		if err := r.Surgeons.Add(ctx, s); err != nil {
			return err
		}
		if err := r.Places.Add(ctx, f); err != nil {
			return err
		}
		c.SurgeonID, c.FacilityID = s.ID, f.ID
		return r.Cases.Add(ctx, c)
	})
	equal(w.t, "case", w.caseNamed("full"), c)
}

func sparseCaseRoundTrip(w *world) {
	w.hire(1, "ann")
	c := surgical.New(surgical.Facts{
		ID: "sparse", Owner: "ann", Date: civil.Date{Year: 1990, Month: 1, Day: 1},
		Patient: surgical.Patient{First: surgical.NewPHI("A"), Last: surgical.NewPHI("B")},
	}, []byte("key"), given.Morning)
	c.Pay.Status = pay.NoCodes
	w.record(c)
	equal(w.t, "case", w.caseNamed("sparse"), c)
}

func caseScripts(w *world) {
	w.hire(1, "ann")
	for i, name := range []string{"Zoe\u0308", "O'Brien; DROP TABLE cases", "שלום", "👩‍⚕️", "=1+1", "\x00nul", "a\\b\"c"} {
		c := given.Case(ident.CaseID(fmt.Sprint("case", i)), "ann")
		c.Patient.Last = surgical.NewPHI(name)
		w.record(c)
		equal(w.t, "name", w.caseNamed(c.ID).Patient.Last.Reveal(), name)
	}
}

func caseIDOnce(w *world) {
	w.hire(1, "ann")
	errs := together(20, func(i int) error {
		return w.try(func(ctx context.Context, r ports.Repos) error {
			c := given.Case("same", "ann")
			c.Patient.Last = surgical.NewPHI(fmt.Sprint("Patient", i))
			return r.Cases.Add(ctx, c)
		})
	})
	oneWins(w.t, errs, fault.Conflict, "case_exists")
}

func (w *world) delete(id ident.CaseID) {
	w.t.Helper()
	w.change(id, func(c *surgical.Case) { c.DeletedAt, c.DeletedBy = given.Morning.Add(time.Hour), "eve" })
}

// change reads a case, changes it and saves it.
func (w *world) change(id ident.CaseID, how func(*surgical.Case)) {
	w.t.Helper()
	w.do(changing(id, how))
}

func changing(id ident.CaseID, how func(*surgical.Case)) work {
	return func(ctx context.Context, r ports.Repos) error {
		c, err := r.Cases.Get(ctx, id, everything)
		if err != nil {
			return err
		}
		how(c)
		return r.Cases.Save(ctx, c)
	}
}

func deletedIDStays(w *world) {
	w.hire(1, "ann")
	w.record(given.Case("c", "ann"))
	w.delete("c")
	again := given.Case("c", "ann")
	again.Patient.Last = surgical.NewPHI("Somebody else")
	err := w.try(func(ctx context.Context, r ports.Repos) error { return r.Cases.Add(ctx, again) })
	refused(w.t, err, fault.Conflict, "case_exists")
}

func numbers(w *world) {
	w.hire(1, "ann")
	first, second := given.Case("first", "ann"), given.Case("second", "ann")
	w.record(first)
	_ = w.try(func(ctx context.Context, r ports.Repos) error {
		if err := r.Cases.Add(ctx, given.Case("second", "ann")); err != nil {
			return err
		}
		return errRefused
	})
	w.record(second)
	if first.Number < 1 || second.Number <= first.Number {
		w.t.Errorf("numbers %d and %d", first.Number, second.Number)
	}
}

func saveCase(w *world) {
	w.hire(1, "ann", "bob")
	w.record(given.Case("full", "ann"))
	want := fullCase()
	want.Number, want.Version, want.Owner = w.caseNamed("full").Number, 2, "bob"
	w.change("full", func(c *surgical.Case) { *c = *copied(want); c.Version = 1 })
	equal(w.t, "filled", w.caseNamed("full"), want)

	bare := &surgical.Case{
		Standing: surgical.Standing{ID: "full", Number: want.Number, Version: 3, Owner: "bob", Generation: 4, DigestKey: want.DigestKey},
		Date:     civil.Date{Year: 2026, Month: 1, Day: 1}, Patient: surgical.Patient{First: surgical.NewPHI("A"), Last: surgical.NewPHI("B")},
		Files: map[surgical.FileKind]surgical.File{}, Stamps: map[surgical.Status]time.Time{}, CreatedAt: want.CreatedAt, UpdatedAt: given.Morning,
	}
	w.change("full", func(c *surgical.Case) { *c = *copied(bare); c.Version = 2 })
	equal(w.t, "emptied", w.caseNamed("full"), bare)
}

func saveCaseParts(w *world) {
	w.hire(1, "ann")
	w.record(given.Case("c", "ann"), given.Case("other", "ann"))
	file := func(name string) surgical.File {
		return surgical.File{Name: surgical.NewPHI(name), Key: surgical.KeyFor("ann", surgical.NewPHI(name))}
	}
	stored := file("a.pdf")
	stored.Stored = true
	type files = map[surgical.FileKind]surgical.File
	for i, want := range []struct {
		codes []surgical.Code
		files files
	}{
		{[]surgical.Code{{Procedure: "Z9002"}, {Procedure: "Z9001"}}, files{surgical.DemoFile: file("a.pdf"), surgical.MiscFile: file("m.pdf")}},
		{[]surgical.Code{{Procedure: "Z9001"}, {Procedure: "Z9002"}}, files{surgical.DemoFile: stored}},
		{[]surgical.Code{{Procedure: "Z9001"}, {Procedure: "Z9002"}}, files{surgical.DemoFile: stored}},
		{nil, files{}},
		{[]surgical.Code{{Procedure: "Z9003"}}, files{surgical.DemoFile: file("a.pdf")}},
	} {
		w.change("c", func(c *surgical.Case) { c.Codes, c.Files = want.codes, want.files })
		c := w.caseNamed("c")
		equal(w.t, fmt.Sprint("codes of step ", i), c.Codes, want.codes)
		equal(w.t, fmt.Sprint("files of step ", i), c.Files, want.files)
	}
	equal(w.t, "another case", w.caseNamed("other").Codes, given.Case("other", "ann").Codes)
}

func staleCase(w *world) {
	w.hire(1, "ann")
	w.record(given.Case("c", "ann"))
	stale := w.caseNamed("c")
	w.change("c", func(c *surgical.Case) { c.Insurer = "Current" })
	current := w.caseNamed("c")
	stale.Insurer, stale.Codes = "Stale", nil
	err := w.once(func(ctx context.Context, r ports.Repos) error {
		return r.Cases.Save(ctx, copied(stale), surgical.Move{From: 0, To: 1, At: given.Morning, By: "ann"})
	})
	refused(w.t, err, fault.Conflict, "changed_meanwhile")
	equal(w.t, "case", w.caseNamed("c"), current)
	isEmpty(w.t, "history", w.history(current.Number))
}

func racingCases(w *world) {
	w.hire(1, "ann")
	w.record(given.Case("c", "ann"))
	c := w.caseNamed("c")
	errs := together(20, func(i int) error {
		return w.once(func(ctx context.Context, r ports.Repos) error {
			mine := copied(c)
			mine.Codes = []surgical.Code{{Procedure: pay.Code(fmt.Sprintf("Z90%02d", i))}}
			return r.Cases.Save(ctx, mine)
		})
	})
	oneWins(w.t, errs, fault.Conflict, "changed_meanwhile")
	for i, err := range errs {
		if err == nil {
			equal(w.t, "the winner's code", w.caseNamed("c").Codes[0].Procedure, pay.Code(fmt.Sprintf("Z90%02d", i)))
		}
	}
}

func (w *world) sees(in permission.Scope, id ident.CaseID) bool {
	w.t.Helper()
	_, err := attempt(w, func(ctx context.Context, r ports.Repos) (*surgical.Case, error) { return r.Cases.Get(ctx, id, in) })
	if err != nil {
		refused(w.t, err, fault.NotFound, "case_not_found")
	}
	return err == nil
}

func caseScope(w *world) {
	w.hire(1, "ann", "bob")
	w.record(given.Case("c", "ann"))
	equal(w.t, "own", w.sees(permission.Scope{User: "ann"}, "c"), true)
	equal(w.t, "somebody else's", w.sees(permission.Scope{User: "bob"}, "c"), false)
	equal(w.t, "nobody's scope", w.sees(permission.Scope{}, "c"), false)
	equal(w.t, "everybody's", w.sees(everything, "c"), true)
	equal(w.t, "unknown", w.sees(everything, "nothing"), false)
	equal(w.t, "other letter case", w.sees(everything, "C"), false)
}

func groupScope(w *world) {
	w.staffGroups()
	visible := map[ident.UserID]bool{"one": true, "six": true, "seven": false, "ten": false, "elsewhere": false, "alone": false, "boss": true}
	for owner := range visible {
		w.record(given.Case(ident.CaseID("of-"+owner), owner))
	}
	for owner, want := range visible {
		id := ident.CaseID("of-" + owner)
		equal(w.t, "boss sees the case of "+string(owner), w.sees(permission.Scope{User: "boss", Groups: true}, id), want)
		equal(w.t, "an ordinary member sees the case of "+string(owner), w.sees(permission.Scope{User: "plain", Groups: true}, id), false)
	}
	equal(w.t, "boss without the groups", w.sees(permission.Scope{User: "boss"}, "of-one"), false)
}

func deletedCase(w *world) {
	w.hire(1, "ann")
	w.record(given.Case("gone", "ann"), given.Case("stays", "ann"))
	w.delete("gone")
	equal(w.t, "Get finds the deleted case", w.sees(everything, "gone"), false)
	getDeleted := func(id ident.CaseID) (*surgical.Case, error) {
		return attempt(w, func(ctx context.Context, r ports.Repos) (*surgical.Case, error) { return r.Cases.GetDeleted(ctx, id) })
	}
	c, err := getDeleted("gone")
	if err != nil {
		w.t.Fatal(err)
	}
	equal(w.t, "deleted at", c.DeletedAt, given.Morning.Add(time.Hour))
	equal(w.t, "deleted by", c.DeletedBy, "eve")
	equal(w.t, "codes", c.Codes, given.Case("gone", "ann").Codes)
	_, err = getDeleted("stays")
	refused(w.t, err, fault.NotFound, "case_not_found")
}

func (w *world) history(number int64) []surgical.HistoryEntry {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]surgical.HistoryEntry, error) {
		return r.Casebook.History(ctx, number)
	})
}

func caseHistory(w *world) {
	w.hire(1, "ann")
	c := given.Case("c", "ann")
	at := given.Morning
	w.do(func(ctx context.Context, r ports.Repos) error {
		if err := r.Cases.Add(ctx, c, surgical.Move{From: 0, To: 1, At: at, By: "system:auto"}); err != nil {
			return err
		}
		return r.Cases.Save(ctx, c, surgical.Move{From: 1, To: 10, At: at, By: "eve"}, surgical.Move{From: 10, To: 1, At: at, By: "eve", Reason: "too early", RunID: 7})
	})
	equal(w.t, "history", w.history(c.Number), []surgical.HistoryEntry{
		{From: 0, To: 1, At: at, By: "system:auto"}, {From: 1, To: 10, At: at, By: "eve"}, {From: 10, To: 1, At: at, By: "eve", Reason: "too early", RunID: 7},
	})
}

func caseRollback(w *world) {
	w.hire(1, "ann")
	w.record(given.Case("old", "ann"))
	before := w.caseNamed("old")
	err := w.try(func(ctx context.Context, r ports.Repos) error {
		if err := r.Cases.Add(ctx, given.Case("new", "ann"), surgical.Move{To: 1, At: given.Morning, By: "ann"}); err != nil {
			return err
		}
		if err := changing("old", func(c *surgical.Case) { c.Codes, c.Files, c.Status = nil, nil, 1 })(ctx, r); err != nil {
			return err
		}
		return errRefused
	})
	equal(w.t, "error", err, errRefused)
	equal(w.t, "new case", w.sees(everything, "new"), false)
	equal(w.t, "old case", w.caseNamed("old"), before)
}
