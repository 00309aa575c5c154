package bootstrap

import (
	"context"
	"time"

	"go.uber.org/fx"

	"surgicase/application/documents"
	"surgicase/application/npidirectory"
	"surgicase/application/operations"
	"surgicase/application/payments"
	"surgicase/application/support"
	"surgicase/ports"
)

// outboxPause is how long a task may lie before an instance looks.
const outboxPause = time.Second

// newOutbox names the tasks that can follow a commit, but for those that wait for the outside world.
func newOutbox(store ports.Store, clock ports.Clock, ids ports.IDs, events ports.Events, prices *payments.Prices, lookup *npidirectory.Lookup, sweeper *documents.Sweeper) *operations.Outbox {
	return operations.NewOutbox(store, clock, ids, events, operations.Lane{
		Name: "outbox", Except: outside,
		Tasks: map[string]func(context.Context, string) error{
			ports.RepriceStale: func(ctx context.Context, _ string) error { return prices.RepriceStale(ctx) },
			ports.VerifyNPI:    lookup.Verify,
			ports.SweepObject:  sweeper.Sweep,
			ports.RemoveObject: sweeper.Remove,
			ports.FindFiles:    sweeper.Find,
		},
	})
}

// outside are the topics that wait for servers of others.
var outside = []string{ports.SendLetter, ports.JobFailed, ports.TrackBug}

// Courier works on the tasks that wait for the outside world: each kind in a lane of its own, so that one
// server that hangs does not hold up what another would take.
type Courier struct{ Mail, Bugs *operations.Outbox }

func newCourier(store ports.Store, clock ports.Clock, ids ports.IDs, events ports.Events, notices *operations.Notices, post *operations.Post, bugs *support.Service) *Courier {
	lane := func(name string, tasks map[string]func(context.Context, string) error) *operations.Outbox {
		return operations.NewOutbox(store, clock, ids, events, operations.Lane{Name: name, Tasks: tasks})
	}
	return &Courier{
		Mail: lane("mail", map[string]func(context.Context, string) error{ports.SendLetter: post.Send, ports.JobFailed: notices.JobFailed}),
		Bugs: lane("bugs", map[string]func(context.Context, string) error{ports.TrackBug: bugs.Track}),
	}
}

// runOutbox works on the outbox while the app runs.
func runOutbox(life fx.Lifecycle, outbox *operations.Outbox, courier *Courier, events ports.Events) {
	loop{name: "outbox", pause: outboxPause, work: outbox.Work}.run(life, events)
	loop{name: "mail", pause: outboxPause, work: courier.Mail.Work}.run(life, events)
	loop{name: "bugs", pause: outboxPause, work: courier.Bugs.Work}.run(life, events)
}
