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
	st := &statement.Statement{Run: q.Run, Date: statement.MadeOn(now, now), PayDate: pay.PayDate(now, s.press.PayDay), From: q.From, To: q.To}
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) error {
		if q.Run != 0 {
			run, err := r.Runs.Get(ctx, q.Run)
			if err != nil {
				return err
			}
			if run.Kind == pay.Imported && !q.Kind.IsReport() {
				return fault.New(fault.Conflict, "import_run", "This run holds what was paid before. No file carries it.")
			}
			st.Date, st.PayDate = statement.MadeOn(run.OpenedAt, now), run.PayDate
		}
		lines, err := linesOf(ctx, r, q)
		if err != nil {
			return err
		}
		st.Sections, err = sections(ctx, r, lines)
		return err
	})
	if err == nil && len(st.Sections) == 0 && (q.Kind != statement.ProviderReport || q.Provider != "") {
		return nil, fault.New(fault.NotFound, "cases_not_found", "No cases found matching the criteria")
	}
	return st, err
}

// linesOf reads entries of the ledger: those of a run, or the open payments. A preview of bills leaves out
// what no file carries.
func linesOf(ctx context.Context, r ports.Repos, q Request) ([]pay.Line, error) {
	lines, err := r.Ledger.Lines(ctx, pay.LineQuery{Run: q.Run, Open: q.Run == 0, Provider: q.Provider, From: q.From, To: q.To})
	if err != nil || q.Run != 0 || q.Kind.IsReport() {
		return lines, err
	}
	imported := map[int64]bool{}
	for _, line := range lines {
		if _, known := imported[line.RunID]; !known {
			run, err := r.Runs.Get(ctx, line.RunID)
			if err != nil {
				return nil, err
			}
			imported[line.RunID] = run.Kind == pay.Imported
		}
	}
	return slices.DeleteFunc(lines, func(l pay.Line) bool { return imported[l.RunID] }), nil
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
	}
	return statement.New(worded, payees), nil
}
