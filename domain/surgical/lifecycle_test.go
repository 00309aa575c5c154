package surgical_test

import (
	"errors"
	"fmt"
	"testing"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

func kindOf(err error) fault.Kind {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Kind
	}
	return ""
}

func TestOpeningAPayment(t *testing.T) {
	for status, code := range map[pay.Status]string{
		pay.Priced: "", pay.ZeroApproved: "", pay.Unpriced: "unpriced", pay.NoCodes: "no_codes", pay.Waived: "waived",
	} {
		t.Run("a case that is "+string(status), func(t *testing.T) {
			s := standing(surgical.ReadyForBilling, surgical.NoPayment)
			s.Pay.Status = status
			_, err := s.Advance(surgical.PendingPayment, surgical.Manner{By: permission.System("job"), At: later})
			wantCode(t, err, code)
		})
	}
}

func TestMovesNameTheirPayment(t *testing.T) {
	by := surgical.Manner{By: globalAdmin, Force: true, Reason: "because", At: later}
	for _, step := range []struct {
		from, to surgical.Status
		payment  surgical.PaymentState
		want     int64
	}{
		{15, 20, surgical.PaymentOpen, 900},
		{15, 10, surgical.PaymentOpen, 900},
		{15, 500, surgical.PaymentOpen, 900},
		{20, 10, surgical.PaymentSettled, 900},
		{500, 0, surgical.PaymentSettled, 900},
		{500, 0, surgical.NoPayment, 0},
		{10, 15, surgical.NoPayment, 0},
		{20, 30, surgical.PaymentSettled, 0},
		{30, 20, surgical.PaymentSettled, 0},
	} {
		t.Run(fmt.Sprintf("%d to %d is about payment %d", step.from, step.to, step.want), func(t *testing.T) {
			s := standing(step.from, step.payment)
			move, err := s.Advance(step.to, by)
			wantCode(t, err, "")
			equal(t, "payment", move.Payment, step.want)
		})
	}
}

// TestSentences: clients of the old product read these two. Source: spec/reference-rules.md 1.3.
func TestSentences(t *testing.T) {
	for to, want := range map[surgical.Status]string{
		surgical.SentToBiller:    "Cannot update to lower status without force=true",
		surgical.PaymentReceived: "Case status already at target value",
	} {
		t.Run(want, func(t *testing.T) {
			s := standing(surgical.PaymentReceived, surgical.PaymentSettled)
			_, err := s.Advance(to, surgical.Manner{By: caseAdmin, Reason: "because", At: later})
			var f *fault.Error
			if !errors.As(err, &f) {
				t.Fatal("no fault")
			}
			equal(t, "sentence", f.Safe, want)
		})
	}
}

func TestPaymentEntry(t *testing.T) {
	t.Run("an entry copies what the case is worth and whom it is for, not who the patient is", func(t *testing.T) {
		day := civil.Date{Year: 2026, Month: 2, Day: 27}
		got := standing(surgical.ReadyForBilling, surgical.NoPayment).PaymentEntry(day, later)
		equal(t, "entry", got, pay.Entry{
			Kind: pay.Payment, CaseNumber: 77, Generation: 3, Provider: owner, CaseDate: day,
			Category: "SPINE", Amount: 100_000, Table: 3, At: later,
		})
	})
}

func TestStatusesThatDoNotExist(t *testing.T) {
	unknown := []surgical.Status{-1, 2, 7, 8, 9, 11, 14, 16, 25, 99, 399, 401, 501, 999}
	for _, to := range unknown {
		t.Run(fmt.Sprintf("no case moves to %d, whoever asks", to), func(t *testing.T) {
			var moved []surgical.Status
			for _, from := range surgical.Statuses {
				s := standing(from, surgical.NoPayment)
				_, err := s.Advance(to, surgical.Manner{By: permission.System("job"), Force: true, Reason: "because", At: later})
				if err == nil {
					moved = append(moved, from)
				}
			}
			equalSlices(t, "moved from", moved, nil)
		})
		t.Run(fmt.Sprintf("%d is no status to read", to), func(t *testing.T) {
			_, err := surgical.ParseStatus(int(to))
			wantCode(t, err, "case_status_unknown")
		})
		t.Run(fmt.Sprintf("a provider may never move a case to %d", to), func(t *testing.T) {
			if surgical.MayEverMove(theOwner, to) == nil {
				t.Error("he may")
			}
		})
	}
	for _, known := range surgical.Statuses {
		got, err := surgical.ParseStatus(int(known))
		if err != nil || got != known {
			t.Errorf("%d is a status: %v, %v", known, got, err)
		}
	}
}

