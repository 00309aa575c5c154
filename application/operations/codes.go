package operations

import (
	"context"
	"fmt"

	"surgicase/domain/audit"
	"surgicase/domain/directory"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Codes is the catalogue of procedure codes. The product brings none: the practice imports them
// under its own licence.
type Codes struct {
	store ports.Store
	clock ports.Clock
}

// NewCodes makes the service.
func NewCodes(store ports.Store, clock ports.Clock) *Codes { return &Codes{store: store, clock: clock} }

// CodeQuery asks for a page of the catalogue.
type CodeQuery = ports.CodeQuery

// LookUp returns up to q.Limit codes in order of code, kind and first day.
func (s *Codes) LookUp(ctx context.Context, who permission.Actor, q CodeQuery) ([]directory.ProcedureCode, error) {
	if err := permission.Check(who, permission.LookUpCodes, ""); err != nil {
		return nil, ports.Refused(ctx, s.store, audit.Record(who, permission.LookUpCodes, "codes", "", s.clock.Now()), err)
	}
	return view(ctx, s.store, func(ctx context.Context, r ports.Repos) ([]directory.ProcedureCode, error) {
		return r.Codes.List(ctx, q)
	})
}

// Count counts what the query finds on all pages together.
func (s *Codes) Count(ctx context.Context, q CodeQuery) (int, error) {
	return view(ctx, s.store, func(ctx context.Context, r ports.Repos) (int, error) { return r.Codes.Count(ctx, q) })
}

// Import stores or replaces codes by code, kind and first day, all or nothing.
//
// Faults: Forbidden.
func (s *Codes) Import(ctx context.Context, who permission.Actor, codes []directory.ProcedureCode) error {
	entry := audit.Record(who, permission.EditLists, "codes", fmt.Sprintf("%d rows", len(codes)), s.clock.Now())
	if err := permission.Check(who, permission.EditLists, ""); err != nil {
		return ports.Refused(ctx, s.store, entry, err)
	}
	return s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		if err := r.Codes.Put(ctx, codes); err != nil {
			return err
		}
		return r.Audit.Record(ctx, entry)
	})
}
