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
			var outcomes []string
			var failed error
			for _, kind := range kinds {
				runs, err := mailings.ToMail(ctx, kind, ports.InstantOf(ctx, clock.Now()))
				failed = errors.Join(failed, err)
				for _, run := range runs { // what fails for one run is no reason to keep the others back
					outcome, err := mailRun(ctx, mailings, who, kind, run)
					outcomes, failed = append(outcomes, outcome), errors.Join(failed, err)
				}
			}
			if len(outcomes) == 0 && failed == nil {
				return "no weekly run is left to be mailed", nil
			}
			return strings.Join(outcomes, "; "), failed
		}
	}
	maps.Copy(list.Jobs, map[string]operations.Job{
		"mail_payment_reports": {
			Schedule: job.Weekly(time.Monday, 9, 0), What: "mails the payment report and the summary of each weekly run that was not mailed yet to their lists",
			After: openRun, Do: work(letters.PaymentReport, letters.SummaryReport), DryRun: true,
		},
		"mail_provider_reports": {
			Schedule: job.Weekly(time.Monday, 10, 0), What: "mails each provider of each weekly run that was not mailed yet their own report",
			After: openRun, Do: work(letters.IndividualReport), DryRun: true,
		},
	})
	return list
}

// mailRun mails a report of a run and returns what came of it in words. That nobody is on the list is no failure.
func mailRun(ctx context.Context, mailings *statements.Mailings, who permission.Actor, kind letters.Kind, run int64) (string, error) {
	done, err := mailings.MailRun(ctx, who, kind, run)
	if fault.CodeOf(err) == "no_recipients" {
		return fmt.Sprintf("run %d, %s: nobody is on its list", run, kind), nil
	}
	queued, not := done.Counts()
	return fmt.Sprintf("run %d, %s: %d mails queued, %d not to be mailed, %d without a report", run, kind, queued, not, len(done.Skipped)), err
}
