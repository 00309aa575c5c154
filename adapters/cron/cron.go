// Package cron is the clock on the wall: it wakes whoever runs the jobs at their times, in UTC, and now
// and then between them. It decides nothing; what is due is decided by what is stored.
package cron

import (
	"context"
	"time"

	"github.com/go-co-op/gocron/v2"

	"surgicase/application/operations"
	"surgicase/domain/job"
)

// Waker wakes the jobs.
type Waker struct{ scheduler gocron.Scheduler }

// Start wakes the jobs at once, at each of their times, and every so often for what was missed or left by others.
func Start(ctx context.Context, jobs *operations.Jobs, every time.Duration, failed func(error)) (*Waker, error) {
	scheduler, err := gocron.NewScheduler(gocron.WithLocation(time.UTC))
	if err != nil {
		return nil, err
	}
	wake := gocron.NewTask(func() {
		if err := jobs.Sweep(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
	})
	times := []gocron.JobDefinition{gocron.OneTimeJob(gocron.OneTimeJobStartImmediately()), gocron.DurationJob(every)}
	for _, s := range jobs.Schedules() {
		times = append(times, definition(s))
	}
	for _, at := range times {
		if _, err := scheduler.NewJob(at, wake, gocron.WithSingletonMode(gocron.LimitModeReschedule)); err != nil {
			return nil, err
		}
	}
	scheduler.Start()
	return &Waker{scheduler}, nil
}

func definition(s job.Schedule) gocron.JobDefinition {
	at := gocron.NewAtTimes(gocron.NewAtTime(uint(s.Hour), uint(s.Minute), 0))
	if s.Daily {
		return gocron.DailyJob(1, at)
	}
	return gocron.WeeklyJob(1, gocron.NewWeekdays(s.Day), at)
}

// Stop ends the waking.
func (w *Waker) Stop() error { return w.scheduler.Shutdown() }
