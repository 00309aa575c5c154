package operations

import (
	"context"
	"time"

	"surgicase/domain/job"
	"surgicase/ports"
)

// Standing is how the scheduled jobs stand at a moment.
type Standing struct {
	At     time.Time
	Runs   []job.Run            // of the last days, and the last of each job
	Known  map[string]time.Time // since when a scheduler has known a job
	Begun  time.Time            // when the database came into use; zero if it did not yet
	Leader string               // the instance that leads, or last did; "" if none ever ran jobs
	Leads  time.Time            // until when it leads
}

const (
	runsSeen = 9 * 24 * time.Hour // more than a week

	// JobLateAfter is how long after its time a job that has not succeeded counts as late.
	JobLateAfter = 2 * time.Hour
)

// Standing says how the jobs stand.
func (s *Jobs) Standing(ctx context.Context) (Standing, error) {
	return view(ctx, s.store, func(ctx context.Context, r ports.Repos) (Standing, error) { return standing(ctx, r, s.clock.Now()) })
}

func standing(ctx context.Context, r ports.Repos, now time.Time) (s Standing, err error) {
	s.At = now
	if s.Runs, err = r.Jobs.Recent(ctx, now.Add(-runsSeen)); err != nil {
		return s, err
	}
	if s.Known, err = r.Jobs.Known(ctx); err != nil {
		return s, err
	}
	if s.Begun, err = r.Figures.Begun(ctx); err != nil {
		return s, err
	}
	s.Leader, s.Leads, err = r.Outbox.Leader(ctx, schedulerName)
	return s, err
}

// Led says whether an instance runs the jobs.
func (s Standing) Led() bool { return s.At.Before(s.Leads) }

// VerifyAudit is the job that verifies the audit trail, and TrailBroken how it ends if somebody changed the trail.
const (
	VerifyAudit = "audit_verify"
	TrailBroken = "audit_trail_broken"
)

// TrailBroken says whether the last verification that came to a verdict found the audit trail broken.
func (s Standing) TrailBroken() (broken bool) {
	for _, run := range s.Runs { // the last one last
		switch {
		case run.Job != VerifyAudit:
		case run.State == job.Done:
			broken = false
		case run.State == job.Failed && run.Outcome == TrailBroken:
			broken = true
		}
	}
	return broken
}

// JobState is how a scheduled job stands.
type JobState struct {
	Succeeded time.Time     // when it last did; zero if it did not within the last days
	Failed    bool          // the last run that ended failed
	Overdue   time.Duration // since the first instant that has passed without a success
}

// Late says whether the job should have been done long ago.
func (s JobState) Late() bool { return s.Overdue > JobLateAfter }

// Job says how a job with this schedule stands. One that never succeeded within the last days was due at its
// first run, and one that never ran when a scheduler got to know it: if none did, when the database came into use.
func (s Standing) Job(name string, of job.Schedule) (state JobState) {
	var first time.Time // the instant of the first run
	for _, run := range s.Runs {
		if run.Job != name {
			continue
		}
		if first.IsZero() || run.At.Before(first) {
			first = run.At
		}
		if run.State != job.Running {
			state.Failed = run.State == job.Failed
		}
		if run.State == job.Done && run.FinishedAt.After(state.Succeeded) {
			state.Succeeded = run.FinishedAt
		}
	}
	if due := s.due(name, of, first, state.Succeeded); !due.IsZero() {
		state.Overdue = max(s.At.Sub(due), 0)
	}
	return state
}

// due is the first instant for which the job has not succeeded, perhaps in the future; zero if nobody can say.
func (s Standing) due(name string, of job.Schedule, first, succeeded time.Time) time.Time {
	since, known := s.Known[name]
	switch {
	case !succeeded.IsZero():
		return of.Next(succeeded)
	case !first.IsZero():
		return first
	case known:
		return of.Next(since)
	case !s.Begun.IsZero():
		return of.Next(s.Begun)
	}
	return time.Time{}
}
