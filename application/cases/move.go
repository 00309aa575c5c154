package cases

import (
	"cmp"
	"context"
	"errors"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// BulkMove asks for many cases to be moved to one status.
type BulkMove struct {
	IDs     []ident.CaseID
	To      surgical.Status
	Force   bool
	Reason  string
	DryRun  bool
	RunKind pay.RunKind // of the run that a move to 15 opens; Manual if empty
}

// Exception is a case that was not moved, and why. Status is nil if there is no such case.
type Exception struct {
	ID     ident.CaseID
	Status *surgical.Status
	Code   string
	Reason string
}

// BulkMoved is what a bulk move did, or would do. RunID is the manual payment run it opened, 0 if
// none.
type BulkMoved struct {
	Moved      []ports.MovedCase
	Exceptions []Exception
	RunID      int64
}

// Move moves cases as far as the table of moves allows: what it refuses becomes an exception, and
// the others move all the same, in a fixed number of statements.
//
// Faults: Forbidden if the caller may not make any move to that status.
func (s *Service) Move(ctx context.Context, who permission.Actor, in BulkMove) (BulkMoved, error) {
	if err := surgical.MayEverMove(who, in.To); err != nil {
		return BulkMoved{}, s.refused(ctx, who, permission.MoveCase, "", err)
	}
	in.IDs = unique(in.IDs)
	run := s.store.InTx
	if in.DryRun {
		run = s.store.View
	}
	var done BulkMoved
	err := run(ctx, func(ctx context.Context, r ports.Repos) error {
		plan := newPlan(who, in, s.clock.Now())
		if err := plan.decide(ctx, r, s.rules); err != nil {
			return err
		}
		done = plan.done
		switch {
		case in.DryRun:
			return nil
		case len(done.Moved) == 0:
			return r.Audit.Record(ctx, plan.refusals()...)
		}
		err := plan.carryOut(ctx, r, s.rules)
		done = plan.done
		return err
	})
	s.happened(ctx, "case.bulk_moved", who, err)
	return done, err
}

// plan is one bulk move being worked out.
type plan struct {
	who    permission.Actor
	in     BulkMove
	at     time.Time
	done   BulkMoved
	before map[int64][]byte // digests of the cases that move
	days   map[int64]ports.RunCandidate
}

func newPlan(who permission.Actor, in BulkMove, at time.Time) *plan {
	return &plan{
		who: who, in: in, at: at, before: map[int64][]byte{}, days: map[int64]ports.RunCandidate{},
		done: BulkMoved{Moved: []ports.MovedCase{}, Exceptions: []Exception{}},
	}
}

// decide says of every case whether it moves.
func (p *plan) decide(ctx context.Context, r ports.Repos, rules pay.Rules) error {
	standings, err := r.CaseSets.Standings(ctx, p.in.IDs)
	if err != nil {
		return err
	}
	if p.in.To == surgical.PendingPayment {
		if err := p.loadCandidates(ctx, r); err != nil {
			return err
		}
	}
	found := make(map[ident.CaseID]surgical.Standing, len(standings))
	for _, st := range standings {
		found[st.ID] = st
	}
	for _, id := range p.in.IDs {
		st, ok := found[id]
		if !ok {
			p.done.Exceptions = append(p.done.Exceptions, Exception{ID: id, Code: "case_not_found", Reason: "Case not found or inactive"})
			continue
		}
		p.decideOne(st, rules)
	}
	return nil
}

func (p *plan) loadCandidates(ctx context.Context, r ports.Repos) error {
	candidates, err := r.CaseSets.ReadyForRun(ctx, p.in.IDs)
	for _, c := range candidates {
		p.days[c.Number] = c
	}
	return err
}

func (p *plan) decideOne(st surgical.Standing, rules pay.Rules) {
	was, before := st.Status, audit.Digest(st.DigestKey, st.Contents()...)
	move, err := st.Advance(p.in.To, surgical.Manner{By: p.who, Force: p.in.Force, Reason: p.in.Reason, At: p.at})
	if err == nil && move.Effect == surgical.OpenPayment {
		err = p.hold(st, rules)
	}
	if err != nil {
		p.except(st.ID, was, err)
		return
	}
	p.before[st.Number] = before
	p.done.Moved = append(p.done.Moved, ports.MovedCase{Standing: st, Move: move})
}

// hold keeps a case out of the manual run for the reasons that keep it out of any run.
func (p *plan) hold(st surgical.Standing, rules pay.Rules) error {
	candidate := pay.Candidate{Provider: st.Owner, HasNPI: p.days[st.Number].HasNPI, Status: st.Pay.Status, OwnCase: p.who.Is(st.Owner)}
	if why := candidate.Hold(rules.Excluded); why != "" {
		return fault.New(fault.Conflict, string(why), "The case is held: %s", why)
	}
	return nil
}

func (p *plan) except(id ident.CaseID, was surgical.Status, err error) {
	e := Exception{ID: id, Status: &was, Code: fault.CodeOf(err), Reason: "Failed to update case status"}
	var f *fault.Error
	if errors.As(err, &f) {
		e.Reason = f.Safe
	}
	p.done.Exceptions = append(p.done.Exceptions, e)
}

// carryOut writes the moves with what they do to the ledger and to the price.
func (p *plan) carryOut(ctx context.Context, r ports.Repos, rules pay.Rules) error {
	if err := p.post(ctx, r, rules); err != nil {
		return err
	}
	if err := r.CaseSets.Move(ctx, p.done.Moved); err != nil {
		return err
	}
	if err := p.reprice(ctx, r); err != nil {
		return err
	}
	return r.Audit.Record(ctx, append(p.entries(), p.refusals()...)...)
}

// post brings the ledger in line with the moves: a manual run for those that enter 15, marks for
// those settled, counter-entries for those taken back.
func (p *plan) post(ctx context.Context, r ports.Repos, rules pay.Rules) error {
	var opened []pay.Entry
	var settled, back []int64
	counter := map[int64]pay.EntryKind{}
	for _, m := range p.done.Moved {
		payment := m.Move.Payment
		switch m.Move.Effect {
		case surgical.OpenPayment:
			opened = append(opened, m.PaymentEntry(p.days[m.Number].Date, p.at))
		case surgical.SettlePayment:
			settled = append(settled, payment)
		case surgical.CancelPayment:
			back, counter[payment] = append(back, payment), pay.Cancellation
		case surgical.ReversePayment:
			back, counter[payment] = append(back, payment), pay.Reversal
		case surgical.NoEffect:
		}
	}
	if err := p.open(ctx, r, opened, rules); err != nil {
		return err
	}
	if err := r.Runs.Settle(ctx, settled, p.who.User, p.at); err != nil {
		return err
	}
	payments, err := r.Runs.Payments(ctx, back)
	if err != nil {
		return err
	}
	entries := make([]pay.Entry, len(payments))
	for i, payment := range payments {
		entries[i] = payment.Counter(counter[payment.ID], p.at)
	}
	return r.Runs.TakeBack(ctx, entries, p.who.User)
}

func (p *plan) open(ctx context.Context, r ports.Repos, payments []pay.Entry, rules pay.Rules) error {
	if len(payments) == 0 {
		return nil
	}
	run := pay.NewRun(cmp.Or(p.in.RunKind, pay.Manual), payments, p.who.User, p.at, rules)
	if err := r.Runs.Open(ctx, &run, payments); err != nil {
		return beaten(err, alreadyInRun)
	}
	p.done.RunID = run.ID
	for i := range p.done.Moved {
		if p.done.Moved[i].Move.Effect == surgical.OpenPayment {
			p.done.Moved[i].Move.RunID = run.ID
		}
	}
	return nil
}

func unique(ids []ident.CaseID) []ident.CaseID {
	seen := make(map[ident.CaseID]bool, len(ids))
	var out []ident.CaseID
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}
