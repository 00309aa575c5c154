package movein

import (
	"cmp"
	"slices"

	"surgicase/domain/movein"
	"surgicase/domain/pay"
)

// Report says what became of every row of the old database.
type Report struct {
	DryRun   bool
	Tables   []Table
	Findings []movein.Finding
	Pay      Sums
}

// Table is what became of the rows of an old table. Rows is Moved, Before and Held together, but for
// tables that are left alone: those say why.
type Table struct {
	Name   string
	Rows   int64
	Moved  int64    // by this run
	Before int64    // by an earlier one
	Held   int64    // not moved in; the findings say why
	Why    string   // why none of it is moved in
	Unread []string // columns that are left alone
}

// Sums are the pay of all old cases, before and after. Source: issue 6, item 1.
type Sums struct {
	Before pay.Cents // in the old database, added up by it
	Earlier, Moved, Held,
	Repriced pay.Cents // by how much cases below 15 are worth more here, by the rules of pay
	After  pay.Cents // what this run has moved in, added up by our database
	Frozen Frozen
}

// Frozen is the pay of cases from 15 up, which no price changes any more, and what the ledger holds
// for them.
type Frozen struct{ Moved, Open, Settled, Waived pay.Cents }

// Agree says whether no cent was lost: every old case is among those moved or held, what was moved is
// here, and the ledger holds it.
func (s Sums) Agree() bool {
	return s.Before == s.Earlier+s.Moved+s.Held && s.After == s.Moved+s.Repriced && s.Frozen.Moved == s.Frozen.Open+s.Frozen.Settled+s.Frozen.Waived
}

func (s *Sums) add(t Sums) {
	s.Before += t.Before
	s.Earlier += t.Earlier
	s.Moved += t.Moved
	s.Held += t.Held
	s.Repriced += t.Repriced
	s.After += t.After
	s.Frozen.Moved += t.Frozen.Moved
	s.Frozen.Open += t.Frozen.Open
	s.Frozen.Settled += t.Frozen.Settled
	s.Frozen.Waived += t.Frozen.Waived
}

// Count counts the findings of an effect.
func (r *Report) Count(effect movein.Effect) int {
	n := 0
	for _, f := range r.Findings {
		if f.Effect == effect {
			n++
		}
	}
	return n
}

// part is what one batch adds to a report. A transaction that is run again makes a new one.
type part struct {
	moved, before, held int64
	findings            []movein.Finding
	sums                Sums
	keep                []func() // what the run then knows
}

func (r *Report) take(table string, p *part) {
	t := r.table(table)
	t.Moved, t.Before, t.Held = t.Moved+p.moved, t.Before+p.before, t.Held+p.held
	r.Findings = append(r.Findings, p.findings...)
	r.Pay.add(p.sums)
	for _, keep := range p.keep {
		keep()
	}
}

func (r *Report) table(name string) *Table {
	i := slices.IndexFunc(r.Tables, func(t Table) bool { return t.Name == name })
	if i < 0 {
		r.Tables = append(r.Tables, Table{Name: name})
		i = len(r.Tables) - 1
	}
	return &r.Tables[i]
}

func (r *Report) sort() {
	slices.SortFunc(r.Tables, func(a, b Table) int { return cmp.Compare(a.Name, b.Name) })
}
