package people

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/npi"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Places keeps what providers enter about where and with whom they work: surgeons or facilities.
type Places[T any] struct {
	trail
	repo  func(ports.Repos) placeRepo[T]
	parts func(*T) placeParts
}

// Surgeons keeps the surgeons that providers work with.
type Surgeons = Places[directory.Surgeon]

// Facilities keeps the facilities that providers work at.
type Facilities = Places[directory.Facility]

// placeRepo is what ports.Surgeons and ports.Facilities have in common.
type placeRepo[T any] interface {
	Add(ctx context.Context, place *T) error
	Get(ctx context.Context, id int64, in permission.Scope) (*T, error)
	Save(ctx context.Context, place *T) error
	List(ctx context.Context, owner ident.UserID, after int64, limit int) ([]T, error)
}

// placeParts is what a surgeon and a facility have in common.
type placeParts struct {
	id, version int64
	owner       ident.UserID
	created     *time.Time
	deleted     *time.Time
	number      npi.NPI
	contents    []string
	complete    func(npi.Record)
	missing     func() []string
}

// NewSurgeons makes the service for surgeons.
func NewSurgeons(store ports.Store, clock ports.Clock, events ports.Events) *Surgeons {
	return &Surgeons{
		trail: trail{store, clock, events, "surgeon"},
		repo:  func(r ports.Repos) placeRepo[directory.Surgeon] { return r.Surgeons },
		parts: func(s *directory.Surgeon) placeParts {
			return placeParts{s.ID, s.Version, s.Owner, &s.CreatedAt, &s.DeletedAt, s.NPI, s.Contents(), s.Complete, s.Missing}
		},
	}
}

// NewFacilities makes the service for facilities.
func NewFacilities(store ports.Store, clock ports.Clock, events ports.Events) *Facilities {
	return &Facilities{
		trail: trail{store, clock, events, "facility"},
		repo:  func(r ports.Repos) placeRepo[directory.Facility] { return r.Places },
		parts: func(f *directory.Facility) placeParts {
			return placeParts{f.ID, f.Version, f.Owner, &f.CreatedAt, &f.DeletedAt, f.NPI, f.Contents(), f.Complete, f.Missing}
		},
	}
}

// maxSameNPI is how many places of an owner are looked at for one with the same NPI.
const maxSameNPI = 1000

// Added is a place as it was stored, and the ids of the owner's places that have the same NPI: it may have been
// entered before.
type Added[T any] struct {
	Place   T
	SameNPI []int64
}

// Add stores a place for its owner. What is missing comes from the provider directory.
//
// Faults: Forbidden "not_your_data"; Invalid if the owner is no active user, or the directory does not
// have what is missing.
func (s *Places[T]) Add(ctx context.Context, who permission.Actor, in T) (Added[T], error) {
	owner := s.parts(&in).owner
	if err := permission.Check(who, permission.EditPlaces, owner); err != nil {
		return Added[T]{Place: in}, s.refused(ctx, who, permission.EditPlaces, "", err)
	}
	var made T
	var same []int64
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		made = in
		*s.parts(&made).created = s.clock.Now()
		if err := checkActive(ctx, r, owner); err != nil {
			return err
		}
		if err := s.complete(ctx, r, &made); err != nil {
			return err
		}
		if same, err = s.sameNPI(ctx, r, &made); err != nil {
			return err
		}
		if err := s.repo(r).Add(ctx, &made); err != nil {
			return err
		}
		if err := s.verify(ctx, r, placeID(s.parts(&made).id), s.parts(&made).number); err != nil {
			return err
		}
		return s.record(ctx, r, who, &made, nil, nil)
	})
	s.happened(ctx, s.entity+".created", who, err)
	return Added[T]{made, same}, err
}

func (s *Places[T]) sameNPI(ctx context.Context, r ports.Repos, place *T) ([]int64, error) {
	number := s.parts(place).number
	if number == 0 {
		return nil, nil
	}
	owned, err := s.repo(r).List(ctx, s.parts(place).owner, 0, maxSameNPI)
	var same []int64
	for i := range owned {
		if parts := s.parts(&owned[i]); parts.number == number {
			same = append(same, parts.id)
		}
	}
	return same, err
}

