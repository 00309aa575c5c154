package statement

import (
	"encoding/base32"
	"strconv"
	"strings"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/document"
	"surgicase/domain/ident"
	"surgicase/domain/npi"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
)

// Words are what a case adds to a line of a report.
type Words struct {
	Patient surgical.Patient
	Codes   []surgical.Code // as they are now: not those that were paid
}

// FileKind is what a generated file is.
type FileKind string

// The kinds.
const (
	PaymentReport  FileKind = "provider_payment_report"
	SummaryReport  FileKind = "provider_payment_summary_report"
	ProviderReport FileKind = "individual_provider_report"
	Vendors        FileKind = "quickbooks_vendors"
	Transactions   FileKind = "quickbooks_transactions"
)

// Kinds lists them.
var Kinds = []FileKind{PaymentReport, SummaryReport, ProviderReport, Vendors, Transactions}

// IsReport says whether the file is a report, which is a locked PDF.
func (k FileKind) IsReport() bool { return k != Vendors && k != Transactions }

// Folder is where files of the kind are kept.
func (k FileKind) Folder() string {
	if k.IsReport() {
		return "reports/"
	}
	return "exports/"
}

func (k FileKind) ending() string {
	switch k {
	case Vendors:
		return ".csv"
	case Transactions:
		return ".iif"
	default:
		return ".pdf"
	}
}

// File is a report or export that was made and is kept.
type File struct {
	ID          int64
	Key         string // of the object
	Name        string // for people
	Kind        FileKind
	Run         int64        // 0 for a preview
	Provider    ident.UserID // whom alone it is about, if so
	From, To    civil.Date   // case dates of a preview
	ContentType string
	Size        int64
	SHA256      []byte
	Records     int       // payments and refunds, of a vendor list vendors
	Total       pay.Cents // what it comes to
	Changes     []Change  // what had to be written otherwise
	MadeAt      time.Time
	MadeBy      ident.UserID
	Existed     bool // it was made for an earlier request; not stored
}

// Change is a text that had to be written otherwise in a file. It never is a patient's.
type Change struct {
	Provider ident.UserID
	Field    string
	From, To string
}

// Slot names what is made only once: the file of a run. Previews have none.
func (f *File) Slot() string {
	if f.Run == 0 {
		return ""
	}
	return strings.Join([]string{string(f.Kind), strconv.FormatInt(f.Run, 10), string(f.Provider)}, "/")
}

// About is what the object of the file says of itself. It names nobody.
func (f *File) About() map[string]string {
	about := document.AboutGenerated(string(f.Kind), f.MadeAt)
	if about["run"] = "preview"; f.Run != 0 {
		about["run"] = strconv.FormatInt(f.Run, 10)
	}
	return about
}

// Called gives the file its name and its key. Neither says whom it is about; unique keeps two files of one
// second apart.
func (f *File) Called(number npi.NPI, unique string) {
	stamp := f.MadeAt.UTC().Format("20060102_150405")
	name := string(f.Kind)
	if f.Kind == ProviderReport && number != 0 {
		name, stamp = "provider_payment_report_"+number.String(), f.MadeAt.UTC().Format("20060102")
	}
	if f.Run == 0 {
		name += "_preview"
	}
	f.Name = name + "_" + stamp + f.Kind.ending()
	f.Key = f.Kind.Folder() + string(f.Kind) + "/" + f.MadeAt.UTC().Format("20060102_150405") + "_" + unique + f.Kind.ending()
}

// crockford is an alphabet without letters that look like figures.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// NewPassword makes a password for reports of random bytes: four groups of four characters.
// Source: spec/decisions.md 7.3.
func NewPassword(random []byte) surgical.PHI {
	text := crockford.EncodeToString(random)[:16]
	return surgical.NewPHI(strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:]}, "-"))
}

// Organisation is the holder of the password for reports of several providers. No user has this id.
const Organisation = "*"

// LegacyPassword is what the old product locked a provider's report with: lastname_npi. It is empty if
// the provider lacks one of them.
func LegacyPassword(p Payee) surgical.PHI {
	last := strings.ToLower(strings.TrimSpace(p.Last))
	if last == "" || p.NPI == 0 {
		return surgical.PHI{}
	}
	return surgical.NewPHI(last + "_" + p.NPI.String())
}

// FileQuery asks for a page of generated files, newest first.
type FileQuery struct {
	Kind   FileKind // every kind if empty
	Run    int64
	Before int64 // the last id of the page before, 0 for the first
	Limit  int
}
