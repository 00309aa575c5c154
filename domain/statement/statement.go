// Package statement holds what reports and accounting files are made of: lines of the ledger with the
// people they are about. Every figure comes from the ledger, and so do the procedure codes; cases give only
// the patient beside them.
package statement

import (
	"cmp"
	"slices"

	"surgicase/domain/civil"
	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/npi"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
)

// Line is an entry of the ledger with the patient of the case it pays. Of a purged case none is left.
type Line struct {
	pay.Entry
	Patient  surgical.Patient
	NotToPay bool // a payment that was cancelled before it was settled: its bill must not be paid
}

// NewLine puts the words of a case beside an entry. The codes are those that were paid, whatever became of
// the case since; its present ones stand in only where the entry is older than the noting of codes.
// Source: spec/decisions.md 7.5.
func NewLine(e pay.Entry, w Words) Line {
	if e.Codes == nil {
		e.Codes = surgical.Billed(w.Codes)
	}
	return Line{Entry: e, Patient: w.Patient}
}

// Refund says whether the line takes an earlier payment back.
func (l Line) Refund() bool { return l.Kind != pay.Payment }

// Payee is a provider as reports and accounting files know him.
type Payee struct {
	ID          ident.UserID
	First, Last string
	NPI         npi.NPI
	Email       string
	Telephone   string
	Addr1       string
	Addr2       string
	City        string
	State       string
	ZIP         string
	TaxID       surgical.PHI
}

// Name is the provider's name as people read it.
func (p Payee) Name() string {
	return cmp.Or(directory.FullName(p.First, p.Last), string(p.ID))
}

// Statement is one run, or a preview of what a run would hold.
type Statement struct {
	Run      int64 // 0 for a preview
	Date     civil.Date
	PayDate  civil.Date
	From, To civil.Date // case dates of a preview, inclusive; zero is open
	Sections []Section
}

// Preview says whether nothing has been opened for these lines in particular.
func (s *Statement) Preview() bool { return s.Run == 0 }

// Section is what one provider gets: payments, then refunds, each by case date and number.
type Section struct {
	Payee    Payee
	Payments []Line
	Refunds  []Line
	Owed     pay.Cents // from earlier runs: reversals that exceeded what there was to pay
}

// New groups lines by provider, in order of name and id.
func New(lines []Line, payees map[ident.UserID]Payee) []Section {
	found := map[ident.UserID]*Section{}
	for _, line := range lines {
		section, known := found[line.Provider]
		if !known {
			payee := payees[line.Provider]
			payee.ID = line.Provider
			section = &Section{Payee: payee}
			found[line.Provider] = section
		}
		if line.Refund() {
			section.Refunds = append(section.Refunds, line)
		} else {
			section.Payments = append(section.Payments, line)
		}
	}
	sections := make([]Section, 0, len(found))
	for _, section := range found {
		slices.SortFunc(section.Payments, byDate)
		slices.SortFunc(section.Refunds, byDate)
		sections = append(sections, *section)
	}
	slices.SortFunc(sections, func(a, b Section) int {
		return cmp.Or(cmp.Compare(a.Payee.Last, b.Payee.Last), cmp.Compare(a.Payee.First, b.Payee.First), cmp.Compare(a.Payee.ID, b.Payee.ID))
	})
	return sections
}

func byDate(a, b Line) int {
	return cmp.Or(a.CaseDate.Midnight().Compare(b.CaseDate.Midnight()), cmp.Compare(a.CaseNumber, b.CaseNumber), cmp.Compare(a.Generation, b.Generation))
}

// Payable returns the payments that are to be made: those that were not cancelled.
func (s Section) Payable() []Line {
	return linesThat(s.Payments, func(l Line) bool { return !l.NotToPay })
}

// Reversals returns the refunds that deduct something: what they take back was settled.
func (s Section) Reversals() []Line {
	return linesThat(s.Refunds, func(l Line) bool { return l.Kind == pay.Reversal })
}

// NeverPaid returns cancellations and cancelled payments: nobody was paid them, and they deduct nothing.
func (s Section) NeverPaid() []Line {
	return slices.Concat(linesThat(s.Refunds, func(l Line) bool { return l.Kind != pay.Reversal }), linesThat(s.Payments, func(l Line) bool { return l.NotToPay }))
}

