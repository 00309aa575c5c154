package pay_test

import (
	"testing"
	"time"

	"surgicase/domain/ident"
	"surgicase/domain/pay"
)

// TestDueOf: open and settled payments less reversals, never less than nothing; cancellations deduct nothing.
// Source: spec/decisions.md 11.5.
func TestDueOf(t *testing.T) {
	at := time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)
	line := func(provider ident.UserID, kind pay.EntryKind, amount pay.Cents, set func(*pay.Line)) pay.Line {
		l := pay.Line{Entry: pay.Entry{Provider: provider, Kind: kind, Amount: amount}}
		if set != nil {
			set(&l)
		}
		return l
	}
	cancelled := func(l *pay.Line) { l.CancelledAt = at }
	settled := func(l *pay.Line) { l.SettledAt = at.Add(time.Hour) }
	reversed := func(l *pay.Line) { l.SettledAt, l.ReversedAt = at.Add(time.Hour), at.Add(2*time.Hour) }
	before := func(l *pay.Line) { l.SettledAt = at.AddDate(-1, 0, 0) }
	lines := []pay.Line{
		line("never", pay.Payment, 500_00, nil), line("never", pay.Cancellation, -1000_00, nil),
		line("less", pay.Payment, 500_00, settled), line("less", pay.Payment, 70_00, reversed), line("less", pay.Reversal, -100_00, nil),
		line("owes", pay.Payment, 100_00, nil), line("owes", pay.Payment, 40_00, cancelled), line("owes", pay.Reversal, -300_00, nil),
		line("old", pay.Payment, 9_00, before),
	}
	owed := map[ident.UserID]pay.Cents{"less": 20_00, "quiet": 5_00}
	run := pay.Run{Kind: pay.Weekly, OpenedAt: at}
	all := pay.DueOf(&run, lines, owed)
	want := []struct {
		provider       ident.UserID
		toPay, carried pay.Cents
		cancelled      pay.Cents
	}{
		{"less", 450_00, 0, 0}, {"never", 500_00, 0, 1000_00}, {"old", 9_00, 0, 0}, {"owes", 0, 200_00, 40_00}, {"quiet", 0, 5_00, 0},
	}
	for i, x := range want {
		d := all[i]
		if d.Provider != x.provider || d.ToPay() != x.toPay || d.Carried() != x.carried || d.Cancelled != x.cancelled {
			t.Errorf("got %+v: to pay %s, carried %s, want %+v", d, d.ToPay(), d.Carried(), x)
		}
	}
	equal(t, "providers", len(all), len(want))
	equal(t, "to pay", pay.ToPay(all), 959_00)
	imported := pay.Run{Kind: pay.Imported, OpenedAt: at}
	equal(t, "of an import run, where the old service paid some", pay.ToPay(pay.DueOf(&imported, lines, owed)), 950_00)
}
