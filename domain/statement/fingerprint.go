package statement

import (
	"crypto/sha256"
	"fmt"

	"surgicase/domain/ident"
	"surgicase/domain/surgical"
)

// Fingerprint returns the same sum for what would be written into the same file: statement, kind, who asks, and what else
// decides about the file, such as its password. Files of equal fingerprints differ in the time on them alone. The sums
// are for memory: they are not keyed, and what they are made of could be guessed.
func (s *Statement) Fingerprint(kind FileKind, by ident.UserID, others ...surgical.PHI) [sha256.Size]byte {
	sum := sha256.New()
	secret := func(p surgical.PHI) { _, _ = fmt.Fprintf(sum, "%x\x1e", p.Digest(nil)) }
	_, _ = fmt.Fprintf(sum, "%s\x1e%s\x1e%d\x1e%s\x1e%s\x1e%s\x1e%s\x1e", kind, by, s.Run, s.Date, s.PayDate, s.From, s.To)
	for _, section := range s.Sections {
		_, _ = fmt.Fprintf(sum, "%+v\x1e%d\x1e", section.Payee, section.Owed)
		secret(section.Payee.TaxID)
		for _, lines := range [][]Line{section.Payments, section.Refunds} {
			_, _ = fmt.Fprintf(sum, "%d\x1e", len(lines))
			for i := range lines {
				l := &lines[i]
				_, _ = fmt.Fprintf(sum, "%+v\x1e%t\x1e", l.Entry, l.NotToPay)
				secret(l.Patient.First)
				secret(l.Patient.Last)
				secret(l.Patient.Born)
			}
		}
	}
	for _, other := range others {
		secret(other)
	}
	return [sha256.Size]byte(sum.Sum(nil))
}
