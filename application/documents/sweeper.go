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
}

// NewSweeper makes the service.
func NewSweeper(store ports.Store, blobs ports.Blobs) *Sweeper {
	return &Sweeper{store: store, blobs: blobs}
}

// Sweep removes an object unless a document refers to it. Objects whose keys we did not make are none
// of its business.
func (s *Sweeper) Sweep(ctx context.Context, key string) error {
	place, ours := document.PlaceOf(key)
	if !ours {
		return nil
	}
	var wanted bool
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		if place.User != "" {
			wanted, err = paperRefers(ctx, r, ident.UserID(place.User), key)
		} else {
			wanted, err = caseRefers(ctx, r, ident.CaseID(place.Case), key)
		}
		return err
	})
	if err != nil || wanted {
		return err
	}
	return s.blobs.Remove(ctx, key)
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
