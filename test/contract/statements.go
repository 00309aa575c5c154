package contract

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/statement"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// Statements is the contract of ports.Statements and ports.GeneratedFiles.
func Statements(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"cases give patients and codes by number, deleted ones too, unknown ones not", wordsOfCases},
		{"payees come with what bills and mail need, unknown ones not", payees},
		{"a vendor name is given once, whatever its letter case", vendorNames},
		{"a password comes back as kept, and is never replaced", reportPasswords},
		{"a file comes back as stored, to the microsecond", fileRoundTrip},
		{"of twenty who make the file of a run one does it; previews are made as often as asked for", racingFiles},
		{"files come newest first, page by page, by kind and run", listsFiles},
		{"only previews pass", passingFiles},
	})
}

func (w *world) words(numbers ...int64) map[int64]statement.Words {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (map[int64]statement.Words, error) {
		return r.Statements.Cases(ctx, numbers)
	})
}

func wordsOfCases(w *world) {
	w.hire(1, "ann")
	cases := some(3, "c", "ann")
	cases[1].Codes = []surgical.Code{{Procedure: "Z9001", Modifiers: []string{"50", "LT"}}, {Procedure: "Z9002"}}
	w.record(cases...)
	w.do(func(ctx context.Context, r ports.Repos) error {
		c, err := r.Cases.Get(ctx, cases[2].ID, everything)
		if err != nil {
			return err
		}
		c.DeletedAt, c.DeletedBy = given.Morning, "ann"
		return r.Cases.Save(ctx, c)
	})
	found := w.words(cases[0].Number, cases[1].Number, cases[2].Number, 4711)
	if len(found) != 3 || !found[cases[2].Number].Patient.Last.Equal(cases[2].Patient.Last) || !found[cases[0].Number].Patient.First.Equal(cases[0].Patient.First) {
		w.t.Errorf("got %d cases", len(found))
	}
	equal(w.t, "codes", found[cases[1].Number].Codes, cases[1].Codes)
	if len(w.words()) != 0 {
		w.t.Error("no numbers gave cases")
	}
}

func payees(w *world) {
	w.hire(1, "ann", "bob")
	u := w.userNamed("ann")
	w.do(func(ctx context.Context, r ports.Repos) error {
		u := copied(u)
		u.TaxID = surgical.NewPHI("123456789")
		u.Deactivate(given.Morning)
		return r.Users.Save(ctx, u)
	})
	found := read(w, func(ctx context.Context, r ports.Repos) (map[ident.UserID]statement.Payee, error) {
		return r.Statements.Payees(ctx, []ident.UserID{"ann", "nobody"})
	})
	want := statement.Payee{
		ID: "ann", First: u.First, Last: u.Last, NPI: u.NPI, Email: u.Email, Telephone: u.Telephone,
		Addr1: u.Addr1, Addr2: u.Addr2, City: u.City, State: u.State, ZIP: u.ZIP, TaxID: surgical.NewPHI("123456789"),
	}
	equal(w.t, "payees", found, map[ident.UserID]statement.Payee{"ann": want})
}

func vendorNames(w *world) {
	w.hire(1, "ann", "bob", "cid")
	give := func(names map[ident.UserID]string) error {
		return w.once(func(ctx context.Context, r ports.Repos) error {
			return r.Statements.NameVendors(ctx, names, given.Morning)
		})
	}
	given := map[ident.UserID]string{"ann": "Ann Example", "bob": "Bob Example"}
	if err := give(given); err != nil {
		w.t.Fatal(err)
	}
	refused(w.t, give(map[ident.UserID]string{"cid": "ANN example"}), fault.Conflict, "changed_meanwhile")
	refused(w.t, give(map[ident.UserID]string{"ann": "Another"}), fault.Conflict, "changed_meanwhile")
	if err := give(nil); err != nil {
		w.t.Error(err)
	}
	equal(w.t, "names", read(w, func(ctx context.Context, r ports.Repos) (map[ident.UserID]string, error) {
		return r.Statements.VendorNames(ctx)
	}), given)
	rename := func(id ident.UserID, name string) error {
		return w.once(func(ctx context.Context, r ports.Repos) error {
			return r.Statements.RenameVendor(ctx, id, name, time.Now())
		})
	}
	refused(w.t, rename("ann", "BOB example"), fault.Conflict, "vendor_name_taken")
	refused(w.t, rename("cid", "BOB example"), fault.Conflict, "vendor_name_taken")
	for id, name := range map[ident.UserID]string{"ann": "Ann Other", "bob": "Bob Example", "cid": "Cid Example"} {
		if err := rename(id, name); err != nil {
			w.t.Errorf("renaming %s: %v", id, err)
		}
	}
	equal(w.t, "names after renaming", read(w, func(ctx context.Context, r ports.Repos) (map[ident.UserID]string, error) {
		return r.Statements.VendorNames(ctx)
	}), map[ident.UserID]string{"ann": "Ann Other", "bob": "Bob Example", "cid": "Cid Example"})
}

