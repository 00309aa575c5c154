package contract

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"surgicase/domain/fault"
	"surgicase/ports"
)

// Outbox is the contract of ports.Outbox.
func Outbox(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"a task becomes due with its transaction and its time", taskDue},
		{"a rolled-back task was never there", taskRollback},
		{"tasks come oldest first, as many as asked for", taskOrder},
		{"who asks for some topics gets those, who asks for all others gets those", taskTopics},
		{"no tasks make an empty list, not nil", noTasks},
		{"a task that is done is never due again", taskDone},
		{"a task that is taken back is never due again, and cannot be taken back twice", taskWithdrawn},
		{"a failed task comes back later and counts its attempts", taskRetry},
		{"the first to ask gets the lease, others wait until it has run out", lease},
		{"renewing keeps the number, taking over raises it", leaseNumbers},
		{"a lease that ends later than its length allows has run out", leaseFromFuture},
		{"leases of different names do not meet", leaseNames},
		{"of twenty who want a free lease one gets it", freeLeaseRace},
		{"of twenty who want a lease that has run out one gets it", oldLeaseRace},
		{"who renews late and who takes over do not both hold it", lateRenewal},
		{"a rolled-back lease was never taken", leaseRollback},
	})
}

func (w *world) due() []ports.Task {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]ports.Task, error) {
		return r.Outbox.Due(ctx, ports.Topics{Others: true}, w.clock.Now(), 100)
	})
}

func (w *world) putTask(payload string, due time.Time) {
	w.t.Helper()
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Outbox.Put(ctx, "mail", payload, due) })
}

func taskDue(w *world) {
	w.putTask("case 1", w.clock.Now().Add(time.Microsecond))
	isEmpty(w.t, "too early", w.due())
	w.clock.Advance(time.Microsecond)
	tasks := w.due()
	equal(w.t, "tasks", tasks, []ports.Task{{ID: tasks[0].ID, Topic: "mail", Payload: "case 1"}})
}

func taskTopics(w *world) {
	for _, topic := range []string{"mail", "bugs", "prices", "mail"} {
		w.do(func(ctx context.Context, r ports.Repos) error { return r.Outbox.Put(ctx, topic, topic, w.clock.Now()) })
	}
	for _, x := range []struct {
		of   ports.Topics
		want string
	}{
		{ports.Topics{Named: []string{"mail"}}, "mail mail"},
		{ports.Topics{Named: []string{"bugs", "mail", "none"}}, "mail bugs mail"},
		{ports.Topics{Named: []string{"mail"}, Others: true}, "bugs prices"},
		{ports.Topics{Others: true}, "mail bugs prices mail"},
		{ports.Topics{}, ""},
	} {
		tasks := read(w, func(ctx context.Context, r ports.Repos) ([]ports.Task, error) {
			return r.Outbox.Due(ctx, x.of, w.clock.Now(), 100)
		})
		var got []string
		for _, task := range tasks {
			got = append(got, task.Topic)
		}
		equal(w.t, "topics", strings.Join(got, " "), x.want)
	}
}

func taskWithdrawn(w *world) {
	w.putTask("case 1", w.clock.Now())
	w.putTask("case 2", w.clock.Now())
	withdraw := func(topic, payload string) error {
		return w.try(func(ctx context.Context, r ports.Repos) error {
			return r.Outbox.Withdraw(ctx, topic, payload, w.clock.Now())
		})
	}
	refused(w.t, withdraw("bugs", "case 1"), fault.Conflict, "task_gone")
	if err := withdraw("mail", "case 1"); err != nil {
		w.t.Fatal(err)
	}
	refused(w.t, withdraw("mail", "case 1"), fault.Conflict, "task_gone")
	tasks := w.due()
	equal(w.t, "tasks", tasks, []ports.Task{{ID: tasks[0].ID, Topic: "mail", Payload: "case 2"}})
}

func taskRollback(w *world) {
	_ = w.try(func(ctx context.Context, r ports.Repos) error {
		if err := r.Outbox.Put(ctx, "mail", "never", w.clock.Now()); err != nil {
			return err
		}
		return errRefused
	})
	isEmpty(w.t, "tasks", w.due())
}

func payloads(tasks []ports.Task) string {
	var all []string
	for _, t := range tasks {
		all = append(all, t.Payload)
	}
	return strings.Join(all, " ")
}

func taskOrder(w *world) {
	now := w.clock.Now()
	w.putTask("third", now)
	w.putTask("first", now.Add(-time.Hour))
	w.putTask("fourth", now)
	w.putTask("second", now.Add(-time.Minute))
	equal(w.t, "order", payloads(w.due()), "first second third fourth")
	some := read(w, func(ctx context.Context, r ports.Repos) ([]ports.Task, error) {
		return r.Outbox.Due(ctx, ports.Topics{Others: true}, now, 2)
	})
	equal(w.t, "limited", payloads(some), "first second")
}

func noTasks(w *world) { isEmpty(w.t, "tasks", w.due()) }

func taskDone(w *world) {
	w.putTask("one", w.clock.Now())
	w.putTask("two", w.clock.Now())
	id := w.due()[0].ID
	done := func(ctx context.Context, r ports.Repos) error { return r.Outbox.Done(ctx, id, w.clock.Now()) }
	w.do(done)
	w.do(done) // at least once means: perhaps twice
	w.do(func(ctx context.Context, r ports.Repos) error {
		return r.Outbox.Retry(ctx, id, w.clock.Now(), "late failure")
	})
	equal(w.t, "left", payloads(w.due()), "two")
}

