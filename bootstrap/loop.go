package bootstrap

import (
	"context"
	"time"

	"go.uber.org/fx"

	"surgicase/ports"
)

// loop is work that is done again and again while the app runs.
type loop struct {
	name  string        // of the work, where it fails
	pause time.Duration // between two rounds
	work  func(context.Context) error
	last  func(context.Context) error // done once on the way out, if set
}

// lastTimeout is how long the last round may take.
const lastTimeout = 20 * time.Second

// run starts the loop with the app and ends it with the app.
func (l loop) run(life fx.Lifecycle, events ports.Events) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	tell := func(err error) {
		if err != nil && ctx.Err() == nil {
			events.Happened(ctx, ports.WorkFailed(l.name, err))
		}
	}
	life.Append(fx.Hook{
		OnStart: func(context.Context) error {
			go func() {
				defer close(done)
				for ctx.Err() == nil {
					tell(l.work(ctx))
					select {
					case <-ctx.Done():
					case <-time.After(l.pause):
					}
				}
			}()
			return nil
		},
		OnStop: func(stop context.Context) error {
			cancel()
			<-done
			if l.last == nil {
				return nil
			}
			stop, cancel := context.WithTimeout(stop, lastTimeout)
			defer cancel()
			return l.last(stop)
		},
	})
}
