package pay

import (
	"slices"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
)

// EntryKind sorts the entries of the ledger.
type EntryKind string

// The kinds. A cancellation and a reversal name a payment and carry its cents negated.
const (
	Payment      EntryKind = "payment"
	Cancellation EntryKind = "cancellation"
	Reversal     EntryKind = "reversal"
)

// Entry is a line of the ledger. Entries are only ever added; settling, cancelling and reversing
// are marks on the payment beside them. Source: spec/decisions.md 5.2.
type Entry struct {
	ID         int64
	RunID      int64 // the run of the payment
	Kind       EntryKind
	PaymentID  int64 // the payment that a cancellation or reversal names
	CaseNumber int64 // human_case_id, which outlives the case
	Generation int
	Provider   ident.UserID
	CaseDate   civil.Date
	Category   string
	Codes      BilledCodes // of the case when it was paid, whatever became of it since; nil where nobody noted them
	Amount     Cents
	Table      TableVersion
	At         time.Time
	On         civil.Date // the day of At where the practice is
	SettledAt  time.Time  // payments only; zero while open
	CarriedBy  int64      // cancellations and reversals: the later run whose file carries them
}

// Counter returns the entry that takes a payment back. Its day is set when it is posted.
func (e Entry) Counter(kind EntryKind, at time.Time) Entry {
	return Entry{
		RunID: e.RunID, Kind: kind, PaymentID: e.ID, CaseNumber: e.CaseNumber, Generation: e.Generation,
		Provider: e.Provider, CaseDate: e.CaseDate, Category: e.Category, Codes: e.Codes, Amount: -e.Amount, Table: e.Table, At: at,
	}
}

// RunKind says what opened a run.
type RunKind string

// The kinds of runs. Import runs hold what the legacy service paid, and what it left open; their file carries only
// the latter.
const (
	Weekly   RunKind = "weekly"
	Manual   RunKind = "manual"
	Imported RunKind = "import"
)

// Run is a payment run with its sums: Opened never changes, and Opened = Open + Settled + Cancelled.
// Reversed is a part of Settled, shown apart.
type Run struct {
	ID        int64
	Kind      RunKind
	OpenedAt  time.Time
	OpenedOn  civil.Date // the day of the opening where the practice is
	OpenedBy  ident.UserID
	PayDate   civil.Date
	Payments  int
	Opened    Cents
	Open      Cents
	Settled   Cents
	Cancelled Cents
	Reversed  Cents
}

// HasBill reports whether the accounting file of the run has a bill for a payment. An import run has bills only of
// what was open when it was opened: the legacy service has billed the rest.
func (r *Run) HasBill(p Entry) bool { return p.Amount != 0 && r.Carries(p) }

// Carries reports whether the accounting file of the run shows an entry, if it has an amount.
func (r *Run) Carries(e Entry) bool {
	return r.Kind != Imported || e.Kind != Payment || e.SettledAt.IsZero() || e.SettledAt.After(r.OpenedAt)
}

// The instant of the week at which the job settles open runs: Thursday 08:00 UTC.
// Source: spec/decisions.md 5.3.
const (
	settleDay  = time.Thursday
	settleHour = 8
)

// nextSettling returns the first instant after opened at which the job settles open runs.
func nextSettling(opened time.Time) time.Time {
	opened = opened.UTC()
	day := civil.On(opened)
	day = day.AddDays(daysUntil(day.Weekday(), settleDay))
	settling := day.Midnight().Add(settleHour * time.Hour)
	if !opened.Before(settling) {
		settling = settling.AddDate(0, 0, 7)
	}
	return settling
}

// PayDate returns the first pay day that, moved to a banking day, lies at least LeadDays banking days after the next
// settling. Source: spec/decisions.md 11.6.
func (r Rules) PayDate(opened time.Time) civil.Date {
	settled := r.Zone.Day(nextSettling(opened))
	earliest := settled.AddBankingDays(r.LeadDays)
	payDay := settled.AddDays(daysUntil(settled.Weekday(), r.PayDay))
	for {
		day := payDay.NextBankingDay()
		if r.RollBefore {
			day = payDay.PreviousBankingDay()
		}
		if !day.Before(earliest) {
			return day
		}
		payDay = payDay.AddDays(7)
	}
}

