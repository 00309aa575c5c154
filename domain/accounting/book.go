// Package accounting turns statements into what QuickBooks takes: vendors, bills and bill refunds that
// balance. It reads entries of the ledger, never what a case is worth now. Source: spec/decisions.md 7.5.
package accounting

import (
	"cmp"
	"fmt"
	"slices"
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
	ExpenseType    string // one of AccountTypes
	PayableAccount string // what they are owed on, such as Accounts Payable
	Terms          string // such as Net 30; without them the columns are left out
	DateByRun      bool   // bills carry the day of the run, not that of the operation
	ClassCategory  bool   // expenses carry the pay category as class
	NPIAsTaxID     bool   // the vendor list's Tax ID column falls back to the NPI
	TaxIDAsSSN     bool   // tax ids are written 999-99-9999, not 99-9999999
	MemoPatient    bool   // memos hold the patient's name
}

// Vendor is a provider as QuickBooks knows him. Its texts can be written as they are.
type Vendor struct {
	ID          ident.UserID
	Name        string
	First, Last string
	Contact     string
	Address     []string // at most five lines
	Phone       string
	Email       string
	NPI         npi.NPI
	TaxID       surgical.PHI // nine digits, or empty
}

// Bill is what is owed for one case, or taken back of it.
type Bill struct {
	Refund   bool
	Vendor   string
	Number   string // DOCNUM
	Date     civil.Date
	Due      civil.Date
	Case     int64
	Patient  surgical.Patient // empty unless memos hold it
	NotToPay bool             // cancelled before it was settled
	Class    string           // empty unless expenses have classes
	Detail   string           // the procedure codes that were paid, else the pay category
	Amount   pay.Cents        // more than zero, also for a refund
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
	book := &Book{Settings: settings, Run: s.Run, Date: s.Date}
	for _, section := range s.Sections {
		vendor, changes := vendorOf(section.Payee, names[section.Payee.ID])
		before := len(book.Bills)
		for _, line := range section.Payments {
			day := line.CaseDate
			if settings.DateByRun {
				day = s.Date
			}
			changes = append(changes, book.add(line, vendor.Name, day, s.PayDate)...)
		}
		for _, line := range section.Refunds {
			changes = append(changes, book.add(line, vendor.Name, line.On, line.On)...) // a refund is due at once
		}
		if len(book.Bills) > before {
			book.Vendors = append(book.Vendors, vendor)
			book.Changes = append(book.Changes, changes...)
		}
	}
	return book
}

// add appends the bill of a line and returns what had to be written otherwise in it.
func (b *Book) add(line statement.Line, vendor string, day, due civil.Date) []statement.Change {
	bill := Bill{Vendor: vendor, Number: line.DocNumber(), Date: day, Due: due, Case: line.CaseNumber, Amount: line.Amount}
	bill.NotToPay = line.NotToPay
	if line.Refund() {
		bill.Refund, bill.Amount = true, -line.Amount
	}
	if b.Settings.MemoPatient {
		bill.Patient = line.Patient
	}
	if bill.Amount == 0 {
		return nil
	}
	if b.Settings.ClassCategory {
		bill.Class = CleanName(line.Category)
	}
	var changes []statement.Change
	bill.Detail = cmp.Or(Clean(line.Category), statement.Unspecified)
	if len(line.Codes) > 0 {
		whole := line.Codes.String()
		if bill.Detail = fitCodes(line.Codes); bill.Detail != whole {
			changes = append(changes, statement.Change{Provider: line.Provider, Field: "procedure_codes of " + bill.Number, From: whole, To: bill.Detail})
		}
	}
	b.Bills = append(b.Bills, bill)
	return changes
}

// fitCodes writes as many codes as a memo takes, and then how many more there are.
func fitCodes(codes pay.BilledCodes) string {
	text := Clean(codes.String())
	for kept := len(codes) - 1; len(text) > MaxMemo; kept-- {
		text = Clean(codes[:kept].String()) + fmt.Sprintf(" and %d more", len(codes)-kept)
	}
	return text
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
	first, last := directory.ProperPerson(p.First, p.Last)
	v.First, v.Last = clean("first_name", first, MaxVendorName), clean("last_name", last, MaxVendorName)
	contact := strings.TrimSpace(v.First + " " + v.Last)
	v.Contact = note("contact", contact, Cut(contact, MaxVendorName))
	street := wrap(note("addr1", tidy(p.Addr1), CleanName(p.Addr1)), MaxAddressLine)
	street = append(street, wrap(note("addr2", tidy(p.Addr2), CleanName(p.Addr2)), MaxAddressLine)...)
	city := wrap(note("city", place(p), CleanName(place(p))), MaxAddressLine)
	if len(street)+len(city) == 0 { // a name alone is no address
		return v, changes
	}
	if room := maxAddressLines - 1 - len(city); len(street) > room {
		whole := strings.Join(street, " ")
		if street = wrap(whole, MaxAddressLine); len(street) > room {
			street = street[:max(room, 0)]
			note("address", whole, strings.Join(street, " "))
		}
	}
	v.Address = slices.Concat([]string{name}, street, city)
	return v, changes
}

// maxAddressLines is how many lines of an address a vendor has. The first is the name.
const maxAddressLines = 5

// wrap breaks a text into lines at blanks, and a word that is longer than a line within it.
func wrap(text string, longest int) []string {
	var lines []string
	for text != "" {
		end := len(text)
		if end > longest {
			if end = strings.LastIndexByte(text[:longest+1], ' '); end <= 0 {
				end = longest
			}
		}
		lines, text = append(lines, strings.TrimLeft(text[:end], formulaStarts+" ")), strings.TrimLeft(text[end:], " ")
	}
	return lines
}

func tidy(text string) string { return strings.Join(strings.Fields(text), " ") }

func place(p statement.Payee) string {
	state := strings.TrimSpace(p.State + " " + p.ZIP)
	if p.City == "" || state == "" {
		return tidy(p.City + state)
	}
	return tidy(p.City + ", " + state)
}
