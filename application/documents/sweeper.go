// Package documents looks after the objects behind the documents of cases and users: what nobody refers
// to goes, what clients have uploaded themselves is found, and many leave in one archive.
package documents

import (
	"context"
	"errors"
	"slices"

	"surgicase/domain/directory"
	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Sweeper holds the rows that name documents and the objects against each other.
type Sweeper struct {
	store ports.Store
	blobs ports.Blobs
	clock ports.Clock
}

// NewSweeper makes the service.
func NewSweeper(store ports.Store, blobs ports.Blobs, clock ports.Clock) *Sweeper {
	return &Sweeper{store: store, blobs: blobs, clock: clock}
}

// Sweep has an object removed unless a document refers to it. Who completes an upload takes the task back
// that led here, and so does this: if both come at once one of them fails, and no document is left without
// its object. Objects whose keys we did not make are none of its business.
func (s *Sweeper) Sweep(ctx context.Context, key string) error {
	place, ours := document.PlaceOf(key)
	if !ours {
		return nil
	}
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		wanted, err := refers(ctx, r, place, key)
		if err != nil || wanted {
			return err
		}
		now := s.clock.Now()
		if err := r.Outbox.Withdraw(ctx, ports.SweepObject, key, now); err != nil {
			return err
		}
		return r.Outbox.Put(ctx, ports.RemoveObject, key, now)
	})
	if fault.CodeOf(err) == "task_gone" {
		return nil
	}
	return err
}

// Remove removes an object of which Sweep has settled that nobody wants it.
func (s *Sweeper) Remove(ctx context.Context, key string) error { return s.blobs.Remove(ctx, key) }

func refers(ctx context.Context, r ports.Repos, place document.Place, key string) (bool, error) {
	if place.User != "" {
		return paperRefers(ctx, r, ident.UserID(place.User), key)
	}
	return caseRefers(ctx, r, ident.CaseID(place.Case), key)
}

func caseRefers(ctx context.Context, r ports.Repos, id ident.CaseID, key string) (bool, error) {
	held, err := r.Documents.OfCase(ctx, id)
	return slices.ContainsFunc(held, func(d surgical.Document) bool { return d.ObjectKey() == key }), err
}

func paperRefers(ctx context.Context, r ports.Repos, id ident.UserID, key string) (bool, error) {
	u, err := r.Users.Get(ctx, id)
	if errors.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(u.Documents, func(d directory.UserDocument) bool { return d.Key.ForStore() == key }), nil
}

// Find asks the store for the objects of a case's documents that only have names, and notes those that
// are there.
func (s *Sweeper) Find(ctx context.Context, id string) error {
	var folders []surgical.Folder
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		folders, err = r.Documents.OfCases(ctx, []ident.CaseID{ident.CaseID(id)})
		return err
	})
	if err != nil || len(folders) == 0 {
		return err
	}
	for kind, file := range folders[0].Files {
		if file.Stored {
			continue
		}
		o, err := s.blobs.Stat(ctx, file.ObjectKey())
		if errors.Is(err, fault.NotFound) || errors.Is(err, fault.Invalid) {
			continue
		}
		if err != nil {
			return err
		}
		file.Stored, file.Size, file.Type, file.SHA256 = true, o.Size, o.ContentType, o.SHA256
		err = s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
			return r.Documents.Found(ctx, folders[0].Number, surgical.Document{Kind: kind, Current: true, File: file})
		})
		if err != nil {
			return err
		}
	}
	return nil
}
