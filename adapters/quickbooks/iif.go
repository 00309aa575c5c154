// Package quickbooks writes the files that QuickBooks imports: bills as IIF, vendors as CSV. It takes the
// content from domain/accounting, and knows columns, signs and line ends. Source: spec/formats.md d.
package quickbooks

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"surgicase/domain/accounting"
	"surgicase/domain/civil"
)

// ContentTypeIIF and ContentTypeCSV are what the files are served as.
const (
	ContentTypeIIF = "application/octet-stream"
	ContentTypeCSV = "text/csv; charset=utf-8"
)

const (
	vendorType = "Medical Provider"
	endOfLine  = "\r\n"
)

// Transactions writes the book as an IIF file: the accounts, the vendors, then a balanced block per bill.
// A debit is positive: a bill stands negative on the account that is owed, and a refund the other way.
func Transactions(book *accounting.Book) []byte {
	var f iif
	f.accounts(book.Settings)
	f.vendors(book)
	f.line(withTerms(book.Settings, "TERMS", "!TRNS", "TRNSID", "TRNSTYPE", "DATE", "ACCNT", "NAME", "CLASS", "AMOUNT", "DOCNUM", "MEMO", "CLEAR", "TOPRINT", "DUEDATE")...)
	f.line("!SPL", "SPLID", "TRNSTYPE", "DATE", "ACCNT", "NAME", "CLASS", "AMOUNT", "DOCNUM", "MEMO", "CLEAR")
	f.line("!ENDTRNS")
	for _, bill := range book.Bills {
		f.bill(book, bill)
	}
	return f.out.Bytes()
}

type iif struct{ out bytes.Buffer }

func (f *iif) line(cells ...string) {
	f.out.WriteString(strings.Join(cells, "\t"))
	f.out.WriteString(endOfLine)
}

func (f *iif) accounts(s accounting.Settings) {
	f.line("!ACCNT", "NAME", "ACCNTTYPE", "DESC")
	f.line("ACCNT", s.ExpenseAccount, cmp.Or(s.ExpenseType, "EXP"), "Medical Provider Payments")
	f.line("ACCNT", s.PayableAccount, "AP", "Accounts Payable")
}

// addressColumns is how many lines of an address a vendor has.
const addressColumns = 5

func (f *iif) vendors(book *accounting.Book) {
	f.line(withTerms(book.Settings, "TERMS", "!VEND", "NAME", "PRINTAS", "ADDR1", "ADDR2", "ADDR3", "ADDR4", "ADDR5", "VTYPE", "CONT1", "PHONE1", "EMAIL", "TAXID",
		"COMPANYNAME", "FIRSTNAME", "LASTNAME", "CUSTFLD1", "1099")...)
	for _, v := range book.Vendors {
		address := make([]string, addressColumns)
		copy(address, v.Address)
		cells := append([]string{"VEND", v.Name, v.Name}, address...)
		f.line(withTerms(book.Settings, book.Settings.Terms, append(cells, vendorType, v.Contact, v.Phone, v.Email, taxID(book.Settings, v),
			v.Name, v.First, v.Last, v.NPI.String(), eligible(v))...)...)
	}
}

// withTerms appends the cell of the terms, if there are any. Readers have taken an empty last cell for a
// missing one.
func withTerms(s accounting.Settings, cell string, cells ...string) []string {
	if s.Terms == "" {
		return cells
	}
	return append(cells, cell)
}

func (f *iif) bill(book *accounting.Book, b accounting.Bill) {
	kind, memo, owed := "BILL", "Case ", -b.Amount
	if b.Refund {
		kind, memo, owed = "BILL REFUND", "Refund of case ", b.Amount
	}
	memo += strconv.FormatInt(b.Case, 10) + patient(b)
	if b.NotToPay {
		memo = "DO NOT PAY, cancelled: " + memo
	}
	if book.Run == 0 {
		memo = "PREVIEW, do not import: " + memo
	}
	memo = cutMemo(memo)
	f.line(withTerms(book.Settings, book.Settings.Terms, "TRNS", "", kind, usDate(b.Date), book.Settings.PayableAccount, b.Vendor, "", owed.String(), b.Number, memo, "N", "N", usDate(b.Due))...)
	f.line("SPL", "", kind, usDate(b.Date), book.Settings.ExpenseAccount, "", b.Class, (-owed).String(), b.Number, b.Detail, "N")
	f.line("ENDTRNS")
}

// cutMemo shortens a memo to what the field takes, and shows that it did.
func cutMemo(memo string) string {
	const mark = "..."
	if len(memo) > accounting.MaxMemo {
		return accounting.Cut(memo, accounting.MaxMemo-len(mark)) + mark
	}
	return memo
}

// patient is empty unless the practice wants names in memos.
func patient(b accounting.Bill) string {
	name := accounting.Clean(b.Patient.First.Reveal() + " " + b.Patient.Last.Reveal())
	if name == "" {
		return ""
	}
	return " - " + name
}

// usDate writes MM/DD/YYYY: four digits leave no doubt about the century.
func usDate(d civil.Date) string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%02d/%02d/%04d", d.Month, d.Day, d.Year)
}

// eligible is Y only where there is a tax id to report under.
func eligible(v accounting.Vendor) string {
	if v.TaxID.IsEmpty() {
		return "N"
	}
	return "Y"
}

// taxID writes the nine digits as an EIN, 99-9999999, or as an SSN, 999-99-9999.
func taxID(s accounting.Settings, v accounting.Vendor) string {
	digits := v.TaxID.Reveal()
	switch {
	case len(digits) != 9:
		return ""
	case s.TaxIDAsSSN:
		return digits[:3] + "-" + digits[3:5] + "-" + digits[5:]
	}
	return digits[:2] + "-" + digits[2:]
}
