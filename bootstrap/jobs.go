package bootstrap

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/fx"

	"surgicase/adapters/cron"
	"surgicase/adapters/sqlstore"
	"surgicase/application/backups"
	"surgicase/application/documents"
	"surgicase/application/npidirectory"
	"surgicase/application/operations"
	"surgicase/application/payments"
	"surgicase/application/statements"
	"surgicase/domain/job"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// openRun is the job whose run the mailings are about.
const openRun = "open_payment_run"

// newJobList names the jobs with their times, in UTC. Source: spec/decisions.md 5.3 and the reference.
func newJobList(c Config, parts Parts, runs *payments.Runs, keeping *operations.Retention, copies *backups.Service, imports *npidirectory.Imports, reports *statements.Reports, trail *operations.Trail, verifier *documents.Verifier, out deposit, secrets ports.Secrets, clock ports.Clock) operations.JobList {
	return operations.JobList{
		Catchup: time.Duration(c.Catchup) * time.Hour,
		Lease:   parts.Lease,
		Jobs: map[string]operations.Job{
			openRun: {
				Schedule: job.Weekly(time.Monday, 8, 0), What: "opens the weekly payment run: payable cases at 10 go to 15",
				Do: func(ctx context.Context, who permission.Actor) (string, error) {
					done, err := runs.Open(ports.LastWrite(ctx), who, payments.NewRun{Kind: pay.Weekly})
					return openedWords(done), err
				},
				DryRun: true,
			},
			"settle_payment_runs": {
				Schedule: job.Weekly(time.Thursday, 8, 0), What: "settles every payment run that was opened before: its cases at 15 go to 20",
				Do: func(ctx context.Context, who permission.Actor) (string, error) {
					n, payments, err := runs.SettleAll(ctx, who, ports.InstantOf(ctx, clock.Now()))
					return fmt.Sprintf("%d payments of %d runs settled", payments, n), err
				},
				DryRun: true,
			},
			"npi_sync": {
				Schedule: job.Weekly(time.Tuesday, 8, 0), What: "loads the weekly files of the NPI registry that are published and not loaded yet",
				Do: func(ctx context.Context, who permission.Actor) (string, error) { return syncNPIs(ctx, c, imports, who) },
			},
			"backup": {
				Schedule: job.Daily(2, 0), What: "stores an encrypted backup of everything, and removes those that are too old",
				Do: func(ctx context.Context, who permission.Actor) (string, error) {
					return backUp(ctx, copies, who, c.keptFor())
				},
			},
			"report_cleanup": {
				Schedule: job.Daily(3, 30), What: "removes previews of reports and accounting files that are older than REPORT_RETENTION_DAYS",
				Do: func(ctx context.Context, _ permission.Actor) (string, error) {
					kept, err := previewsKept(ctx, c, secrets)
					if err != nil {
						return "", err
					}
					n, err := reports.CleanUp(ctx, kept)
					return fmt.Sprintf("%d previews removed", n), err
				},
			},
			operations.VerifyAudit: {
				Schedule: job.Daily(4, 0), What: "verifies the whole audit trail, also against the checkpoints in DATA_DIR and in the storage",
				Do: func(ctx context.Context, who permission.Actor) (string, error) {
					return verifyTrail(ctx, out, secrets, trail, who)
				},
			},
			"verify_documents": {
				Schedule: job.Weekly(time.Sunday, 5, 0), What: "checks that stored documents are what was uploaded: the size of all, the content of this week's share",
				Do: verifier.Work, Preview: verifier.Preview,
			},
			"retention": {
				Schedule: job.Daily(3, 0), What: "purges cases that were deleted long ago, and forgets what is kept for a while only",
				Do: keeping.Work, Preview: keeping.Preview,
			},
		},
	}
}

