package surgical

import (
	"slices"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
)

// Status is a step in the life of a case. The numbers are the old product's and are fixed; their
// labels can be edited.
type Status int

// The statuses. Source: spec/decisions.md 3.1.
const (
	Draft             Status = 0
	Submitted         Status = 1
	ReadyForBilling   Status = 10
	PendingPayment    Status = 15
	Paid              Status = 20
	SentToBiller      Status = 30
	PaymentReceived   Status = 40
	SentToNegotiation Status = 50
	Settled           Status = 60
	SentToIDR         Status = 70
	IDRDecision       Status = 80
	Rejected          Status = 400
	Closed            Status = 500
)

// Statuses lists every status in order.
var Statuses = []Status{
	Draft, Submitted, ReadyForBilling, PendingPayment, Paid, SentToBiller, PaymentReceived,
	SentToNegotiation, Settled, SentToIDR, IDRDecision, Rejected, Closed,
}

// ParseStatus accepts the number of a known status.
func ParseStatus(n int) (Status, error) {
	if !slices.Contains(Statuses, Status(n)) {
		return 0, fault.New(fault.Invalid, "case_status_unknown", "is not a case status")
	}
	return Status(n), nil
}

// Effect is what a move does to the payment of the case.
type Effect int

// The effects of moves on the ledger.
const (
	NoEffect       Effect = iota
	OpenPayment           // the case enters a payment run
	SettlePayment         // its open payment is settled
	CancelPayment         // its open payment is cancelled
	ReversePayment        // its settled payment, if it has one, is reversed
)

type direction int

const (
	eitherWay direction = iota
	forward
	backward
)

type span struct{ low, high Status }

func (s span) holds(x Status) bool { return x >= s.low && x <= s.high }

// rule says what it takes to bring a case from one status to another.
type rule struct {
	from, to  span
	way       direction
	by        permission.Action // what the actor must be allowed to do
	force     bool              // must be asked for with force
	reason    bool              // must carry a reason
	effect    Effect
	waive     bool // the case leaves the road to payment
	needsPaid bool // only with a settled, unreversed payment
}

var (
	belowPending = span{Draft, ReadyForBilling}
	pending      = span{PendingPayment, PendingPayment}
	paid         = span{Paid, Paid}
	rejected     = span{Rejected, Rejected}
	fromPaid     = span{Paid, Closed}
	abovePaid    = span{SentToBiller, Closed}
)

// rules is the whole state machine: the first row that fits decides, and what no row names is
// refused. Source: spec/decisions.md 3.3.
var rules = []rule{
	{from: belowPending, to: belowPending, way: forward, by: permission.MoveCase},
	{from: span{ReadyForBilling, ReadyForBilling}, to: pending, by: permission.MoveMoney, effect: OpenPayment},
	{from: pending, to: paid, by: permission.MoveMoney, effect: SettlePayment},
	{from: belowPending, to: rejected, by: permission.MoveCase, reason: true, waive: true},
	{from: belowPending, to: abovePaid, by: permission.MoveMoney, force: true, reason: true, waive: true},
	{from: pending, to: belowPending, by: permission.MoveMoney, reason: true, effect: CancelPayment},
	{from: pending, to: abovePaid, by: permission.MoveMoney, force: true, reason: true, effect: CancelPayment, waive: true},
	{from: fromPaid, to: abovePaid, way: forward, by: permission.MoveCase},
	{from: abovePaid, to: paid, by: permission.MoveCase, force: true, reason: true, needsPaid: true},
	{from: abovePaid, to: abovePaid, way: backward, by: permission.MoveCase, force: true, reason: true},
	{from: fromPaid, to: belowPending, by: permission.MoveMoney, force: true, reason: true, effect: ReversePayment},
	{from: belowPending, to: belowPending, way: backward, by: permission.MoveCase, force: true, reason: true},
}

func ruleFor(from, to Status) (rule, bool) {
	for _, r := range rules {
		if r.from.holds(from) && r.to.holds(to) && from != to && r.way.fits(from, to) {
			return r, true
		}
	}
	return rule{}, false
}

func (d direction) fits(from, to Status) bool {
	return d == eitherWay || (d == forward) == (to > from)
}

// PaymentState is what the ledger holds for the case in its present generation.
type PaymentState int

// The states of a payment; cancelled and reversed ones count as none.
const (
	NoPayment PaymentState = iota
	PaymentOpen
	PaymentSettled
)

// Standing is where a case stands: all that its moves and its pay depend on.
type Standing struct {
	ID         ident.CaseID
	Number     int64 // human_case_id
	Version    int64
	Owner      ident.UserID
	Status     Status
	Pay        Worth
	Payment    PaymentState
	PaymentID  int64  // the entry behind Payment, 0 if none
	Generation int    // counts the payments a case may have had; one payment per generation
	DigestKey  []byte // keys the digests of this case in the audit trail
	Duplicate  DuplicateMark
	Unfolded   bool // nobody has looked yet whether it has duplicates: its digest was made by the program before
}

// Worth is what the case is worth, as stored with it.
type Worth struct {
	Amount   pay.Cents
	Category string
	Status   pay.Status
	Tier     pay.Tier
	Table    pay.TableVersion
	Winner   pay.Code
	At       time.Time
}

// WorthOf keeps what an explanation found.
func WorthOf(x pay.Explanation, at time.Time) Worth {
	return Worth{Amount: x.Amount, Category: x.Category, Status: x.Status, Tier: x.Tier, Table: x.TableVersion, Winner: x.Winner, At: at}
}

