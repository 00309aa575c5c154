package pay

import (
	"cmp"
	"slices"

	"surgicase/domain/ident"
)

// Due is what a run comes to for a provider on its pay date. Source: spec/decisions.md 11.5.
type Due struct {
	Provider  ident.UserID
	Payments  Cents // of the run, but for those that were cancelled or, in an import run, paid before
	Reversals Cents // that the run carries: zero or less
	Owed      Cents // reversals of earlier runs that exceeded what there was to pay
	Cancelled Cents // payments that were never settled, of this run or carried: they deduct nothing
}

func (d Due) balance() Cents { return d.Payments + d.Reversals - d.Owed }

// ToPay returns what is to be paid: never less than nothing.
func (d Due) ToPay() Cents { return max(0, d.balance()) }

// Carried returns what the next run has to deduct.
func (d Due) Carried() Cents { return max(0, -d.balance()) }

// Counts reports whether the payment is a part of what the run pays.
func (l *Line) Counts(run *Run) bool {
	paidBefore := run.Kind == Imported && !l.SettledAt.IsZero() && !l.SettledAt.After(run.OpenedAt)
	return l.Kind == Payment && l.CancelledAt.IsZero() && !paidBefore
}

// DueOf sums up the lines of a run by provider, in order of their ids. Owed is what they owe from earlier runs.
func DueOf(run *Run, lines []Line, owed map[ident.UserID]Cents) []Due {
	found := map[ident.UserID]*Due{}
	of := func(id ident.UserID) *Due {
		if found[id] == nil {
			found[id] = &Due{Provider: id, Owed: owed[id]}
		}
		return found[id]
	}
	for i := range lines {
		l := &lines[i]
		d := of(l.Provider)
		switch {
		case l.Kind == Reversal:
			d.Reversals += l.Amount
		case l.Kind == Cancellation:
			d.Cancelled -= l.Amount
		case l.Counts(run):
			d.Payments += l.Amount
		case !l.CancelledAt.IsZero():
			d.Cancelled += l.Amount
		}
	}
	for id := range owed {
		of(id)
	}
	all := make([]Due, 0, len(found))
	for _, d := range found {
		all = append(all, *d)
	}
	slices.SortFunc(all, func(a, b Due) int { return cmp.Compare(a.Provider, b.Provider) })
	return all
}

// ToPay returns what is to be paid to all of them together.
func ToPay(all []Due) Cents {
	var total Cents
	for _, d := range all {
		total += d.ToPay()
	}
	return total
}
