package npi

import (
	"strings"

	"surgicase/domain/civil"
)

// Kind says what an NPI stands for. The numbers are the entity type codes of NPPES.
type Kind int

// The kinds. A deactivated NPI of which nothing else is known has none.
const (
	KindUnknown  Kind = 0
	Individual   Kind = 1
	Organization Kind = 2
)

// Address is where a record says that its provider practises.
type Address struct{ Line, City, State, ZIP string }

// Record is what a registry holds about an NPI, in the registry's own spelling.
type Record struct {
	NPI          NPI
	Kind         Kind
	First, Last  string // of an individual
	Organization string // legal business name of an organization
	Address      Address
	Updated      civil.Date // when NPPES last changed it
	Deactivated  civil.Date
	Reactivated  civil.Date
}

// Name is the full name.
func (r *Record) Name() string {
	if r.Kind == Organization {
		return r.Organization
	}
	return strings.TrimSpace(r.First + " " + r.Last)
}

// Active says whether the NPI is in use: it was never deactivated, or reactivated since.
// Source: spec/formats.md b.
func (r *Record) Active() bool {
	return r.Deactivated.IsZero() || (!r.Reactivated.IsZero() && !r.Reactivated.Before(r.Deactivated))
}

// Merge brings what is stored of an NPI together with a line of a file, whatever the order in which
// files come. The newer one gives name and address; of the dates of deactivation and reactivation the
// latest count, because an older file does not know them yet. A line without a name, as of a
// deactivated NPI, leaves name and address alone.
func Merge(stored, line Record) Record {
	out := stored
	if line.Kind != KindUnknown && (stored.Kind == KindUnknown || !line.Updated.Before(stored.Updated)) {
		out = line
	}
	out.Updated = later(stored.Updated, line.Updated)
	out.Deactivated = later(stored.Deactivated, line.Deactivated)
	out.Reactivated = later(stored.Reactivated, line.Reactivated)
	return out
}

func later(a, b civil.Date) civil.Date {
	if a.Before(b) {
		return b
	}
	return a
}
