package bootstrap

import (
	"context"
	"fmt"
	"math"
	"os"
	"time"

	"go.uber.org/fx"

	"surgicase/application/operations"
	"surgicase/domain/job"
	"surgicase/domain/permission"
)

// Schedule runs the jobs until it is told to stop, and with them what follows their commits.
func (p *program) Schedule(ctx context.Context) error {
	c, err := LoadConfig(p.env, false)
	if err != nil {
		return err
	}
	c.serving = true // its log is its answer
	app := fx.New(core(c, p.env, Parts{}), fx.Invoke(prepareSchema(ctx)), working(), fx.Invoke(runScheduler))
	if err := app.Err(); err != nil {
		return root(err)
	}
	if err := app.Start(ctx); err != nil {
		return root(err)
	}
	_, _ = fmt.Fprintf(os.Stderr, "SurgiCase %s runs the scheduled jobs\n", version)
	<-ctx.Done()
	return app.Stop(context.WithoutCancel(ctx))
}

// working is what an instance does beside answering: it seals the trail, and brings about what follows
// commits. The notary stops last: what the others leave on the trail is sealed.
func working() fx.Option {
	return fx.Options(fx.Invoke(watchChain), fx.Invoke(runNotary), fx.Invoke(runOutbox), fx.Invoke(runDuplicateSearch), fx.Invoke(runTrimWAL))
}

// ListJobs reports on every job.
func (p *program) ListJobs(ctx context.Context) (reports []operations.JobReport, err error) {
	var jobs *operations.Jobs
	err = p.run(ctx, []any{&jobs}, func(ctx context.Context) (err error) {
		reports, err = jobs.List(ctx, permission.System("cli"))
		return err
	})
	return reports, err
}

// RunJob runs a job as the operator and waits for it.
func (p *program) RunJob(ctx context.Context, name string) (run job.Run, err error) {
	var jobs *operations.Jobs
	err = p.run(ctx, []any{&jobs}, func(ctx context.Context) (err error) {
		run, err = jobs.Run(ctx, permission.System("cli"), name, time.Duration(math.MaxInt64))
		jobs.Stop() // if it was told to stop, what is under way must not outlive the store
		return err
	})
	return run, err
}

// PreviewJob says what a job would do.
func (p *program) PreviewJob(ctx context.Context, name string) (would string, err error) {
	var jobs *operations.Jobs
	err = p.run(ctx, []any{&jobs}, func(ctx context.Context) (err error) {
		would, err = jobs.Preview(ctx, permission.System("cli"), name)
		return err
	})
	return would, err
}