// Manner is how a move is asked for.
type Manner struct {
	By     permission.Actor
	Force  bool
	Reason string
	At     time.Time
}

// Move is a move that was made.
type Move struct {
	From, To Status
	At       time.Time
	By       ident.UserID
	Reason   string
	Forced   bool // asked for with force, and it needed it
	Effect   Effect
	Waived   bool
	RunID    int64 // the run it opened
	Payment  int64 // the ledger entry that its effect is about, 0 for none
}

// Backward says whether later timestamps of the case are cleared.
func (m Move) Backward() bool { return m.To < m.From }

// Reprices says whether the case must be priced anew: it came back below 15.
func (m Move) Reprices() bool { return m.From >= PendingPayment && m.To < PendingPayment }

// MayEverMove says whether the actor could move any case at all to a status.
// Source: spec/decisions.md 3.3a.
func MayEverMove(a permission.Actor, to Status) error {
	refused := error(fault.New(fault.Forbidden, "not_allowed", "Nobody moves a case to this status."))
	for _, r := range rules {
		if !r.to.holds(to) || !slices.Contains(Statuses, to) {
			continue
		}
		err := permission.Check(a, r.by, "")
		if err == nil {
			return nil
		}
		refused = err
	}
	return refused
}

// Advance moves the case to a status and says what else has to happen in the same transaction: the
// payment effect, and pricing it anew if it Reprices.
//
// Faults: Conflict "case_status_same", "case_move_refused", "case_needs_force",
// "case_needs_reason", "case_not_paid", "case_not_open", or the pay status of a case that cannot be
// paid ("no_codes", "unpriced", "waived"); Forbidden "not_allowed", "own_case".
func (s *Standing) Advance(to Status, how Manner) (Move, error) {
	r, err := s.mayMove(to, how)
	if err != nil {
		return Move{}, err
	}
	m := Move{
		From: s.Status, To: to, At: how.At, By: how.By.User, Reason: how.Reason,
		Forced: r.force, Effect: r.effect, Waived: r.waive,
	}
	if r.effect == ReversePayment && s.Payment != PaymentSettled {
		m.Effect = NoEffect
	}
	if m.Effect != NoEffect {
		m.Payment = s.PaymentID
	}
	s.follow(m)
	return m, nil
}

func (s *Standing) mayMove(to Status, how Manner) (rule, error) {
	if s.Status == to {
		return rule{}, fault.New(fault.Conflict, "case_status_same", "Case status already at target value")
	}
	r, ok := ruleFor(s.Status, to)
	if !ok || !slices.Contains(Statuses, to) {
		return rule{}, fault.New(fault.Conflict, "case_move_refused", "No case moves from %d to %d", s.Status, to)
	}
	if err := permission.Check(how.By, r.by, ""); err != nil {
		return rule{}, err
	}
	if to >= ReadyForBilling || r.effect != NoEffect {
		if err := permission.CheckNotOwnCase(how.By, s.Owner); err != nil {
			return rule{}, err
		}
	}
	return r, s.meets(r, to, how)
}

// meets checks what the rule asks of the request and of the case.
func (s *Standing) meets(r rule, to Status, how Manner) error {
	switch {
	case r.force && !how.Force && to < s.Status:
		return fault.New(fault.Conflict, "case_needs_force", "Cannot update to lower status without force=true")
	case r.force && !how.Force:
		return fault.New(fault.Conflict, "case_needs_force", "Cannot move from %d to %d without force=true", s.Status, to)
	case r.reason && how.Reason == "":
		return fault.New(fault.Conflict, "case_needs_reason", "This move needs a reason")
	case r.needsPaid && s.Payment != PaymentSettled:
		return fault.New(fault.Conflict, "case_not_paid", "Only a case with a settled, unreversed payment goes back to 20")
	case r.effect == SettlePayment && s.Payment != PaymentOpen:
		return fault.New(fault.Conflict, "case_not_open", "The case has no open payment to settle")
	case r.effect == OpenPayment && !s.Pay.Status.Payable():
		return fault.New(fault.Conflict, string(s.Pay.Status), "The case has no price to be paid")
	}
	return nil
}

// follow changes the standing as the move says. What comes back below 15 starts a new generation,
// so that it can be paid again, once.
func (s *Standing) follow(m Move) {
	s.Status = m.To
	switch m.Effect {
	case OpenPayment:
		s.Payment = PaymentOpen
	case SettlePayment:
		s.Payment = PaymentSettled
	case CancelPayment, ReversePayment:
		s.Payment, s.PaymentID = NoPayment, 0
	case NoEffect:
	}
	if m.Reprices() {
		s.Generation++
	}
	if m.Waived {
		s.Pay.Status = pay.Waived
	}
}

// Shown is the status that the actor sees: below Case Admin at most his cap.
// Source: spec/decisions.md 2.8.
func (s Standing) Shown(a permission.Actor) Status {
	if top := Status(a.HighestShown()); top != 0 {
		return min(s.Status, top)
	}
	return s.Status
}

// Hidden says whether the actor is shown less than the true status.
func (s Standing) Hidden(a permission.Actor) bool { return s.Shown(a) != s.Status }

// Reprice puts a fresh price on the case. Waiving and zero approval end with it.
func (s *Standing) Reprice(x pay.Explanation, at time.Time) {
	s.Pay = WorthOf(x, at)
}
