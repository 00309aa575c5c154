package payments

import (
	"context"
	"errors"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Posted is what settling or reversing did to a run.
type Posted struct {
	Run        pay.Run
	Moved      []surgical.Moved
	Exceptions []Exception
	Purged     []pay.Entry // counter entries of payments whose cases are no more
	NotToPay   []pay.Line  // cancelled payments: bills of the run's file that must not be paid
}

// Settle marks a run as paid: its open payments, and exactly their cases go to 20. Own cases are left for
// another administrator or the job.
//
// Faults: Forbidden; NotFound "run_not_found"; Conflict "run_not_open" if no payment is open.
func (s *Runs) Settle(ctx context.Context, who permission.Actor, id int64) (Posted, error) {
	return s.post(ctx, who, id, "settled", func(p *posting, paid []surgical.PaidCase) error {
		open := 0
		for _, c := range paid {
			if c.Payment == surgical.PaymentOpen {
				open++
				p.note(c.Settle(surgical.Manner{By: who, At: p.At}))
			}
		}
		if open == 0 {
			return fault.New(fault.Conflict, "run_not_open", "The run has no open payment.").Naming("run_id", runID(id))
		}
		return nil
	})
}

// Reverse takes a run back: open payments are cancelled, settled ones reversed, and their cases go to 10
// wherever they stand. Own cases are left for another administrator.
//
// Faults: Forbidden; NotFound "run_not_found"; Invalid without a reason; Conflict "run_taken_back" if no
// payment of it stands.
func (s *Runs) Reverse(ctx context.Context, who permission.Actor, id int64, reason string) (Posted, error) {
	if err := s.allowed(ctx, who, permission.ManageRuns, runID(id)); err != nil {
		return Posted{}, err
	}
	if reason == "" {
		return Posted{}, fault.InvalidField("body.reason", "must not be empty")
	}
	return s.post(ctx, who, id, "reversed", func(p *posting, paid []surgical.PaidCase) error {
		for _, c := range paid {
			p.note(c.TakeBack(surgical.Manner{By: who, Reason: reason, At: p.At}))
		}
		p.takeBackPurged(paid)
		if len(paid)+len(p.Purged)+len(p.exceptions) == 0 {
			return fault.New(fault.Conflict, "run_taken_back", "No payment of the run stands.").Naming("run_id", runID(id))
		}
		return nil
	})
}

// SettleAll settles every run that was opened before then and has open payments, as the weekly job does, and says
// how many payments it settled. A run that was opened later is paid a week later, as its pay date says.
// Source: spec/decisions.md 5.1, 5.3.
//
// Faults: Forbidden.
func (s *Runs) SettleAll(ctx context.Context, who permission.Actor, before time.Time) (runs, settled int, err error) {
	if err := s.allowed(ctx, who, permission.ManageRuns, ""); err != nil {
		return 0, 0, err
	}
	var open []int64
	err = s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		open, err = r.Ledger.OpenRuns(ctx, before)
		return err
	})
	for _, id := range open {
		done, failed := s.Settle(ctx, who, id)
		switch {
		case fault.CodeOf(failed) == "run_not_open": // somebody was faster
		case failed != nil:
			err = errors.Join(err, failed)
		case len(done.Moved) > 0:
			runs, settled = runs+1, settled+len(done.Moved)
		}
	}
	return runs, settled, err
}

// posting is a change of a run being worked out.
type posting struct {
	ports.Posting
	lines      []pay.Line // the run's payments
	exceptions []Exception
}

// note takes a move into the posting, or the reason against it.
func (p *posting) note(m surgical.Moved, err error) {
	if err == nil {
		p.Moved = append(p.Moved, m)
		return
	}
	e := Exception{ID: m.ID, Code: fault.CodeOf(err)}
	var f *fault.Error
	if errors.As(err, &f) {
		e.Reason = f.Safe
	}
	p.exceptions = append(p.exceptions, e)
}

