package contract

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/job"
	"surgicase/ports"
	"surgicase/test/given"
)

// Jobs is the contract of ports.Jobs, and of the store towards work under a lease.
func Jobs(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"a job is known since it was first seen", knowsJobs},
		{"of twenty who want an instant one gets it", racingTakers},
		{"a run comes back as it was begun", beginsRun},
		{"who is silent for too long is taken over, once, under a higher number", takesOver},
		{"whoever holds a run by a clock that was ahead is taken over", takesFromFuture},
		{"a finished run is not taken again", takesFinished},
		{"of two runs of a job by hand one gets it", racingByHand},
		{"who was taken over renews and finishes nothing", lostLease},
		{"a transaction under a lease holds only while the lease does", writesUnderLease},
		{"the last write of a job finishes its run with it, or not at all", lastWrite},
		{"recent are the runs since a time, unfinished ones, and the last of each job", recentRuns},
		{"an unknown run is NotFound", unknownJobRun},
	})
}

// wanting is a run of the weekly opening that a holder wants.
func (w *world) wanting(holder string) job.Run {
	now := w.clock.Now()
	return job.Run{Job: "opening", At: given.Morning.Truncate(time.Hour), StartedBy: "system:job", Holder: holder, LeaseUntil: now.Add(time.Minute)}
}

func (w *world) tryTakeRun(wanted job.Run) (run job.Run, err error) {
	err = w.try(func(ctx context.Context, r ports.Repos) (err error) {
		if _, err := r.Jobs.Know(ctx, []string{wanted.Job}, w.clock.Now()); err != nil {
			return err
		}
		run, err = r.Jobs.Take(ctx, wanted, w.clock.Now())
		return err
	})
	return run, err
}

func (w *world) takeRun(wanted job.Run) job.Run {
	w.t.Helper()
	run, err := w.tryTakeRun(wanted)
	if err != nil {
		w.t.Fatalf("not taken: %v", err)
	}
	return run
}

func (w *world) jobRun(id int64) job.Run {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (job.Run, error) { return r.Jobs.Get(ctx, id) })
}

func ending(run job.Run) work {
	return func(ctx context.Context, r ports.Repos) error { return r.Jobs.Finish(ctx, run) }
}

func leaseOn(run job.Run) ports.Lease {
	return ports.Lease{Run: run.ID, Number: run.Lease, At: run.At}
}

func knowsJobs(w *world) {
	know := func(names ...string) (known map[string]time.Time) {
		w.t.Helper()
		w.do(func(ctx context.Context, r ports.Repos) (err error) {
			known, err = r.Jobs.Know(ctx, names, w.clock.Now())
			return err
		})
		return known
	}
	seen := func() map[string]time.Time {
		w.t.Helper()
		return read(w, func(ctx context.Context, r ports.Repos) (map[string]time.Time, error) { return r.Jobs.Known(ctx) })
	}
	equal(w.t, "before", seen(), map[string]time.Time{})
	equal(w.t, "at first", know("a", "b"), map[string]time.Time{"a": given.Morning, "b": given.Morning})
	w.clock.Advance(time.Hour)
	equal(w.t, "later", know("b", "c"), map[string]time.Time{"a": given.Morning, "b": given.Morning, "c": given.Morning.Add(time.Hour)})
	equal(w.t, "only looked at", seen(), map[string]time.Time{"a": given.Morning, "b": given.Morning, "c": given.Morning.Add(time.Hour)})
	for _, err := range together(10, func(int) error {
		return w.try(func(ctx context.Context, r ports.Repos) error {
			_, err := r.Jobs.Know(ctx, []string{"d", "e"}, w.clock.Now())
			return err
		})
	}) {
		if err != nil {
			w.t.Error(err)
		}
	}
}

func racingTakers(w *world) {
	errs := together(20, func(i int) error {
		_, err := w.tryTakeRun(w.wanting(string(rune('a' + i))))
		return err
	})
	oneWins(w.t, errs, fault.Conflict, "job_running")
}

