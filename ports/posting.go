package ports

import (
	"context"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

// Posting is a set of moves that are written together: to the ledger, the cases, the prices and the
// trail. Whoever moves cases comes here, so that no move can skip the ledger.
type Posting struct {
	Who     permission.Actor
	At      time.Time
	Rules   pay.Rules
	Kind    pay.RunKind // of the run that is opened
	PayDate civil.Date  // of that run; zero for the usual one
	Empty   bool        // a run is opened even if no case enters it: it carries refunds
	Moved   []surgical.Moved
	Purged  []pay.Entry // payments taken back whose cases are no more, as counter entries
	Run     *pay.Run    // the run that was opened, nil if none
	Taken   []pay.Entry // payments that the moves took back, as they were
}

// Write carries the moves out, in the transaction in which they were decided.
//
// Faults: as the repositories; a lost race has the transaction run again.
func (p *Posting) Write(ctx context.Context, r Repos) error {
	if err := p.post(ctx, r); err != nil {
		return err
	}
	if err := r.CaseSets.Move(ctx, p.Moved); err != nil {
		return err
	}
	if err := p.reprice(ctx, r); err != nil {
		return err
	}
	return r.Audit.Record(ctx, p.entries()...)
}

// post brings the ledger in line with the moves: a run for those that enter 15, marks for those settled,
// counter entries for those taken back.
func (p *Posting) post(ctx context.Context, r Repos) error {
	postings := surgical.PostingsOf(p.Moved, p.At)
	if err := p.open(ctx, r, postings.Opened); err != nil {
		return err
	}
	if err := r.Runs.Settle(ctx, postings.Settled, p.Who.User, p.At); err != nil {
		return err
	}
	var err error
	if p.Taken, err = r.Runs.Payments(ctx, keys(postings.TakenBack)); err != nil {
		return err
	}
	entries := append([]pay.Entry{}, p.Purged...)
	for _, payment := range p.Taken {
		entries = append(entries, payment.Counter(postings.TakenBack[payment.ID], p.At))
	}
	for i := range entries {
		entries[i].On = p.Rules.Zone.Day(p.At)
	}
	return r.Runs.TakeBack(ctx, entries, p.Who.User)
}

// BillsOf gives, of the payments that are taken back, those that are cancelled and that an accounting file shows as
// bills: none of 0.00. Source: spec/decisions.md 7.5.
func BillsOf(ctx context.Context, r Repos, taken []pay.Entry) (bills []pay.Entry, err error) {
	runs := map[int64]pay.Run{} // payments that are open lie in few of them
	for _, p := range taken {
		if !p.SettledAt.IsZero() {
			continue
		}
		run, known := runs[p.RunID]
		if !known {
			if run, err = r.Runs.Get(ctx, p.RunID); err != nil {
				return nil, err
			}
			runs[p.RunID] = run
		}
		if run.HasBill(p) {
			bills = append(bills, p)
		}
	}
	return bills, nil
}

// alreadyInRun is the code of a payment that exists: another run was faster.
const alreadyInRun = "already_in_run"

// NewRun makes the run that pays these payments.
func (p *Posting) NewRun(payments []pay.Entry) pay.Run {
	run := pay.NewRun(p.Kind, payments, p.Who.User, p.At, p.Rules)
	if !p.PayDate.IsZero() {
		run.PayDate = p.PayDate
	}
	return run
}

func (p *Posting) open(ctx context.Context, r Repos, payments []pay.Entry) error {
	if len(payments) == 0 && !p.Empty {
		return nil
	}
	day := p.Rules.Zone.Day(p.At)
	for i := range payments {
		payments[i].On = day
	}
	run := p.NewRun(payments)
	if err := r.Runs.Open(ctx, &run, payments); err != nil {
		if fault.CodeOf(err) == alreadyInRun {
			return RunAgain(err)
		}
		return err
	}
	p.Run = &run
	for i := range p.Moved {
		if p.Moved[i].Move.Effect == surgical.OpenPayment {
			p.Moved[i].Move.RunID = run.ID
		}
	}
	return nil
}

// reprice prices the cases that came back below 15. Deleted ones wait until they are restored.
func (p *Posting) reprice(ctx context.Context, r Repos) error {
	var numbers []int64
	for _, m := range p.Moved {
		if m.Move.Reprices() && !m.Deleted {
			numbers = append(numbers, m.Number)
		}
	}
	worth := make(map[int64]surgical.Worth, len(numbers))
	for len(numbers) > 0 {
		n := min(len(numbers), repriceBatch)
		priced, err := Reprice(ctx, r, PricingSet{Numbers: numbers[:n]}, p.At)
		if err != nil {
			return err
		}
		numbers = numbers[n:]
		for _, s := range priced {
			worth[s.Number] = s.Pay
		}
	}
	for i := range p.Moved {
		if w, ok := worth[p.Moved[i].Number]; ok {
			p.Moved[i].Pay = w
		}
	}
	return nil
}

// entries are the audit entries of the moves, one for each case.
func (p *Posting) entries() []audit.Entry {
	entries := make([]audit.Entry, len(p.Moved))
	for i, m := range p.Moved {
		action := permission.MoveCase
		if m.Move.Effect != surgical.NoEffect {
			action = permission.MoveMoney
		}
		before, after := audit.Digest(m.DigestKey, m.Was.Contents()...), audit.Digest(m.DigestKey, m.Contents()...)
		entries[i] = audit.Record(p.Who, action, "case", string(m.ID), p.At).Changing([]string{"case_status"}, before, after)
	}
	return entries
}
