package operations_test

import (
	"testing"
	"time"

	"surgicase/application/operations"
	"surgicase/domain/job"
)

func TestHowAJobStands(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 4, 10, 0, 0, 0, time.UTC)
	due := time.Date(2026, time.March, 4, 2, 0, 0, 0, time.UTC) // daily at 02:00
	run := func(state job.State, finished time.Time) job.Run {
		return job.Run{Job: "backup", State: state, FinishedAt: finished}
	}
	for name, x := range map[string]struct {
		runs []job.Run
		want operations.JobState
	}{
		"never ran":                {nil, operations.JobState{}},
		"another job ran":          {[]job.Run{{Job: "retention", State: job.Done, FinishedAt: due}}, operations.JobState{}},
		"done in time":             {[]job.Run{run(job.Done, due.Add(time.Minute))}, operations.JobState{Succeeded: due.Add(time.Minute)}},
		"done yesterday only":      {[]job.Run{run(job.Done, due.Add(-23*time.Hour))}, operations.JobState{Succeeded: due.Add(-23 * time.Hour), Overdue: 8 * time.Hour}},
		"failed":                   {[]job.Run{run(job.Failed, due.Add(time.Minute))}, operations.JobState{Failed: true, Overdue: 8 * time.Hour}},
		"failed, then done":        {[]job.Run{run(job.Failed, due), run(job.Done, due.Add(time.Hour))}, operations.JobState{Succeeded: due.Add(time.Hour)}},
		"failed, and under way":    {[]job.Run{run(job.Failed, due), run(job.Running, time.Time{})}, operations.JobState{Failed: true, Overdue: 8 * time.Hour}},
		"done by hand after a day": {[]job.Run{run(job.Done, now.Add(-time.Minute))}, operations.JobState{Succeeded: now.Add(-time.Minute)}},
	} {
		r := operations.Report{At: now, Runs: x.runs}
		if got := r.Job("backup", job.Daily(2, 0)); got != x.want {
			t.Errorf("%s: %+v, want %+v", name, got, x.want)
		}
	}
}
