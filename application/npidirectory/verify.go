package npidirectory

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/npi"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// verifyTimeout bounds a look-up in the background: the other tasks wait meanwhile.
const verifyTimeout = 8 * time.Second

// Verify holds the NPI of a user, surgeon or facility against the registry and notes what it says: a
// task that follows the saving of an NPI. What is gone by now, or has no NPI any more, needs none.
//
// Faults: Upstream "npi_registry_failed": the task is tried again.
func (s *Lookup) Verify(ctx context.Context, subject string) error {
	kind, id, _ := strings.Cut(subject, ":")
	number, err := s.numberOf(ctx, kind, id)
	if errors.Is(err, fault.NotFound) || (err == nil && number == 0) {
		return nil
	}
	if err != nil {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, verifyTimeout)
	defer cancel()
	found := directory.Finding{NPI: number, At: s.clock.Now()}
	record, _, err := s.registry.LookUp(asking, number)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	found.Name = record.Name()
	return s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error { return note(ctx, r, kind, id, found) })
}

// numberOf is the NPI that is to be verified now.
func (s *Lookup) numberOf(ctx context.Context, kind, id string) (number npi.NPI, err error) {
	row, _ := strconv.ParseInt(id, 10, 64) // no row has the number 0
	err = s.store.View(ctx, func(ctx context.Context, r ports.Repos) error {
		switch kind {
		case ports.VerifyUser:
			u, err := r.Users.Get(ctx, ident.UserID(id))
			if err == nil {
				number = u.NPI
			}
			return err
		case ports.VerifySurgeon:
			held, err := r.Surgeons.Get(ctx, row, permission.Scope{All: true})
			if err == nil {
				number = held.NPI
			}
			return err
		case ports.VerifyFacility:
			held, err := r.Places.Get(ctx, row, permission.Scope{All: true})
			if err == nil {
				number = held.NPI
			}
			return err
		}
		return fault.New(fault.Invalid, "subject_unknown", "this version does not know how to verify %s", kind)
	})
	return number, err
}

func note(ctx context.Context, r ports.Repos, kind, id string, found directory.Finding) error {
	row, _ := strconv.ParseInt(id, 10, 64) // no row has the number 0
	switch kind {
	case ports.VerifySurgeon:
		return r.Findings.Surgeon(ctx, row, found)
	case ports.VerifyFacility:
		return r.Findings.Facility(ctx, row, found)
	}
	return r.Findings.User(ctx, ident.UserID(id), found)
}
