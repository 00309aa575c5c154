package surgical

import (
	"slices"

	"surgicase/domain/fault"
	"surgicase/domain/permission"
)

// PurgeReason is why a deleted case is purged by hand, before its time is over. It stands on the audit log for good, so
// it is one of a list: free text could name the patient whose data goes. Source: docs/rules.md, Delete and restore.
type PurgeReason string

// The reasons.
const (
	ErasureRequest   PurgeReason = "erasure_request"
	EnteredByMistake PurgeReason = "entered_by_mistake"
	OtherPurgeReason PurgeReason = "other"
)

// PurgeReasons lists the reasons in the order in which they are shown.
var PurgeReasons = []PurgeReason{ErasureRequest, EnteredByMistake, OtherPurgeReason}

// ParsePurgeReason reads a reason.
//
// Faults: Invalid.
func ParsePurgeReason(text string) (PurgeReason, error) {
	reason := PurgeReason(text)
	if !slices.Contains(PurgeReasons, reason) {
		return "", fault.New(fault.Invalid, "invalid_reason", "must be erasure_request, entered_by_mistake or other")
	}
	return reason, nil
}

// MayPurge refuses to purge a case by hand that is not deleted, that waits to be paid, or whose payment stands: without
// the case nothing keeps the operation from being recorded and paid again. An erasure request goes before that.
// Source: docs/rules.md, Delete and restore.
//
// Faults: Forbidden "not_allowed", "own_case"; Conflict "case_not_deleted", "case_locked", "case_paid".
func (c *Case) MayPurge(by permission.Actor, reason PurgeReason) error {
	if err := permission.Check(by, permission.PurgeCase, ""); err != nil {
		return err
	}
	if err := permission.CheckNotOwnCase(by, c.Owner); err != nil {
		return err
	}
	refuse := func(code, text string) error {
		return fault.New(fault.Conflict, code, "%s", text).Naming("case_id", string(c.ID))
	}
	switch {
	case c.DeletedAt.IsZero():
		return refuse("case_not_deleted", "Only a deleted case can be purged. Delete it first.")
	case c.Status == PendingPayment || c.Status == Paid || c.Payment == PaymentOpen:
		return refuse("case_locked", "At its present status the case cannot be purged.")
	case c.Payment == PaymentSettled && reason != ErasureRequest:
		return refuse("case_paid", "The payment of the case stands. Reverse it first; only an erasure request goes before it.")
	}
	return nil
}
