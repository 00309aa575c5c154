package job_test

import (
	"testing"
	"time"

	"surgicase/domain/job"
)

// A lease that ends later than anybody could have taken it now is one of a clock that was ahead.
func TestRun_Held(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	for name, x := range map[string]struct {
		began, until time.Duration // from now
		state        job.State
		want         bool
	}{
		"at work":                              {-time.Second, time.Minute, job.Running, true},
		"silent for too long":                  {-time.Hour, 0, job.Running, false},
		"to be tried again":                    {-time.Hour, 2 * time.Minute, job.Running, true},
		"by a clock that is seconds ahead":     {10 * time.Second, 2*time.Minute + 10*time.Second, job.Running, true},
		"begun in the future":                  {3 * time.Hour, 3*time.Hour + time.Minute, job.Running, false},
		"renewed in the future":                {-time.Minute, 3 * time.Hour, job.Running, false},
		"renewed as far ahead as nobody could": {-time.Minute, job.MaxHold + 16*time.Second, job.Running, false},
		"finished":                             {-time.Minute, time.Minute, job.Done, false},
	} {
		run := job.Run{State: x.state, StartedAt: now.Add(x.began), LeaseUntil: now.Add(x.until)}
		if got := run.Held(now); got != x.want {
			t.Errorf("%s: held is %t", name, got)
		}
	}
}
