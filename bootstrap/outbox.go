package bootstrap

import (
	"context"
	"time"

	"go.uber.org/fx"

	"surgicase/application/operations"
	"surgicase/application/payments"
	"surgicase/ports"
)

// outboxPause is how long a task may lie before an instance looks.
const outboxPause = time.Second

// newOutbox names the tasks that can follow a commit.
func newOutbox(store ports.Store, clock ports.Clock, ids ports.IDs, events ports.Events, prices *payments.Prices) *operations.Outbox {
	return operations.NewOutbox(store, clock, ids, events, map[string]func(context.Context, string) error{
		ports.RepriceStale: func(ctx context.Context, _ string) error { return prices.RepriceStale(ctx) },
	})
}

// runOutbox works on the outbox while the app runs.
func runOutbox(life fx.Lifecycle, outbox *operations.Outbox, events ports.Events) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	life.Append(fx.Hook{
		OnStart: func(context.Context) error {
			go func() {
				defer close(done)
				for ctx.Err() == nil {
					if err := outbox.Work(ctx); err != nil && ctx.Err() == nil {
						events.Happened(ctx, ports.Event{Name: "outbox.failed", Err: err})
					}
					select {
					case <-ctx.Done():
					case <-time.After(outboxPause):
					}
				}
			}()
			return nil
		},
		OnStop: func(context.Context) error {
			cancel()
			<-done
			return nil
		},
	})
}
