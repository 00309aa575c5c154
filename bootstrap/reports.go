package bootstrap

import (
	"fmt"
	"os"
	"time"

	"go.uber.org/fx"

	"surgicase/adapters/httpapi"
	"surgicase/adapters/pdfreport"
	"surgicase/adapters/quickbooks"
	"surgicase/application/statements"
	"surgicase/domain/accounting"
	"surgicase/domain/statement"
	"surgicase/ports"
)

// ReportConfig is what reports and accounting files look like. Source: spec/decisions.md 7.
type ReportConfig struct {
	Organisation   string `env:"ORGANISATION_NAME" envDefault:"SurgiCase" doc:"the practice's name, as it stands on reports"`
	LogoPath       string `env:"REPORT_LOGO_PATH" doc:"PNG or JPEG file of the logo on reports"`
	ReportPassword Choice `env:"REPORT_PASSWORD" envDefault:"generated" doc:"what opens a provider's report: generated (a password of his own, kept encrypted, from GET /report_password) or npi (lastname_npi, which others can guess)"`
	ExpenseAccount string `env:"QUICKBOOKS_EXPENSE_ACCOUNT" envDefault:"Medical Expenses" doc:"account that bills are booked on"`
	PayableAccount string `env:"QUICKBOOKS_PAYABLE_ACCOUNT" envDefault:"Accounts Payable" doc:"account that they are owed on"`
	Terms          string `env:"QUICKBOOKS_TERMS" envDefault:"Net 30" doc:"terms of bills and vendors"`
	NPIAsTaxID     Switch `env:"QUICKBOOKS_NPI_AS_TAX_ID" envDefault:"true" doc:"true lets the Tax ID column of the vendor list show the NPI of vendors without a tax id"`
	TaxIDFormat    Choice `env:"QUICKBOOKS_TAX_ID_FORMAT" envDefault:"EIN" doc:"how tax ids are written: EIN (99-9999999) or SSN (999-99-9999)"`
	MemoPatient    Switch `env:"QUICKBOOKS_MEMO_PATIENT" envDefault:"false" doc:"true puts patients' names into the memos of bills"`
}

const (
	generatedPasswords = "generated"
	npiPasswords       = "npi"
	taxIDAsSSN         = "SSN"
)

// look reads the logo.
func (c Config) look() (*pdfreport.Look, error) {
	if c.LogoPath == "" {
		return pdfreport.NewLook(c.Organisation, nil)
	}
	logo, err := os.ReadFile(c.LogoPath)
	if err != nil {
		return nil, ConfigFaults{fmt.Sprintf("REPORT_LOGO_PATH names a file that cannot be read: %q", c.LogoPath)}
	}
	look, err := pdfreport.NewLook(c.Organisation, logo)
	if err != nil {
		return nil, ConfigFaults{fmt.Sprintf("REPORT_LOGO_PATH holds %q; %s", c.LogoPath, err)}
	}
	return look, nil
}

func newPress(c Config) (statements.Press, error) {
	look, err := c.look()
	if err != nil {
		return statements.Press{}, err
	}
	return statements.Press{
		Payments: look.Payments, Provider: look.Provider, Summary: look.Summary, Vendors: quickbooks.Vendors,
		Transactions: func(book *accounting.Book) ([]byte, error) { return quickbooks.Transactions(book), nil },
		ContentTypes: map[statement.FileKind]string{
			statement.PaymentReport: pdfreport.ContentType, statement.SummaryReport: pdfreport.ContentType, statement.ProviderReport: pdfreport.ContentType,
			statement.Vendors: quickbooks.ContentTypeCSV, statement.Transactions: quickbooks.ContentTypeIIF,
		},
		Accounting: accounting.Settings{
			ExpenseAccount: c.ExpenseAccount, PayableAccount: c.PayableAccount, Terms: c.Terms,
			NPIAsTaxID: bool(c.NPIAsTaxID), TaxIDAsSSN: c.TaxIDFormat == taxIDAsSSN, MemoPatient: bool(c.MemoPatient),
		},
		PayDay: time.Weekday(c.PayDay), ByNPI: c.ReportPassword == npiPasswords,
	}, nil
}

// reporting provides the use cases about reports and accounting files.
func reporting() fx.Option {
	return fx.Provide(newPress, newArchive, newBooks, statements.NewReports, statements.NewExports)
}

func newArchive(store ports.Store, blobs ports.Blobs) statements.Archive {
	return statements.Archive{Store: store, Blobs: blobs}
}

func newBooks(reports *statements.Reports, exports *statements.Exports) httpapi.Books {
	return httpapi.Books{Reports: reports, Exports: exports}
}
