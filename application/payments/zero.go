package payments

import (
	"context"
	"errors"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Exception is a case that was not approved, and why.
type Exception struct {
	ID     ident.CaseID
	Code   string
	Reason string
}

// Approved is what an approval at zero did.
type Approved struct {
	Cases      []surgical.Standing
	Exceptions []Exception
}

// ApproveZero lets unpriced cases below 15 be paid at 0.00. What cannot be approved becomes an
// exception, and the others are approved all the same.
//
// Faults: Forbidden; Invalid without a reason.
func (s *Prices) ApproveZero(ctx context.Context, who permission.Actor, ids []ident.CaseID, reason string) (Approved, error) {
	if err := permission.Check(who, permission.ApproveZero, ""); err != nil {
		return Approved{}, ports.Refused(ctx, s.store, audit.Record(who, permission.ApproveZero, "case", "", s.clock.Now()), err)
	}
	if reason == "" {
		return Approved{}, fault.InvalidField("body.reason", "must not be empty")
	}
	var done Approved
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		approval := surgical.Approval{By: who.User, At: s.clock.Now(), Reason: reason}
		standings, err := r.CaseSets.Standings(ctx, ids)
		if err != nil {
			return err
		}
		var entries []audit.Entry
		done, entries = approve(who, ids, standings, approval)
		if err := r.CaseSets.ApproveZero(ctx, done.Cases, approval); err != nil {
			return err
		}
		return r.Audit.Record(ctx, entries...)
	})
	s.events.Happened(ctx, ports.Event{Name: "case.zero_approved", Err: err, Values: []ports.Value{{Name: "actor", Text: string(who.User)}}})
	return done, err
}

// approve says of every case, once, whether it is approved, with the audit entries of both outcomes.
func approve(who permission.Actor, ids []ident.CaseID, standings []surgical.Standing, a surgical.Approval) (Approved, []audit.Entry) {
	done := Approved{Cases: []surgical.Standing{}, Exceptions: []Exception{}}
	var entries []audit.Entry
	found := make(map[ident.CaseID]surgical.Standing, len(standings))
	for _, c := range standings {
		found[c.ID] = c
	}
	seen := make(map[ident.CaseID]bool, len(ids))
	for _, id := range ids {
		c, known := found[id]
		switch {
		case seen[id]:
			continue
		case !known:
			done.Exceptions = append(done.Exceptions, Exception{ID: id, Code: "case_not_found", Reason: "Case not found or inactive"})
		default:
			entry := audit.Record(who, permission.ApproveZero, "case", string(id), a.At)
			if entry, worth := done.approveOne(c, who, entry); worth {
				entries = append(entries, entry)
			}
		}
		seen[id] = true
	}
	return done, entries
}

// approveOne also says whether the outcome is worth an audit entry: an approval, or a refusal.
func (d *Approved) approveOne(c surgical.Standing, who permission.Actor, entry audit.Entry) (audit.Entry, bool) {
	before := audit.Digest(c.DigestKey, c.Contents()...)
	err := c.ApproveZero(who)
	if err == nil {
		d.Cases = append(d.Cases, c)
		return entry.Changing([]string{"pay_status"}, before, audit.Digest(c.DigestKey, c.Contents()...)), true
	}
	e := Exception{ID: c.ID, Code: fault.CodeOf(err)}
	var f *fault.Error
	if errors.As(err, &f) {
		e.Reason = f.Safe
	}
	d.Exceptions = append(d.Exceptions, e)
	return entry.Refusing(err, "pay_status"), errors.Is(err, fault.Forbidden)
}
