// Package npidirectory looks providers up in the NPI registry, searches the local copy of it, brings
// that copy up to date, and holds the NPIs that people enter against the registry.
package npidirectory

import (
	"context"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/npi"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Lookup asks the registry and its local copy.
type Lookup struct {
	store    ports.Store
	registry ports.Registry
	clock    ports.Clock
}

// NewLookup makes the service.
func NewLookup(store ports.Store, registry ports.Registry, clock ports.Clock) *Lookup {
	return &Lookup{store, registry, clock}
}

// Check returns what the registry holds about an NPI, which must be of the kind asked for, and how old
// the answer is.
//
// Faults: Forbidden; NotFound "npi_not_found"; Invalid "npi_wrong_kind"; Upstream "npi_registry_failed".
func (s *Lookup) Check(ctx context.Context, who permission.Actor, number npi.NPI, kind npi.Kind) (npi.Record, time.Duration, error) {
	if err := s.allowed(ctx, who); err != nil {
		return npi.Record{}, 0, err
	}
	record, age, err := s.registry.LookUp(ctx, number)
	if err == nil && (record.Kind != kind || record.Name() == "") {
		err = wrongKind(kind).Naming("npi", number.String())
	}
	return record, age, err
}

func wrongKind(wanted npi.Kind) *fault.Error {
	f := fault.New(fault.Invalid, "npi_wrong_kind", "The NPI is that of an organization, not of a person.")
	message := "must be true for the NPI of an organization"
	if wanted == npi.Organization {
		f.Safe, message = "The NPI is that of a person, not of an organization.", "must be false for the NPI of a person"
	}
	f.Fields = []fault.Field{{Location: "query.facility", Message: message}}
	return f
}

func (s *Lookup) allowed(ctx context.Context, who permission.Actor) error {
	err := permission.Check(who, permission.LookUpNPI, "")
	return ports.Refused(ctx, s.store, audit.Record(who, permission.LookUpNPI, "npi", "", s.clock.Now()), err)
}
