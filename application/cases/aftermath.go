package cases

import (
	"context"

	"surgicase/domain/audit"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// reprice prices the cases that came back below 15, in the transaction of the move.
func (p *plan) reprice(ctx context.Context, r ports.Repos) error {
	var numbers []int64
	for _, m := range p.done.Moved {
		if m.Move.Reprices() {
			numbers = append(numbers, m.Number)
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	priced, err := ports.Reprice(ctx, r, ports.PricingSet{Numbers: numbers}, p.at)
	if err != nil {
		return err
	}
	worth := make(map[int64]surgical.Worth, len(priced))
	for _, s := range priced {
		worth[s.Number] = s.Pay
	}
	for i := range p.done.Moved {
		if w, ok := worth[p.done.Moved[i].Number]; ok {
			p.done.Moved[i].Pay = w
		}
	}
	return nil
}

// entries are the audit entries of the moves, one for each case.
func (p *plan) entries() []audit.Entry {
	entries := make([]audit.Entry, len(p.done.Moved))
	for i, m := range p.done.Moved {
		after := audit.Digest(m.DigestKey, m.Contents()...)
		action := permission.MoveCase
		if m.Move.Effect != surgical.NoEffect {
			action = permission.MoveMoney
		}
		entries[i] = audit.Record(p.who, action, "case", string(m.ID), p.at).Changing([]string{"case_status"}, p.before[m.Number], after)
	}
	return entries
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
