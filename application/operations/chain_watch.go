package operations

import (
	"context"
	"sync"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// ChainWatch notices that entries of the audit log are not sealed, whoever holds the lease of the sealer and
// whatever the database says about it: each instance remembers the newest committed entry it saw, and by its
// own clock that entry has a seal a minute later. One that was removed meanwhile never gets one.
// Source: docs/operating.md, Audit log.
type ChainWatch struct {
	store  ports.Store
	clock  ports.Clock
	events ports.Events

	mu      sync.Mutex
	entry   int64 // the newest one when it was seen
	seen    time.Time
	told    time.Time
	stalled bool
}

// NewChainWatch returns a watch.
func NewChainWatch(store ports.Store, clock ports.Clock, events ports.Events) *ChainWatch {
	return &ChainWatch{store: store, clock: clock, events: events}
}

// ChainStalled is the event, and the code, of entries that are not sealed.
const ChainStalled = "audit.chain_stalled"

// Work looks once. It reports an entry that waits as an event, every minute.
func (w *ChainWatch) Work(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var newest int64
	var sealed bool
	err := w.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		if newest, err = r.Seals.Newest(ctx); err == nil && w.entry > 0 {
			sealed, err = r.Seals.Sealed(ctx, w.entry)
		}
		return err
	})
	if err != nil {
		return err
	}
	now := w.clock.Now()
	switch age := now.Sub(w.seen); {
	case w.entry == 0 || sealed || age < 0: // a clock that was set back begins anew
		w.entry, w.seen, w.stalled = newest, now, w.stalled && !sealed
	case age > audit.SealedWithin:
		w.stalled = true
		if now.Sub(w.told) >= time.Minute {
			w.told = now
			w.events.Happened(ctx, ports.Event{Name: ChainStalled, Err: w.err()})
		}
	}
	return nil
}

func (w *ChainWatch) err() error {
	return fault.New(fault.Unavailable, "audit_chain_stalled",
		"An entry of the audit log has no seal: whoever holds the lease of the sealer writes nothing, or the entry was removed.")
}

// Stalled reports whether entries were not sealed in time when it last looked.
func (w *ChainWatch) Stalled() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stalled
}

// Probe is the health component of the audit log.
func (w *ChainWatch) Probe(context.Context) (Finding, error) {
	if w.Stalled() {
		return Finding{State: Degraded, Details: "entries of the audit log are not sealed"}, nil
	}
	return Finding{Details: "entries are sealed"}, nil
}
