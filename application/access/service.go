// Package access finds out who calls.
package access

import (
	"context"
	"errors"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Service turns a claimed identity into an actor.
type Service struct{ store ports.Store }

// New makes the service.
func New(store ports.Store) *Service { return &Service{store: store} }

// Actor returns the active user with this id.
//
// Faults: Unauthenticated if unknown or inactive, without saying which.
func (s *Service) Actor(ctx context.Context, id ident.UserID) (permission.Actor, error) {
	var actor permission.Actor
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		actor, err = r.Users.Actor(ctx, id)
		return err
	})
	if errors.Is(err, fault.NotFound) {
		return actor, fault.New(fault.Unauthenticated, "unknown_caller", "The caller is not an active user.")
	}
	return actor, err
}
