package verify

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"surgicase/adapters/pdfreport"
	"surgicase/adapters/quickbooks"
	"surgicase/domain/accounting"
	"surgicase/domain/civil"
	"surgicase/domain/ident"
	"surgicase/domain/npi"
	"surgicase/domain/pay"
	"surgicase/domain/statement"
	"surgicase/domain/surgical"
)

// formulas are names that a spreadsheet would compute if it got the chance.
var formulas = []string{"=1+1", "+1+1", "-2+3", "@SUM(1)", "=HYPERLINK(\"http://x\")", "\t=1+1", "Zoë \"Q\"; Łuczak"}

// week is a run that pays a provider for each of the names, and takes one payment back.
func week() *statement.Statement {
	payees := map[ident.UserID]statement.Payee{}
	var lines []statement.Line
	for i, name := range formulas {
		id := ident.UserID("+dr-" + string(rune('a'+i)))
		payees[id] = statement.Payee{ID: id, First: name, Last: "Example", NPI: npi.NPI(1_234_567_893), State: "OR"}
		entry := pay.Entry{Kind: pay.Payment, CaseNumber: int64(i + 1), Generation: 1, Provider: id, CaseDate: civil.Date{Year: 2026, Month: 2, Day: 3}, Amount: pay.Cents(100_000 + i)}
		lines = append(lines, statement.Line{Entry: entry, Patient: surgical.Patient{First: surgical.NewPHI("Patient"), Last: surgical.NewPHI("Of" + string(id[1:]))}})
	}
	refund := lines[0].Counter(pay.Reversal, time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC))
	lines = append(lines, statement.Line{Entry: refund})
	return &statement.Statement{Run: 1, Date: civil.Date{Year: 2026, Month: 3, Day: 2}, PayDate: civil.Date{Year: 2026, Month: 3, Day: 6}, Sections: statement.New(lines, payees)}
}

func TestReportsAreLockedByOtherPeoplesJudgement(t *testing.T) {
	t.Parallel()
	judges(t, "qpdf", "pdftotext")
	look, err := pdfreport.NewLook("Example Practice", nil)
	if err != nil {
		t.Fatal(err)
	}
	const right = "ABCD-EFGH-JKMN-PQRS"
	s, made := week(), time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	for name, draw := range map[string]func(*statement.Statement, time.Time, surgical.PHI) ([]byte, error){"payments": look.Payments, "summary": look.Summary, "provider": look.Provider} {
		of := s
		if name == "provider" {
			of = s.Only(s.Sections[1].Payee.ID)
		}
		total := "$" + of.Totals().Amount.String()
		content, err := draw(of, made, surgical.NewPHI(right))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name+".pdf")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, "qpdf", "--password="+right, "--check", path)
		if said := run(t, "qpdf", "--password="+right, "--show-encryption", path); !strings.Contains(said, "R = 6") || !strings.Contains(said, "AESv3") {
			t.Errorf("%s: %s", name, said)
		}
		refuses(t, "qpdf", "--password=wrong", "--check", path)
		refuses(t, "pdftotext", "-upw", "wrong", path, "-")
		text := run(t, "pdftotext", "-layout", "-upw", right, path, "-")
		if !strings.Contains(text, total) {
			t.Errorf("%s does not show %s: %s", name, total, text)
		}
		if name == "provider" && strings.Count(text, "Patient Of") != 1 {
			t.Errorf("the report of one shows another's patient: %s", text)
		}
	}
}

func TestSpreadsheetsComputeNothing(t *testing.T) {
	t.Parallel()
	judges(t, "soffice")
	s := week()
	payees := make([]statement.Payee, len(s.Sections))
	for i, section := range s.Sections {
		payees[i] = section.Payee
	}
	book := accounting.Keep(s, accounting.NameVendors(nil, payees), accounting.Settings{Terms: "Net 30", NPIAsTaxID: true})
	content, err := quickbooks.Vendors(book)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "vendors.csv"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	convert := []string{"-env:UserInstallation=file://" + folder + "/profile", "--headless", "--convert-to"}
	run(t, "soffice", append(convert, "fods", "--outdir", folder, filepath.Join(folder, "vendors.csv"))...)
	sheet, err := os.ReadFile(filepath.Join(folder, "vendors.fods"))
	if err != nil || strings.Contains(string(sheet), "table:formula") {
		t.Errorf("the spreadsheet has a formula, or is none: %v", err)
	}
	run(t, "soffice", append(convert, "csv", "--outdir", filepath.Join(folder, "back"), filepath.Join(folder, "vendors.fods"))...)
	back, err := os.ReadFile(filepath.Join(folder, "back", "vendors.csv"))
	if err != nil {
		t.Fatal(err)
	}
	want, _ := csv.NewReader(strings.NewReader(string(content))).ReadAll()
	got, err := csv.NewReader(strings.NewReader(string(back))).ReadAll()
	if err != nil || len(got) != len(want) || len(got) != len(formulas)+1 {
		t.Fatalf("%d rows came back of %d: %v", len(got), len(want), err)
	}
	for i := range want {
		if !slices.Equal(got[i][:6], want[i][:6]) {
			t.Errorf("LibreOffice reads %v of %v", got[i], want[i])
		}
	}
}
