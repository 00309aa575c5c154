package operations

import (
	"context"
	"maps"
	"slices"
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
	lane   Lane
	topics ports.Topics
}

// Lane is a part of the outbox that is worked on by itself: what waits for the outside world does not
// hold up the rest.
type Lane struct {
	Name   string // of its lease
	Tasks  map[string]func(ctx context.Context, payload string) error
	Except []string // the lane also has all topics but these: those of which nobody knows
}

// NewOutbox makes the worker of a lane.
func NewOutbox(store ports.Store, clock ports.Clock, ids ports.IDs, events ports.Events, lane Lane) *Outbox {
	topics := ports.Topics{Named: slices.Sorted(maps.Keys(lane.Tasks))}
	if lane.Except != nil {
		topics = ports.Topics{Named: lane.Except, Others: true}
	}
	return &Outbox{store: store, clock: clock, events: events, holder: ids.Unique(), lane: lane, topics: topics}
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
	due, err := view(ctx, s.store, func(ctx context.Context, r ports.Repos) ([]ports.Task, error) {
		return r.Outbox.Due(ctx, s.topics, s.clock.Now(), outboxBatch)
	})
	var held time.Time
	for _, task := range due {
		if err == nil && s.clock.Now().Sub(held) >= outboxLease/3 { // some tasks take their time
			held = s.clock.Now()
			err = s.hold(ctx, held)
		}
		if fault.CodeOf(err) == "lease_held" {
			return nil
		}
		if err == nil {
			err = s.do(ctx, task)
		}
	}
	return err
}

func (s *Outbox) hold(ctx context.Context, now time.Time) error {
	return s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		_, err := r.Outbox.Lease(ctx, s.lane.Name, s.holder, now, now.Add(outboxLease))
		return err
	})
}

func (s *Outbox) do(ctx context.Context, task ports.Task) error {
	work, known := s.lane.Tasks[task.Topic]
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
