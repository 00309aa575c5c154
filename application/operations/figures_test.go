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
		return job.Run{Job: "backup", At: due, State: state, FinishedAt: finished}
	}
	long := job.Run{Job: "backup", At: due.AddDate(0, 0, -3), State: job.Failed, FinishedAt: due.AddDate(0, 0, -3)}
	for name, x := range map[string]struct {
		runs []job.Run
		want operations.JobState
	}{
		"never ran":                {nil, operations.JobState{}},
		"another job ran":          {[]job.Run{{Job: "retention", State: job.Done, FinishedAt: due}}, operations.JobState{}},
		"done in time":             {[]job.Run{run(job.Done, due.Add(time.Minute))}, operations.JobState{Succeeded: due.Add(time.Minute)}},
		"failing for three days":   {[]job.Run{long, run(job.Failed, due)}, operations.JobState{Failed: true, Overdue: 80 * time.Hour}},
		"done yesterday only":      {[]job.Run{run(job.Done, due.Add(-23*time.Hour))}, operations.JobState{Succeeded: due.Add(-23 * time.Hour), Overdue: 8 * time.Hour}},
		"failed":                   {[]job.Run{run(job.Failed, due.Add(time.Minute))}, operations.JobState{Failed: true, Overdue: 8 * time.Hour}},
		"failed, then done":        {[]job.Run{run(job.Failed, due), run(job.Done, due.Add(time.Hour))}, operations.JobState{Succeeded: due.Add(time.Hour)}},
		"failed, and under way":    {[]job.Run{run(job.Failed, due), run(job.Running, time.Time{})}, operations.JobState{Failed: true, Overdue: 8 * time.Hour}},
		"done by hand after a day": {[]job.Run{run(job.Done, now.Add(-time.Minute))}, operations.JobState{Succeeded: now.Add(-time.Minute)}},
	} {
		standing := operations.Standing{At: now, Runs: x.runs}
		if got := standing.Job("backup", job.Daily(2, 0)); got != x.want {
			t.Errorf("%s: %+v, want %+v", name, got, x.want)
		}
	}
}

// A job that never ran is late like any other, and nothing is late on the day on which it was set up.
func TestAJobThatNeverRanIsLate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 4, 10, 0, 0, 0, time.UTC) // a Wednesday
	monday := job.Weekly(time.Monday, 8, 0)
	for name, x := range map[string]struct {
		known map[string]time.Time
		begun time.Time
		want  time.Duration
	}{
		"nobody uses the database yet":             {nil, time.Time{}, 0},
		"used since yesterday":                     {nil, now.AddDate(0, 0, -1), 0},
		"used since Sunday, and nobody runs jobs":  {nil, now.AddDate(0, 0, -3), 50 * time.Hour},
		"used for weeks, and nobody runs jobs":     {nil, now.AddDate(0, 0, -17), (14*24 + 50) * time.Hour},
		"the job came with yesterday's version":    {map[string]time.Time{"open": now.AddDate(0, 0, -1)}, now.AddDate(-1, 0, 0), 0},
		"known for weeks":                          {map[string]time.Time{"open": now.AddDate(0, 0, -10)}, now.AddDate(-1, 0, 0), (7*24 + 50) * time.Hour},
		"only other jobs are known to a scheduler": {map[string]time.Time{"settle": now}, now.AddDate(0, 0, -3), 50 * time.Hour},
	} {
		standing := operations.Standing{At: now, Known: x.known, Begun: x.begun}
		if got := standing.Job("open", monday); got.Overdue != x.want || got.Failed {
			t.Errorf("%s: %+v, want %s", name, got, x.want)
		}
	}
}
