package operations

import (
	"context"
	"sync"
	"time"

	"surgicase/domain/fault"
	"surgicase/ports"
)

// How long a probe for readiness may take before the answer is no, and how long one that wrote is good for.
// Source: docs/operating.md, "What load balancers and monitors ask".
const (
	readyTimeout    = 1200 * time.Millisecond
	writeProbeEvery = 10 * time.Second
)

// Readiness knows whether an instance can do its work: read, write a row and commit.
type Readiness struct {
	clock       ports.Clock
	read, write func(context.Context) error

	mu      sync.Mutex
	probed  time.Time     // when the last write probe began
	result  error         // of the last one that ended
	running chan struct{} // closed when the one under way ends; nil if none is
}

// NewReadiness makes the service of a function that reads from the database and one that writes to it, removes what it
// wrote and commits.
func NewReadiness(clock ports.Clock, read, write func(context.Context) error) *Readiness {
	return &Readiness{clock: clock, read: read, write: write}
}

// Check returns nil if the instance can read and write. It takes two seconds at most, whatever hangs, reads
// each time and writes at most every ten seconds. Unavailable "timeout" if an answer is outstanding.
func (r *Readiness) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	read := make(chan error, 1)
	go func() { read <- r.read(ctx) }()
	select {
	case err := <-read:
		if err != nil {
			return timely(ctx, err)
		}
	case <-ctx.Done():
		return timely(ctx, ctx.Err())
	}
	if running := r.beginProbe(ctx); running != nil {
		select {
		case <-running:
		case <-ctx.Done():
			return timely(ctx, ctx.Err())
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.result
}

// Suspect has Check answer with err until the next probe has written: a transaction has just failed for want of
// a database that takes writes.
func (r *Readiness) Suspect(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running == nil && !r.probed.IsZero() {
		r.result = err
	}
}

// beginProbe starts a write probe if one is due and returns what to wait for, nil if the last result is good enough.
// The probe is not bound to the request: whoever asks next learns what became of it.
func (r *Readiness) beginProbe(ctx context.Context) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Now()
	if age := now.Sub(r.probed); r.running != nil || !r.probed.IsZero() && age >= 0 && age < writeProbeEvery {
		return r.running
	}
	r.probed, r.running = now, make(chan struct{})
	go func(ended chan struct{}) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeProbeEvery)
		defer cancel()
		err := timely(ctx, r.write(ctx))
		r.mu.Lock()
		defer r.mu.Unlock()
		r.result, r.running = err, nil
		close(ended)
	}(r.running)
	return r.running
}

func timely(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && fault.CodeOf(err) == "" {
		return fault.New(fault.Unavailable, "timeout", "The database does not answer in time.").Because(err)
	}
	return err
}