func reportPasswords(w *world) {
	ask := func(holder string) (surgical.PHI, error) {
		return attempt(w, func(ctx context.Context, r ports.Repos) (surgical.PHI, error) {
			return r.Statements.Password(ctx, holder)
		})
	}
	keep := func(holder, password string) error {
		return w.once(func(ctx context.Context, r ports.Repos) error {
			return r.Statements.AddPassword(ctx, holder, surgical.NewPHI(password), given.Morning)
		})
	}
	_, err := ask("ann")
	refused(w.t, err, fault.NotFound, "no_report_password")
	for _, holder := range []string{"ann", "Ann", statement.Organisation} {
		if err := keep(holder, "secret of "+holder); err != nil {
			w.t.Fatal(err)
		}
		if got, err := ask(holder); err != nil || !got.Equal(surgical.NewPHI("secret of "+holder)) {
			w.t.Errorf("the password of %s came back otherwise: %v", holder, err)
		}
	}
	refused(w.t, keep("ann", "another"), fault.Conflict, "changed_meanwhile")
}

func generated(kind statement.FileKind, run int64, n int) *statement.File {
	return &statement.File{
		Key: fmt.Sprintf("reports/x/%d.pdf", n), Name: "x.pdf", Kind: kind, Run: run, ContentType: "application/pdf", Size: 1 << 33, SHA256: bytes.Repeat([]byte{7}, 32),
		Records: 12, Total: -5, MadeAt: given.Morning.Add(time.Duration(n) * time.Minute), MadeBy: "ann",
	}
}

func (w *world) keep(f *statement.File) error {
	return w.try(func(ctx context.Context, r ports.Repos) error { return r.Files.Add(ctx, f) })
}

func fileRoundTrip(w *world) {
	run, _ := w.openRun(pay.Weekly, w.worth(1)...)
	full := generated(statement.ProviderReport, run.ID, 1)
	full.Provider, full.Changes = "ann", []statement.Change{{Provider: "ann", Field: "last_name", From: "Łuczak \"x\" 🫀", To: "Luczak"}}
	preview := generated(statement.Vendors, 0, 2)
	preview.From, preview.To = civil.Date{Year: 2026, Month: 1, Day: 2}, civil.Date{Year: 2026, Month: 2, Day: 3}
	for _, want := range []*statement.File{full, preview} {
		if err := w.keep(want); err != nil {
			w.t.Fatal(err)
		}
		got := read(w, func(ctx context.Context, r ports.Repos) (statement.File, error) { return r.Files.Get(ctx, want.ID) })
		equal(w.t, "file", got, *want)
	}
	made := read(w, func(ctx context.Context, r ports.Repos) (statement.File, error) {
		return r.Files.Made(ctx, full.Slot())
	})
	equal(w.t, "file of the slot", made, *full)
	for _, slot := range []string{"", "individual_provider_report/9/ann"} {
		_, err := attempt(w, func(ctx context.Context, r ports.Repos) (statement.File, error) { return r.Files.Made(ctx, slot) })
		refused(w.t, err, fault.NotFound, "file_not_found")
	}
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Files.Forget(ctx, full.ID) })
	_, err := attempt(w, func(ctx context.Context, r ports.Repos) (statement.File, error) { return r.Files.Get(ctx, full.ID) })
	refused(w.t, err, fault.NotFound, "file_not_found")
}

func racingFiles(w *world) {
	run, _ := w.openRun(pay.Weekly, w.worth(1)...)
	oneWins(w.t, together(20, func(i int) error { return w.keep(generated(statement.Transactions, run.ID, i)) }), fault.Conflict, "file_exists")
	for i := range 2 {
		if err := w.keep(generated(statement.Transactions, 0, 100+i)); err != nil {
			w.t.Error(err)
		}
	}
}

func (w *world) files(q statement.FileQuery) []int64 {
	w.t.Helper()
	files := read(w, func(ctx context.Context, r ports.Repos) ([]statement.File, error) { return r.Files.List(ctx, q) })
	ids := []int64{}
	for _, f := range files {
		ids = append(ids, f.ID)
	}
	return ids
}

func listsFiles(w *world) {
	isEmpty(w.t, "files", read(w, func(ctx context.Context, r ports.Repos) ([]statement.File, error) {
		return r.Files.List(ctx, statement.FileQuery{Limit: 5})
	}))
	run, _ := w.openRun(pay.Weekly, w.worth(1)...)
	files := []*statement.File{generated(statement.Vendors, run.ID, 1), generated(statement.Transactions, run.ID, 2), generated(statement.Vendors, 0, 3)}
	for _, f := range files {
		if err := w.keep(f); err != nil {
			w.t.Fatal(err)
		}
	}
	equal(w.t, "first page", w.files(statement.FileQuery{Limit: 2}), []int64{files[2].ID, files[1].ID})
	equal(w.t, "second page", w.files(statement.FileQuery{Limit: 2, Before: files[1].ID}), []int64{files[0].ID})
	equal(w.t, "of a kind", w.files(statement.FileQuery{Limit: 9, Kind: statement.Vendors}), []int64{files[2].ID, files[0].ID})
	equal(w.t, "of a run", w.files(statement.FileQuery{Limit: 9, Run: run.ID}), []int64{files[1].ID, files[0].ID})
}

func passingFiles(w *world) {
	run, _ := w.openRun(pay.Weekly, w.worth(1)...)
	kept, old, young := generated(statement.Vendors, run.ID, 1), generated(statement.Vendors, 0, 2), generated(statement.Vendors, 0, 3)
	for _, f := range []*statement.File{kept, old, young} {
		if err := w.keep(f); err != nil {
			w.t.Fatal(err)
		}
	}
	files := read(w, func(ctx context.Context, r ports.Repos) ([]statement.File, error) {
		return r.Files.Passing(ctx, young.MadeAt, 9)
	})
	if len(files) != 1 || files[0].ID != old.ID {
		w.t.Errorf("%d files pass", len(files))
	}
}