// maxPayDateDays is how far ahead a pay date may be set by hand.
const maxPayDateDays = 60

// CheckPayDate refuses pay dates, set by hand at an instant, that lie in the past or too far ahead, and days on which
// banks make no payments.
func (r Rules) CheckPayDate(day civil.Date, now time.Time) error {
	today := r.Zone.Day(now)
	switch {
	case day.Before(today):
		return fault.New(fault.Invalid, "invalid_date", "must not be in the past")
	case today.AddDays(maxPayDateDays).Before(day):
		return fault.New(fault.Invalid, "invalid_date", "must lie within %d days", maxPayDateDays)
	case !day.IsBankingDay():
		return fault.New(fault.Invalid, "invalid_date", "must be a banking day; the next one is %s", day.NextBankingDay())
	}
	return nil
}

func daysUntil(from, to time.Weekday) int { return (int(to) - int(from) + 7) % 7 }

// HoldReason says why a run leaves a case out; empty when it does not.
type HoldReason string

// The reasons. The pay statuses no_codes, unpriced and waived are reasons, too.
const (
	HeldNoNPI     HoldReason = "no_npi"
	HeldExcluded  HoldReason = "excluded_account"
	HeldOwnCase   HoldReason = "own_case"
	HeldOwnPrice  HoldReason = "own_price"
	HeldNotYet    HoldReason = "not_yet_operated"
	HeldDuplicate HoldReason = "possible_duplicate"  // found, and not confirmed yet
	HeldUnfolded  HoldReason = "duplicate_unchecked" // the search for duplicates has not come to it yet
)

// Candidate is a case at 10 that a run looks at.
type Candidate struct {
	Provider ident.UserID
	HasNPI   bool
	Status   Status
	OwnCase  bool // it belongs to the person who opens the run
	OwnPrice bool // its provider loaded the price, and nobody else has confirmed it
	Date     civil.Date

	Duplicate bool // found to be a possible duplicate, and not confirmed
	Unfolded  bool // not looked at yet
}

// Hold returns why the case must wait, or nothing if the run takes it. Inactive owners are paid: they
// earned it. Today is the day where the practice is. Source: spec/decisions.md 5.1, 2.7, 11.3 and 11.6.
func (c Candidate) Hold(excluded []ident.UserID, today civil.Date) HoldReason {
	switch {
	case !c.Status.Payable():
		return HoldReason(c.Status)
	case !c.HasNPI:
		return HeldNoNPI
	case slices.Contains(excluded, c.Provider):
		return HeldExcluded
	case c.Duplicate:
		return HeldDuplicate
	case c.Unfolded:
		return HeldUnfolded
	case c.OwnCase:
		return HeldOwnCase
	case c.OwnPrice:
		return HeldOwnPrice
	case today.Before(c.Date):
		return HeldNotYet
	}
	return ""
}

// Rules are what the practice configures about paying.
type Rules struct {
	PayDay     time.Weekday   // the day of the week on which bills are paid
	LeadDays   int            // banking days between settling and the pay date
	RollBefore bool           // a pay day that is no banking day moves to the banking day before it, not after it
	Zone       civil.Zone     // the practice's: its days stand on papers and in files
	Excluded   []ident.UserID // accounts that are never paid, such as one for load tests
}

// NewRun makes the run that pays these payments. All are open, but for those of an import run that
// were paid before.
func NewRun(kind RunKind, payments []Entry, by ident.UserID, at time.Time, rules Rules) Run {
	run := Run{Kind: kind, OpenedAt: at, OpenedBy: by, OpenedOn: rules.Zone.Day(at), PayDate: rules.PayDate(at), Payments: len(payments)}
	for _, p := range payments {
		run.Opened += p.Amount
		if p.SettledAt.IsZero() {
			run.Open += p.Amount
		} else {
			run.Settled += p.Amount
		}
	}
	return run
}