func taskRetry(w *world) {
	w.putTask("one", w.clock.Now())
	for attempt := range 3 {
		task := w.due()[0]
		equal(w.t, "attempts", task.Attempts, attempt)
		w.do(func(ctx context.Context, r ports.Repos) error {
			return r.Outbox.Retry(ctx, task.ID, w.clock.Now().Add(time.Minute), strings.Repeat("réfusé ", 100))
		})
		isEmpty(w.t, "put off", w.due())
		w.clock.Advance(time.Minute)
	}
}

// take asks for the lease for a minute.
func (w *world) take(name, holder string) (number int64, err error) {
	now := w.clock.Now()
	err = w.try(func(ctx context.Context, r ports.Repos) (err error) {
		number, err = r.Outbox.Lease(ctx, name, holder, now, now.Add(time.Minute))
		return err
	})
	return number, err
}

func (w *world) takes(name, holder string, want int64) {
	w.t.Helper()
	number, err := w.take(name, holder)
	if err != nil || number != want {
		w.t.Errorf("%s gets number %d of %s (%v), want %d", holder, number, name, err, want)
	}
}

func lease(w *world) {
	leads := func(want string, until time.Time) {
		w.t.Helper()
		w.do(func(ctx context.Context, r ports.Repos) error {
			holder, at, err := r.Outbox.Leader(ctx, "job")
			equal(w.t, "leader", holder, want)
			equal(w.t, "leads until", at, until)
			return err
		})
	}
	leads("", time.Time{})
	w.takes("job", "one", 1)
	leads("one", w.clock.Now().Add(time.Minute))
	_, err := w.take("job", "two")
	refused(w.t, err, fault.Conflict, "lease_held")
	w.clock.Advance(time.Minute - time.Microsecond)
	_, err = w.take("job", "two")
	refused(w.t, err, fault.Conflict, "lease_held")
	w.clock.Advance(time.Microsecond)
	leads("one", w.clock.Now())
	w.takes("job", "two", 2)
	leads("two", w.clock.Now().Add(time.Minute))
	_, err = w.take("job", "one")
	refused(w.t, err, fault.Conflict, "lease_held")
}

func leaseNumbers(w *world) {
	w.takes("job", "one", 1)
	w.clock.Advance(30 * time.Second)
	w.takes("job", "one", 1)
	w.clock.Advance(45 * time.Second) // it would have run out without the renewal
	_, err := w.take("job", "two")
	refused(w.t, err, fault.Conflict, "lease_held")
	w.clock.Advance(time.Hour)
	w.takes("job", "one", 1) // late, but nobody else was there
	w.clock.Advance(time.Hour)
	w.takes("job", "two", 2)
	w.clock.Advance(time.Hour)
	w.takes("job", "one", 3)
}

// leaseFromFuture is about a holder whose clock was three hours ahead. The chain writer and each queue of the outbox
// take their leases here.
func leaseFromFuture(w *world) {
	now := w.clock.Now()
	w.clock.Set(now.Add(10 * time.Second)) // as far as clocks may differ
	w.takes("job", "one", 1)
	w.clock.Set(now)
	_, err := w.take("job", "two")
	refused(w.t, err, fault.Conflict, "lease_held")
	w.clock.Set(now.Add(3 * time.Hour))
	w.takes("job", "one", 1)
	w.clock.Set(now)
	w.takes("job", "two", 2)
	_, err = w.take("job", "one")
	refused(w.t, err, fault.Conflict, "lease_held")
	w.do(func(ctx context.Context, r ports.Repos) error { // one for good, by which format 1 of the chain rests
		_, err := r.Outbox.Lease(ctx, "retired", "nobody", now, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
		return err
	})
	_, err = w.take("retired", "two")
	refused(w.t, err, fault.Conflict, "lease_held")
}

func leaseNames(w *world) {
	w.takes("job", "one", 1)
	w.takes("other", "two", 1)
	w.takes("Job", "three", 1)
}

func freeLeaseRace(w *world) {
	oneWins(w.t, together(20, func(i int) error {
		_, err := w.take("job", fmt.Sprint("holder", i))
		return err
	}), fault.Conflict, "lease_held")
}

func oldLeaseRace(w *world) {
	for round := range int64(3) {
		w.clock.Advance(time.Hour)
		numbers := make([]int64, 20)
		errs := together(20, func(i int) (err error) {
			numbers[i], err = w.take("job", fmt.Sprintf("holder %d of round %d", i, round))
			return err
		})
		oneWins(w.t, errs, fault.Conflict, "lease_held")
		for i, err := range errs {
			if err == nil {
				equal(w.t, "number", numbers[i], round+1)
			}
		}
	}
}

func lateRenewal(w *world) {
	w.takes("job", "0", 1)
	for range 5 {
		w.clock.Advance(time.Hour)
		oneWins(w.t, together(2, func(i int) error {
			_, err := w.take("job", fmt.Sprint(i))
			return err
		}), fault.Conflict, "lease_held")
	}
}

func leaseRollback(w *world) {
	_ = w.try(func(ctx context.Context, r ports.Repos) error {
		if _, err := r.Outbox.Lease(ctx, "job", "one", w.clock.Now(), w.clock.Now().Add(time.Minute)); err != nil {
			return err
		}
		return errRefused
	})
	w.takes("job", "two", 1)
}
