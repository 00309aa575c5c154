package payments

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/civil"
	"surgicase/domain/dryrun"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Runs opens, settles and reverses payment runs. Source: spec/decisions.md 5.
type Runs struct {
	store  ports.Store
	clock  ports.Clock
	events ports.Events
	rules  pay.Rules
}

// NewRuns makes the service.
func NewRuns(store ports.Store, clock ports.Clock, events ports.Events, rules pay.Rules) *Runs {
	return &Runs{store: store, clock: clock, events: events, rules: rules}
}

// NewRun asks for a run to be opened. Request is set when the client sent an Idempotency-Key.
type NewRun struct {
	IDs     []ident.CaseID // only these; every case at 10 if there are none
	PayDate civil.Date     // the usual pay day if zero
	Kind    pay.RunKind
	Request *ident.RequestKey
}

// Opened is a run as it was opened, or would be. Run is nil if there was nothing to pay and nothing to
// take back.
type Opened struct {
	Run   *pay.Run
	Lines []pay.Line
	Held  []pay.Held
	Due   []pay.Due // by provider

	Duplicates map[int64]surgical.Duplicates // of the cases in Lines and Held, by number
}

// Reasons for which cases that were named are left out, beside those of pay.HoldReason.
const (
	heldNotFound pay.HoldReason = "case_not_found"
	heldNotReady pay.HoldReason = "case_not_ready"
)

// Open opens a run with every case that can be paid, in one transaction: the cases go to 15 and get
// their payments, the others are held. Cases that another opening was faster with are left out. In a dry run the
// run has no id, and who was told is on the audit log.
//
// Faults: Forbidden; Invalid for a pay date in the past, too far ahead or without banking.
func (s *Runs) Open(ctx context.Context, who permission.Actor, in NewRun) (Opened, error) {
	if err := s.allowed(ctx, who, permission.ManageRuns, ""); err != nil {
		return Opened{}, err
	}
	var done Opened
	err := s.store.InTx(ports.LockFirst(ctx, ports.Locks{PricesInUse: true}), func(ctx context.Context, r ports.Repos) error {
		p, err := s.plan(ctx, r, who, in)
		if err != nil {
			return err
		}
		if done, err = p.open(ctx, r); err != nil {
			return err
		}
		if done.Duplicates, err = duplicates(ctx, r, done.Held, done.Lines); err != nil {
			return err
		}
		return finish(ctx, r, in.Request, done.Run)
	})
	s.happened(ctx, "run.opened", who, err, "payments", len(done.Lines), "held", len(done.Held))
	if err != nil || !dryrun.Is(ctx) {
		return done, err
	}
	if done.Run != nil {
		done.Run.ID = 0
	}
	entry := audit.Record(who, permission.ManageRuns, "run", "", s.clock.Now())
	return done, s.store.Logged(ctx, entry.ReadingAll(numbersOf(done.Held, done.Lines))...)
}

// runPlan is a run being worked out.
type runPlan struct {
	ports.Posting
	held    []pay.Held
	refunds []pay.Line
}

func (s *Runs) plan(ctx context.Context, r ports.Repos, who permission.Actor, in NewRun) (*runPlan, error) {
	p := &runPlan{Posting: ports.Posting{Who: who, At: s.clock.Now(), Rules: s.rules, Kind: in.Kind, PayDate: in.PayDate}}
	if err := s.checkPayDate(in.PayDate, p.At); err != nil {
		return nil, err
	}
	candidates, err := ports.RunCandidates(ctx, r, in.IDs, p.At)
	if err != nil {
		return nil, err
	}
	how := surgical.Manner{By: who, At: p.At}
	ready := make(map[ident.CaseID]bool, len(candidates))
	for _, c := range candidates {
		ready[c.ID] = true
		m, err := c.Enter(how, s.rules)
		if err != nil {
			p.held = append(p.held, pay.Held{CaseNumber: c.Number, CaseID: c.ID, Provider: c.Owner, Reason: pay.HoldReason(fault.CodeOf(err))})
			continue
		}
		p.Moved = append(p.Moved, m)
	}
	if err := p.holdOthers(ctx, r, in.IDs, ready); err != nil {
		return nil, err
	}
	p.refunds, err = r.Ledger.Lines(ctx, pay.LineQuery{Uncarried: true})
	p.Empty = len(p.refunds) > 0
	return p, err
}

func (s *Runs) checkPayDate(day civil.Date, now time.Time) error {
	if day.IsZero() {
		return nil
	}
	var bad fault.Collector
	bad.Check("body.pay_date", s.rules.CheckPayDate(day, now))
	return bad.Err()
}

