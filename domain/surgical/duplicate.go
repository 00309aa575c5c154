package surgical

import (
	"slices"
	"strings"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/names"
	"surgicase/domain/permission"
)

// DuplicateText returns what two cases of one operation have in common: owner, date and the patient's folded names.
// Its digest finds duplicates without storing a name. Source: docs/rules.md, Duplicate cases.
func (c *Case) DuplicateText() PHI {
	return c.duplicateText(names.Fold(c.Patient.First.Reveal()), names.Fold(c.Patient.Last.Reveal()))
}

// FormerDuplicateText returns the text as programs made it that folded letter case and blanks only. Digests of it are
// stored until they are made anew. Two cases that have it in common have DuplicateText in common.
func (c *Case) FormerDuplicateText() PHI {
	return c.duplicateText(foldFormer(c.Patient.First), foldFormer(c.Patient.Last))
}

func (c *Case) duplicateText(first, last string) PHI {
	return NewPHI(strings.Join([]string{string(c.Owner), c.Date.String(), first, last}, "\x1f"))
}

func foldFormer(p PHI) string {
	return strings.ToLower(strings.Join(strings.Fields(p.Reveal()), " "))
}

// DuplicateMark says what is known of a case that was found to be a possible duplicate of one stored beside it.
type DuplicateMark int

// The marks. Both cases of a pair are marked; each is confirmed by itself.
const (
	NotFound           DuplicateMark = 0
	DuplicateFound     DuplicateMark = 1 // held below PendingPayment
	DuplicateConfirmed DuplicateMark = 2 // a Case Admin says that it is an operation of its own
)

// Duplicates is what a reader is told of the possible duplicates of a case.
type Duplicates struct {
	Forced bool // recorded although there was another
	Mark   DuplicateMark
	Others []OtherCase
}

// OtherCase is a case of the same owner, day and patient.
type OtherCase struct {
	ID      ident.CaseID
	Deleted bool // and paid
}

// Shown returns the ids of the other cases that the actor may know. All have the same owner, so who sees one sees
// the others; deleted ones are for those who see everybody's cases.
func (d Duplicates) Shown(a permission.Actor) []ident.CaseID {
	seesDeleted := permission.Check(a, permission.ListAllCases, "") == nil
	var ids []ident.CaseID
	for _, other := range d.Others {
		if !other.Deleted || seesDeleted {
			ids = append(ids, other.ID)
		}
	}
	return ids
}

// FindDuplicates marks a case whose digest is being made anew and the others that have the same: those that are not
// deleted, or are deleted and paid. It returns the cases that it marked. Cases that had a digest in common before, too,
// were forced by somebody; they are marked only if a new one joins them. What is marked or confirmed already stays.
func FindDuplicates(c *Case, others []*Case) []*Case {
	newcomer := slices.ContainsFunc(others, func(other *Case) bool { return !other.FormerDuplicateText().Equal(c.FormerDuplicateText()) })
	if !newcomer {
		return nil
	}
	var marked []*Case
	for _, each := range append([]*Case{c}, others...) {
		if each.Duplicate == NotFound {
			each.Duplicate = DuplicateFound
			marked = append(marked, each)
		}
	}
	return marked
}

// ConfirmDuplicate lets a case that was found to be a possible duplicate be paid: it is an operation of its own.
//
// Faults: Forbidden "not_allowed", "own_case"; Conflict "case_not_duplicate".
func (s *Standing) ConfirmDuplicate(by permission.Actor) error {
	if err := permission.Check(by, permission.ConfirmDuplicate, ""); err != nil {
		return err
	}
	if err := permission.CheckNotOwnCase(by, s.Owner); err != nil {
		return err
	}
	if s.Duplicate != DuplicateFound {
		return fault.New(fault.Conflict, "case_not_duplicate", "The case is not held as a possible duplicate.")
	}
	s.Duplicate = DuplicateConfirmed
	return nil
}
