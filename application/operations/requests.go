package operations

import (
	"context"
	"time"

	"surgicase/domain/ident"
	"surgicase/ports"
)

// How long an Idempotency-Key is kept, and how long a request that died keeps others waiting: longer
// than a request may take. Source: spec/decisions.md 1.9.
const (
	keptRequests = 24 * time.Hour
	heldRequest  = time.Minute
)

// Requests remembers requests with an Idempotency-Key, so that sending one twice does a thing once.
type Requests struct {
	store ports.Store
	clock ports.Clock
}

// NewRequests makes the service.
func NewRequests(store ports.Store, clock ports.Clock) *Requests {
	return &Requests{store: store, clock: clock}
}

// Begin reserves the key for a body with this hash, or gives the outcome of the same request before.
// Who does the work calls Repos.Requests.Finish in its transaction.
//
// Faults: Invalid "idempotency_key_reused" if the body differs; Conflict "request_running".
func (s *Requests) Begin(ctx context.Context, key ident.RequestKey, bodyHash []byte) (*ports.RequestOutcome, error) {
	var before *ports.RequestOutcome
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		now := s.clock.Now()
		before, err = r.Requests.Begin(ctx, key, bodyHash, now, now.Add(heldRequest), now.Add(-keptRequests))
		return err
	})
	return before, err
}

// Abandon forgets a reservation whose request failed. What is not forgotten expires.
func (s *Requests) Abandon(ctx context.Context, key ident.RequestKey) error {
	return s.store.InTx(ports.WithoutCaller(ctx), func(ctx context.Context, r ports.Repos) error { return r.Requests.Abandon(ctx, key) })
}
