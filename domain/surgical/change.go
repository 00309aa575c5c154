package surgical

import (
	"slices"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

// Changes is what a PATCH asks for: nil fields stay as they are; empty values clear.
type Changes struct {
	Owner      *ident.UserID
	Date       *civil.Date
	SurgeonID  *int64
	FacilityID *int64
	First      *PHI
	Last       *PHI
	Born       *PHI
	Insurer    *string
	Codes      *[]Code
	Files      map[FileKind]PHI
}

// Asks says whether any field is to be changed.
func (ch Changes) Asks() bool {
	return ch.Owner != nil || ch.Date != nil || ch.SurgeonID != nil || ch.FacilityID != nil || ch.First != nil || ch.Last != nil ||
		ch.Born != nil || ch.Insurer != nil || ch.Codes != nil || len(ch.Files) > 0
}

// Changed says what an Apply did.
type Changed struct {
	Fields  []string // names as in requests
	Reprice bool     // codes or owner changed
	Twin    bool     // owner, date or patient changed
	Moves   []Move   // moves that the change itself brought about
}

// Apply changes the case as far as the actor may and the status allows. Values equal to the stored
// ones change nothing. The caller reprices, looks for twins and submits as Changed says.
//
// Faults: Conflict "case_locked"; Forbidden "not_allowed", "not_your_data", "own_case".
func (c *Case) Apply(by permission.Actor, ch Changes, now time.Time) (Changed, error) {
	diff := c.diff(ch)
	if err := c.mayChange(by, ch, diff); err != nil {
		return Changed{}, err
	}
	done := Changed{Fields: diff}
	if slices.Contains(diff, "user_id") {
		done.Moves = c.assign(*ch.Owner, by, now)
	}
	c.overwrite(ch)
	done.Reprice = slices.Contains(diff, "user_id") || slices.Contains(diff, "procedure_codes")
	done.Twin = slices.ContainsFunc(diff, func(f string) bool {
		return f == "user_id" || f == "case_date" || f == "patient_first" || f == "patient_last"
	})
	if done.Twin {
		c.Unfolded = false // the caller looks for duplicates under what it is now
	}
	if len(diff) > 0 {
		c.UpdatedAt = now
	}
	return done, nil
}

// MayAttach says whether the actor may give the case a document of a kind.
//
// Faults: Conflict "case_locked"; Forbidden "not_allowed", "not_your_data".
func (c *Case) MayAttach(by permission.Actor, kind FileKind) error {
	return c.mayChange(by, Changes{}, []string{kind.Field()})
}

// Attach gives the case a document that we hold. What it had for the kind stays stored, and is not
// shown any more. The caller submits.
//
// Faults: those of MayAttach.
func (c *Case) Attach(by permission.Actor, kind FileKind, file File, now time.Time) error {
	if err := c.MayAttach(by, kind); err != nil {
		return err
	}
	c.Files[kind] = file
	c.UpdatedAt = now
	return nil
}

// diff names the fields that differ, in the order of the old product's model.
func (c *Case) diff(ch Changes) []string {
	fields := []string{}
	note := func(name string, differs bool) {
		if differs {
			fields = append(fields, name)
		}
	}
	note("user_id", ch.Owner != nil && *ch.Owner != c.Owner)
	note("case_date", ch.Date != nil && *ch.Date != c.Date)
	note("surgeon_id", ch.SurgeonID != nil && *ch.SurgeonID != c.SurgeonID)
	note("facility_id", ch.FacilityID != nil && *ch.FacilityID != c.FacilityID)
	note("patient_first", ch.First != nil && !ch.First.Equal(c.Patient.First))
	note("patient_last", ch.Last != nil && !ch.Last.Equal(c.Patient.Last))
	note("patient_dob", ch.Born != nil && !ch.Born.Equal(c.Patient.Born))
	note("ins_provider", ch.Insurer != nil && *ch.Insurer != c.Insurer)
	for _, kind := range FileKinds {
		name, asked := ch.Files[kind]
		note(kind.Field(), asked && !name.Equal(c.Files[kind].Name))
	}
	note("procedure_codes", ch.Codes != nil && !sameCodes(UniqueCodes(*ch.Codes), c.Codes))
	return fields
}

func sameCodes(a, b []Code) bool {
	return slices.EqualFunc(a, b, func(x, y Code) bool { return x.String() == y.String() })
}

// mayChange holds the rules of editing. Source: spec/decisions.md 2.7 and 3.5.
func (c *Case) mayChange(by permission.Actor, ch Changes, diff []string) error {
	if err := permission.Check(by, permission.EditCase, c.Owner); err != nil {
		return err
	}
	if slices.Contains(diff, AdminFile.Field()) {
		if err := permission.Check(by, permission.AttachAdmin, ""); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(diff, func(f string) bool { return c.locks(by, f) }) {
		return fault.New(fault.Conflict, "case_locked", "At its present status the case can no longer be changed in this way.")
	}
	if c.Status == ReadyForBilling && slices.ContainsFunc(diff, decidesPayment) {
		if err := permission.CheckNotOwnCase(by, c.Owner); err != nil {
			return err
		}
	}
	if slices.Contains(diff, "user_id") {
		return c.mayAssign(by, *ch.Owner)
	}
	return nil
}

// decidesPayment reports whether a payment run looks at a field: the price follows from the codes, a case in
// the future is held by its date, a duplicate by its date and patient. Whoever owns a case that is ready for
// billing changes none of them: that would make payable what was not.
func decidesPayment(field string) bool {
	switch field {
	case "procedure_codes", "case_date", "patient_first", "patient_last":
		return true
	}
	return false
}

// locks says whether the status keeps the actor from changing a field. A document that is still
// missing may be added at any status.
func (c *Case) locks(by permission.Actor, field string) bool {
	editable := c.Status <= Submitted || (by.Type >= permission.CaseAdmin && c.Status <= ReadyForBilling)
	if editable {
		return false
	}
	for _, kind := range FileKinds {
		if kind.Field() == field {
			_, present := c.Files[kind]
			return present
		}
	}
	return true
}

func (c *Case) mayAssign(by permission.Actor, to ident.UserID) error {
	if err := permission.Check(by, permission.AssignCase, ""); err != nil {
		return err
	}
	if err := permission.CheckNotOwnCase(by, c.Owner); err != nil {
		return err
	}
	return permission.CheckNotOwnCase(by, to)
}

// assign gives the case to another provider. At 10 it goes back to 1: the new owner's pay has not
// been looked at. Keys of stored files do not move.
func (c *Case) assign(to ident.UserID, by permission.Actor, now time.Time) []Move {
	c.Owner = to
	if c.Status != ReadyForBilling {
		return nil
	}
	m := Move{From: ReadyForBilling, To: Submitted, At: now, By: by.User, Reason: "owner changed"}
	c.Status = Submitted
	c.stamp(m)
	return []Move{m}
}

func (c *Case) overwrite(ch Changes) {
	set(&c.Date, ch.Date)
	set(&c.SurgeonID, ch.SurgeonID)
	set(&c.FacilityID, ch.FacilityID)
	set(&c.Patient.First, ch.First)
	set(&c.Patient.Last, ch.Last)
	set(&c.Patient.Born, ch.Born)
	set(&c.Insurer, ch.Insurer)
	for kind, name := range ch.Files {
		if !name.Equal(c.Files[kind].Name) {
			c.setFile(kind, name)
		}
	}
	if ch.Codes != nil {
		c.Codes = UniqueCodes(*ch.Codes)
	}
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// Restore brings a deleted case back, at the status at which it was deleted. The caller looks for duplicates
// and prices it anew below PendingPayment.
//
// A case that was ready for billing and that its owner restores comes back as Submitted: somebody deleted it
// to keep it from being paid, and nobody makes their own case payable.
// Source: spec/decisions.md 3.6 and 11.3.
func (c *Case) Restore(by permission.Actor, now time.Time) []Move {
	c.DeletedAt, c.DeletedBy, c.UpdatedAt = time.Time{}, "", now
	if c.Status != ReadyForBilling || !by.Is(c.Owner) {
		return nil
	}
	m := Move{From: ReadyForBilling, To: Submitted, At: now, By: by.User, Reason: "restored by the owner"}
	c.Status = Submitted
	c.stamp(m)
	return []Move{m}
}

// MayDelete holds the rules of deleting: a provider own cases at 0 and 1, a Case Admin any not at 15
// or 20. Source: spec/decisions.md 3.6.
func (c *Case) MayDelete(by permission.Actor) error {
	if err := permission.Check(by, permission.DeleteCase, c.Owner); err != nil {
		return err
	}
	locked := c.Status > Submitted
	if by.Type >= permission.CaseAdmin {
		locked = c.Status == PendingPayment || c.Status == Paid
	}
	if locked {
		return fault.New(fault.Conflict, "case_locked", "At its present status the case cannot be deleted.")
	}
	return nil
}
