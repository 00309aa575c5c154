package surgical

import (
	"fmt"
	"strconv"
	"strings"
)

// Contents lists everything that a digest of the case in the audit trail covers, in a fixed order.
func (c *Case) Contents() []string {
	parts := append(c.Standing.Contents(), c.Date.String(),
		c.Patient.First.Reveal(), c.Patient.Last.Reveal(), c.Patient.Born.Reveal(), c.Insurer,
		strconv.FormatInt(c.SurgeonID, 10), strconv.FormatInt(c.FacilityID, 10))
	codes := make([]string, len(c.Codes))
	for i, code := range c.Codes {
		codes[i] = code.String()
	}
	parts = append(parts, strings.Join(codes, ","))
	for _, kind := range FileKinds {
		parts = append(parts, c.Files[kind].Name.Reveal())
	}
	return append(parts, strconv.FormatInt(c.DeletedAt.UnixMicro(), 10))
}

// Contents lists what a move changes, for the digests of moves.
func (s Standing) Contents() []string {
	return []string{
		string(s.ID), string(s.Owner), strconv.Itoa(int(s.Status)), s.Pay.Amount.String(), s.Pay.Category,
		string(s.Pay.Status), fmt.Sprint(s.Generation, s.Payment),
	}
}
