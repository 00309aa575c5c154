package surgical_test

import (
	"slices"
	"testing"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

func named(id ident.CaseID, first, last string) *surgical.Case {
	return &surgical.Case{
		Standing: surgical.Standing{ID: id, Owner: owner}, Date: day,
		Patient: surgical.Patient{First: surgical.NewPHI(first), Last: surgical.NewPHI(last)},
	}
}

func TestFormerDuplicateText(t *testing.T) {
	a, b := named("a", "Zoë  Ann", "O'Hara"), named("b", " zoë ann", "o'hara ")
	if !a.FormerDuplicateText().Equal(b.FormerDuplicateText()) {
		t.Error("letter case and blanks count")
	}
	if a.FormerDuplicateText().Equal(named("c", "Zoe Ann", "O'Hara").FormerDuplicateText()) {
		t.Error("marks did not count in programs of before")
	}
	if !a.DuplicateText().Equal(named("c", "Zoe Ann", "O’Hara").DuplicateText()) {
		t.Error("marks and apostrophes count today")
	}
}

func TestFindDuplicates(t *testing.T) {
	for name, x := range map[string]struct {
		others []*surgical.Case
		marked []ident.CaseID
	}{
		"no other":                         {nil, nil},
		"one that was known":               {[]*surgical.Case{named("b", "zoë", "Hara")}, nil},
		"one that only today's rule finds": {[]*surgical.Case{named("b", "Zoe", "Hara")}, []ident.CaseID{"a", "b"}},
		"a newcomer to a forced pair":      {[]*surgical.Case{named("b", "Zoë", "Hara"), named("c", "Zoe", "Hara")}, []ident.CaseID{"a", "b", "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			var ids []ident.CaseID
			for _, c := range surgical.FindDuplicates(named("a", "Zoë", "Hara"), x.others) {
				if c.Duplicate != surgical.DuplicateFound {
					t.Errorf("%s is marked %d", c.ID, c.Duplicate)
				}
				ids = append(ids, c.ID)
			}
			if !slices.Equal(ids, x.marked) {
				t.Errorf("got %v, want %v", ids, x.marked)
			}
		})
	}
	confirmed := named("b", "Zoe", "Hara")
	confirmed.Duplicate = surgical.DuplicateConfirmed
	if marked := surgical.FindDuplicates(named("a", "Zoë", "Hara"), []*surgical.Case{confirmed}); len(marked) != 1 || confirmed.Duplicate != surgical.DuplicateConfirmed {
		t.Errorf("what was confirmed is marked again: %v", marked)
	}
}

func TestDuplicates_Shown(t *testing.T) {
	d := surgical.Duplicates{Others: []surgical.OtherCase{{ID: "b"}, {ID: "gone", Deleted: true}}}
	if got := d.Shown(theOwner); !slices.Equal(got, []ident.CaseID{"b"}) {
		t.Errorf("the owner is shown %v", got)
	}
	if got := d.Shown(caseAdmin); !slices.Equal(got, []ident.CaseID{"b", "gone"}) {
		t.Errorf("a case admin is shown %v", got)
	}
}

func TestStanding_ConfirmDuplicate(t *testing.T) {
	for name, x := range map[string]struct {
		by   permission.Actor
		mark surgical.DuplicateMark
		code string
	}{
		"a case admin":           {caseAdmin, surgical.DuplicateFound, ""},
		"the owner":              {theOwner, surgical.DuplicateFound, "not_allowed"},
		"the owner as admin":     {person(owner, permission.GlobalAdmin), surgical.DuplicateFound, "own_case"},
		"what was not found":     {caseAdmin, surgical.NotFound, "case_not_duplicate"},
		"what is confirmed once": {caseAdmin, surgical.DuplicateConfirmed, "case_not_duplicate"},
	} {
		t.Run(name, func(t *testing.T) {
			s := standing(surgical.ReadyForBilling, surgical.NoPayment)
			s.Duplicate = x.mark
			if got := fault.CodeOf(s.ConfirmDuplicate(x.by)); got != x.code {
				t.Errorf("code %q, want %q", got, x.code)
			}
			if x.code == "" && s.Duplicate != surgical.DuplicateConfirmed || x.code != "" && s.Duplicate != x.mark {
				t.Errorf("it is marked %d", s.Duplicate)
			}
		})
	}
}

func TestCase_ShownVersion(t *testing.T) {
	for _, x := range []struct {
		cap  int
		want int64
	}{{0, 5}, {20, 5}, {15, 4}, {10, 3}} {
		c := complete(t, surgical.Paid)
		c.Version = 5
		if got := c.ShownVersion(capped(permission.Provider, x.cap)); got != x.want {
			t.Errorf("with cap %d: %d, want %d", x.cap, got, x.want)
		}
	}
	c := complete(t, surgical.Paid)
	c.Version = 1
	if got := c.ShownVersion(capped(permission.Provider, 1)); got != 1 {
		t.Errorf("the lowest version is %d", got)
	}
}

func TestCase_ShownPayStatus(t *testing.T) {
	for name, x := range map[string]struct {
		at     surgical.Status
		status pay.Status
		winner pay.Code
		codes  []surgical.Code
		want   pay.Status
	}{
		"what is not hidden":         {surgical.Submitted, pay.Waived, "", nil, pay.Waived},
		"what was not waived":        {surgical.Paid, pay.Priced, "Z9001", nil, pay.Priced},
		"waived after it was priced": {surgical.Rejected, pay.Waived, "Z9001", nil, pay.Priced},
		"waived without codes":       {surgical.Rejected, pay.Waived, "", nil, pay.NoCodes},
		"waived without a price":     {surgical.Rejected, pay.Waived, "", []surgical.Code{{Procedure: "Z9001"}}, pay.Unpriced},
	} {
		t.Run(name, func(t *testing.T) {
			c := &surgical.Case{Standing: standing(x.at, surgical.NoPayment), Codes: x.codes}
			c.Pay.Status, c.Pay.Winner = x.status, x.winner
			if got := c.ShownPayStatus(capped(permission.Provider, 10)); got != x.want {
				t.Errorf("got %q, want %q", got, x.want)
			}
		})
	}
}

func TestBilled(t *testing.T) {
	if got := surgical.Billed(nil); got == nil || len(got) != 0 {
		t.Errorf("without codes: %v", got)
	}
	got := surgical.Billed([]surgical.Code{{Procedure: "Z9001", Modifiers: []string{"50"}}, {Procedure: "Z9002"}})
	if !slices.Equal(got, pay.BilledCodes{"Z9001-50", "Z9002"}) {
		t.Errorf("got %v", got)
	}
}