// openedWords says how much a run pays. It names no amounts of one provider and no case.
func openedWords(o payments.Opened) string {
	if o.Run == nil {
		return fmt.Sprintf("nothing to pay, %d cases held", len(o.Held))
	}
	run := "run"
	if o.Run.ID != 0 {
		run = fmt.Sprintf("run %d", o.Run.ID)
	}
	return fmt.Sprintf("%s: %d payments, %s, %d cases held", run, o.Run.Payments, o.Run.Opened, len(o.Held))
}

// JobConfig says whether and how jobs are run.
type JobConfig struct {
	EnableScheduler Switch `env:"ENABLE_SCHEDULER" envDefault:"false" doc:"true runs the scheduled jobs inside serve; surgicase scheduler runs them alone, whatever this says"`
	Catchup         Count  `env:"SCHEDULER_CATCHUP" envDefault:"72" doc:"hours for which a scheduled time that was missed is caught up, once"`
	RetentionDays   Count  `env:"RETENTION_DELETED_DAYS" envDefault:"2190" doc:"days after which a deleted case is purged with its documents; its id stays taken and its payments stay"`
	ReportDays      Count  `env:"REPORT_RETENTION_DAYS" envDefault:"0" doc:"days after which previews in reports/ and exports/ are removed; 0 takes retention_days of the secret surgicase/s3-user-reports where STORAGE_URL=secret, else 7. Files of payment runs are served again as they were and stay"`
}

// previewsKept is the retention of reports/ and exports/. Source: spec/decisions.md 11.15.
func previewsKept(ctx context.Context, c Config, secrets ports.Secrets) (time.Duration, error) {
	days := int(c.ReportDays)
	if days == 0 && c.StorageURL.url == storageFromSecret {
		text, err := secrets.Get(ctx, storageSecret)
		if err == nil {
			days, err = retentionDays(text)
		}
		if err != nil {
			return 0, err
		}
	}
	if days == 0 {
		return statements.PreviewsKept, nil
	}
	return time.Duration(days) * day, nil
}

func (c Config) keepDeleted() operations.KeepDeleted {
	return operations.KeepDeleted(time.Duration(c.RetentionDays) * 24 * time.Hour)
}

// wakePause is how long something due may lie when no clock has woken an instance for it.
const wakePause = 30 * time.Second

// scheduling provides the jobs.
func scheduling() fx.Option {
	return fx.Provide(operations.NewRetention, operations.NewPurging, Config.keepDeleted, newDocumentVerifier, newJobList, provideJobs)
}

func newDocumentVerifier(c Config, store *sqlstore.Store, blobs ports.Blobs, clock ports.Clock, events ports.Events) *documents.Verifier {
	return documents.NewVerifier(store, blobs, clock, events, int64(c.VerifyGB)<<30)
}

// provideJobs makes the jobs. At the end of the app they break off what is under way, before the store
// closes.
func provideJobs(life fx.Lifecycle, store ports.Store, clock ports.Clock, ids ports.IDs, events ports.Events, list operations.JobList) *operations.Jobs {
	jobs := operations.NewJobs(store, clock, ids, events, list)
	life.Append(fx.StopHook(jobs.Stop))
	return jobs
}

// runSchedulerIfEnabled is runScheduler where the configuration wants it.
func runSchedulerIfEnabled(life fx.Lifecycle, c Config, jobs *operations.Jobs, parts Parts, events ports.Events) {
	if c.EnableScheduler {
		runScheduler(life, jobs, parts, events)
	}
}

// runScheduler wakes the jobs while the app runs.
func runScheduler(life fx.Lifecycle, jobs *operations.Jobs, parts Parts, events ports.Events) {
	ctx, cancel := context.WithCancel(context.Background())
	var waker *cron.Waker
	life.Append(fx.Hook{
		OnStart: func(context.Context) (err error) {
			waker, err = cron.Start(ctx, jobs, orElse(parts.Wake, wakePause), func(err error) {
				events.Happened(ctx, ports.WorkFailed("jobs", err))
			})
			return err
		},
		OnStop: func(context.Context) error {
			cancel()
			return waker.Stop()
		},
	})
}
