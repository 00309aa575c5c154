package bootstrap

import (
	"errors"
	"fmt"
	"os"
	"strings"

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
	ExpenseAccount string `env:"QUICKBOOKS_EXPENSE_ACCOUNT" envDefault:"Medical Expenses" doc:"account that bills are booked on; levels of sub-accounts are parted by colons, each of at most 31 characters, 209 in all"`
	ExpenseType    Choice `env:"QUICKBOOKS_EXPENSE_ACCOUNT_TYPE" envDefault:"EXP" doc:"its type as QuickBooks calls it: EXP, COGS, EXEXP (also OEXP, other expense), OCASSET, OASSET, FIXASSET, OCLIAB, LTLIAB, EQUITY, INC or EXINC"`
	PayableAccount string `env:"QUICKBOOKS_PAYABLE_ACCOUNT" envDefault:"Accounts Payable" doc:"account that they are owed on; levels as above"`
	Terms          string `env:"QUICKBOOKS_TERMS" envDefault:"Net 30" doc:"terms of bills and vendors; set and empty leaves them out"`
	BillDate       Choice `env:"QUICKBOOKS_BILL_DATE" envDefault:"operation" doc:"date of bills: operation (the day of the case) or run (the day on which the run was opened, so that no bill falls into a period that is closed)"`
	Class          Choice `env:"QUICKBOOKS_CLASS" envDefault:"none" doc:"class of expenses: none or category (the pay category; QuickBooks makes classes that it does not know)"`
	NPIAsTaxID     Switch `env:"QUICKBOOKS_NPI_AS_TAX_ID" envDefault:"true" doc:"true lets the Tax ID column of the vendor list show the NPI of vendors without a tax id"`
	TaxIDFormat    Choice `env:"QUICKBOOKS_TAX_ID_FORMAT" envDefault:"EIN" doc:"how tax ids are written: EIN (99-9999999) or SSN (999-99-9999)"`
	MemoPatient    Switch `env:"QUICKBOOKS_MEMO_PATIENT" envDefault:"false" doc:"true puts patients' names into the memos of bills"`
}

const (
	generatedPasswords = "generated"
	npiPasswords       = "npi"
	taxIDAsSSN         = "SSN"
	datedByRun         = "run"
	classCategory      = "category"
)

// checkAccounting returns what no accounting file could carry as it is configured.
func (c Config) checkAccounting() ConfigFaults {
	var faults ConfigFaults
	check := func(variable, value string, err error) {
		if err != nil {
			faults = append(faults, variable+" "+holds(value, err.Error()).Error())
		}
	}
	check("QUICKBOOKS_EXPENSE_ACCOUNT", c.ExpenseAccount, accounting.CheckAccount(c.ExpenseAccount))
	check("QUICKBOOKS_PAYABLE_ACCOUNT", c.PayableAccount, accounting.CheckAccount(c.PayableAccount))
	check("QUICKBOOKS_TERMS", c.Terms, accounting.CheckTerms(c.Terms))
	_, err := accounting.ParseAccountType(string(c.ExpenseType))
	check("QUICKBOOKS_EXPENSE_ACCOUNT_TYPE", string(c.ExpenseType), err)
	if strings.EqualFold(c.ExpenseAccount, c.PayableAccount) {
		check("QUICKBOOKS_PAYABLE_ACCOUNT", c.PayableAccount, errors.New("another account than QUICKBOOKS_EXPENSE_ACCOUNT"))
	}
	return faults
}

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
	expenseType, err := accounting.ParseAccountType(string(c.ExpenseType))
	if err != nil {
		return statements.Press{}, err
	}
	return statements.Press{
		Payments: look.Payments, Provider: look.Provider, Summary: look.Summary, Vendors: quickbooks.Vendors,
		Transactions: func(book *accounting.Book) ([]byte, error) { return quickbooks.Transactions(book), nil },
		WithoutLists: quickbooks.WithoutLists,
		ContentTypes: map[statement.FileKind]string{
			statement.PaymentReport: pdfreport.ContentType, statement.SummaryReport: pdfreport.ContentType, statement.ProviderReport: pdfreport.ContentType,
			statement.Vendors: quickbooks.ContentTypeCSV, statement.Transactions: quickbooks.ContentTypeIIF,
		},
		Accounting: accounting.Settings{
			ExpenseAccount: c.ExpenseAccount, ExpenseType: expenseType, PayableAccount: c.PayableAccount, Terms: c.Terms,
			DateByRun: c.BillDate == datedByRun, ClassCategory: c.Class == classCategory,
			NPIAsTaxID: bool(c.NPIAsTaxID), TaxIDAsSSN: c.TaxIDFormat == taxIDAsSSN, MemoPatient: bool(c.MemoPatient),
		},
		Rules: c.rules(), ByNPI: c.ReportPassword == npiPasswords,
	}, nil
}

// reporting provides the use cases about reports and accounting files.
func reporting() fx.Option {
	return fx.Provide(newPress, newArchive, newBooks, statements.NewReports, statements.NewExports)
}

func newArchive(store ports.Store, blobs ports.Blobs, space ports.Space) statements.Archive {
	return statements.Archive{Store: store, Blobs: blobs, Space: space}
}

func newBooks(reports *statements.Reports, exports *statements.Exports) httpapi.Books {
	return httpapi.Books{Reports: reports, Exports: exports}
}
