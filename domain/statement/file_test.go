package statement_test

import (
	"bytes"
	"regexp"
	"testing"
	"time"

	"surgicase/domain/npi"
	"surgicase/domain/statement"
	"surgicase/domain/surgical"
)

// TestFilesAreNamedByWhatTheyAre: neither name nor key says whom a file is about, but for the NPI in the
// name of a provider's own report, as in the old product.
func TestFilesAreNamedByWhatTheyAre(t *testing.T) {
	number, err := npi.Make("155512345")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		file      statement.File
		number    npi.NPI
		name, key string
		report    bool
	}{
		{statement.File{Kind: statement.PaymentReport, Run: 7}, 0, "provider_payment_report_20260302_093015.pdf", "reports/provider_payment_report/20260302_093015_u1.pdf", true},
		{statement.File{Kind: statement.SummaryReport}, 0, "provider_payment_summary_report_preview_20260302_093015.pdf", "reports/provider_payment_summary_report/20260302_093015_u1.pdf", true},
		{statement.File{Kind: statement.ProviderReport, Run: 7, Provider: "dr"}, number, "provider_payment_report_1555123458_20260302.pdf", "reports/individual_provider_report/20260302_093015_u1.pdf", true},
		{statement.File{Kind: statement.ProviderReport, Run: 7, Provider: "dr"}, 0, "individual_provider_report_20260302_093015.pdf", "reports/individual_provider_report/20260302_093015_u1.pdf", true},
		{statement.File{Kind: statement.Vendors, Run: 7}, 0, "quickbooks_vendors_20260302_093015.csv", "exports/quickbooks_vendors/20260302_093015_u1.csv", false},
		{statement.File{Kind: statement.Transactions, Run: 7}, 0, "quickbooks_transactions_20260302_093015.iif", "exports/quickbooks_transactions/20260302_093015_u1.iif", false},
	} {
		f := x.file
		f.MadeAt = time.Date(2026, time.March, 2, 9, 30, 15, 0, time.UTC).In(time.FixedZone("elsewhere", 13*3600))
		if f.Called(x.number, "u1"); f.Name != x.name || f.Key != x.key {
			t.Errorf("%s: called %s at %s, want %s at %s", f.Kind, f.Name, f.Key, x.name, x.key)
		}
		if f.Kind.IsReport() != x.report {
			t.Errorf("%s: a report is %v", f.Kind, f.Kind.IsReport())
		}
	}
}

// TestOnlyFilesOfRunsAreMadeOnce: one slot for each kind, run and provider; previews have none.
func TestOnlyFilesOfRunsAreMadeOnce(t *testing.T) {
	slots := map[string]bool{}
	for _, f := range []statement.File{
		{Kind: statement.PaymentReport, Run: 7},
		{Kind: statement.PaymentReport, Run: 8},
		{Kind: statement.SummaryReport, Run: 7},
		{Kind: statement.ProviderReport, Run: 7, Provider: "a"},
		{Kind: statement.ProviderReport, Run: 7, Provider: "b"},
	} {
		if slot := f.Slot(); slot == "" || slots[slot] {
			t.Errorf("slot %q of %+v is empty or taken", slot, f)
		} else {
			slots[slot] = true
		}
	}
	if slot := (&statement.File{Kind: statement.PaymentReport}).Slot(); slot != "" {
		t.Errorf("a preview has the slot %q", slot)
	}
}

// TestPasswordsOfReports: four groups of four Crockford characters, other bytes make another password.
// Source: spec/decisions.md 7.3.
func TestPasswordsOfReports(t *testing.T) {
	one, other := statement.NewPassword(bytes.Repeat([]byte{0xa5}, 32)), statement.NewPassword(bytes.Repeat([]byte{0x5a}, 32))
	if form := regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$`); !form.MatchString(one.ForStore()) {
		t.Errorf("the password has another form")
	}
	if one.Equal(other) {
		t.Error("two passwords are the same")
	}
	number, err := npi.Make("155512345")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		payee statement.Payee
		want  string
	}{
		{statement.Payee{Last: " O'Brien ", NPI: number}, "o'brien_1555123458"},
		{statement.Payee{Last: "O'Brien"}, ""},
		{statement.Payee{NPI: number}, ""},
	} {
		if got := statement.LegacyPassword(x.payee); !got.Equal(surgical.NewPHI(x.want)) {
			t.Errorf("the old password of %+v is another one", x.payee)
		}
	}
}
