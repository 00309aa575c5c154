package people

import (
	"context"
	"strconv"

	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Surgeons keeps the surgeons that providers work with.
type Surgeons struct{ trail }

// NewSurgeons makes the service.
func NewSurgeons(store ports.Store, clock ports.Clock, events ports.Events) *Surgeons {
	return &Surgeons{trail{store, clock, events, "surgeon"}}
}

// Add stores a surgeon for his owner.
//
// Faults: Forbidden "not_your_data"; Invalid if the owner is no active user.
func (s *Surgeons) Add(ctx context.Context, who permission.Actor, in directory.Surgeon) (directory.Surgeon, error) {
	if err := permission.Check(who, permission.EditPlaces, in.Owner); err != nil {
		return in, s.refused(ctx, who, permission.EditPlaces, "", err)
	}
	var made directory.Surgeon
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		made = in
		made.CreatedAt = s.clock.Now()
		if err := checkActive(ctx, r, in.Owner); err != nil {
			return err
		}
		if err := r.Surgeons.Add(ctx, &made); err != nil {
			return err
		}
		return s.record(ctx, r, who, &made, nil, nil)
	})
	s.happened(ctx, "surgeon.created", who, err)
	return made, err
}

// SurgeonChange is what a PATCH asks for. IfVersion is the version the client has seen, or 0.
type SurgeonChange struct {
	ID        int64
	IfVersion int64
	directory.SurgeonChanges
}

// Change edits a surgeon and names the fields that changed.
//
// Faults: NotFound "surgeon_not_found" if absent, deleted or somebody else's; Stale.
func (s *Surgeons) Change(ctx context.Context, who permission.Actor, in SurgeonChange) (surgeon *directory.Surgeon, fields []string, err error) {
	err = s.update(ctx, who, in.ID, func(held *directory.Surgeon) ([]string, error) {
		if err := checkVersion(in.IfVersion, held.Version); err != nil {
			return nil, err
		}
		fields = held.Apply(in.SurgeonChanges)
		surgeon = held
		return fields, nil
	})
	s.happened(ctx, "surgeon.changed", who, err)
	return surgeon, fields, err
}

// Delete removes a surgeon from sight; old cases keep the name.
//
// Faults: NotFound "surgeon_not_found".
func (s *Surgeons) Delete(ctx context.Context, who permission.Actor, id int64) error {
	err := s.update(ctx, who, id, func(held *directory.Surgeon) ([]string, error) {
		held.DeletedAt = s.clock.Now()
		return []string{"active"}, nil
	})
	s.happened(ctx, "surgeon.deleted", who, err)
	return err
}

// List returns up to limit surgeons of the owner with an id above after, in order of id.
//
// Faults: Forbidden "not_your_data", the same whether or not the owner exists.
func (s *Surgeons) List(ctx context.Context, who permission.Actor, owner ident.UserID, after int64, limit int) ([]directory.Surgeon, error) {
	if err := permission.Check(who, permission.ReadPlaces, owner); err != nil {
		return nil, s.refused(ctx, who, permission.ReadPlaces, "", err)
	}
	var list []directory.Surgeon
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		list, err = r.Surgeons.List(ctx, owner, after, limit)
		return err
	})
	return list, err
}

// update reads a surgeon in the caller's scope and saves what edit has changed, if anything.
func (s *Surgeons) update(ctx context.Context, who permission.Actor, id int64, edit func(*directory.Surgeon) ([]string, error)) error {
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		held, err := r.Surgeons.Get(ctx, id, permission.ScopeFor(who, permission.EditPlaces))
		if err != nil {
			return err
		}
		before := s.digest(surgeonID(held), held.Contents())
		fields, err := edit(held)
		if err != nil || len(fields) == 0 {
			return err
		}
		if err := r.Surgeons.Save(ctx, held); err != nil {
			return err
		}
		return s.record(ctx, r, who, held, fields, before)
	})
	return s.refused(ctx, who, permission.EditPlaces, strconv.FormatInt(id, 10), err)
}

func (s *Surgeons) record(ctx context.Context, r ports.Repos, who permission.Actor, held *directory.Surgeon, fields []string, before []byte) error {
	id := surgeonID(held)
	return r.Audit.Record(ctx, s.entry(who, permission.EditPlaces, id).Changing(fields, before, s.digest(id, held.Contents())))
}

func surgeonID(s *directory.Surgeon) string { return strconv.FormatInt(s.ID, 10) }