// holdOthers says of the cases that were named and do not stand at 10 why they are left out.
func (p *runPlan) holdOthers(ctx context.Context, r ports.Repos, named []ident.CaseID, ready map[ident.CaseID]bool) error {
	var others []ident.CaseID
	for _, id := range named {
		if !ready[id] {
			ready[id] = true // named twice, it is told once
			others = append(others, id)
		}
	}
	if len(others) == 0 {
		return nil
	}
	standings, err := r.CaseSets.Standings(ctx, others)
	if err != nil {
		return err
	}
	known := make(map[ident.CaseID]surgical.Standing, len(standings))
	for _, c := range standings {
		known[c.ID] = c
	}
	for _, id := range others {
		held := pay.Held{CaseID: id, Reason: heldNotFound}
		if c, ok := known[id]; ok {
			held = pay.Held{CaseNumber: c.Number, CaseID: id, Provider: c.Owner, Reason: heldNotReady}
		}
		p.held = append(p.held, held)
	}
	return nil
}

// open writes the run. Its lines are read back: another opening may have been faster with the refunds.
func (p *runPlan) open(ctx context.Context, r ports.Repos) (Opened, error) {
	if len(p.Moved) == 0 && !p.Empty {
		return Opened{Lines: []pay.Line{}, Held: p.held}, nil
	}
	if err := p.Write(ctx, r); err != nil {
		return Opened{}, err
	}
	if err := r.Runs.Hold(ctx, p.Run.ID, p.storable()); err != nil {
		return Opened{}, err
	}
	lines, err := r.Ledger.Lines(ctx, pay.LineQuery{Run: p.Run.ID})
	if err != nil {
		return Opened{}, err
	}
	if len(lines) == 0 {
		return Opened{}, ports.RunAgain(nil)
	}
	owed, err := r.Ledger.Owed(ctx, p.Run.ID)
	if err != nil {
		return Opened{}, err
	}
	entry := audit.Record(p.Who, permission.ManageRuns, "run", runID(p.Run.ID), p.At).Changing([]string{"opened"}, nil, nil)
	return Opened{Run: p.Run, Lines: lines, Held: p.held, Due: pay.DueOf(p.Run, lines, owed)}, r.Audit.Record(ctx, entry)
}

// storable are the held cases that exist.
func (p *runPlan) storable() []pay.Held {
	var known []pay.Held
	for _, h := range p.held {
		if h.CaseNumber != 0 {
			known = append(known, h)
		}
	}
	return known
}

// nothingOpened is kept of a request that found nothing to pay.
const nothingOpened = "none"

func finish(ctx context.Context, r ports.Repos, key *ident.RequestKey, run *pay.Run) error {
	switch {
	case key == nil:
		return nil
	case run == nil:
		return r.Requests.Finish(ctx, *key, ports.RequestOutcome{Status: 200, EntityID: nothingOpened})
	}
	id := runID(run.ID)
	return r.Requests.Finish(ctx, *key, ports.RequestOutcome{Status: 201, Location: "/payment_runs/" + url.PathEscape(id), EntityID: id})
}

func runID(id int64) string { return strconv.FormatInt(id, 10) }

func (s *Runs) allowed(ctx context.Context, who permission.Actor, action permission.Action, id string) error {
	err := permission.Check(who, action, "")
	if err == nil {
		return nil
	}
	return ports.Refused(ctx, s.store, audit.Record(who, action, "run", id, s.clock.Now()), err)
}

// happened tells of what was done to a run; counts are pairs of a name and a number.
func (s *Runs) happened(ctx context.Context, name string, who permission.Actor, err error, counts ...any) {
	values := []ports.Value{{Name: "actor", Text: string(who.User)}}
	for i := 0; i+1 < len(counts); i += 2 {
		values = append(values, ports.Value{Name: counts[i].(string), Text: strconv.Itoa(counts[i+1].(int))})
	}
	s.events.Happened(ctx, ports.Event{Name: name, Err: err, Values: values})
}

// LinePage asks for a part of a run's payments: those behind one of them, up to a limit. The zero value is all.
type LinePage struct {
	After *int64 // entry of the ledger
	Limit int
}

// Statement is a run with what belongs to it.
type Statement struct {
	Run      pay.Run
	Payments []pay.Line // of the page
	More     bool       // there are payments behind them
	Due      []pay.Due  // by provider
	Refunded pay.Cents  // the sum of all that its file carries back
	Refunds  []pay.Line // what that is, with the first page
	Held     []pay.Held // what it left out, with the first page

	Duplicates map[int64]surgical.Duplicates // of the cases that are named, by number
}

