package directory

import (
	"time"

	"surgicase/domain/npi"
)

// Finding is what the NPI registry said about an NPI: when it was asked, and the name it holds, empty
// if it knows no such NPI. The zero value means that it was not asked yet.
type Finding struct {
	NPI  npi.NPI
	At   time.Time
	Name string
}

// The states of an NPI. Source: spec/decisions.md 8.1: a mismatch is shown, not refused.
const (
	NPIPending  = "pending"  // the registry was not asked yet
	NPIVerified = "verified" // the registry holds it under this name
	NPIMismatch = "mismatch" // the registry holds it under another name
	NPIUnknown  = "unknown"  // the registry knows no such active NPI
)

// Of says what the finding means for an NPI and the name it is entered under; empty without an NPI.
func (f Finding) Of(number npi.NPI, name string) string {
	switch {
	case number == 0:
		return ""
	case f.NPI != number || f.At.IsZero():
		return NPIPending
	case f.Name == "":
		return NPIUnknown
	case npi.SameName(f.Name, name):
		return NPIVerified
	}
	return NPIMismatch
}
