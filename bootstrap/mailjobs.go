package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"surgicase/application/operations"
	"surgicase/application/statements"
	"surgicase/application/support"
	"surgicase/domain/fault"
	"surgicase/domain/job"
	letters "surgicase/domain/mail"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// forgettingReports has a job also forget what clients reported of their requests long ago.
func forgettingReports(of operations.Job, bugs *support.Service) operations.Job {
	do := of.Do
	of.Do = func(ctx context.Context, who permission.Actor) (string, error) {
		outcome, err := do(ctx, who)
		if err != nil {
			return outcome, err
		}
		forgotten, err := bugs.Forget(ctx)
		return fmt.Sprintf("%s, %d reports of clients forgotten", outcome, forgotten), err
	}
	return of
}

// withMailJobs adds the weekly mailings to the jobs, and the reports of clients to what is forgotten. Source: spec/decisions.md 7.1 and the reference.
func withMailJobs(list operations.JobList, mailings *statements.Mailings, bugs *support.Service, clock ports.Clock) operations.JobList {
	list.Jobs["retention"] = forgettingReports(list.Jobs["retention"], bugs)
	work := func(kinds ...letters.Kind) func(context.Context, permission.Actor) (string, error) {
		return func(ctx context.Context, who permission.Actor) (string, error) {
			run, err := mailings.Weekly(ctx, ports.InstantOf(ctx, clock.Now()))
			if errors.Is(err, fault.NotFound) {
				return "no run was opened in the week before", nil
			}
			var outcomes []string
			for _, kind := range kinds {
				if err != nil {
					break
				}
				var done statements.Mailed
				done, err = mailings.MailRun(ctx, who, kind, run)
				if fault.CodeOf(err) == "no_recipients" {
					outcomes, err = append(outcomes, string(kind)+": nobody is on its list"), nil
					continue
				}
				queued, not := done.Counts()
				outcomes = append(outcomes, fmt.Sprintf("%s: %d mails queued, %d not to be mailed, %d without a report", kind, queued, not, len(done.Skipped)))
			}
			return fmt.Sprintf("run %d: %s", run, strings.Join(outcomes, "; ")), err
		}
	}
	maps.Copy(list.Jobs, map[string]operations.Job{
		"mail_payment_reports": {
			Schedule: job.Weekly(time.Monday, 9, 0), What: "mails the payment report and the summary of the week's run to their lists",
			After: openRun, Do: work(letters.PaymentReport, letters.SummaryReport), DryRun: true,
		},
		"mail_provider_reports": {
			Schedule: job.Weekly(time.Monday, 10, 0), What: "mails each provider of the week's run his own report",
			After: openRun, Do: work(letters.IndividualReport), DryRun: true,
		},
	})
	return list
}
