package operations

import (
	"context"
	"sync"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/civil"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Figures are the numbers that operators watch. They are read from the database at most every few
// seconds, however many ask.
type Figures struct {
	store ports.Store
	clock ports.Clock
	rules pay.Rules

	mu   sync.Mutex
	last Report
}

// NewFigures makes the service.
func NewFigures(store ports.Store, clock ports.Clock, rules pay.Rules) *Figures {
	return &Figures{store: store, clock: clock, rules: rules}
}

// How long a report is good for, and since when a caller counts as an active user.
const (
	reportKept = 15 * time.Second
	activeDays = 30
)

// Report is what the practice and its house-keeping look like at a moment.
type Report struct {
	At          time.Time
	Cases       []surgical.StatusTotal // those that are not deleted
	Unpriced    int                    // cases below 15 without a price
	Held        map[pay.HoldReason]int // cases at 10 that the next run leaves out
	Ledger      ports.LedgerState
	ActiveUsers int // who called within 30 days
	CasesToday  int // made since midnight UTC
	UsersToday  int
	Backlog     ports.Backlog
	Seal        ports.SealState
	Jobs        Standing
}

// ActiveCases counts all cases that are not deleted.
func (r Report) ActiveCases() (n int) {
	for _, t := range r.Cases {
		n += t.Cases
	}
	return n
}

// Since is how long before the report something happened; 0 if it never did.
func (r Report) Since(t time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return max(r.At.Sub(t), 0)
}

// Allowed says whether the actor may watch the operations, for who asks in passing.
func (s *Figures) Allowed(who permission.Actor) bool {
	return permission.Check(who, permission.ReadOperations, "") == nil
}

// May is Allowed for who asks in earnest: a refusal goes on the trail.
//
// Faults: Forbidden.
func (s *Figures) May(ctx context.Context, who permission.Actor) error {
	err := permission.Check(who, permission.ReadOperations, "")
	if err == nil {
		return nil
	}
	return ports.Refused(ctx, s.store, audit.Record(who, permission.ReadOperations, "operations", "", s.clock.Now()), err)
}

// Report gives the figures, perhaps as they were a few seconds ago.
func (s *Figures) Report(ctx context.Context) (Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	if age := now.Sub(s.last.At); age >= 0 && age < reportKept {
		return s.last, nil
	}
	report := Report{At: now}
	if err := s.store.View(ctx, report.read(s.rules)); err != nil {
		return Report{}, err
	}
	s.last = report
	return report, nil
}

// read asks for all figures on one snapshot.
func (r *Report) read(rules pay.Rules) func(context.Context, ports.Repos) error {
	return func(ctx context.Context, repos ports.Repos) (err error) {
		from, figures := civil.Date{}, repos.Figures
		for _, ask := range []func() error{
			func() error { r.Cases, err = repos.Casebook.Totals(ctx, from, from); return err },
			func() error { r.Unpriced, err = repos.Casebook.Unpriced(ctx, from, from); return err },
			func() error { r.Held, err = figures.Held(ctx, rules.Excluded, rules.Zone.Day(r.At)); return err },
			func() error { r.Ledger, err = figures.Ledger(ctx); return err },
			func() error { r.ActiveUsers, err = figures.Callers(ctx, r.At.AddDate(0, 0, -activeDays)); return err },
			func() error {
				r.CasesToday, r.UsersToday, err = figures.Recorded(ctx, civil.On(r.At).Midnight())
				return err
			},
			func() error { r.Backlog, err = figures.Backlog(ctx, r.At); return err },
			func() error { r.Seal, err = figures.Seal(ctx); return err },
			func() error { r.Jobs, err = standing(ctx, repos, r.At); return err },
		} {
			if err := ask(); err != nil {
				return err
			}
		}
		return nil
	}
}
