package job

import (
	"slices"
	"time"

	"surgicase/domain/ident"
)

// State is how far a run has come.
type State string

// The states.
const (
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed"
)

// Run is one run of a job: for an instant of its schedule, or begun by hand.
type Run struct {
	ID         int64
	Job        string
	At         time.Time // the instant it is for
	ByHand     bool
	StartedBy  ident.UserID
	State      State
	Holder     string // who works on it
	Lease      int64  // rises with every holder and is in the WHERE of every write of the job
	LeaseUntil time.Time
	Attempts   int
	StartedAt  time.Time // of the first attempt
	FinishedAt time.Time
	Outcome    string // counts, or the code of what went wrong
}

// Held says whether somebody works on the run, or is to try it again at a later time.
// A run that began in the future, or whose lease ends later than one that is taken now could, was held by a clock that
// was ahead and has been set right: it has expired.
func (r *Run) Held(now time.Time) bool {
	return r.State == Running && now.Before(r.LeaseUntil) && !r.LeaseUntil.After(now.Add(MaxHold+maxClockSkew)) &&
		!r.StartedAt.After(now.Add(maxClockSkew))
}

// MaxHold is for how long a run is held at most: the longest pause before it is tried again. A lease is shorter.
const MaxHold = (maxAttempts - 1) * retryPause

// maxClockSkew is how far the clocks of instances may differ.
const maxClockSkew = 15 * time.Second

// Due says which instant of a schedule is to be worked on now: the latest one, if it is no older than
// catchup, later than when the scheduler first knew the job, and neither done, failed nor being worked
// on. A missed week is caught up once, not once a day.
func Due(s Schedule, runs []Run, knownSince, now time.Time, catchup time.Duration) (time.Time, bool) {
	at := s.Last(now)
	if at.Before(knownSince) || now.Sub(at) > catchup {
		return time.Time{}, false
	}
	for i := range runs {
		if r := &runs[i]; !r.ByHand && r.At.Equal(at) && (r.State != Running || r.Held(now)) {
			return time.Time{}, false
		}
	}
	return at, true
}

// Busy says whether one of the runs is not finished: somebody works on it, or it is to be tried again.
func Busy(runs []Run) bool {
	return slices.ContainsFunc(runs, func(r Run) bool { return r.State == Running })
}

// Left says whether a run was left by whoever worked on it and will never be taken up again: it was
// begun by hand, or a later instant is due. It counts as failed.
func (r *Run) Left(s Schedule, now time.Time, catchup time.Duration) bool {
	if r.State != Running || r.Held(now) {
		return false
	}
	return r.ByHand || s.Last(now).After(r.At) || now.Sub(r.At) > catchup
}

// How often a run that failed is tried.
const (
	maxAttempts = 3
	retryPause  = time.Minute
)

// Retry says when a run of the schedule that has just failed is tried again. What was begun by hand is not.
func (r *Run) Retry(now time.Time) (time.Time, bool) {
	if r.ByHand || r.Attempts >= maxAttempts {
		return time.Time{}, false
	}
	return now.Add(time.Duration(r.Attempts) * retryPause), true
}
