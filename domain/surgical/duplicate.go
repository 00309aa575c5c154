package surgical

import (
	"strings"

	"surgicase/domain/names"
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
