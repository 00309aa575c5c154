package surgical_test

import (
	"errors"
	"fmt"
	"testing"

	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

var systemAdmin = person("sam", permission.SystemAdmin)

func deleted(at surgical.Status, payment surgical.PaymentState) *surgical.Case {
	return &surgical.Case{Standing: standing(at, payment), DeletedAt: noon}
}

// TestCase_MayPurge: source docs/rules.md, Delete and restore.
func TestCase_MayPurge(t *testing.T) {
	payments := []surgical.PaymentState{surgical.NoPayment, surgical.PaymentOpen, surgical.PaymentSettled}
	for _, at := range surgical.Statuses {
		for _, payment := range payments {
			for _, reason := range surgical.PurgeReasons {
				t.Run(fmt.Sprintf("a deleted case at %d with payment %d for %s", at, payment, reason), func(t *testing.T) {
					want := ""
					switch {
					case at == 15 || at == 20 || payment == surgical.PaymentOpen:
						want = "case_locked"
					case payment == surgical.PaymentSettled && reason != "erasure_request":
						want = "case_paid"
					}
					wantCode(t, deleted(at, payment).MayPurge(systemAdmin, reason), want)
					wantCode(t, deleted(at, payment).MayPurge(permission.System("cli"), reason), want)
				})
			}
		}
	}
	for _, role := range everyRole {
		t.Run(fmt.Sprintf("type %d", role), func(t *testing.T) {
			others, own := "", "own_case"
			if role < permission.SystemAdmin {
				others, own = "not_allowed", "not_allowed"
			}
			c := deleted(surgical.Draft, surgical.NoPayment)
			wantCode(t, c.MayPurge(person("somebody", role), surgical.ErasureRequest), others)
			wantCode(t, c.MayPurge(person(owner, role), surgical.ErasureRequest), own)
		})
	}
	t.Run("a case that is not deleted is named", func(t *testing.T) {
		c := &surgical.Case{Standing: standing(surgical.Draft, surgical.NoPayment)}
		err := c.MayPurge(systemAdmin, surgical.ErasureRequest)
		wantCode(t, err, "case_not_deleted")
		var f *fault.Error
		if !errors.As(err, &f) || f.About["case_id"] != string(caseID) || !errors.Is(err, fault.Conflict) {
			t.Errorf("got %v, want a conflict that names the case", err)
		}
	})
}

func TestParsePurgeReason(t *testing.T) {
	for _, want := range surgical.PurgeReasons {
		got, err := surgical.ParsePurgeReason(string(want))
		equal(t, "reason", got, want)
		wantCode(t, err, "")
	}
	for _, text := range []string{"", "Other", "other ", "erasure_request for Jane Roe"} {
		got, err := surgical.ParsePurgeReason(text)
		equal(t, "reason", got, "")
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("%q: got %v, want invalid", text, err)
		}
	}
}
