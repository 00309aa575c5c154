package people

import (
	"context"
	"strconv"

	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Facilities keeps the places that providers work at.
type Facilities struct{ trail }

// NewFacilities makes the service.
func NewFacilities(store ports.Store, clock ports.Clock, events ports.Events) *Facilities {
	return &Facilities{trail{store, clock, events, "facility"}}
}

// Add stores a facility for its owner.
//
// Faults: Forbidden "not_your_data"; Invalid if the owner is no active user.
func (s *Facilities) Add(ctx context.Context, who permission.Actor, in directory.Facility) (directory.Facility, error) {
	if err := permission.Check(who, permission.EditPlaces, in.Owner); err != nil {
		return in, s.refused(ctx, who, permission.EditPlaces, "", err)
	}
	var made directory.Facility
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		made = in
		made.CreatedAt = s.clock.Now()
		if err := checkActive(ctx, r, in.Owner); err != nil {
			return err
		}
		if err := r.Places.Add(ctx, &made); err != nil {
			return err
		}
		return s.record(ctx, r, who, &made, nil, nil)
	})
	s.happened(ctx, "facility.created", who, err)
	return made, err
}

// FacilityChange is what a PATCH asks for. IfVersion is the version the client has seen, or 0.
type FacilityChange struct {
	ID        int64
	IfVersion int64
	directory.FacilityChanges
}

// Change edits a facility and names the fields that changed.
//
// Faults: NotFound "facility_not_found" if absent, deleted or somebody else's; Stale.
func (s *Facilities) Change(ctx context.Context, who permission.Actor, in FacilityChange) (facility *directory.Facility, fields []string, err error) {
	err = s.update(ctx, who, in.ID, func(held *directory.Facility) ([]string, error) {
		if err := checkVersion(in.IfVersion, held.Version); err != nil {
			return nil, err
		}
		fields = held.Apply(in.FacilityChanges)
		facility = held
		return fields, nil
	})
	s.happened(ctx, "facility.changed", who, err)
	return facility, fields, err
}

// Delete removes a facility from sight; old cases keep the name.
//
// Faults: NotFound "facility_not_found".
func (s *Facilities) Delete(ctx context.Context, who permission.Actor, id int64) error {
	err := s.update(ctx, who, id, func(held *directory.Facility) ([]string, error) {
		held.DeletedAt = s.clock.Now()
		return []string{"active"}, nil
	})
	s.happened(ctx, "facility.deleted", who, err)
	return err
}

// List returns up to limit facilities of the owner with an id above after, in order of id.
//
// Faults: Forbidden "not_your_data", the same whether or not the owner exists.
func (s *Facilities) List(ctx context.Context, who permission.Actor, owner ident.UserID, after int64, limit int) ([]directory.Facility, error) {
	if err := permission.Check(who, permission.ReadPlaces, owner); err != nil {
		return nil, s.refused(ctx, who, permission.ReadPlaces, "", err)
	}
	var list []directory.Facility
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		list, err = r.Places.List(ctx, owner, after, limit)
		return err
	})
	return list, err
}

// update reads a facility in the caller's scope and saves what edit has changed, if anything.
func (s *Facilities) update(ctx context.Context, who permission.Actor, id int64, edit func(*directory.Facility) ([]string, error)) error {
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		held, err := r.Places.Get(ctx, id, permission.ScopeFor(who, permission.EditPlaces))
		if err != nil {
			return err
		}
		before := s.digest(facilityID(held), held.Contents())
		fields, err := edit(held)
		if err != nil || len(fields) == 0 {
			return err
		}
		if err := r.Places.Save(ctx, held); err != nil {
			return err
		}
		return s.record(ctx, r, who, held, fields, before)
	})
	return s.refused(ctx, who, permission.EditPlaces, strconv.FormatInt(id, 10), err)
}

func (s *Facilities) record(ctx context.Context, r ports.Repos, who permission.Actor, held *directory.Facility, fields []string, before []byte) error {
	id := facilityID(held)
	return r.Audit.Record(ctx, s.entry(who, permission.EditPlaces, id).Changing(fields, before, s.digest(id, held.Contents())))
}

func facilityID(f *directory.Facility) string { return strconv.FormatInt(f.ID, 10) }
