package operations

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/job"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Job is work that is done at certain times. It may be begun a second time for the same instant, after a
// crash; the context it gets carries the lease, so that it writes only while no other instance has taken over.
type Job struct {
	Schedule job.Schedule
	What     string // for people, in one line
	After    string // a job that goes first when both are due, because this one works on what it makes
	Do       func(ctx context.Context, who permission.Actor) (outcome string, err error)
	DryRun   bool // all that Do writes, it writes in transactions of the store
	// Preview returns what Do would do, where DryRun cannot be said of it; nil where it is not known.
	Preview func(ctx context.Context, who permission.Actor) (outcome string, err error)
}

// Jobs runs jobs at their times, each once, however many instances there are.
type Jobs struct {
	store   ports.Store
	clock   ports.Clock
	events  ports.Events
	holder  string // this instance, among those that share the database
	jobs    map[string]Job
	catchup time.Duration // how old a missed instant may be

	lease time.Duration // how long somebody who fell silent is waited for
	work  sync.WaitGroup
	alive context.Context // ends all work here when the process stops
	halt  context.CancelFunc
}

// JobList are the jobs by name, and how old an instant may be that was missed.
type JobList struct {
	Jobs    map[string]Job
	Catchup time.Duration
	Lease   time.Duration // the usual one if zero
}

// usualLease is how long after its last sign of life a run is taken over.
const usualLease = time.Minute

// NewJobs makes the service.
func NewJobs(store ports.Store, clock ports.Clock, ids ports.IDs, events ports.Events, list JobList) *Jobs {
	alive, halt := context.WithCancel(context.Background())
	return &Jobs{
		alive: alive, halt: halt, store: store, clock: clock, events: events, holder: ids.Unique(), jobs: list.Jobs, catchup: list.Catchup,
		lease: cmp.Or(list.Lease, usualLease),
	}
}

// Schedules gives the times of the jobs, for the clock that wakes Sweep.
func (s *Jobs) Schedules() []job.Schedule {
	var all []job.Schedule
	for _, name := range slices.Sorted(maps.Keys(s.jobs)) {
		all = append(all, s.jobs[name].Schedule)
	}
	return all
}

// Sweep begins what is due: instants that have come, that were missed, and runs whose holder fell silent.
// It does not wait for them; Wait does. Looking costs two reads.
func (s *Jobs) Sweep(ctx context.Context) error {
	now := s.clock.Now()
	known, runs, err := s.look(ctx, now)
	if err != nil {
		return err
	}
	if err := s.lead(ctx, now); err != nil {
		return err
	}
	byJob := map[string][]job.Run{}
	for _, r := range runs {
		byJob[r.Job] = append(byJob[r.Job], r)
		if j, ours := s.jobs[r.Job]; ours && r.Left(j.Schedule, now, s.catchup) {
			err = errors.Join(err, s.giveUp(ctx, r, now))
		}
	}
	due := map[string]time.Time{}
	for name, j := range s.jobs {
		if at, is := job.Due(j.Schedule, byJob[name], known[name], now, s.catchup); is {
			due[name] = at
		}
	}
	for name, at := range due {
		if _, first := due[s.jobs[name].After]; !first && !job.Busy(byJob[s.jobs[name].After]) {
			s.start(ctx, job.Run{Job: name, At: at, StartedBy: "system:job"}, permission.System("job"))
		}
	}
	return err
}

// Wait waits until nothing is being worked on here.
func (s *Jobs) Wait() { s.work.Wait() }

// Stop breaks off what is being worked on here, so that another instance goes on with it at once.
func (s *Jobs) Stop() {
	s.halt()
	s.work.Wait()
}

func (s *Jobs) look(ctx context.Context, now time.Time) (known map[string]time.Time, runs []job.Run, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		runs, err = r.Jobs.Recent(ctx, now.Add(-s.catchup))
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	err = s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		known, err = r.Jobs.Know(ctx, slices.Sorted(maps.Keys(s.jobs)), now)
		return err
	})
	return known, runs, err
}

// Every instance that runs jobs is as good as another, and the lease of each run decides who does it. The
// leader is the one that says that there is somebody: without one, nothing will be done at its time.
const (
	schedulerName = "scheduler"
	leadFor       = 3 * time.Minute
	leadLeft      = 2 * time.Minute // renewed when there is less
)

// lead takes or renews the lead, if no other has it.
func (s *Jobs) lead(ctx context.Context, now time.Time) error {
	held, err := view(ctx, s.store, func(ctx context.Context, r ports.Repos) (bool, error) {
		holder, until, err := r.Outbox.Leader(ctx, schedulerName)
		left := until.Sub(now)
		return left > leadLeft && left <= leadFor || holder != s.holder && left > 0, err
	})
	if err != nil || held {
		return err
	}
	err = s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		_, err := r.Outbox.Lease(ctx, schedulerName, s.holder, now, now.Add(leadFor))
		return err
	})
	if fault.CodeOf(err) == "lease_held" {
		return nil
	}
	return err
}