// takeBackPurged counters the payments that stand although their cases are no more.
func (p *posting) takeBackPurged(paid []surgical.PaidCase) {
	alive := make(map[int64]bool, len(paid))
	for _, c := range paid {
		alive[c.Number] = true
	}
	for i := range p.lines {
		l := &p.lines[i]
		if l.Outcome() != pay.WasSettled || alive[l.CaseNumber] {
			continue
		}
		if err := permission.CheckNotOwnCase(p.Who, l.Provider); err != nil {
			p.note(surgical.Moved{Standing: surgical.Standing{ID: l.CaseID}}, err)
			continue
		}
		p.Purged = append(p.Purged, l.Counter(pay.Reversal, p.At))
	}
}

// post works out a change of a run and writes it, in one transaction.
func (s *Runs) post(ctx context.Context, who permission.Actor, id int64, what string, decide func(*posting, []surgical.PaidCase) error) (Posted, error) {
	if err := s.allowed(ctx, who, permission.ManageRuns, runID(id)); err != nil {
		return Posted{}, err
	}
	var done Posted
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		p := &posting{Posting: ports.Posting{Who: who, At: s.clock.Now(), Rules: s.rules}, exceptions: []Exception{}}
		if err := s.decide(ctx, r, p, id, decide); err != nil {
			return err
		}
		if err := p.Write(ctx, r); err != nil {
			return err
		}
		done, err = p.outcome(ctx, r, id)
		if err != nil {
			return err
		}
		entries := p.refusals()
		if len(p.Moved)+len(p.Purged) > 0 { // else every case was one's own, and nothing became of the run
			entries = append(entries, audit.Record(who, permission.ManageRuns, "run", runID(id), p.At).Changing([]string{what}, nil, nil))
		}
		return r.Audit.Record(ctx, entries...)
	})
	s.happened(ctx, "run."+what, who, err, "payments", len(done.Moved)+len(done.Purged), "exceptions", len(done.Exceptions))
	return done, ports.Refused(ctx, s.store, audit.Record(who, permission.ManageRuns, "run", runID(id), s.clock.Now()), err)
}

func (s *Runs) decide(ctx context.Context, r ports.Repos, p *posting, id int64, decide func(*posting, []surgical.PaidCase) error) error {
	if _, err := r.Runs.Get(ctx, id); err != nil {
		return err
	}
	paid, err := r.Ledger.Cases(ctx, id)
	if err != nil {
		return err
	}
	if p.lines, err = r.Ledger.Lines(ctx, pay.LineQuery{Run: id, Payments: true}); err != nil {
		return err
	}
	return decide(p, paid)
}

// refusals are the audit entries of the moves that the actor was not allowed to make.
func (p *posting) refusals() []audit.Entry {
	var entries []audit.Entry
	for _, e := range p.exceptions {
		if permission.Refuses(e.Code) {
			entry := audit.Record(p.Who, permission.MoveMoney, "case", string(e.ID), p.At)
			entry.Outcome, entry.Code, entry.Fields = audit.Refused, e.Code, []string{"case_status"}
			entries = append(entries, entry)
		}
	}
	return entries
}

// outcome reads back what the posting has made of the run.
func (p *posting) outcome(ctx context.Context, r ports.Repos, id int64) (Posted, error) {
	done := Posted{Moved: p.Moved, Exceptions: p.exceptions, Purged: p.Purged, NotToPay: []pay.Line{}}
	var err error
	if done.Run, err = r.Runs.Get(ctx, id); err != nil {
		return done, err
	}
	taken := map[int64]bool{}
	for _, m := range p.Moved {
		if m.Move.Effect == surgical.CancelPayment {
			taken[m.Move.Payment] = true
		}
	}
	for _, l := range p.lines {
		if taken[l.ID] {
			l.CancelledAt = p.At
		}
		if l.Outcome() == pay.WasCancelled && done.Run.HasBill(l.Entry) {
			done.NotToPay = append(done.NotToPay, l)
		}
	}
	return done, nil
}
