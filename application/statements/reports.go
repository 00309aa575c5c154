// Package statements makes payment reports, accounting files and exports, and keeps what it made.
// Source: spec/decisions.md 7.
package statements

import (
	"context"
	"time"

	"surgicase/domain/accounting"
	"surgicase/domain/audit"
	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/statement"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Archive is where files are known and kept.
type Archive struct {
	Store ports.Store
	Blobs ports.Blobs
	Space ports.Space
}

// Press draws and writes files, by the rules of the practice.
type Press struct {
	Payments     func(s *statement.Statement, made time.Time, password surgical.PHI) ([]byte, error)
	Provider     func(s *statement.Statement, made time.Time, password surgical.PHI) ([]byte, error)
	Summary      func(s *statement.Statement, made time.Time, password surgical.PHI) ([]byte, error)
	Vendors      func(*accounting.Book) ([]byte, error)
	Transactions func(*accounting.Book) ([]byte, error)
	WithoutLists func(transactions []byte) []byte // the bills alone
	ContentTypes map[statement.FileKind]string

	Accounting accounting.Settings
	Rules      pay.Rules
	ByNPI      bool // a provider's password is lastname_npi, as the old product had it
}

// Reports makes payment reports and accounting files.
type Reports struct {
	store  ports.Store
	blobs  ports.Blobs
	clock  ports.Clock
	ids    ports.IDs
	events ports.Events
	press  Press
	space  ports.Space

	previews previews
}

// NewReports makes the service.
func NewReports(archive Archive, clock ports.Clock, ids ports.IDs, events ports.Events, press Press) *Reports {
	return &Reports{store: archive.Store, blobs: archive.Blobs, clock: clock, ids: ids, events: events, press: press, space: archive.Space}
}

// Request asks for a file of a run, or for a preview of what is open now.
type Request struct {
	Kind     statement.FileKind
	Run      int64        // 0 for a preview
	Provider ident.UserID // only his lines, if given
	From, To civil.Date   // case dates of a preview, inclusive; zero is open
}

// Skipped is a provider who got no report, and why.
type Skipped struct {
	Provider string
	Err      error
}

// Make gives the file that is asked for; of individual reports without a provider, one for each who has
// something in it. The file of a run is made once, kept, and the same from then on; a preview is made
// anew. Those that were made before are given as they are.
//
// Faults: Forbidden "not_your_data"; Senseless; NotFound "run_not_found", "cases_not_found"; Conflict "import_run",
// "no_password"; Unavailable.
func (s *Reports) Make(ctx context.Context, who permission.Actor, q Request) ([]statement.File, []Skipped, error) {
	made, skipped, err := s.make(ctx, who, q)
	s.events.Happened(ctx, ports.Event{Name: "report.made", Err: err, Values: []ports.Value{{Name: "actor", Text: string(who.User)}, {Name: "kind", Text: string(q.Kind)}}})
	return made, skipped, s.refused(ctx, who, q, err)
}

func (s *Reports) make(ctx context.Context, who permission.Actor, q Request) ([]statement.File, []Skipped, error) {
	if err := allowed(who, q); err != nil {
		return nil, nil, err
	}
	if err := q.check(); err != nil {
		return nil, nil, err
	}
	made, err := s.before(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	if wanted := (&statement.File{Kind: q.Kind, Run: q.Run, Provider: q.Provider}).Slot(); made[wanted].ID != 0 {
		return s.again(ctx, who, made[wanted])
	}
	st, err := s.gather(ctx, q)
	switch {
	case err != nil:
		return nil, nil, err
	case q.Kind == statement.ProviderReport:
		return s.each(ctx, who, q, st, made)
	}
	file, err := s.one(ctx, who, q, st)
	return []statement.File{file}, nil, err
}

// allowed: Case Admins may make everything, a provider their own report. A report shows what became of cases up
// to Paid: to whom a lower cap hides that, there is nothing to report. Source: spec/decisions.md 2.8.
func allowed(who permission.Actor, q Request) error {
	if q.Kind == statement.ProviderReport && q.Provider != "" && permission.Check(who, permission.ReadReports, "") != nil {
		if err := permission.Check(who, permission.ReadOwnReport, q.Provider); err != nil {
			return err
		}
		if top := surgical.Status(who.HighestShown()); top != 0 && top < surgical.Paid {
			return noCases()
		}
		return nil
	}
	return permission.Check(who, permission.ReadReports, "")
}

func (q Request) check() error {
	dated := !q.From.IsZero() || !q.To.IsZero()
	switch {
	case q.Run != 0 && dated:
		return fault.New(fault.Senseless, "run_with_dates", "A run is reported whole: leave out run_id or the dates.")
	case !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From):
		return fault.New(fault.Senseless, "dates_reversed", "end_date lies before start_date.")
	}
	return nil
}

// before finds what was made of the run already, by slot.
func (s *Reports) before(ctx context.Context, q Request) (map[string]statement.File, error) {
	made := map[string]statement.File{}
	if q.Run == 0 {
		return made, nil
	}
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) error {
		if _, err := r.Runs.Get(ctx, q.Run); err != nil {
			return err
		}
		files, err := r.Files.List(ctx, statement.FileQuery{Kind: q.Kind, Run: q.Run, Limit: mostFiles})
		for _, f := range files {
			made[f.Slot()] = f
		}
		return err
	})
	return made, err
}

