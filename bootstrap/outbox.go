package bootstrap

import (
	"context"
	"time"

	"go.uber.org/fx"

	"surgicase/application/npidirectory"
	"surgicase/application/operations"
	"surgicase/application/payments"
	"surgicase/ports"
)

// outboxPause is how long a task may lie before an instance looks.
const outboxPause = time.Second

// newOutbox names the tasks that can follow a commit.
func newOutbox(store ports.Store, clock ports.Clock, ids ports.IDs, events ports.Events, prices *payments.Prices, lookup *npidirectory.Lookup) *operations.Outbox {
	return operations.NewOutbox(store, clock, ids, events, map[string]func(context.Context, string) error{
		ports.RepriceStale: func(ctx context.Context, _ string) error { return prices.RepriceStale(ctx) },
		ports.VerifyNPI:    lookup.Verify,
	})
}

// runOutbox works on the outbox while the app runs.
func runOutbox(life fx.Lifecycle, outbox *operations.Outbox, events ports.Events) {
	loop{name: "outbox", pause: outboxPause, work: outbox.Work}.run(life, events)
}
