package surgical_test

import (
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

var day = civil.Date{Year: 2026, Month: time.February, Day: 27}

// TestARunTakesWhatItMay: the reasons that hold a case hold it in every run, and its own opener's cases
// are left to somebody else. Source: spec/decisions.md 5.1 and 2.7.
func TestARunTakesWhatItMay(t *testing.T) {
	west := civil.ZoneOf(time.FixedZone("west", -13*3600)) // where noon in UTC is the evening before
	rules := pay.Rules{Excluded: []ident.UserID{"load-test"}, Zone: west}
	today := civil.On(noon).AddDays(-1)
	for what, x := range map[string]struct {
		by     permission.Actor
		change func(*surgical.RunCandidate)
		code   string
	}{
		"a priced case":            {globalAdmin, func(*surgical.RunCandidate) {}, ""},
		"by the job":               {permission.System("job"), func(*surgical.RunCandidate) {}, ""},
		"an owner without an NPI":  {globalAdmin, func(c *surgical.RunCandidate) { c.HasNPI = false }, "no_npi"},
		"an excluded account":      {globalAdmin, func(c *surgical.RunCandidate) { c.Owner = "load-test" }, "excluded_account"},
		"a case without a price":   {globalAdmin, func(c *surgical.RunCandidate) { c.Pay.Status = pay.Unpriced }, "unpriced"},
		"a case without codes":     {globalAdmin, func(c *surgical.RunCandidate) { c.Pay.Status = pay.NoCodes }, "no_codes"},
		"a price of the owner's":   {globalAdmin, func(c *surgical.RunCandidate) { c.PricedBy = owner }, "own_price"},
		"a price of another's":     {globalAdmin, func(c *surgical.RunCandidate) { c.PricedBy = newOwner }, ""},
		"an operation today":       {globalAdmin, func(c *surgical.RunCandidate) { c.Date = today }, ""},
		"one that lies ahead":      {globalAdmin, func(c *surgical.RunCandidate) { c.Date = today.AddDays(1) }, "not_yet_operated"},
		"the opener's own case":    {person(owner, permission.GlobalAdmin), func(*surgical.RunCandidate) {}, "own_case"},
		"by a case admin":          {caseAdmin, func(*surgical.RunCandidate) {}, "not_allowed"},
		"a case that is not at 10": {globalAdmin, func(c *surgical.RunCandidate) { c.Status = surgical.Submitted }, "case_move_refused"},
	} {
		t.Run(what, func(t *testing.T) {
			c := surgical.RunCandidate{Standing: standing(surgical.ReadyForBilling, surgical.NoPayment), Date: day, HasNPI: true}
			x.change(&c)
			before := c.Standing
			m, err := c.Enter(surgical.Manner{By: x.by, At: noon}, rules)
			if got := fault.CodeOf(err); got != x.code {
				t.Fatalf("code %q, want %q: %v", got, x.code, err)
			}
			if c.Status != before.Status || c.Pay.Status != before.Pay.Status {
				t.Error("the candidate itself was changed")
			}
			if x.code == "" && (m.Status != surgical.PendingPayment || m.Was.Status != surgical.ReadyForBilling || m.Date != c.Date || m.Move.Effect != surgical.OpenPayment) {
				t.Errorf("it became %+v", m)
			}
		})
	}
}

// TestAPaidCaseIsSettledAndTakenBack: settling goes from 15 to 20 only; taking back cancels what is open
// and reverses what is settled, wherever the case stands. Source: spec/decisions.md 5.3.
func TestAPaidCaseIsSettledAndTakenBack(t *testing.T) {
	how := surgical.Manner{By: globalAdmin, At: noon, Reason: "a wrong code"}
	pending := surgical.PaidCase{Standing: standing(surgical.PendingPayment, surgical.PaymentOpen)}
	settled, err := pending.Settle(how)
	if err != nil || settled.Status != surgical.Paid || settled.Move.Effect != surgical.SettlePayment || settled.Move.Payment != 900 {
		t.Fatalf("settling: %+v, %v", settled, err)
	}
	if _, err := (surgical.PaidCase{Standing: settled.Standing}).Settle(how); fault.CodeOf(err) != "case_status_same" {
		t.Errorf("settling twice: %v", err)
	}
	for what, x := range map[string]struct {
		from    surgical.PaidCase
		effect  surgical.Effect
		deleted bool
	}{
		"an open payment":         {pending, surgical.CancelPayment, false},
		"a settled one":           {surgical.PaidCase{Standing: settled.Standing}, surgical.ReversePayment, false},
		"a settled one far above": {surgical.PaidCase{Standing: standing(surgical.Closed, surgical.PaymentSettled)}, surgical.ReversePayment, false},
		"that of a deleted case":  {surgical.PaidCase{Standing: standing(surgical.Paid, surgical.PaymentSettled), Deleted: true}, surgical.ReversePayment, true},
	} {
		back, err := x.from.TakeBack(how)
		if err != nil || back.Status != surgical.ReadyForBilling || back.Move.Effect != x.effect || back.Deleted != x.deleted || back.Generation != 4 {
			t.Errorf("taking back %s: %+v, %v", what, back, err)
		}
	}
	if _, err := pending.TakeBack(surgical.Manner{By: globalAdmin, At: noon}); fault.CodeOf(err) != "case_needs_reason" {
		t.Errorf("taking back without a reason: %v", err)
	}
}

// TestMovesArePosted: each move has exactly one posting, of the case's own payment and amount.
func TestMovesArePosted(t *testing.T) {
	moved := func(effect surgical.Effect, payment int64) surgical.Moved {
		s := standing(surgical.PendingPayment, surgical.NoPayment)
		return surgical.Moved{Standing: s, Date: day, Move: surgical.Move{Effect: effect, Payment: payment}}
	}
	p := surgical.PostingsOf([]surgical.Moved{
		moved(surgical.OpenPayment, 0), moved(surgical.SettlePayment, 1), moved(surgical.CancelPayment, 2), moved(surgical.ReversePayment, 3), moved(surgical.NoEffect, 4),
		moved(surgical.OpenPayment, 0), moved(surgical.SettlePayment, 5), moved(surgical.CancelPayment, 6), moved(surgical.ReversePayment, 7),
	}, noon)
	want := pay.Entry{Kind: pay.Payment, CaseNumber: 77, Generation: 3, Provider: owner, CaseDate: day, Category: "SPINE", Amount: 100_000, Table: 3, At: noon}
	if !reflect.DeepEqual(p.Opened, []pay.Entry{want, want}) {
		t.Errorf("opened %+v, want %+v", p.Opened, want)
	}
	if !slices.Equal(p.Settled, []int64{1, 5}) {
		t.Errorf("settled %v", p.Settled)
	}
	if back := map[int64]pay.EntryKind{2: pay.Cancellation, 3: pay.Reversal, 6: pay.Cancellation, 7: pay.Reversal}; !maps.Equal(p.TakenBack, back) {
		t.Errorf("taken back %v, want %v", p.TakenBack, back)
	}
}

// TestWhoMayAttachADocument: the owner at 0 and 1, and what is missing later; nobody else's provider; the
// administrative file only Case Admins. A refused document changes nothing.
func TestWhoMayAttachADocument(t *testing.T) {
	file := surgical.File{Name: surgical.NewPHI("scan.pdf"), Key: surgical.NewPHI("private/x/scan.pdf"), Stored: true}
	for what, x := range map[string]struct {
		by   permission.Actor
		at   surgical.Status
		kind surgical.FileKind
		code string
	}{
		"the owner of a draft":               {theOwner, surgical.Draft, surgical.MiscFile, ""},
		"another provider":                   {person(newOwner, permission.Provider), surgical.Draft, surgical.MiscFile, "not_your_data"},
		"the owner, the administrative file": {theOwner, surgical.Draft, surgical.AdminFile, "not_allowed"},
		"a case admin, the same":             {caseAdmin, surgical.Draft, surgical.AdminFile, ""},
		"a case admin, what a paid case has": {caseAdmin, surgical.Paid, surgical.DemoFile, "case_locked"},
		"the owner, what a paid case lacks":  {theOwner, surgical.Paid, surgical.MiscFile, ""},
	} {
		c := surgical.New(surgical.Facts{
			ID: caseID, Owner: owner, Date: day, Files: map[surgical.FileKind]surgical.PHI{surgical.DemoFile: surgical.NewPHI("demo.pdf")},
		}, make([]byte, 32), noon)
		c.Status = x.at
		had := maps.Clone(c.Files)
		err := c.Attach(x.by, x.kind, file, later)
		if fault.CodeOf(err) != x.code {
			t.Errorf("%s: %v, want %q", what, err, x.code)
		}
		attached := c.Files[x.kind].Name.Equal(file.Name)
		if attached != (x.code == "") || (x.code != "" && len(c.Files) != len(had)) || c.UpdatedAt.Equal(later) != attached {
			t.Errorf("%s: the case has %v, updated %v", what, c.Files, c.UpdatedAt)
		}
		if attached && c.Files[x.kind].ObjectKey() != "private/x/scan.pdf" {
			t.Errorf("%s: the key is %s", what, c.Files[x.kind].ObjectKey())
		}
	}
	if thing := (surgical.Folder{Number: 77}).Thing(); thing != "77" {
		t.Errorf("the trail names the case %q", thing)
	}
}
