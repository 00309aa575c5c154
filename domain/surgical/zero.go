package surgical

import (
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
)

// Approval is who approved cases at zero, when and why.
type Approval struct {
	By     ident.UserID
	At     time.Time
	Reason string
}

// ApproveZero lets an unpriced case be paid at 0.00. Source: spec/decisions.md 2.7 and 4.2.
//
// Faults: Forbidden "not_allowed", "own_case"; Conflict "case_not_unpriced".
func (s *Standing) ApproveZero(by permission.Actor) error {
	if err := permission.Check(by, permission.ApproveZero, ""); err != nil {
		return err
	}
	if err := permission.CheckNotOwnCase(by, s.Owner); err != nil {
		return err
	}
	if s.Status >= PendingPayment || s.Pay.Status != pay.Unpriced {
		return fault.New(fault.Conflict, "case_not_unpriced", "Only an unpriced case below 15 can be approved at zero.")
	}
	s.Pay.Status = pay.ZeroApproved
	return nil
}

// Refresh puts the price of another table or tier on the case. It differs from Reprice, which
// follows a change of the case itself: a zero approval stands while there still is no price.
// Source: spec/decisions.md 4.2.
func (s *Standing) Refresh(x pay.Explanation, at time.Time) {
	approved := s.Pay.Status == pay.ZeroApproved && x.Status == pay.Unpriced
	s.Reprice(x, at)
	if approved {
		s.Pay.Status = pay.ZeroApproved
	}
}
