package operations

import (
	"context"
	"time"

	"surgicase/domain/fault"
	"surgicase/ports"
)

// Outbox brings about the effects that follow a commit: each task at least once, by one instance at
// a time. Failures are retried with growing pauses and stay visible.
type Outbox struct {
	store  ports.Store
	clock  ports.Clock
	events ports.Events
	holder string // this instance, among those that share the database
	tasks  map[string]func(ctx context.Context, payload string) error
}

// NewOutbox makes the worker for tasks by topic.
func NewOutbox(store ports.Store, clock ports.Clock, ids ports.IDs, events ports.Events, tasks map[string]func(context.Context, string) error) *Outbox {
	return &Outbox{store: store, clock: clock, events: events, holder: ids.Unique(), tasks: tasks}
}

const (
	outboxLease = 30 * time.Second
	outboxBatch = 20
	firstRetry  = 5 * time.Second
	longRetry   = time.Hour
)

// Work does the tasks that are due. Looking costs one read; the lease is only taken when there is
// something to do.
func (s *Outbox) Work(ctx context.Context) error {
	var due []ports.Task
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		due, err = r.Outbox.Due(ctx, s.clock.Now(), outboxBatch)
		return err
	})
	if err != nil || len(due) == 0 {
		return err
	}
	err = s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		now := s.clock.Now()
		_, err := r.Outbox.Lease(ctx, "outbox", s.holder, now, now.Add(outboxLease))
		return err
	})
	if fault.CodeOf(err) == "lease_held" {
		return nil
	}
	for _, task := range due {
		if err == nil {
			err = s.do(ctx, task)
		}
	}
	return err
}

func (s *Outbox) do(ctx context.Context, task ports.Task) error {
	work, known := s.tasks[task.Topic]
	failure := error(fault.New(fault.Unavailable, "topic_unknown", "this version does not know %s", task.Topic))
	if known {
		failure = work(ctx, task.Payload)
	}
	s.events.Happened(ctx, ports.Event{Name: "outbox." + task.Topic, Err: failure})
	return s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		now := s.clock.Now()
		if failure == nil {
			return r.Outbox.Done(ctx, task.ID, now)
		}
		reason := fault.CodeOf(failure)
		if reason == "" {
			reason = "defect"
		}
		return r.Outbox.Retry(ctx, task.ID, now.Add(retryPause(task.Attempts)), reason)
	})
}

func retryPause(attempts int) time.Duration {
	return min(firstRetry<<min(attempts, 20), longRetry)
}
