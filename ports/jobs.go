package ports

import (
	"context"
	"time"

	"surgicase/domain/job"
)

// Jobs stores the runs of scheduled jobs: one for each instant, however many instances want it.
type Jobs interface {
	// Know notes jobs that are seen for the first time, and returns since when each is known.
	Know(ctx context.Context, names []string, now time.Time) (map[string]time.Time, error)

	// Known returns since when each job is known, without noting any.
	Known(ctx context.Context) (map[string]time.Time, error)

	// Take begins a run, or goes on with the one of its job and instant if nobody holds that, under a
	// higher lease number. One by hand is always a new one. Conflict "job_running" if somebody works on a run of the job; "job_done" if
	// the run is finished.
	Take(ctx context.Context, wanted job.Run, now time.Time) (job.Run, error)

	// Renew prolongs a lease. Conflict "lease_lost" if another holder took over or the run is finished.
	Renew(ctx context.Context, held Lease, until time.Time) error

	// Finish writes state, lease time, finishing time and outcome of a run. Conflict "lease_lost" as Renew,
	// but a run that its own last write finished takes its outcome.
	Finish(ctx context.Context, run job.Run) error

	// Get returns a run. NotFound "job_run_not_found".
	Get(ctx context.Context, id int64) (job.Run, error)

	// Recent returns the runs for instants since a time, those that are not finished, and the last of
	// each job; in order of id.
	Recent(ctx context.Context, since time.Time) ([]job.Run, error)
}

// Lease is the right to write for a run of a job.
type Lease struct {
	Run    int64
	Number int64
	At     time.Time // the instant that the run is for
	last   bool
}

type leaseKey struct{}

// UnderLease gives a context in which every transaction of the store holds only while the lease does: it
// fails with Conflict "lease_lost" and writes nothing once another instance took over.
func UnderLease(ctx context.Context, l Lease) context.Context {
	return context.WithValue(ctx, leaseKey{}, l)
}

// LeaseOf is the lease under which the context's work is done.
func LeaseOf(ctx context.Context) (Lease, bool) {
	l, ok := ctx.Value(leaseKey{}).(Lease)
	return l, ok
}

// WithoutLease gives a context for work that stands whoever holds the lease.
func WithoutLease(ctx context.Context) context.Context {
	return context.WithValue(ctx, leaseKey{}, nil)
}

// LastWrite gives a context whose next transaction also finishes the run of its lease, so that after a
// crash the job is not begun a second time. For jobs that are one transaction.
func LastWrite(ctx context.Context) context.Context {
	l, ok := LeaseOf(ctx)
	if !ok {
		return ctx
	}
	l.last = true
	return UnderLease(ctx, l)
}

// Last says whether the transaction finishes the run.
func (l Lease) Last() bool { return l.last }

// InstantOf is the instant of the schedule that the context's work is for; fallback where there is none.
func InstantOf(ctx context.Context, fallback time.Time) time.Time {
	if l, ok := LeaseOf(ctx); ok {
		return l.At
	}
	return fallback
}
