package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"surgicase/domain/job"
	"surgicase/ports"
	"surgicase/test/given"
)

func TestTheMondayJobsMailEachReportOnce(t *testing.T) {
	withMail(t, nil, func(p *program, server *given.MailServer) {
		p.payday() // a run by hand, which is not the week's
		p.onList("provider_payment_report_weekly", "books@example.com", "Zoë")
		start := func(name string) {
			p.send(http.MethodPost, "/scheduler/jobs/"+name+"/run", root, nil).is(200)
			p.deliver()
		}
		start("mail_provider_reports")
		if n := len(server.Letters()); n != 0 {
			p.t.Errorf("%d letters without a weekly run", n)
		}
		p.standing(10, "dr-mail", p.person("dr-x", 1, 1), "case-week")
		p.send(http.MethodPost, "/scheduler/jobs/open_payment_run/run", root, nil).is(200)
		for range 2 {
			start("mail_payment_reports")
			start("mail_provider_reports")
		}
		books := 0
		for _, d := range server.Letters() {
			if slices.Contains(d.To, "books@example.com") {
				books++
			}
		}
		if n := len(server.Letters()); books != 2 || n != 3 {
			p.t.Errorf("%d letters, %d of them to the list, want 3 and 2: report, summary, one provider", n, books)
		}
	})
}

func TestAFailedJobIsToldByMail(t *testing.T) {
	withMail(t, map[string]string{"JOB_FAILURE_RECIPIENTS": "ops@example.com"}, func(p *program, server *given.MailServer) {
		p.cast()
		p.inTx(func(ctx context.Context, r ports.Repos) error {
			run, err := r.Jobs.Take(ctx, job.Run{Job: "settle_payment_runs", At: given.Morning.Truncate(time.Hour), Holder: "me", LeaseUntil: given.Morning.Add(time.Minute)}, given.Morning)
			if err != nil {
				return err
			}
			run.State, run.Outcome, run.FinishedAt = job.Failed, "database_unavailable", given.Morning
			if err := r.Jobs.Finish(ctx, run); err != nil {
				return err
			}
			for range 2 { // the outbox does a task at least once
				if err := r.Outbox.Put(ctx, ports.JobFailed, fmt.Sprint(run.ID), given.Morning); err != nil {
					return err
				}
			}
			return nil
		})
		p.deliver() // writes the letter
		p.deliver() // sends it
		letter := letterTo(p.t, server, "ops@example.com")
		if letter.Subject != "SurgiCase: the job settle_payment_runs failed" || !strings.Contains(letter.Text, "database_unavailable") || !strings.Contains(letter.Text, "2026-03-02T09:00:00Z") {
			p.t.Errorf("%s: %s", letter.Subject, letter.Text)
		}
	})
}
