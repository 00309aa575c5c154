package statements

import (
	"context"
	"slices"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/statement"
	"surgicase/ports"
)

// gather reads what a file is made of, from one snapshot.
func (s *Reports) gather(ctx context.Context, q Request) (*statement.Statement, error) {
	now := s.clock.Now()
	st := &statement.Statement{Run: q.Run, Date: s.press.Rules.Zone.Day(now), PayDate: s.press.Rules.PayDate(now), From: q.From, To: q.To}
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) error {
		var run pay.Run
		if q.Run != 0 {
			var err error
			if run, err = r.Runs.Get(ctx, q.Run); err != nil {
				return err
			}
			st.Date, st.PayDate = run.OpenedOn, run.PayDate
		}
		lines, err := r.Ledger.Lines(ctx, pay.LineQuery{Run: q.Run, Open: q.Run == 0, Provider: q.Provider, From: q.From, To: q.To})
		if err != nil {
			return err
		}
		if lines, err = billed(&run, lines, q); err != nil {
			return err
		}
		if st.Sections, err = sections(ctx, r, lines); err != nil || q.Run == 0 {
			return err
		}
		owed, err := r.Ledger.Owed(ctx, q.Run)
		for i := range st.Sections {
			st.Sections[i].Owed = owed[st.Sections[i].Payee.ID]
		}
		return err
	})
	if err == nil && len(st.Sections) == 0 && (q.Kind != statement.ProviderReport || q.Provider != "") {
		return nil, noCases()
	}
	return st, err
}

func noCases() error {
	return fault.New(fault.NotFound, "cases_not_found", "No cases found matching the criteria")
}

// billed leaves out of an accounting file of an import run what the legacy service has billed.
func billed(run *pay.Run, lines []pay.Line, q Request) ([]pay.Line, error) {
	if q.Run == 0 || q.Kind.IsReport() || run.Kind != pay.Imported {
		return lines, nil
	}
	lines = slices.DeleteFunc(lines, func(l pay.Line) bool { return !run.Carries(l.Entry) })
	if len(lines) == 0 {
		return nil, fault.New(fault.Conflict, "import_run", "This run holds only what was paid before it. No file carries it.")
	}
	return lines, nil
}

// BillsAlone returns the content of a file of transactions without its lists of accounts and vendors.
func (s *Reports) BillsAlone(transactions []byte) []byte { return s.press.WithoutLists(transactions) }

// NotToPay returns the numbers of the bills of an accounting file that must not be paid by now: their payments were
// cancelled before they were settled. Other files have none.
func (s *Reports) NotToPay(ctx context.Context, f statement.File) ([]string, error) {
	if f.Run == 0 || f.Kind != statement.Transactions {
		return nil, nil
	}
	var numbers []string
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) error {
		run, err := r.Runs.Get(ctx, f.Run)
		if err != nil {
			return err
		}
		lines, err := r.Ledger.Lines(ctx, pay.LineQuery{Run: f.Run, Payments: true, Provider: f.Provider})
		for _, l := range lines {
			if l.Outcome() == pay.WasCancelled && run.HasBill(l.Entry) {
				numbers = append(numbers, l.DocNumber())
			}
		}
		return err
	})
	return numbers, err
}

// sections puts the words beside the figures.
func sections(ctx context.Context, r ports.Repos, lines []pay.Line) ([]statement.Section, error) {
	var providers []ident.UserID
	entries := make([]pay.Entry, len(lines))
	for i, line := range lines {
		entries[i] = line.Entry
		providers = append(providers, line.Provider)
	}
	slices.Sort(providers)
	payees, err := r.Statements.Payees(ctx, slices.Compact(providers))
	if err != nil {
		return nil, err
	}
	words, err := r.Statements.Cases(ctx, statement.Numbers(entries))
	if err != nil {
		return nil, err
	}
	worded := make([]statement.Line, len(entries))
	for i, e := range entries {
		worded[i] = statement.NewLine(e, words[e.CaseNumber])
		worded[i].NotToPay = lines[i].Outcome() == pay.WasCancelled
	}
	return statement.New(worded, payees), nil
}
