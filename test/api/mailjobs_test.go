package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
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

// TestEveryWeeklyRunIsMailed: a second run on a Monday, and a run of a Monday on which no mail went out. Source:
// spec/decisions.md 11.7.
func TestEveryWeeklyRunIsMailed(t *testing.T) {
	withMail(t, nil, func(p *program, server *given.MailServer) {
		p.payday()
		at := p.person("dr-x", 1, 1)
		start := func(name string) {
			p.t.Helper()
			p.send(http.MethodPost, "/scheduler/jobs/"+name+"/run", root, nil).is(200)
			p.deliver()
		}
		opened := func(id string) any {
			p.t.Helper()
			p.standing(10, "dr-mail", at, id)
			start("open_payment_run")
			run := p.get("/payment_runs?limit=1", root).is(200).has("payment_runs.0.mailed_by_jobs", true, "payment_runs.0.kind", "weekly").at("payment_runs.0.run_id")
			return run
		}
		mails := func() map[string]int {
			p.t.Helper()
			counts := map[string]int{}
			for _, row := range p.database().rows("SELECT occasion, COUNT(*) FROM email_log WHERE email_type = 'weekly' GROUP BY occasion") {
				counts[row[0]], _ = strconv.Atoi(row[1])
			}
			return counts
		}
		late := opened("case-late") // and no mail goes out: the jobs were off
		p.clock.Advance(21 * 24 * time.Hour)
		first, second := opened("case-one"), opened("case-two")
		p.onList("provider_payment_report_weekly", "books@example.com", "Zoë")
		for range 2 {
			start("mail_payment_reports")
			start("mail_provider_reports")
		}
		got := mails()
		for _, run := range []any{late, first, second} {
			for _, kind := range []string{"provider_payment_report", "provider_payment_summary_report", "individual_provider_payment_report"} {
				if n := got[fmt.Sprintf("%s:run-%v", kind, run)]; n != 1 {
					p.t.Errorf("%d mails of %s of run %v, want 1: %v", n, kind, run, got)
				}
			}
		}
		p.onList("provider_payment_report_weekly", "late@example.com", "Lou")
		start("mail_payment_reports")
		got = mails()
		if n := got[fmt.Sprintf("provider_payment_report:run-%v", late)]; n != 1 {
			p.t.Errorf("who joined the list was mailed a run of three weeks ago: %v", got)
		}
		if n := got[fmt.Sprintf("provider_payment_report:run-%v", first)]; n != 2 {
			p.t.Errorf("who joined the list was not mailed the week's run: %v", got)
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