func beginsRun(w *world) {
	wanted := w.wanting("one")
	run := w.takeRun(wanted)
	want := wanted
	want.ID, want.State, want.Lease, want.Attempts, want.StartedAt = run.ID, job.Running, 1, 1, w.clock.Now()
	equal(w.t, "run", run, want)
	equal(w.t, "stored run", w.jobRun(run.ID), want)
	want.State, want.FinishedAt, want.Outcome = job.Done, w.clock.Now().Add(time.Second), "3 payments"
	w.do(ending(want))
	equal(w.t, "finished run", w.jobRun(run.ID), want)
}

// takesFromFuture is about clocks that were three hours ahead: when the run was begun, and when it was renewed.
func takesFromFuture(w *world) {
	renew := func(run job.Run) {
		w.t.Helper()
		w.do(func(ctx context.Context, r ports.Repos) error {
			return r.Jobs.Renew(ctx, leaseOn(run), w.clock.Now().Add(time.Minute))
		})
	}
	now := w.clock.Now()
	w.clock.Set(now.Add(3 * time.Hour))
	begun := w.takeRun(w.wanting("one"))
	w.clock.Set(now)
	over := w.takeRun(w.wanting("two"))
	equal(w.t, "lease of the run that was begun in the future", over.Lease, begun.Lease+1)
	over.State, over.FinishedAt = job.Done, now
	w.do(ending(over))

	next := w.wanting("one")
	next.At = next.At.Add(time.Hour)
	held := w.takeRun(next)
	w.clock.Advance(10 * time.Second) // as far as clocks may differ
	renew(held)
	w.clock.Set(now)
	next.Holder, next.LeaseUntil = "two", now.Add(time.Minute)
	_, err := w.tryTakeRun(next)
	refused(w.t, err, fault.Conflict, "job_running")
	w.clock.Set(now.Add(3 * time.Hour))
	renew(held)
	w.clock.Set(now.Add(time.Minute))
	next.LeaseUntil = w.clock.Now().Add(time.Minute)
	equal(w.t, "lease of the run that was renewed in the future", w.takeRun(next).Lease, held.Lease+1)
}

func takesOver(w *world) {
	first := w.takeRun(w.wanting("one"))
	_, err := w.tryTakeRun(w.wanting("two"))
	refused(w.t, err, fault.Conflict, "job_running")
	w.clock.Advance(time.Minute)
	oneWins(w.t, together(10, func(i int) error {
		_, err := w.tryTakeRun(w.wanting(string(rune('k' + i))))
		return err
	}), fault.Conflict, "job_running")
	got := w.jobRun(first.ID)
	equal(w.t, "lease", got.Lease, first.Lease+1)
	equal(w.t, "attempts", got.Attempts, 2)
	equal(w.t, "started", got.StartedAt, first.StartedAt)
}

func takesFinished(w *world) {
	for i, state := range []job.State{job.Done, job.Failed} {
		wanted := w.wanting("one")
		wanted.At = wanted.At.Add(time.Duration(i) * time.Hour)
		run := w.takeRun(wanted)
		run.State, run.FinishedAt = state, w.clock.Now()
		w.do(ending(run))
		_, err := w.tryTakeRun(wanted)
		refused(w.t, err, fault.Conflict, "job_done")
		refused(w.t, w.try(ending(run)), fault.Conflict, "lease_lost")
	}
}

func racingByHand(w *world) {
	w.do(func(ctx context.Context, r ports.Repos) error {
		_, err := r.Jobs.Know(ctx, []string{"opening"}, w.clock.Now())
		return err
	})
	errs := together(10, func(i int) error {
		wanted := w.wanting("hand")
		wanted.ByHand, wanted.At = true, w.clock.Now().Add(time.Duration(i)*time.Microsecond)
		_, err := w.tryTakeRun(wanted)
		return err
	})
	oneWins(w.t, errs, fault.Conflict, "job_running")
}

func lostLease(w *world) {
	lost := w.takeRun(w.wanting("one"))
	w.clock.Advance(time.Minute)
	held := w.takeRun(w.wanting("two"))
	later := w.clock.Now().Add(time.Hour)
	renewing := func(run job.Run) work {
		return func(ctx context.Context, r ports.Repos) error { return r.Jobs.Renew(ctx, leaseOn(run), later) }
	}
	refused(w.t, w.try(renewing(lost)), fault.Conflict, "lease_lost")
	lost.State = job.Done
	refused(w.t, w.try(ending(lost)), fault.Conflict, "lease_lost")
	equal(w.t, "run", w.jobRun(held.ID), held)
	w.do(renewing(held))
	equal(w.t, "lease until", w.jobRun(held.ID).LeaseUntil, later)
}

