package statement_test

import (
	"reflect"
	"testing"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/statement"
	"surgicase/domain/surgical"
)

func line(provider ident.UserID, number int64, day int, category string, amount pay.Cents) statement.Line {
	kind := pay.Payment
	if amount < 0 {
		kind = pay.Reversal
	}
	return statement.Line{Entry: pay.Entry{
		Kind: kind, Provider: provider, CaseNumber: number, Generation: 1, CaseDate: civil.Date{Year: 2026, Month: 2, Day: day}, Category: category, Amount: amount,
	}}
}

var week = &statement.Statement{Run: 3, Sections: statement.New(
	[]statement.Line{
		line("b", 4, 2, "SPINE", 1000), line("b", 2, 2, "", 50), line("b", 3, 1, "SPINE", 7), line("a", 9, 5, "GYN", 300), line("b", 1, 1, "SPINE", -1000), line("c", 8, 9, "", 0),
	},
	map[ident.UserID]statement.Payee{"a": {First: "Zoe", Last: "Young", State: "OR"}, "b": {First: "ANN", Last: "Example", State: "CA"}},
)}

// TestLinesSayWhatWasPaid: not what the case is now, which stands in only for entries that do not know.
// Source: spec/decisions.md 7.5.
func TestLinesSayWhatWasPaid(t *testing.T) {
	now := statement.Words{Patient: surgical.Patient{Last: surgical.NewPHI("Example")}, Codes: []surgical.Code{{Procedure: "Z9009"}, {Procedure: "Z9008", Modifiers: []string{"LT", "50"}}}}
	for what, x := range map[string]struct {
		paid pay.BilledCodes
		now  statement.Words
		want string
	}{
		"codes that have changed since":          {pay.BilledCodes{"Z9001-50", "Z9002"}, now, "Z9001-50, Z9002"},
		"codes of a case that was purged":        {pay.BilledCodes{"Z9001-50"}, statement.Words{}, "Z9001-50"},
		"no codes, though the case has some now": {pay.BilledCodes{}, now, ""},
		"codes that nobody noted":                {nil, now, "Z9009, Z9008-LT-50"},
		"nothing of a purged case":               {nil, statement.Words{}, ""},
	} {
		t.Run(what, func(t *testing.T) {
			for _, e := range []pay.Entry{{Kind: pay.Payment, Codes: x.paid}, pay.Entry{Kind: pay.Payment, Codes: x.paid}.Counter(pay.Reversal, time.Time{})} {
				line := statement.NewLine(e, x.now)
				if line.Codes.String() != x.want || !line.Patient.Last.Equal(x.now.Patient.Last) || line.Kind != e.Kind {
					t.Errorf("the %s says %q, want %q", e.Kind, line.Codes, x.want)
				}
			}
		})
	}
}

func TestSections(t *testing.T) {
	var order []ident.UserID
	for _, s := range week.Sections {
		order = append(order, s.Payee.ID)
	}
	if !reflect.DeepEqual(order, []ident.UserID{"c", "b", "a"}) {
		t.Errorf("providers come as %v", order)
	}
	b := week.Sections[1]
	if b.Payments[0].CaseNumber != 3 || b.Payments[1].CaseNumber != 2 || b.Payments[2].CaseNumber != 4 || len(b.Refunds) != 1 || !b.Refunds[0].Refund() {
		t.Errorf("the lines of b: %+v", b)
	}
	if b.Paid() != 1057 || b.Refunded() != -1000 || b.Total() != 57 {
		t.Errorf("b gets %s - %s = %s", b.Paid(), b.Refunded(), b.Total())
	}
	if b.Payee.Name() != "Ann Example" || week.Sections[0].Payee.Name() != "c" {
		t.Errorf("names: %q, %q", b.Payee.Name(), week.Sections[0].Payee.Name())
	}
}

func TestTotals(t *testing.T) {
	want := statement.Totals{Providers: 3, Cases: 5, Refunds: 1, Paid: 1357, Refunded: -1000, Amount: 357}
	if got := week.Totals(); got != want {
		t.Errorf("totals %+v, want %+v", got, want)
	}
	categories := []statement.CategoryTotal{{"GYN", 1, 300}, {"SPINE", 2, 7}, {statement.Unspecified, 2, 50}}
	if got := statement.Categories(week.Sections...); !reflect.DeepEqual(got, categories) {
		t.Errorf("categories %v, want %v", got, categories)
	}
}

func TestByState(t *testing.T) {
	var states []string
	for _, s := range week.ByState() {
		states = append(states, s.State)
	}
	if !reflect.DeepEqual(states, []string{"CA", "OR", statement.UnknownState}) {
		t.Errorf("states come as %v", states)
	}
}

func TestOnlyHoldsNobodyElse(t *testing.T) {
	alone := week.Only("b")
	if len(alone.Sections) != 1 || alone.Sections[0].Payee.ID != "b" || alone.Run != 3 || len(week.Sections) != 3 {
		t.Errorf("b alone: %+v", alone)
	}
	if len(week.Only("nobody").Sections) != 0 || week.Preview() || !(&statement.Statement{}).Preview() {
		t.Error("the statement of nobody, or what is a preview")
	}
}

func TestNumbers(t *testing.T) {
	if got := statement.Numbers([]pay.Entry{{CaseNumber: 5}, {CaseNumber: 2}, {CaseNumber: 5}}); !reflect.DeepEqual(got, []int64{2, 5}) {
		t.Errorf("numbers %v", got)
	}
}