// complete fills in what is missing from the directory.
func (s *Places[T]) complete(ctx context.Context, r ports.Repos, place *T) error {
	parts := s.parts(place)
	if len(parts.missing()) == 0 {
		return nil
	}
	record, err := r.NPIs.Get(ctx, parts.number)
	switch {
	case err == nil:
		parts.complete(record)
	case !errors.Is(err, fault.NotFound):
		return err
	}
	var bad fault.Collector
	for _, field := range parts.missing() {
		bad.Add("body."+field, "is required: the provider directory does not have it")
	}
	return bad.Err()
}

// Change edits a place by apply, which names the fields that it changed and may run more than once.
// IfVersion is the version the client has seen, 0 if it does not care.
//
// Faults: NotFound "surgeon_not_found" or "facility_not_found" if absent, deleted or somebody
// else's; Stale.
func (s *Places[T]) Change(ctx context.Context, who permission.Actor, id, ifVersion int64, apply func(*T) []string) (place *T, fields []string, err error) {
	err = s.update(ctx, who, id, func(held *T) ([]string, error) {
		if err := checkVersion(ifVersion, s.parts(held).version); err != nil {
			return nil, err
		}
		place, fields = held, apply(held)
		return fields, nil
	})
	s.happened(ctx, s.entity+".changed", who, err)
	return place, fields, err
}

// Delete removes a place from sight; old cases keep the name.
//
// Faults: NotFound "surgeon_not_found" or "facility_not_found"; Stale.
func (s *Places[T]) Delete(ctx context.Context, who permission.Actor, id, ifVersion int64) error {
	err := s.update(ctx, who, id, func(held *T) ([]string, error) {
		if err := checkVersion(ifVersion, s.parts(held).version); err != nil {
			return nil, err
		}
		*s.parts(held).deleted = s.clock.Now()
		return []string{"active"}, nil
	})
	s.happened(ctx, s.entity+".deleted", who, err)
	return err
}

// List returns up to limit places of the owner with an id above after, in order of id.
//
// Faults: Forbidden "not_your_data", the same whether or not the owner exists.
func (s *Places[T]) List(ctx context.Context, who permission.Actor, owner ident.UserID, after int64, limit int) ([]T, error) {
	if err := permission.Check(who, permission.ReadPlaces, owner); err != nil {
		return nil, s.refused(ctx, who, permission.ReadPlaces, "", err)
	}
	var list []T
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		list, err = s.repo(r).List(ctx, owner, after, limit)
		return err
	})
	return list, err
}

// update reads a place in the caller's scope and saves what edit has changed, if anything.
func (s *Places[T]) update(ctx context.Context, who permission.Actor, id int64, edit func(*T) ([]string, error)) error {
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		scope, err := permission.ScopeFor(who, permission.EditPlaces)
		if err != nil {
			return err
		}
		held, err := s.repo(r).Get(ctx, id, scope)
		if err != nil {
			return err
		}
		before := s.digest(placeID(id), s.parts(held).contents)
		fields, err := edit(held)
		if err != nil || len(fields) == 0 {
			return err
		}
		if err := s.repo(r).Save(ctx, held); err != nil {
			return err
		}
		if slices.Contains(fields, s.entity+"_npi") {
			if err := s.verify(ctx, r, placeID(id), s.parts(held).number); err != nil {
				return err
			}
		}
		return s.record(ctx, r, who, held, fields, before)
	})
	return s.refused(ctx, who, permission.EditPlaces, placeID(id), err)
}

func (s *Places[T]) record(ctx context.Context, r ports.Repos, who permission.Actor, held *T, fields []string, before []byte) error {
	parts := s.parts(held)
	id := placeID(parts.id)
	return r.Audit.Record(ctx, s.entry(who, permission.EditPlaces, id).Changing(fields, before, s.digest(id, parts.contents)))
}

func placeID(id int64) string { return strconv.FormatInt(id, 10) }
