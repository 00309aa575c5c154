// Package storage looks after the store of objects itself: how it is set up, and the move to another.
package storage

import (
	"context"

	"surgicase/domain/audit"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Service sets stores of objects up and copies one to another.
type Service struct {
	store ports.Store
	clock ports.Clock
}

// New makes the service.
func New(store ports.Store, clock ports.Clock) *Service { return &Service{store, clock} }

// begin notes on the trail what is about to be done: a copy that was killed has taken documents along, too.
func (s *Service) begin(ctx context.Context, who permission.Actor, what string) error {
	entry := audit.Record(who, permission.ManageStorage, "storage", what, s.clock.Now())
	if err := permission.Check(who, permission.ManageStorage, ""); err != nil {
		return ports.Refused(ctx, s.store, entry, err)
	}
	return s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error { return r.Audit.Record(ctx, entry) })
}
