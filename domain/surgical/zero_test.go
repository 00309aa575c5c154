package surgical_test

import (
	"fmt"
	"testing"

	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

var payStatuses = []pay.Status{pay.NoCodes, pay.Priced, pay.Unpriced, pay.ZeroApproved, pay.Waived}

func worth(at surgical.Status, p pay.Status) surgical.Standing {
	s := standing(at, surgical.NoPayment)
	s.Pay = surgical.Worth{Status: p, Tier: 1, Table: 3, At: noon}
	return s
}

// TestApproveZero: source spec/decisions.md 2.7 and 4.2.
func TestApproveZero(t *testing.T) {
	for _, at := range surgical.Statuses {
		for _, was := range payStatuses {
			t.Run(fmt.Sprintf("a case at %d that is %s", at, was), func(t *testing.T) {
				s := worth(at, was)
				want := s
				code := "case_not_unpriced"
				if at < 15 && was == pay.Unpriced {
					code, want.Pay.Status = "", pay.ZeroApproved
				}
				wantCode(t, s.ApproveZero(globalAdmin), code)
				equal(t, "standing", s, want)
			})
		}
	}
	for _, role := range everyRole {
		t.Run(fmt.Sprintf("type %d", role), func(t *testing.T) {
			others, own := "", "own_case"
			if role < permission.GlobalAdmin {
				others, own = "not_allowed", "not_allowed"
			}
			s := worth(surgical.Submitted, pay.Unpriced)
			wantCode(t, s.ApproveZero(person(owner, role)), own)
			equal(t, "pay status", s.Pay.Status, pay.Unpriced)
			wantCode(t, s.ApproveZero(person("somebody", role)), others)
		})
	}
	t.Run("an approved case can be paid", func(t *testing.T) {
		s := worth(surgical.ReadyForBilling, pay.Unpriced)
		wantCode(t, s.ApproveZero(globalAdmin), "")
		_, err := s.Advance(surgical.PendingPayment, surgical.Manner{By: globalAdmin, At: later})
		wantCode(t, err, "")
	})
}

// TestWhatEndsAnApproval: a change of the case itself (Reprice) always does, another table or tier
// (Refresh) only by bringing a price. Source: spec/decisions.md 4.2.
func TestWhatEndsAnApproval(t *testing.T) {
	table := pay.NewTable(9, []pay.Row{{Tier: 2, Code: "Z9001", Category: "SPINE", Amount: 125_000}})
	for _, x := range []struct {
		codes            []pay.Code
		repriced, loaded pay.Status
	}{
		{[]pay.Code{"Z9009"}, pay.Unpriced, pay.ZeroApproved},
		{[]pay.Code{"Z9001"}, pay.Priced, pay.Priced},
		{nil, pay.NoCodes, pay.NoCodes},
	} {
		t.Run(fmt.Sprintf("with codes %v", x.codes), func(t *testing.T) {
			price := table.Price(2, x.codes)
			changed, loaded := worth(surgical.Submitted, pay.ZeroApproved), worth(surgical.Submitted, pay.ZeroApproved)
			changed.Reprice(price, later)
			loaded.Refresh(price, later)
			equal(t, "repriced", changed.Pay.Status, x.repriced)
			equal(t, "refreshed", loaded.Pay.Status, x.loaded)
			changed.Pay.Status = loaded.Pay.Status
			equal(t, "the rest", loaded.Pay, changed.Pay)
		})
	}
	for _, was := range []pay.Status{pay.Unpriced, pay.Priced, pay.NoCodes} {
		t.Run("a new table approves nothing that was "+string(was), func(t *testing.T) {
			s := worth(surgical.Submitted, was)
			s.Refresh(table.Price(2, []pay.Code{"Z9009"}), later)
			equal(t, "pay status", s.Pay.Status, pay.Unpriced)
		})
	}
}