// TestMayEverMove asks the grid: a caller may ever move to a status if some cell of its column is
// within his type.
func TestMayEverMove(t *testing.T) {
	letters := cells(t)
	actors := []permission.Actor{permission.System("job")}
	for _, role := range everyRole {
		actors = append(actors, person("somebody", role))
	}
	for _, a := range actors {
		t.Run(fmt.Sprintf("type %d, system %v", a.Type, a.IsSystem()), func(t *testing.T) {
			for _, to := range surgical.Statuses {
				want := a.IsSystem()
				for _, from := range surgical.Statuses {
					letter := letters[[2]surgical.Status{from, to}]
					want = want || (letter != "." && a.Type >= meaning[letter].least)
				}
				err := surgical.MayEverMove(a, to)
				equal(t, fmt.Sprintf("to %d", to), err == nil, want)
				if err != nil {
					wantCode(t, err, "not_allowed")
				}
			}
		})
	}
}

func TestSubmitIfComplete(t *testing.T) {
	for _, at := range surgical.Statuses {
		if at == surgical.Draft {
			continue
		}
		t.Run(fmt.Sprintf("a complete case at %d stays there", at), func(t *testing.T) {
			c := complete(t, at)
			before := *c
			stamps := len(c.Stamps)
			if move, moved := c.SubmitIfComplete(later); moved || move != (surgical.Move{}) {
				t.Errorf("moved: %+v", move)
			}
			equal(t, "standing", c.Standing, before.Standing)
			equal(t, "stamps", len(c.Stamps), stamps)
		})
	}
	t.Run("a complete draft moves to 1 by the system and is stamped", func(t *testing.T) {
		c := complete(t, surgical.Draft)
		want := c.Standing
		want.Status = surgical.Submitted
		move, moved := c.SubmitIfComplete(later)
		equal(t, "moved", moved, true)
		equal(t, "move", move, surgical.Move{From: 0, To: 1, At: later, By: "system:auto"})
		equal(t, "standing", c.Standing, want)
		equal(t, "stamp", c.Stamps[surgical.Submitted], later)
		_, again := c.SubmitIfComplete(later)
		equal(t, "again", again, false)
	})
	for what, x := range map[string]struct {
		spoil func(*surgical.Case)
		has   surgical.Completeness
	}{
		"demo file": {func(c *surgical.Case) { delete(c.Files, surgical.DemoFile) }, surgical.Completeness{HasNote: true, Codes: 2}},
		"note file": {func(c *surgical.Case) { delete(c.Files, surgical.NoteFile) }, surgical.Completeness{HasDemo: true, Codes: 2}},
		"code":      {func(c *surgical.Case) { c.Codes = nil }, surgical.Completeness{HasDemo: true, HasNote: true}},
	} {
		t.Run("a draft without "+what+" stays at 0", func(t *testing.T) {
			c := complete(t, surgical.Draft)
			x.spoil(c)
			equal(t, "completeness", c.Completeness(), x.has)
			equal(t, "complete", c.Completeness().Complete(), false)
			_, moved := c.SubmitIfComplete(later)
			equal(t, "moved", moved, false)
			equal(t, "status", c.Status, surgical.Draft)
		})
	}
	t.Run("misc file, insurer, surgeon and facility are no conditions", func(t *testing.T) {
		c := complete(t, surgical.Draft)
		c.Insurer, c.SurgeonID, c.FacilityID = "", 0, 0
		equal(t, "completeness", c.Completeness(), surgical.Completeness{HasDemo: true, HasNote: true, Codes: 2})
		_, moved := c.SubmitIfComplete(later)
		equal(t, "moved", moved, true)
	})
}

func TestReprice(t *testing.T) {
	table := pay.NewTable(9, []pay.Row{{Tier: 2, Code: "Z9001", Category: "SPINE", Amount: 125_000}})
	for _, was := range []pay.Status{pay.Waived, pay.ZeroApproved, pay.Unpriced, pay.NoCodes, pay.Priced} {
		t.Run("a price that now exists ends "+string(was), func(t *testing.T) {
			s := standing(surgical.ReadyForBilling, surgical.NoPayment)
			s.Pay.Status = was
			s.Reprice(table.Price(2, []pay.Code{"Z9001", "Z9999"}), later)
			equal(t, "worth", s.Pay, surgical.Worth{
				Amount: 125_000, Category: "SPINE", Status: pay.Priced, Tier: 2, Table: 9, Winner: "Z9001", At: later,
			})
		})
	}
	t.Run("a case that comes back below 15 loses its waiver with the next price", func(t *testing.T) {
		s := standing(surgical.Submitted, surgical.NoPayment)
		reject := surgical.Manner{By: caseAdmin, Reason: "not ours", At: noon}
		if _, err := s.Advance(surgical.Rejected, reject); err != nil {
			t.Fatal(err)
		}
		back, err := s.Advance(surgical.Submitted, surgical.Manner{By: globalAdmin, Force: true, Reason: "ours after all", At: later})
		if err != nil || !back.Reprices() {
			t.Fatalf("%+v, %v", back, err)
		}
		s.Reprice(table.Price(2, []pay.Code{"Z9001"}), later)
		equal(t, "pay status", s.Pay.Status, pay.Priced)
		equal(t, "generation", s.Generation, 4)
	})
}