// giveUp ends a run that nobody will take up again.
func (s *Jobs) giveUp(ctx context.Context, left job.Run, now time.Time) error {
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		left.State, left.FinishedAt, left.Outcome = job.Failed, now, "interrupted"
		if err := r.Jobs.Finish(ctx, left); err != nil {
			return err
		}
		return r.Outbox.Put(ctx, ports.JobFailed, strconv.FormatInt(left.ID, 10), now)
	})
	if fault.CodeOf(err) == "lease_lost" {
		return nil // another instance was faster
	}
	return err
}

// start works on a run in the background, if nobody else does.
func (s *Jobs) start(ctx context.Context, wanted job.Run, who permission.Actor) {
	s.work.Go(func() {
		run, err := s.take(ctx, wanted, who)
		if err != nil {
			if code := fault.CodeOf(err); code != "job_running" && code != "job_done" {
				s.events.Happened(ctx, ports.WorkFailed("jobs", err))
			}
			return
		}
		s.do(ctx, run, who)
	})
}

func (s *Jobs) take(ctx context.Context, wanted job.Run, who permission.Actor) (job.Run, error) {
	var run job.Run
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		now := s.clock.Now()
		wanted.Holder, wanted.LeaseUntil = s.holder, now.Add(s.lease)
		if run, err = r.Jobs.Take(ctx, wanted, now); err != nil || !wanted.ByHand {
			return err
		}
		return r.Audit.Record(ctx, audit.Record(who, permission.RunJobs, "job", wanted.Job, now).Changing([]string{"run"}, nil, nil))
	})
	return run, err
}

// do works on a run that was taken, and keeps its lease meanwhile.
func (s *Jobs) do(ctx context.Context, run job.Run, who permission.Actor) job.Run {
	began := s.clock.Now()
	acting := context.WithoutCancel(ctx)
	ctx = ports.WithoutCaller(acting) // how the run ended is written whoever began it
	held := ports.Lease{Run: run.ID, Number: run.Lease, At: run.At}
	work, stop := context.WithCancel(ports.UnderLease(acting, held))
	defer context.AfterFunc(s.alive, stop)()
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		s.keep(work, held, stop)
	}()
	outcome, err := attempt(work, s.jobs[run.Job], who)
	stop()
	<-kept
	run.Outcome = outcome
	ended := s.end(ctx, run, err)
	s.events.Happened(ctx, ports.Event{Name: "job." + run.Job, Err: err, Took: s.clock.Now().Sub(began), Values: []ports.Value{{Name: "did", Text: outcome}}})
	return ended
}

// attempt does the work of a job. A panic is a failure like any other: the process goes on.
func attempt(ctx context.Context, j Job, who permission.Actor) (outcome string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return j.Do(ctx, who)
}

// keep renews the lease until the work ends, and stops the work if the lease is lost.
func (s *Jobs) keep(ctx context.Context, held ports.Lease, stop context.CancelFunc) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(s.lease / 3):
		}
		err := s.store.InTx(ports.WithoutCaller(ports.WithoutLease(ctx)), func(ctx context.Context, r ports.Repos) error {
			return r.Jobs.Renew(ctx, held, s.clock.Now().Add(s.lease))
		})
		if fault.CodeOf(err) == "lease_lost" {
			stop()
			return
		}
	}
}

// end writes how a run ended: done, to be tried again, or failed for good, which is told.
func (s *Jobs) end(ctx context.Context, run job.Run, failure error) job.Run {
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		now := s.clock.Now()
		run.State, run.FinishedAt, run.LeaseUntil = job.Done, now, now
		switch {
		case failure == nil:
			return r.Jobs.Finish(ctx, run)
		case s.alive.Err() != nil && !run.ByHand: // not its fault: whoever is next goes on at once
			run.State, run.FinishedAt, run.Outcome = job.Running, time.Time{}, "stopped"
			return r.Jobs.Finish(ctx, run)
		}
		run.State, run.Outcome = job.Failed, s.why(failure)
		if next, again := run.Retry(now); again {
			run.State, run.FinishedAt, run.LeaseUntil = job.Running, time.Time{}, next
			return r.Jobs.Finish(ctx, run)
		}
		if err := r.Jobs.Finish(ctx, run); err != nil || run.ByHand { // who began it by hand was told
			return err
		}
		return r.Outbox.Put(ctx, ports.JobFailed, strconv.FormatInt(run.ID, 10), now)
	})
	if err != nil && fault.CodeOf(err) != "lease_lost" {
		s.events.Happened(ctx, ports.WorkFailed("jobs", err))
	}
	return run
}

// why is the word that is kept of a failure.
func (s *Jobs) why(failure error) string {
	if s.alive.Err() != nil {
		return "stopped"
	}
	return cmp.Or(fault.CodeOf(failure), "defect")
}