func linesThat(lines []Line, fits func(Line) bool) []Line {
	var found []Line
	for _, l := range lines {
		if fits(l) {
			found = append(found, l)
		}
	}
	return found
}

// Paid sums the payments that are to be made.
func (s Section) Paid() pay.Cents { return sum(s.Payable()) }

// Refunded sums the reversals: zero or less.
func (s Section) Refunded() pay.Cents { return sum(s.Reversals()) }

func (s Section) due() pay.Due {
	return pay.Due{Payments: s.Paid(), Reversals: s.Refunded(), Owed: s.Owed}
}

// Total is what the provider is to be paid. Source: spec/decisions.md 11.5.
func (s Section) Total() pay.Cents { return s.due().ToPay() }

// Carried is what the next run deducts.
func (s Section) Carried() pay.Cents { return s.due().Carried() }

func sum(lines []Line) pay.Cents {
	var total pay.Cents
	for _, line := range lines {
		total += line.Amount
	}
	return total
}

// Unspecified names the category of lines that have none.
const Unspecified = "Unspecified"

// CategoryTotal is what the lines of a pay category come to.
type CategoryTotal struct {
	Category string
	Cases    int // payments, not refunds
	Amount   pay.Cents
}

// Categories sums up lines by pay category, in order of its name.
func Categories(sections ...Section) []CategoryTotal {
	found := map[string]CategoryTotal{}
	for _, section := range sections {
		for _, line := range slices.Concat(section.Payable(), section.Reversals()) {
			category := cmp.Or(line.Category, Unspecified)
			total := found[category]
			total.Category = category
			total.Amount += line.Amount
			if !line.Refund() {
				total.Cases++
			}
			found[category] = total
		}
	}
	totals := make([]CategoryTotal, 0, len(found))
	for _, total := range found {
		totals = append(totals, total)
	}
	slices.SortFunc(totals, func(a, b CategoryTotal) int { return cmp.Compare(a.Category, b.Category) })
	return totals
}

// Totals are the figures at the end of a report.
type Totals struct {
	Providers int
	Cases     int // payments, not refunds
	Refunds   int
	Paid      pay.Cents
	Refunded  pay.Cents // zero or less
	Owed      pay.Cents // from earlier runs
	Carried   pay.Cents // to the next run
	Amount    pay.Cents // what to pay
}

// Totals sums up sections.
func (s *Statement) Totals() Totals { return TotalsOf(s.Sections) }

// TotalsOf sums up sections.
func TotalsOf(sections []Section) Totals {
	t := Totals{Providers: len(sections)}
	for _, section := range sections {
		t.Cases += len(section.Payable())
		t.Refunds += len(section.Reversals())
		t.Paid += section.Paid()
		t.Refunded += section.Refunded()
		t.Owed += section.Owed
		t.Carried += section.Carried()
		t.Amount += section.Total()
	}
	return t
}

// UnknownState stands for providers without one.
const UnknownState = "Unknown"

// StateSections are the providers of one state.
type StateSections struct {
	State    string
	Sections []Section
}

// ByState groups the providers by their state, in order of its code; those without one come last.
func (s *Statement) ByState() []StateSections {
	found := map[string][]Section{}
	for _, section := range s.Sections {
		found[section.Payee.State] = append(found[section.Payee.State], section)
	}
	var states []StateSections
	for state, sections := range found {
		states = append(states, StateSections{State: cmp.Or(state, UnknownState), Sections: sections})
	}
	slices.SortFunc(states, func(a, b StateSections) int {
		return cmp.Or(boolCompare(a.State == UnknownState, b.State == UnknownState), cmp.Compare(a.State, b.State))
	})
	return states
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// Only gives the statement of one provider, which holds nobody else's lines.
func (s *Statement) Only(id ident.UserID) *Statement {
	alone := *s
	alone.Sections = slices.DeleteFunc(slices.Clone(s.Sections), func(x Section) bool { return x.Payee.ID != id })
	return &alone
}

// Numbers lists the numbers of the cases in lines, each once.
func Numbers(entries []pay.Entry) []int64 {
	numbers := make([]int64, len(entries))
	for i, e := range entries {
		numbers[i] = e.CaseNumber
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}
