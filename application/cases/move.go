package cases

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/dryrun"
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
	Moved      []surgical.Moved
	Exceptions []Exception
	RunID      int64
	NotToPay   []pay.Entry // payments that are cancelled, and stand in accounting files as bills
}

// Move moves cases as far as the table of moves allows: what it refuses becomes an exception, and
// the others move all the same, in a fixed number of statements. Who was told in a dry run is on the audit log.
//
// Faults: Forbidden if the caller may not make any move to that status.
func (s *Service) Move(ctx context.Context, who permission.Actor, in BulkMove) (BulkMoved, error) {
	if err := surgical.MayEverMove(who, in.To); err != nil {
		return BulkMoved{}, s.refused(ctx, who, permission.MoveCase, "", err)
	}
	in.IDs = unique(in.IDs)
	locked := ctx
	if in.To == surgical.PendingPayment {
		locked = ports.LockFirst(ctx, ports.Locks{PricesInUse: true})
	}
	var done BulkMoved
	var seen []string
	err := s.store.InTx(locked, func(ctx context.Context, r ports.Repos) error {
		plan := newPlan(who, in, s.clock.Now())
		if err := plan.decide(ctx, r, s.rules); err != nil {
			return err
		}
		done, seen = plan.done, plan.seen
		if len(done.Moved) == 0 {
			return r.Audit.Record(ctx, plan.refusals()...)
		}
		err := plan.carryOut(ctx, r, s.rules)
		done = plan.done
		return err
	})
	s.happened(ctx, "case.bulk_moved", who, err)
	if err != nil || !dryrun.Is(ctx) {
		return done, err
	}
	done.RunID = 0
	entry := audit.Record(who, permission.MoveCase, "cases", "", s.clock.Now())
	return done, s.store.Logged(ctx, entry.ReadingAll(seen)...)
}

// plan is one bulk move being worked out.
type plan struct {
	who   permission.Actor
	in    BulkMove
	at    time.Time
	done  BulkMoved
	ready map[int64]surgical.RunCandidate // cases that may enter a run
	seen  []string                        // human_case_ids of the cases that there are
}

func newPlan(who permission.Actor, in BulkMove, at time.Time) *plan {
	return &plan{
		who: who, in: in, at: at, ready: map[int64]surgical.RunCandidate{},
		done: BulkMoved{Moved: []surgical.Moved{}, Exceptions: []Exception{}},
	}
}

// decide says of every case whether it moves.
func (p *plan) decide(ctx context.Context, r ports.Repos, rules pay.Rules) error {
	if p.in.To == surgical.PendingPayment {
		if err := p.loadCandidates(ctx, r); err != nil {
			return err
		}
	}
	standings, err := r.CaseSets.Standings(ctx, p.in.IDs)
	if err != nil {
		return err
	}
	found := make(map[ident.CaseID]surgical.Standing, len(standings))
	for _, st := range standings {
		found[st.ID] = st
		p.seen = append(p.seen, strconv.FormatInt(st.Number, 10))
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
	candidates, err := ports.RunCandidates(ctx, r, p.in.IDs, p.at)
	for _, c := range candidates {
		p.ready[c.Number] = c
	}
	return err
}

func (p *plan) decideOne(st surgical.Standing, rules pay.Rules) {
	how := surgical.Manner{By: p.who, Force: p.in.Force, Reason: p.in.Reason, At: p.at}
	var m surgical.Moved
	var err error
	if candidate, ok := p.ready[st.Number]; ok {
		m, err = candidate.Enter(how, rules)
	} else {
		m, err = st.MoveTo(p.in.To, how)
	}
	if err != nil {
		p.except(st.ID, st.Status, err)
		return
	}
	p.done.Moved = append(p.done.Moved, m)
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
	posting := ports.Posting{Who: p.who, At: p.at, Rules: rules, Kind: cmp.Or(p.in.RunKind, pay.Manual), Moved: p.done.Moved}
	err := posting.Write(ctx, r)
	if err == nil {
		p.done.NotToPay, err = ports.BillsOf(ctx, r, posting.Taken)
	}
	if err != nil {
		return err
	}
	if posting.Run != nil {
		p.done.RunID = posting.Run.ID
	}
	return r.Audit.Record(ctx, p.refusals()...)
}

// refusals are the audit entries of the moves that the actor was not allowed to make.
func (p *plan) refusals() []audit.Entry {
	var entries []audit.Entry
	for _, e := range p.done.Exceptions {
		if permission.Refuses(e.Code) {
			entry := audit.Record(p.who, permission.MoveCase, "case", string(e.ID), p.at)
			entry.Outcome, entry.Code, entry.Fields = audit.Refused, e.Code, []string{"case_status"}
			entries = append(entries, entry)
		}
	}
	return entries
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
