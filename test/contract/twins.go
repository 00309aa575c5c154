package contract

import (
	"context"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// patientCase is a case of a patient of ann's.
func patientCase(id ident.CaseID, first, last string) *surgical.Case {
	c := given.Case(id, "ann")
	c.Patient.First, c.Patient.Last = surgical.NewPHI(first), surgical.NewPHI(last)
	return c
}

func (w *world) add(c *surgical.Case) error {
	return w.try(func(ctx context.Context, r ports.Repos) error { return r.Cases.Add(ctx, copied(c)) })
}

func (w *world) twin(c *surgical.Case) ident.CaseID {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (ident.CaseID, error) { return r.Cases.Twin(ctx, c) })
}

func twinRefused(w *world) {
	w.hire(1, "ann")
	first := patientCase("first", "Zoë", "Van Dyke")
	w.record(first)
	equal(w.t, "twin of the only case", w.twin(first), "")
	second := patientCase("second", "  zOË ", "van   DYKE")
	equal(w.t, "twin", w.twin(second), "first")
	refused(w.t, w.add(second), fault.Conflict, "possible_duplicate")
	equal(w.t, "second case", w.sees(everything, "second"), false)
}

func noTwin(w *world) {
	w.hire(1, "ann", "bob")
	w.record(patientCase("first", "Pat", "Doe"))
	owner, day := patientCase("owner", "Pat", "Doe"), patientCase("day", "Pat", "Doe")
	owner.Owner, day.Date = "bob", day.Date.AddDays(1)
	for _, c := range []*surgical.Case{owner, day, patientCase("name", "Pat", "Dough"), patientCase("shifted", "PatDoe", "")} {
		if c.ID == "shifted" {
			c.Patient.First, c.Patient.Last = surgical.NewPHI("Pat D"), surgical.NewPHI("oe")
		}
		equal(w.t, "twin of "+string(c.ID), w.twin(c), "")
		w.record(c)
	}
}

func forced(c *surgical.Case) *surgical.Case {
	c.DuplicateForced = true
	return c
}

func twinForced(w *world) {
	w.hire(1, "ann")
	w.record(patientCase("first", "Pat", "Doe"), forced(patientCase("second", "Pat", "Doe")), forced(patientCase("third", "Pat", "Doe")))
	equal(w.t, "forced", w.caseNamed("second").DuplicateForced, true)
	refused(w.t, w.add(patientCase("fourth", "Pat", "Doe")), fault.Conflict, "possible_duplicate")
	w.change("second", func(c *surgical.Case) { c.Insurer = "Other" })
	equal(w.t, "forced after Save", w.caseNamed("second").DuplicateForced, true)
}

func twinRace(w *world) {
	w.hire(1, "ann")
	errs := together(20, func(int) error { return w.add(patientCase(w.ids.CaseID(), "Pat", "Doe")) })
	oneWins(w.t, errs, fault.Conflict, "possible_duplicate")
}

func twinBySave(w *world) {
	w.hire(1, "ann")
	w.record(patientCase("first", "Pat", "Doe"), patientCase("second", "Pat", "Roe"))
	become := func(c *surgical.Case) { c.Patient.Last = surgical.NewPHI("DOE") }
	refused(w.t, w.try(changing("second", become)), fault.Conflict, "possible_duplicate")
	equal(w.t, "name", w.caseNamed("second").Patient.Last.Reveal(), "Roe")
	w.change("second", func(c *surgical.Case) { become(forced(c)) })
}

func twinDeleted(w *world) {
	w.hire(1, "ann")
	w.record(patientCase("first", "Pat", "Doe"))
	w.delete("first")
	second := patientCase("second", "Pat", "Doe")
	equal(w.t, "twin", w.twin(second), "")
	w.record(second)
	restore := func(ctx context.Context, r ports.Repos) error {
		c, err := r.Cases.GetDeleted(ctx, "first")
		if err != nil {
			return err
		}
		c.DeletedAt, c.DeletedBy = time.Time{}, ""
		return r.Cases.Save(ctx, c)
	}
	refused(w.t, w.try(restore), fault.Conflict, "possible_duplicate")
	w.delete("second")
	w.do(restore)
	equal(w.t, "restored", w.sees(everything, "first"), true)
}

func twinPaid(w *world) {
	w.hire(1, "ann")
	first := patientCase("first", "Pat", "Doe")
	w.record(first)
	payments := w.open(pay.Weekly, first)
	w.delete("first")
	second := patientCase("second", "Pat", "Doe")
	equal(w.t, "twin while the payment is open", w.twin(second), "")
	w.settle(payments...)
	equal(w.t, "twin while it is paid", w.twin(second), "first")
	w.takeBack(pay.Reversal, payments...)
	equal(w.t, "twin after the reversal", w.twin(second), "")
}
