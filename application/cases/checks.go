package cases

import (
	"context"
	"errors"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// references says which of the things a case names are to be checked.
type references struct{ owner, surgeon, facility bool }

// checkReferences makes sure that owner, surgeon and facility exist, and that surgeon and facility
// are the owner's: nobody names those of others. What did not change is not checked again: old cases keep
// surgeons who were deleted since, and a case that gets another owner keeps who operated and where, which are
// facts of the operation. It returns the owner if it read him.
func checkReferences(ctx context.Context, r ports.Repos, c *surgical.Case, which references) (owner *directory.User, err error) {
	var bad fault.Collector
	if which.owner {
		if owner, err = activeOwner(ctx, r, c, &bad); err != nil {
			return nil, err
		}
	}
	own := permission.Scope{User: c.Owner}
	if which.surgeon && c.SurgeonID != 0 {
		_, err := r.Surgeons.Get(ctx, c.SurgeonID, own)
		if err = noteMissing(err, &bad, "body.surgeon_id", "is not a surgeon of this provider"); err != nil {
			return nil, err
		}
	}
	if which.facility && c.FacilityID != 0 {
		_, err := r.Places.Get(ctx, c.FacilityID, own)
		if err = noteMissing(err, &bad, "body.facility_id", "is not a facility of this provider"); err != nil {
			return nil, err
		}
	}
	return owner, bad.Err()
}

func activeOwner(ctx context.Context, r ports.Repos, c *surgical.Case, bad *fault.Collector) (*directory.User, error) {
	owner, err := r.Users.GetForUse(ctx, c.Owner)
	if err == nil && !owner.Active {
		bad.Add("body.user_id", "is not an active user")
	}
	return owner, noteMissing(err, bad, "body.user_id", "is not a known user")
}

func noteMissing(err error, bad *fault.Collector, location, message string) error {
	if errors.Is(err, fault.NotFound) {
		bad.Add(location, "%s", message)
		return nil
	}
	return err
}

// twinExists is the conflict that a write meets when somebody was faster.
const twinExists = "possible_duplicate"

// refuseTwin refuses a second case of the same owner, patient and day unless it was forced.
// Source: docs/rules.md, Duplicate cases. A new case is named only if the client named it: else there is no such id.
func refuseTwin(ctx context.Context, r ports.Repos, c *surgical.Case, named bool) error {
	if c.DuplicateForced {
		return nil
	}
	twin, err := r.Cases.Twin(ctx, c)
	if err != nil || twin == "" || twin == c.ID { // the same case sent twice is no twin: Add says that it exists
		return err
	}
	exists := fault.New(fault.Conflict, twinExists,
		"The provider has a case of this patient on this day already. Send force_duplicate to keep both.").
		Naming(existingCase, string(twin))
	if named {
		exists = exists.Naming("case_id", string(c.ID))
	}
	return exists
}

// existingCase is the member of a possible duplicate that names the case there is.
const existingCase = "existing_case_id"

// refuseNewTwin is refuseTwin for a new case. Nobody learns of a twin by a request that creates nothing
// anyway: that the id is taken comes first.
func refuseNewTwin(ctx context.Context, r ports.Repos, c *surgical.Case, named bool) error {
	err := refuseTwin(ctx, r, c, named)
	if fault.CodeOf(err) != twinExists || !named {
		return err
	}
	taken, lookErr := r.Arrivals.Taken(ctx, ports.CaseKey, []string{string(c.ID)})
	switch {
	case lookErr != nil:
		return lookErr
	case len(taken) > 0:
		return fault.New(fault.Conflict, "case_exists", "A case with this id exists or existed.").Naming("case_id", string(c.ID))
	}
	return err
}

// disclosed records a refusal that names a case as a read of that case, and returns err for the caller.
func (s *Service) disclosed(ctx context.Context, who permission.Actor, err error) error {
	var f *fault.Error
	if fault.CodeOf(err) != twinExists || !errors.As(err, &f) || f.About[existingCase] == "" {
		return err
	}
	entry := audit.Record(who, permission.ReadCase, "case", f.About[existingCase], s.clock.Now()).Reading()
	entry.Fields = []string{twinExists}
	if logErr := s.store.Logged(ctx, entry); logErr != nil {
		return logErr
	}
	return err
}

// beaten has the transaction run again when a write met the conflict that a read before it had looked
// for: somebody was faster, and the next read tells the caller what he left.
func beaten(err error, conflict string) error {
	if fault.CodeOf(err) == conflict {
		return ports.RunAgain(err)
	}
	return err
}

// price puts the price of the owner's tier on the case. An owner who was not read yet is read for use,
// so that his tier cannot change before the price is stored.
func price(ctx context.Context, r ports.Repos, done *Recorded, owner *directory.User, now time.Time) (err error) {
	c := done.Case
	if owner == nil {
		if owner, err = r.Users.GetForUse(ctx, c.Owner); err != nil {
			return err
		}
	}
	codes := surgical.Procedures(c.Codes)
	table, err := r.Prices.Table(ctx, []pay.Tier{owner.Tier}, codes)
	if err != nil {
		return err
	}
	x := table.Price(owner.Tier, codes)
	c.Reprice(x, now)
	done.Price = &x
	return nil
}