// noting is work that leaves a task.
func noting(ran *atomic.Int64) work {
	return func(ctx context.Context, r ports.Repos) error {
		ran.Add(1)
		return r.Outbox.Put(ctx, "noted", "1", given.Morning)
	}
}

func (w *world) notes() int {
	w.t.Helper()
	return len(read(w, func(ctx context.Context, r ports.Repos) ([]ports.Task, error) {
		return r.Outbox.Due(ctx, ports.Topics{Others: true}, given.Morning.Add(24*time.Hour), 100)
	}))
}

func writesUnderLease(w *world) {
	var ran atomic.Int64
	run := w.takeRun(w.wanting("one"))
	under := ports.UnderLease(w.ctx, leaseOn(run))
	if err := w.store.InTx(under, noting(&ran)); err != nil {
		w.t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	next := w.takeRun(w.wanting("two"))
	refused(w.t, w.store.InTx(under, noting(&ran)), fault.Conflict, "lease_lost")
	equal(w.t, "transactions that ran", ran.Load(), 1)
	equal(w.t, "notes", w.notes(), 1)
	if err := w.store.InTx(ports.WithoutLease(under), noting(&ran)); err != nil {
		w.t.Error(err)
	}
	next.State, next.FinishedAt = job.Done, w.clock.Now()
	w.do(ending(next))
	refused(w.t, w.store.InTx(ports.UnderLease(w.ctx, leaseOn(next)), noting(&ran)), fault.Conflict, "lease_lost")
}

func lastWrite(w *world) {
	var ran atomic.Int64
	run := w.takeRun(w.wanting("one"))
	last := ports.LastWrite(ports.UnderLease(w.ctx, leaseOn(run)))
	if err := w.store.InTx(last, func(context.Context, ports.Repos) error { return errLost }); err == nil {
		w.t.Fatal("it should have failed")
	}
	equal(w.t, "after a failure", w.jobRun(run.ID).State, job.Running)
	if err := w.store.InTx(last, noting(&ran)); err != nil {
		w.t.Fatal(err)
	}
	equal(w.t, "after the last write", w.jobRun(run.ID).State, job.Done)
	refused(w.t, w.store.InTx(last, noting(&ran)), fault.Conflict, "lease_lost")
	w.clock.Advance(time.Hour)
	_, err := w.tryTakeRun(w.wanting("two"))
	refused(w.t, err, fault.Conflict, "job_done")
	run.State, run.FinishedAt, run.Outcome = job.Done, w.clock.Now(), "told afterwards"
	w.do(ending(run))
	equal(w.t, "outcome", w.jobRun(run.ID).Outcome, "told afterwards")
}

func recentRuns(w *world) {
	begin := func(name string, at time.Time, finish bool) int64 {
		wanted := w.wanting("one")
		wanted.Job, wanted.At = name, at
		run := w.takeRun(wanted)
		if finish {
			run.State, run.FinishedAt = job.Done, w.clock.Now()
			w.do(ending(run))
		}
		return run.ID
	}
	isEmpty(w.t, "none", read(w, func(ctx context.Context, r ports.Repos) ([]job.Run, error) { return r.Jobs.Recent(ctx, given.Morning) }))
	week := 7 * 24 * time.Hour
	begin("a", given.Morning.Add(-3*week), true)
	lastOfA := begin("a", given.Morning.Add(-2*week), true)
	begin("b", given.Morning.Add(-2*week), true)
	open := begin("c", given.Morning.Add(-2*week), false)
	fresh := begin("b", given.Morning, true)
	var ids []int64
	for _, r := range read(w, func(ctx context.Context, r ports.Repos) ([]job.Run, error) {
		return r.Jobs.Recent(ctx, given.Morning.Add(-week))
	}) {
		ids = append(ids, r.ID)
	}
	equal(w.t, "recent", ids, []int64{lastOfA, open, fresh})
}

func unknownJobRun(w *world) {
	_, err := attempt(w, func(ctx context.Context, r ports.Repos) (job.Run, error) { return r.Jobs.Get(ctx, 4711) })
	refused(w.t, err, fault.NotFound, "job_run_not_found")
}