// mostFiles is more than the files of one kind that a run can have: one for each provider.
const mostFiles = 1_000_000

// again gives a file that was made before.
func (s *Reports) again(ctx context.Context, who permission.Actor, f statement.File) ([]statement.File, []Skipped, error) {
	f.Existed = true
	return []statement.File{f}, nil, s.store.Logged(ctx, s.entry(who, f).Reading())
}

// each makes a report for every provider. That one fails does not stop the others.
func (s *Reports) each(ctx context.Context, who permission.Actor, q Request, st *statement.Statement, made map[string]statement.File) ([]statement.File, []Skipped, error) {
	passwords, err := s.passwords(ctx, who, st)
	if err != nil {
		return nil, nil, err
	}
	var files []statement.File
	var skipped []Skipped
	var again []audit.Entry // of those that were made before
	for _, section := range st.Sections {
		f := statement.File{Kind: q.Kind, Run: q.Run, Provider: section.Payee.ID, From: q.From, To: q.To}
		if old, found := made[f.Slot()]; found && q.Run != 0 {
			files, again = append(files, old), append(again, s.entry(who, old).Reading())
			continue
		}
		err := s.provider(ctx, who, &f, st.Only(section.Payee.ID), passwords[string(section.Payee.ID)])
		switch {
		case err == nil:
			files = append(files, f)
		case q.Provider != "" || ctx.Err() != nil || fault.CodeOf(err) == "":
			return nil, nil, err
		default:
			skipped = append(skipped, Skipped{section.Payee.Name(), err})
		}
	}
	if len(again) > 0 {
		err = s.store.Logged(ctx, again...)
	}
	return files, skipped, err
}

func (s *Reports) provider(ctx context.Context, who permission.Actor, f *statement.File, st *statement.Statement, password surgical.PHI) error {
	if password.IsEmpty() {
		return fault.New(fault.Conflict, "no_password", "The provider has no last name or NPI to make the password of.")
	}
	of := st.Fingerprint(f.Kind, who.User, password)
	if found, err := s.reuse(ctx, who, f, st, of); found || err != nil {
		return err
	}
	f.MadeAt = s.clock.Now()
	content, err := s.press.Provider(st, f.MadeAt, password)
	if err != nil {
		return err
	}
	f.Called(st.Sections[0].Payee.NPI, s.ids.Unique())
	return s.keep(ctx, who, f, st, content, of)
}

// one makes a file of several providers.
func (s *Reports) one(ctx context.Context, who permission.Actor, q Request, st *statement.Statement) (statement.File, error) {
	f := statement.File{Kind: q.Kind, Run: q.Run, Provider: q.Provider, From: q.From, To: q.To, MadeAt: s.clock.Now()}
	var content []byte
	var decides surgical.PHI // about the file, beside the statement
	var err error
	if f.Kind.IsReport() {
		decides, err = s.organisation(ctx, who)
	} else {
		content, err = s.account(ctx, &f, st)
		decides = surgical.NewPHI(string(content))
	}
	if err != nil {
		return f, err
	}
	of := st.Fingerprint(f.Kind, who.User, decides)
	if found, err := s.reuse(ctx, who, &f, st, of); found || err != nil {
		return f, err
	}
	switch f.Kind {
	case statement.PaymentReport:
		content, err = s.press.Payments(st, f.MadeAt, decides)
	case statement.SummaryReport:
		content, err = s.press.Summary(st, f.MadeAt, decides)
	default: // an accounting file is written already
	}
	if err != nil {
		return f, err
	}
	f.Called(0, s.ids.Unique())
	return f, s.keep(ctx, who, &f, st, content, of)
}

// account writes an accounting file. For a run the vendors keep their names; a preview only shows what they
// would be.
func (s *Reports) account(ctx context.Context, f *statement.File, st *statement.Statement) ([]byte, error) {
	names, err := s.vendorNames(ctx, st)
	if err != nil {
		return nil, err
	}
	book := accounting.Keep(st, names, s.press.Accounting)
	f.Changes, f.Records, f.Total = book.Changes, len(book.Bills), book.Total()
	if f.Kind == statement.Vendors {
		f.Records = len(book.Vendors)
		return s.press.Vendors(book)
	}
	return s.press.Transactions(book)
}

func (s *Reports) vendorNames(ctx context.Context, st *statement.Statement) (map[ident.UserID]string, error) {
	payees := make([]statement.Payee, len(st.Sections))
	for i, section := range st.Sections {
		payees[i] = section.Payee
	}
	var names map[ident.UserID]string
	name := func(ctx context.Context, r ports.Repos) (given map[ident.UserID]string, err error) {
		if names, err = r.Statements.VendorNames(ctx); err != nil {
			return nil, err
		}
		given = accounting.NameVendors(names, payees)
		for id, vendor := range given {
			names[id] = vendor
		}
		return given, nil
	}
	if st.Preview() {
		err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) error {
			_, err := name(ctx, r)
			return err
		})
		return names, err
	}
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		given, err := name(ctx, r)
		if err != nil {
			return err
		}
		return r.Statements.NameVendors(ctx, given, s.clock.Now())
	})
	return names, err
}
