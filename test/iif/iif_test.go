package iif_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"surgicase/adapters/quickbooks"
	"surgicase/domain/accounting"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/statement"
	"surgicase/test/iif"
)

// TestTenThousandFiles: what we write is read by somebody who knows QuickBooks and not our writer, and
// comes to the same cents as the ledger, the reports and the manifest.
func TestTenThousandFiles(t *testing.T) {
	t.Parallel()
	const files = 10_000
	read, blocks, refunds := 0, 0, 0
	for seed := uint64(1); read < files; seed++ {
		random := rand.New(rand.NewPCG(seed, 0))
		l := newLedger(random)
		settings := accounting.Settings{
			ExpenseAccount: []string{"Medical Expenses", "Cost of Goods Sold:Provider Payments"}[random.IntN(2)], ExpenseType: []string{"EXP", "COGS"}[random.IntN(2)],
			PayableAccount: "Accounts Payable", Terms: []string{"Net 30", ""}[random.IntN(2)],
			NPIAsTaxID: random.IntN(2) == 0, TaxIDAsSSN: random.IntN(2) == 0, MemoPatient: random.IntN(2) == 0,
		}
		names, inFiles, called := map[ident.UserID]string{}, map[ident.UserID]int64{}, map[string]ident.UserID{}
		for _, s := range l.runs {
			maps.Copy(names, accounting.NameVendors(names, payeesOf(s)))
			for id, name := range names {
				called[name] = id
			}
			book := accounting.Keep(s, names, settings)
			file, err := iif.Read(quickbooks.Transactions(book))
			if err != nil {
				t.Fatalf("seed %d, run %d: %v", seed, s.Run, err)
			}
			if err := agrees(file, book, s, called, inFiles); err != nil {
				t.Fatalf("seed %d, run %d: %v", seed, s.Run, err)
			}
			read, blocks, refunds = read+1, blocks+len(file.Blocks), refunds+refundsOf(s)
		}
		for id, want := range l.owed() {
			if inFiles[id] != want {
				t.Fatalf("seed %d: the files of %s come to %d, the ledger to %d", seed, id, inFiles[id], want)
			}
		}
	}
	t.Logf("%d files, %d transactions, %d refunds", read, blocks, refunds)
	if blocks < files || refunds < files/4 {
		t.Errorf("only %d transactions and %d refunds: the files are too poor to prove anything", blocks, refunds)
	}
}

func refundsOf(s *statement.Statement) (n int) {
	for _, section := range s.Sections {
		n += len(section.Refunds)
	}
	return n
}

func payeesOf(s *statement.Statement) []statement.Payee {
	payees := make([]statement.Payee, len(s.Sections))
	for i, section := range s.Sections {
		payees[i] = section.Payee
	}
	return payees
}

// agrees holds the file against the book, the statement and the vendor list, and adds up what each
// provider gets.
func agrees(file *iif.File, book *accounting.Book, s *statement.Statement, called map[string]ident.UserID, inFiles map[ident.UserID]int64) error {
	sums := map[ident.UserID]int64{}
	for _, b := range file.Blocks {
		sums[called[b.Vendor]] -= b.Cents // owed is credit, credit is negative
	}
	var total, toPay, dues int64
	for _, section := range s.Sections {
		id := section.Payee.ID
		billed, due := amounts(section)
		if sums[id] != billed || int64(section.Total()) != max(0, due) {
			return fmt.Errorf("%s gets %d in the file and %s in the report, of lines of %d and %d", id, sums[id], section.Total(), billed, due)
		}
		toPay, dues = toPay+max(0, due), dues+due
		inFiles[id] += sums[id]
		total += sums[id]
	}
	if t := s.Totals(); int64(t.Amount) != toPay || total != int64(book.Total()) {
		return fmt.Errorf("the file comes to %d, the report to %s, the manifest to %s", total, t.Amount, book.Total())
	}
	var categories int64
	for _, c := range statement.Categories(s.Sections...) {
		categories += int64(c.Amount)
	}
	var states int64
	for _, state := range s.ByState() {
		states += int64(statement.TotalsOf(state.Sections).Amount)
	}
	if categories != dues || states != toPay {
		return fmt.Errorf("categories come to %d of %d, states to %d of %d", categories, dues, states, toPay)
	}
	return vendorsAgree(file, book)
}

