package bootstrap

import (
	"context"
	"maps"
	"slices"
	"time"

	"surgicase/application/operations"
)

// scheduler says where jobs are run, as far as this instance can know.
func (c Config) scheduler() string {
	if c.EnableScheduler {
		return "serve"
	}
	return "elsewhere"
}

// schedulerProbe says who runs the jobs, what comes next, and what did not go as it should. Without jobs most of
// the product works, so it degrades.
func schedulerProbe(jobs *operations.Jobs, list operations.JobList, enabled bool) func(context.Context) (operations.Finding, error) {
	return func(ctx context.Context) (operations.Finding, error) {
		standing, err := jobs.Standing(ctx)
		if err != nil {
			return operations.Finding{}, err
		}
		found := judgeJobs(standing, list)
		if !enabled && !standing.Led() { // off on purpose is healthy; docs/operating.md has alerts for jobs that are late
			found.State, found.Details = operations.Disabled, "ENABLE_SCHEDULER is off, and no other instance runs the jobs"
		}
		return found, nil
	}
}

func judgeJobs(standing operations.Standing, list operations.JobList) operations.Finding {
	late, failed, next := []string{}, []string{}, ""
	var at time.Time
	for _, name := range slices.Sorted(maps.Keys(list.Jobs)) {
		schedule := list.Jobs[name].Schedule
		state := standing.Job(name, schedule)
		if state.Late() {
			late = append(late, name)
		}
		if state.Failed {
			failed = append(failed, name)
		}
		if due := schedule.Next(standing.At); next == "" || due.Before(at) {
			next, at = name, due
		}
	}
	found := operations.Finding{Details: "runs the jobs", Figures: map[string]any{"next_job": next, "next_at": at, "late": late, "failed": failed}}
	if standing.Leader != "" {
		found.Figures["leader"], found.Figures["leads_until"] = standing.Leader, standing.Leads
	}
	switch {
	case !standing.Led():
		found.State, found.Details = operations.Degraded, "no instance runs the jobs"
	case len(late)+len(failed) > 0:
		found.State, found.Details = operations.Degraded, "a job is late or failed"
	}
	return found
}
