package pay

import (
	"strconv"
	"strings"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/ident"
	"surgicase/domain/npi"
)

// Line is an entry as people and files are shown it: with what its ids stand for, and with the marks
// on a payment.
type Line struct {
	Entry
	CaseID      ident.CaseID // kept even when the case is purged
	First, Last string       // of the provider
	NPI         npi.NPI      // 0 if he has none
	State       string       // of his address
	CancelledAt time.Time    // payments only
	ReversedAt  time.Time    // payments only
}

// BilledCodes are procedure codes as bills write them: with their modifiers, such as Z9001-50, in the order
// of the case.
type BilledCodes []string

// String writes them on one line.
func (c BilledCodes) String() string { return strings.Join(c, ", ") }

// Outcome says what became of a payment; it is empty for other entries.
type Outcome string

// The outcomes of payments.
const (
	StillOpen    Outcome = "open"
	WasSettled   Outcome = "settled"
	WasCancelled Outcome = "cancelled"
	WasReversed  Outcome = "reversed"
)

// Outcome says what became of the payment.
func (l *Line) Outcome() Outcome {
	switch {
	case l.Kind != Payment:
		return ""
	case !l.CancelledAt.IsZero():
		return WasCancelled
	case !l.ReversedAt.IsZero():
		return WasReversed
	case !l.SettledAt.IsZero():
		return WasSettled
	}
	return StillOpen
}

// DocNumber is the number of the entry's bill: the case's, and from its second payment on with the
// generation. Source: spec/decisions.md 7.5.
func (e Entry) DocNumber() string {
	number := strconv.FormatInt(e.CaseNumber, 10)
	if e.Generation > firstGeneration {
		number += "-" + strconv.Itoa(e.Generation)
	}
	return number
}

const firstGeneration = 1

// LineQuery asks for entries: those of a run, which are all its payments and the cancellations and
// reversals that its file carries; or with Open the open payments of all runs; or with Uncarried the
// cancellations and reversals that the next run will carry. The rest narrows that down.
type LineQuery struct {
	Run       int64
	Open      bool
	Uncarried bool
	Payments  bool // of a run only its own payments
	Provider  ident.UserID
	From, To  civil.Date // case dates, inclusive; zero is open
}

// Held is a case that a run left out, and why.
type Held struct {
	CaseNumber int64
	CaseID     ident.CaseID
	Provider   ident.UserID
	Reason     HoldReason
}
