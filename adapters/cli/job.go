package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"surgicase/application/operations"
	"surgicase/domain/job"
)

// Scheduler runs jobs at their times, or now.
type Scheduler interface {
	Schedule(ctx context.Context) error
	ListJobs(ctx context.Context) ([]operations.JobReport, error)
	RunJob(ctx context.Context, name string) (job.Run, error)
	PreviewJob(ctx context.Context, name string) (string, error)
}

func scheduler(p Scheduler) *cobra.Command {
	return &cobra.Command{
		Use: "scheduler", Short: "Run the scheduled jobs until told to stop, without answering HTTP", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.Schedule(c.Context()) },
	}
}

func jobCommands(p Scheduler) *cobra.Command {
	c := &cobra.Command{Use: "job", Short: "List the scheduled jobs, or run one now as the operator"}
	c.AddCommand(listJobs(p), runJob(p))
	return c
}

func listJobs(p Scheduler) *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List the jobs with their times and how the last run went", Args: cobra.NoArgs}
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		reports, err := p.ListJobs(c.Context())
		if err != nil {
			return err
		}
		list := newListing("JOB", "TIMES", "NEXT", "LAST", "STATE", "OUTCOME")
		for _, r := range reports {
			var last, state, outcome any
			if r.Last != nil {
				last, state, outcome = r.Last.StartedAt, string(r.Last.State), r.Last.Outcome
			}
			list.add(r.Name, r.Schedule.String(), r.Next, last, state, outcome)
		}
		return list.print(c.OutOrStdout(), *asJSON)
	}
	return c
}

func runJob(p Scheduler) *cobra.Command {
	var dry bool
	var asJSON *bool
	c := &cobra.Command{
		Use: "run NAME", Short: "Run a job now and wait for it", Args: cobra.ExactArgs(1), Example: "  surgicase job run open_payment_run --dry-run",
		RunE: func(c *cobra.Command, args []string) error {
			if dry {
				would, err := p.PreviewJob(c.Context(), args[0])
				if err == nil && *asJSON {
					return printJSON(c.OutOrStdout(), map[string]any{"job": args[0], "dry_run": true, "outcome": would})
				}
				if err == nil {
					fmt.Fprintln(c.OutOrStdout(), would)
				}
				return err
			}
			run, err := p.RunJob(c.Context(), args[0])
			if err == nil && *asJSON {
				err = printJSON(c.OutOrStdout(), map[string]any{
					"job": run.Job, "run_id": run.ID, "state": run.State, "started_at": cellValue(run.StartedAt), "finished_at": cellValue(run.FinishedAt),
					"outcome": run.Outcome,
				})
			}
			switch {
			case err != nil:
				return err
			case run.State != job.Done:
				return fmt.Errorf("%s failed: %s", run.Job, run.Outcome)
			}
			if !*asJSON {
				fmt.Fprintln(c.OutOrStdout(), run.Outcome)
			}
			return nil
		},
	}
	asJSON = jsonFlag(c)
	c.Flags().BoolVar(&dry, "dry-run", false, "say what it would do and do nothing")
	return c
}
