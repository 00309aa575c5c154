package surgical

import (
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
)

// PaymentEntry is the ledger entry that pays the case what it is worth now.
func (s Standing) PaymentEntry(day civil.Date, at time.Time) pay.Entry {
	return pay.Entry{
		Kind: pay.Payment, CaseNumber: s.Number, Generation: s.Generation, Provider: s.Owner,
		CaseDate: day, Category: s.Pay.Category, Amount: s.Pay.Amount, Table: s.Pay.Table, At: at,
	}
}

// Moved is a case together with the move it made.
type Moved struct {
	Standing
	Move    Move
	Was     Standing   // before the move
	Date    civil.Date // of the operation, for the payment that the move opens
	Deleted bool       // the case is deleted and stays so: only reversals reach it
}

// MoveTo makes a move of the case as it was read, and leaves that untouched.
//
// Faults: as Advance.
func (s Standing) MoveTo(to Status, how Manner) (Moved, error) {
	m := Moved{Standing: s, Was: s}
	var err error
	m.Move, err = m.Advance(to, how)
	return m, err
}

// RunCandidate is a case with what a payment run asks about it.
type RunCandidate struct {
	Standing
	Date     civil.Date
	HasNPI   bool
	PricedBy ident.UserID // who loaded the price; empty once somebody else has confirmed it
}

// Enter moves the case into a payment run, by hand or by the job.
//
// Faults: as Advance; Conflict with the reason for which every run holds the case.
func (c RunCandidate) Enter(how Manner, rules pay.Rules) (Moved, error) {
	m, err := c.MoveTo(PendingPayment, how)
	if err != nil {
		return m, err
	}
	m.Date = c.Date
	asked := pay.Candidate{
		Provider: c.Owner, HasNPI: c.HasNPI, Status: c.Pay.Status, OwnCase: how.By.Is(c.Owner), OwnPrice: c.PricedBy == c.Owner, Date: c.Date,
		Duplicate: c.Duplicate == DuplicateFound, Unfolded: c.Unfolded,
	}
	if why := asked.Hold(rules.Excluded, rules.Zone.Day(how.At)); why != "" {
		return m, fault.New(fault.Conflict, string(why), "The case is held: %s", why)
	}
	return m, nil
}

// PaidCase is a case with a payment of a run that was not taken back.
type PaidCase struct {
	Standing
	Deleted bool
}

// Settle moves the case with its open payment to 20.
//
// Faults: as Advance.
func (c PaidCase) Settle(how Manner) (Moved, error) { return c.MoveTo(Paid, how) }

// TakeBack moves the case, wherever it stands from 15 up, back to 10: its payment is cancelled or
// reversed, and a later run may take it again. Source: spec/decisions.md 5.3.
//
// Faults: as Advance.
func (c PaidCase) TakeBack(how Manner) (Moved, error) {
	how.Force = true
	m, err := c.MoveTo(ReadyForBilling, how)
	m.Deleted = c.Deleted
	return m, err
}

// Postings are what moves do to the ledger.
type Postings struct {
	Opened    []pay.Entry
	Settled   []int64                 // payments
	TakenBack map[int64]pay.EntryKind // payments, and how
}

// PostingsOf sorts moves by what they do to the ledger.
func PostingsOf(moves []Moved, at time.Time) Postings {
	p := Postings{TakenBack: map[int64]pay.EntryKind{}}
	for i := range moves {
		m := &moves[i]
		switch m.Move.Effect {
		case OpenPayment:
			p.Opened = append(p.Opened, m.PaymentEntry(m.Date, at))
		case SettlePayment:
			p.Settled = append(p.Settled, m.Move.Payment)
		case CancelPayment:
			p.TakenBack[m.Move.Payment] = pay.Cancellation
		case ReversePayment:
			p.TakenBack[m.Move.Payment] = pay.Reversal
		case NoEffect:
		}
	}
	return p
}