// amounts returns what the lines of a provider come to in the file, where cancellations answer bills, and what of that
// is due: they deduct nothing.
func amounts(section statement.Section) (billed, due int64) {
	for _, l := range slices.Concat(section.Payments, section.Refunds) {
		billed += int64(l.Amount)
		if l.Kind != pay.Cancellation {
			due += int64(l.Amount)
		}
	}
	return billed, due
}

func vendorsAgree(file *iif.File, book *accounting.Book) error {
	content, err := quickbooks.Vendors(book)
	if err != nil {
		return err
	}
	if bytes.Count(content, []byte("\n")) != bytes.Count(content, []byte("\r\n")) {
		return fmt.Errorf("the vendor list has an end of line that is not CRLF")
	}
	rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil {
		return err
	}
	if len(rows)-1 != len(file.Vendors) {
		return fmt.Errorf("%d vendors in the list, %d in the file", len(rows)-1, len(file.Vendors))
	}
	for i, row := range rows[1:] {
		vendor := file.Vendors[i]
		if row[0] != vendor["NAME"] || row[2] != vendor["FIRSTNAME"] || row[7] != vendor["1099"] || (vendor["TAXID"] != "" && row[6] != vendor["TAXID"]) || row[10] != "" {
			return fmt.Errorf("the list says %v, the file %v", row, vendor)
		}
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				return fmt.Errorf("a spreadsheet would compute %q", cell)
			}
		}
	}
	return nil
}

// TestTheReaderIsStrict: a reader that accepts everything proves nothing.
func TestTheReaderIsStrict(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 0))
	var good string
	for !strings.Contains(good, "BILL REFUND") {
		l := newLedger(random)
		s := l.runs[len(l.runs)-2]
		names := accounting.NameVendors(nil, payeesOf(s))
		good = string(quickbooks.Transactions(accounting.Keep(s, names, accounting.Settings{ExpenseAccount: "Expenses", PayableAccount: "Payable"})))
	}
	if _, err := iif.Read([]byte(good)); err != nil {
		t.Fatal(err)
	}
	trns := good[strings.Index(good, "\r\nTRNS")+2:]
	trns = trns[:strings.Index(trns, "ENDTRNS\r\n")+len("ENDTRNS\r\n")]
	for what, bad := range map[string]string{
		"LF":               strings.Replace(good, "\r\n", "\n", 1),
		"not ASCII":        strings.Replace(good, "Expenses", "Expensés", 1),
		"a quote":          strings.Replace(good, "Case", "\"Case", 1),
		"wrong sign":       strings.Replace(good, "\t-", "\t", 1),
		"no end":           strings.TrimSuffix(good, "ENDTRNS\r\n"),
		"twice":            good + trns,
		"bill payment":     strings.Replace(good, "\tBILL\t", "\tBILLPMT\t", 1),
		"unknown account":  strings.Replace(good, "ACCNT\tPayable", "ACCNT\tPayables", 1),
		"a column of ours": strings.Replace(good, "CONT1", "CONTACT", 1),
		"a foreign date":   strings.Replace(good, "\t02/", "\t31/", 1),
		"header missing":   strings.Replace(good, "!ENDTRNS\r\n", "", 1),
	} {
		if bad == good {
			t.Errorf("%s: nothing was spoiled", what)
		} else if _, err := iif.Read([]byte(bad)); err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
}

// TestVendorNamesAreStable: whoever joins later, or takes another name, a vendor keeps his.
func TestVendorNamesAreStable(t *testing.T) {
	t.Parallel()
	payee := func(id, first string) statement.Payee {
		return statement.Payee{ID: ident.UserID(id), First: first, Last: "Example"}
	}
	names := accounting.NameVendors(nil, []statement.Payee{payee("b", "Ann"), payee("a", "ANN"), payee("c", "Änn")})
	if names["a"] != "Ann Example" || names["b"] == names["a"] || names["c"] == names["b"] || !strings.HasPrefix(names["c"], "Ann Example ") {
		t.Fatalf("names: %v", names)
	}
	again := accounting.NameVendors(names, []statement.Payee{payee("a", "Renamed"), payee("d", "ann")})
	if len(again) != 1 || !strings.HasPrefix(again["d"], "Ann Example ") && !strings.HasPrefix(again["d"], "ann Example ") {
		t.Errorf("later: %v", again)
	}
	long := accounting.NameVendors(nil, []statement.Payee{payee("x", strings.Repeat("Anna ", 12)), payee("y", strings.Repeat("Anna ", 12)+"B")})
	if len(long["x"]) > 41 || len(long["y"]) > 41 || long["x"] == long["y"] {
		t.Errorf("long ones: %v", long)
	}
}
