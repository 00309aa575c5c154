package quickbooks

import (
	"bytes"
	"encoding/csv"

	"surgicase/domain/accounting"
	"surgicase/domain/statement"
)

// Vendors writes the vendors of the book as CSV. The opening balance stays empty: the bills carry what
// is owed, and both together would count it twice.
func Vendors(book *accounting.Book) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	rows := [][]string{{
		"Name", "Company", "First Name", "Last Name", "Vendor Type", "Account Number", "Tax ID", "Is Vendor Eligible For 1099", "Terms",
		"Credit Limit", "Opening Balance", "As Of Date",
	}}
	for _, v := range book.Vendors {
		id := taxID(book.Settings, v)
		if id == "" && book.Settings.NPIAsTaxID {
			id = v.NPI.String()
		}
		rows = append(rows, []string{
			v.Name, v.Name, v.First, v.Last, vendorType, statement.GuardCell(string(v.ID)), id, eligible(v), book.Settings.Terms, "", "", usDate(book.Date),
		})
	}
	err := w.WriteAll(rows)
	return out.Bytes(), err
}