// Get returns a run with its payments, what it carries back and what it left out. Whose pay it shows is on the
// trail.
//
// Faults: Forbidden; NotFound "run_not_found"; Invalid for a page behind no payment of the run.
func (s *Runs) Get(ctx context.Context, who permission.Actor, id int64, page LinePage) (Statement, error) {
	if err := s.allowed(ctx, who, permission.ReadRuns, runID(id)); err != nil {
		return Statement{}, err
	}
	var found Statement
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) error {
		run, err := r.Runs.Get(ctx, id)
		if err != nil {
			return err
		}
		lines, err := r.Ledger.Lines(ctx, pay.LineQuery{Run: id})
		if err != nil {
			return err
		}
		held, err := r.Ledger.Held(ctx, id)
		if err != nil {
			return err
		}
		owed, err := r.Ledger.Owed(ctx, id)
		if err != nil {
			return err
		}
		if found, err = page.of(Statement{Run: run, Held: held, Due: pay.DueOf(&run, lines, owed)}, lines); err != nil {
			return err
		}
		found.Duplicates, err = duplicates(ctx, r, found.Held, found.Payments, found.Refunds)
		return err
	})
	entry := audit.Record(who, permission.ReadRuns, "run", runID(id), s.clock.Now())
	if err != nil {
		return Statement{}, ports.Refused(ctx, s.store, entry, err)
	}
	return found, s.store.Logged(ctx, entry.ReadingAll(numbersOf(found.Held, found.Payments, found.Refunds))...)
}

// of gives the part of a run that the page shows.
func (p LinePage) of(whole Statement, lines []pay.Line) (Statement, error) {
	for _, l := range lines {
		if l.Kind == pay.Payment {
			whole.Payments = append(whole.Payments, l)
			continue
		}
		whole.Refunds, whole.Refunded = append(whole.Refunds, l), whole.Refunded+l.Amount
	}
	if p.After != nil {
		at := slices.IndexFunc(whole.Payments, func(l pay.Line) bool { return l.ID == *p.After })
		if at < 0 {
			return Statement{}, fault.InvalidField("query.cursor", "is not a cursor of this list")
		}
		whole.Payments, whole.Refunds, whole.Held = whole.Payments[at+1:], nil, nil
	}
	if whole.More = p.Limit > 0 && len(whole.Payments) > p.Limit; whole.More {
		whole.Payments = whole.Payments[:p.Limit]
	}
	return whole, nil
}

// duplicates returns what is known of the duplicates of the cases that an answer names.
func duplicates(ctx context.Context, r ports.Repos, held []pay.Held, lines ...[]pay.Line) (map[int64]surgical.Duplicates, error) {
	var numbers []int64
	for _, l := range slices.Concat(lines...) {
		numbers = append(numbers, l.CaseNumber)
	}
	for _, h := range held {
		numbers = append(numbers, h.CaseNumber)
	}
	return r.Duplicates.Of(ctx, numbers)
}

// numbersOf are the human_case_ids of the cases that an answer names.
func numbersOf(held []pay.Held, lines ...[]pay.Line) []string {
	var numbers []string
	for _, l := range slices.Concat(lines...) {
		numbers = append(numbers, strconv.FormatInt(l.CaseNumber, 10))
	}
	for _, h := range held {
		if h.CaseNumber != 0 { // such a case exists
			numbers = append(numbers, strconv.FormatInt(h.CaseNumber, 10))
		}
	}
	return numbers
}

// List returns up to limit runs with an id below before (0 for all), newest first.
//
// Faults: Forbidden.
func (s *Runs) List(ctx context.Context, who permission.Actor, before int64, limit int) ([]pay.Run, error) {
	if err := s.allowed(ctx, who, permission.ReadRuns, ""); err != nil {
		return nil, err
	}
	var runs []pay.Run
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		runs, err = r.Ledger.Runs(ctx, before, limit)
		return err
	})
	return runs, err
}

// Count counts all runs.
//
// Faults: Forbidden.
func (s *Runs) Count(ctx context.Context, who permission.Actor) (int, error) {
	if err := s.allowed(ctx, who, permission.ReadRuns, ""); err != nil {
		return 0, err
	}
	var n int
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		n, err = r.Ledger.CountRuns(ctx)
		return err
	})
	return n, err
}
