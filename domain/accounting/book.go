// Package accounting turns statements into what QuickBooks takes: vendors, bills and bill refunds that
// balance. It reads entries of the ledger, never what a case is worth now. Source: spec/decisions.md 7.5.
package accounting

import (
	"strings"

	"surgicase/domain/civil"
	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/npi"
	"surgicase/domain/pay"
	"surgicase/domain/statement"
	"surgicase/domain/surgical"
)

// Settings are what the practice configures about its accounting.
type Settings struct {
	ExpenseAccount string // what bills are booked on, such as Medical Expenses
	PayableAccount string // what they are owed on, such as Accounts Payable
	Terms          string // such as Net 30
	NPIAsTaxID     bool   // the vendor list's Tax ID column falls back to the NPI
	TaxIDAsSSN     bool   // tax ids are written 999-99-9999, not 99-9999999
	MemoPatient    bool   // memos hold the patient's name
}

// Vendor is a provider as QuickBooks knows him. Its texts can be written as they are.
type Vendor struct {
	ID          ident.UserID
	Name        string
	First, Last string
	Address     []string // at most five lines
	Phone       string
	Email       string
	NPI         npi.NPI
	TaxID       surgical.PHI // nine digits, or empty
}

// Bill is what is owed for one case, or taken back of it.
type Bill struct {
	Refund  bool
	Vendor  string
	Number  string // DOCNUM
	Date    civil.Date
	Due     civil.Date // none for refunds
	Case    int64
	Patient surgical.Patient // empty unless memos hold it
	Detail  string           // the procedure codes that were paid, else the pay category
	Amount  pay.Cents        // more than zero, also for a refund
}

// Book is the content of the accounting files of one statement.
type Book struct {
	Settings Settings
	Run      int64      // 0 for a preview
	Date     civil.Date // of the statement
	Vendors  []Vendor
	Bills    []Bill
	Changes  []statement.Change
}

// Total is what the bills come to, less the refunds.
func (b *Book) Total() pay.Cents {
	var total pay.Cents
	for _, bill := range b.Bills {
		if bill.Refund {
			total -= bill.Amount
		} else {
			total += bill.Amount
		}
	}
	return total
}

// Keep makes the book of a statement; names are the vendor names of all its providers. Entries of 0.00
// make no bill, and a provider without a bill is no vendor.
func Keep(s *statement.Statement, names map[ident.UserID]string, settings Settings) *Book {
	book := &Book{Settings: settings.cleaned(), Run: s.Run, Date: s.Date}
	for _, section := range s.Sections {
		vendor, changes := vendorOf(section.Payee, names[section.Payee.ID])
		before := len(book.Bills)
		for _, line := range section.Payments {
			book.add(line, vendor.Name, line.CaseDate, s.PayDate)
		}
		for _, line := range section.Refunds {
			book.add(line, vendor.Name, civil.On(line.At.UTC()), civil.Date{})
		}
		if len(book.Bills) > before {
			book.Vendors = append(book.Vendors, vendor)
			book.Changes = append(book.Changes, changes...)
		}
	}
	return book
}

// cleaned leaves the colon in names of accounts: it makes sub-accounts.
func (s Settings) cleaned() Settings {
	s.ExpenseAccount = Cut(Clean(s.ExpenseAccount), MaxAccountName)
	s.PayableAccount = Cut(Clean(s.PayableAccount), MaxAccountName)
	s.Terms = Cut(CleanName(s.Terms), MaxAccountName)
	return s
}

func (b *Book) add(line statement.Line, vendor string, day, due civil.Date) {
	bill := Bill{Vendor: vendor, Number: line.DocNumber(), Date: day, Due: due, Case: line.CaseNumber, Detail: detail(line), Amount: line.Amount}
	if line.Refund() {
		bill.Refund, bill.Amount = true, -line.Amount
	}
	if b.Settings.MemoPatient {
		bill.Patient = line.Patient
	}
	if bill.Amount != 0 {
		b.Bills = append(b.Bills, bill)
	}
}

func detail(line statement.Line) string {
	if len(line.Codes) == 0 {
		return Clean(line.Category)
	}
	return Cut(Clean(line.Codes.String()), MaxMemo)
}

// vendorOf writes a provider so that QuickBooks can take him, and says what had to change.
func vendorOf(p statement.Payee, name string) (Vendor, []statement.Change) {
	v := Vendor{ID: p.ID, Name: name, Phone: Clean(p.Telephone), Email: Clean(p.Email), NPI: p.NPI, TaxID: p.TaxID}
	var changes []statement.Change
	note := func(field, from, to string) string {
		if from != to {
			changes = append(changes, statement.Change{Provider: p.ID, Field: field, From: from, To: to})
		}
		return to
	}
	note("name", p.Name(), name)
	clean := func(field, text string, longest int) string { return note(field, text, Cut(CleanName(text), longest)) }
	v.First = clean("first_name", directory.ProperName(p.First), MaxVendorName)
	v.Last = clean("last_name", directory.ProperName(p.Last), MaxVendorName)
	for _, line := range []struct{ field, text string }{
		{"name", name}, {"addr1", tidy(p.Addr1)}, {"addr2", tidy(p.Addr2)}, {"city", place(p)},
	} {
		if text := clean(line.field, line.text, MaxAddressLine); text != "" {
			v.Address = append(v.Address, text)
		}
	}
	if len(v.Address) == 1 { // a name alone is no address
		v.Address = nil
	}
	return v, changes
}

func tidy(text string) string { return strings.Join(strings.Fields(text), " ") }

func place(p statement.Payee) string {
	state := strings.TrimSpace(p.State + " " + p.ZIP)
	if p.City == "" || state == "" {
		return tidy(p.City + state)
	}
	return tidy(p.City + ", " + state)
}
