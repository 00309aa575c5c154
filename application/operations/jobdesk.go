package operations

import (
	"context"
	"maps"
	"slices"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/dryrun"
	"surgicase/domain/fault"
	"surgicase/domain/job"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// JobReport is a job with its times.
type JobReport struct {
	Name     string
	What     string
	Schedule job.Schedule
	Next     time.Time
	Last     *job.Run // nil if it never ran
	DryRuns  bool     // it has a dry run
}

// List reports on every job, in order of name.
//
// Faults: Forbidden.
func (s *Jobs) List(ctx context.Context, who permission.Actor) ([]JobReport, error) {
	if err := s.allowed(ctx, who, ""); err != nil {
		return nil, err
	}
	now := s.clock.Now()
	runs, err := view(ctx, s.store, func(ctx context.Context, r ports.Repos) ([]job.Run, error) { return r.Jobs.Recent(ctx, now) })
	if err != nil {
		return nil, err
	}
	last := map[string]job.Run{}
	for _, r := range runs {
		last[r.Job] = r
	}
	var reports []JobReport
	for _, name := range slices.Sorted(maps.Keys(s.jobs)) {
		j := s.jobs[name]
		report := JobReport{Name: name, What: j.What, Schedule: j.Schedule, Next: j.Schedule.Next(now), DryRuns: j.Preview != nil || j.DryRun}
		if r, ran := last[name]; ran {
			report.Last = &r
		}
		reports = append(reports, report)
	}
	return reports, nil
}

// Run runs a job now, as the person who asks, and waits for it at most for patience: a longer run goes on
// by itself.
//
// Faults: Forbidden; NotFound "job_not_found"; Conflict "job_running".
func (s *Jobs) Run(ctx context.Context, who permission.Actor, name string, patience time.Duration) (job.Run, error) {
	if err := s.find(ctx, who, name); err != nil {
		return job.Run{}, err
	}
	run, err := s.take(ctx, job.Run{Job: name, At: s.clock.Now(), ByHand: true, StartedBy: who.User}, who)
	if err != nil {
		return job.Run{}, err
	}
	done := make(chan job.Run, 1)
	s.work.Go(func() { done <- s.do(context.WithoutCancel(ctx), run, who) })
	select {
	case run = <-done:
	case <-time.After(patience):
	case <-ctx.Done():
	}
	return run, nil
}

// Preview returns what a job would do now, without doing it.
//
// Faults: Forbidden; NotFound "job_not_found"; Invalid "job_without_preview" naming query.dry_run.
func (s *Jobs) Preview(ctx context.Context, who permission.Actor, name string) (string, error) {
	if err := s.find(ctx, who, name); err != nil {
		return "", err
	}
	ctx, _ = dryrun.Start(ctx)
	switch j := s.jobs[name]; {
	case j.Preview != nil:
		return j.Preview(ctx, who)
	case j.DryRun:
		return j.Do(ctx, who)
	}
	f := fault.New(fault.Invalid, "job_without_preview", "This job does not support dry_run.").Naming("job", name)
	f.Fields = []fault.Field{{Location: "query.dry_run", Message: "is not supported by this job"}}
	return "", f
}

func (s *Jobs) find(ctx context.Context, who permission.Actor, name string) error {
	if err := s.allowed(ctx, who, name); err != nil {
		return err
	}
	if _, known := s.jobs[name]; !known {
		return fault.New(fault.NotFound, "job_not_found", "There is no such job.")
	}
	return nil
}

func (s *Jobs) allowed(ctx context.Context, who permission.Actor, name string) error {
	err := permission.Check(who, permission.RunJobs, "")
	if err == nil {
		return nil
	}
	if _, known := s.jobs[name]; !known {
		name = "" // what somebody made up does not go onto the trail
	}
	return ports.Refused(ctx, s.store, audit.Record(who, permission.RunJobs, "job", name, s.clock.Now()), err)
}
