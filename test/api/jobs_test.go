package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"surgicase/ports"
)

// tick has the program look for what is due, and waits until it is done.
func (p *program) tick() {
	p.t.Helper()
	if err := p.Jobs.Sweep(context.Background()); err != nil {
		p.t.Fatal(err)
	}
	p.Jobs.Wait()
}

// at sets the clock and ticks. 2026-03-02 is a Monday; tests begin on it at 09:30.
func (p *program) at(text string) {
	p.t.Helper()
	at, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		p.t.Fatal(err)
	}
	p.clock.Set(at)
	p.tick()
}

// jobRuns tells the runs of a job: instant, state and attempts.
func (d *database) jobRuns(job string) string {
	d.t.Helper()
	var told []string
	for _, row := range d.rows("SELECT scheduled_at, state, attempts, outcome FROM job_runs WHERE job = ? ORDER BY scheduled_at", job) {
		var at int64
		_, _ = fmt.Sscan(row[0], &at)
		told = append(told, strings.Join([]string{time.UnixMicro(at).UTC().Format("01-02 15:04"), row[1], row[2]}, " "))
	}
	return strings.Join(told, ", ")
}

func (d *database) statusOf(ids ...string) string {
	d.t.Helper()
	var told []string
	for _, id := range ids {
		told = append(told, d.value("SELECT case_status FROM cases WHERE case_id = ?", id))
	}
	return strings.Join(told, " ")
}

func TestTheWeekPaysEveryCaseOnce(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()
		p.prices()
		p.standing(10, "provider", at["provider"], "c-1")
		p.standing(10, "global-admin", at["global-admin"], "c-2")
		db := p.database()
		p.tick() // the jobs are known from now on: this morning's opening was not missed
		if got := db.jobRuns("open_payment_run"); got != "" {
			p.t.Errorf("before the first instant: %s", got)
		}
		p.at("2026-03-09 07:59")
		if got := db.statusOf("c-1", "c-2"); got != "10 10" {
			p.t.Errorf("before eight: %s", got)
		}
		p.at("2026-03-09 08:00")
		if got := db.statusOf("c-1", "c-2"); got != "15 15" {
			p.t.Errorf("at eight: %s", got)
		}
		p.standing(10, "provider", at["provider"], "c-3")
		p.at("2026-03-09 08:01") // done is done: what comes later waits for the next week
		if got := db.statusOf("c-3"); got != "10" {
			p.t.Errorf("a minute later: %s", got)
		}
		p.at("2026-03-12 08:00")
		if got := db.statusOf("c-1", "c-2", "c-3"); got != "20 20 10" {
			p.t.Errorf("on Thursday: %s", got)
		}
		run := db.rows("SELECT kind, opened_by, pay_date, payments, settled_cents, open_cents FROM payment_runs ORDER BY run_id DESC LIMIT 1")[0]
		if got := strings.Join(run, " "); got != "weekly system:job 2026-03-13 2 200000 0" {
			p.t.Errorf("the run is %s", got)
		}
		if got := db.jobRuns("open_payment_run") + "; " + db.jobRuns("settle_payment_runs"); got != "03-09 08:00 done 1; 03-12 08:00 done 1" {
			p.t.Errorf("runs of jobs: %s", got)
		}
		db.holds("a week")
	})
}

// waiting has the jobs known from now on, and a case of the provider that waits for the next opening.
func (p *program) waiting(id string) map[string]place {
	p.t.Helper()
	at := p.cast()
	p.prices()
	p.tick()
	p.standing(10, "provider", at["provider"], id)
	return at
}

// What was missed is caught up once, if it was within three days.
func TestAMissedMondayIsCaughtUpOnce(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.waiting("c-1")
		p.at("2026-03-11 23:00")
		db := p.database()
		if got := db.statusOf("c-1"); got != "15" {
			p.t.Errorf("on Wednesday: %s", got)
		}
		p.at("2026-03-11 23:30")
		p.standing(10, "provider", at["provider"], "c-2")
		p.at("2026-03-19 20:00") // the Monday is over, the Thursday is not
		if got := db.statusOf("c-1", "c-2"); got != "20 10" {
			p.t.Errorf("a week later: %s", got)
		}
		if got := db.jobRuns("open_payment_run"); got != "03-09 08:00 done 1" {
			p.t.Errorf("openings: %s", got)
		}
		if got := db.jobRuns("backup"); got != "03-11 02:00 done 1, 03-19 02:00 done 1" {
			p.t.Errorf("backups: %s", got)
		}
		if got := db.jobRuns("retention"); got != "03-11 03:00 done 1, 03-19 03:00 done 1" {
			p.t.Errorf("a daily job: %s", got)
		}
	})
}

// All of Monday is caught up at once: the mails wait for the run that they are about.
func TestTheMailsOfAMissedMondayWaitForItsRun(t *testing.T) {
	everywhere(t, func(p *program) {
		p.waiting("c-1")
		p.at("2026-03-09 10:30")
		db := p.database()
		told := func() string {
			return db.jobRuns("open_payment_run") + "; " + db.jobRuns("mail_payment_reports") + "; " + db.jobRuns("mail_provider_reports")
		}
		if got := told(); got != "03-09 08:00 done 1; ; " {
			p.t.Errorf("first %s", got)
		}
		p.at("2026-03-09 10:31")
		if got := told(); got != "03-09 08:00 done 1; 03-09 09:00 done 1; 03-09 10:00 done 1" {
			p.t.Errorf("then %s", got)
		}
		if got := db.value("SELECT outcome FROM job_runs WHERE job = 'mail_provider_reports'"); !strings.HasPrefix(got, "run 1, individual_provider_payment_report: 1 mails queued") {
			p.t.Errorf("the mails ended with %q", got)
		}
	})
}

// A run that is opened after the settling of its week, as when both are caught up, is paid a week later, as its pay date says.
func TestALateRunIsSettledAWeekLater(t *testing.T) {
	everywhere(t, func(p *program) {
		p.waiting("c-1")
		p.at("2026-03-12 08:00") // three days late, and settling is due, too
		p.at("2026-03-12 08:01")
		db := p.database()
		if got := db.statusOf("c-1") + " " + db.value("SELECT MAX(pay_date) FROM payment_runs"); got != "15 2026-03-20" {
			p.t.Errorf("on Thursday the case and the pay date are %s", got)
		}
		p.at("2026-03-19 08:00")
		if got := db.statusOf("c-1"); got != "20" {
			p.t.Errorf("a week later: %s", got)
		}
		db.holds("a late week")
	})
}

// A settling that is caught up minutes late settles what was opened before its Thursday 08:00 and nothing after.
func TestALateSettlingIsThatOfItsInstant(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.waiting("before")
		p.standing(10, "provider", at["provider"], "after")
		openAt := func(id string, instant time.Time) {
			p.clock.Set(instant)
			p.send(http.MethodPost, "/payment_runs", root, map[string]any{"case_ids": []string{id}}).is(201)
		}
		due := time.Date(2026, 3, 12, 8, 0, 0, 0, time.UTC)
		openAt("before", due.Add(-time.Second))
		openAt("after", due.Add(time.Second))
		p.at("2026-03-12 08:05")
		p.at("2026-03-12 08:06")
		db := p.database()
		if got := db.jobRuns("settle_payment_runs") + ": " + db.statusOf("before", "after"); got != "03-12 08:00 done 1: 20 15" {
			p.t.Errorf("caught up late: %s", got)
		}
		p.at("2026-03-19 08:00")
		if got := db.statusOf("before", "after"); got != "20 20" {
			p.t.Errorf("a week later: %s", got)
		}
	})
}

func TestAJobRunByHandCountsAsThePerson(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()
		p.prices()
		p.standing(10, "provider", at["provider"], "c-1")
		p.standing(10, "global-admin", at["global-admin"], "own")
		db := p.database()
		before := db.print()
		const run = "/scheduler/jobs/open_payment_run/run"
		p.send(http.MethodPost, run+"?dry_run=true", "global-admin", nil).is(200).has("dry_run", true, "run", nil, "outcome", "run: 1 payments, 1000.00, 1 cases held")
		if tables := changed(before, db.print()); len(tables) > 0 {
			p.t.Errorf("a dry run changed %v", tables)
		}
		p.send(http.MethodPost, run, "global-admin", nil).is(200).
			has("message", "Job done", "run.state", "done", "run.by_hand", true, "run.started_by", "global-admin",
				"outcome", "run "+db.value("SELECT MAX(run_id) FROM payment_runs")+": 1 payments, 1000.00, 1 cases held")
		if got := db.statusOf("c-1", "own"); got != "15 10" {
			p.t.Errorf("the cases stand at %s", got)
		}
		p.send(http.MethodPost, "/scheduler/jobs/backup/run?dry_run=true", "global-admin", nil).refused(422, "job_without_preview").has("errors.0.location", "query.dry_run")
		p.send(http.MethodPost, "/scheduler/jobs/none/run", "global-admin", nil).refused(404, "job_not_found")
		p.send(http.MethodPost, run, "user-admin", nil).refused(403, "not_allowed")
		listed := p.get("/scheduler/jobs", "global-admin").is(200)
		wantTexts(p.t, "jobs", listed.each("jobs", "name"), "audit_verify", "backup", "mail_payment_reports", "mail_provider_reports", "npi_sync", "report_cleanup", "open_payment_run", "retention", "settle_payment_runs", "verify_documents")
		listed.has("jobs.5.name", "open_payment_run", "jobs.5.next_at", "2026-03-09T08:00:00Z", "jobs.5.schedule", "Monday 08:00 UTC", "jobs.5.last.state", "done", "jobs.6.last", nil)
		if n := db.value("SELECT COUNT(*) FROM audit_entries WHERE action = 'job.run' AND outcome = 'done' AND actor_id = 'global-admin' AND entity_id = 'open_payment_run'"); n != "1" {
			p.t.Errorf("%s entries on the trail", n)
		}
	})
}

// A job that meets a broken database fails, is tried three times, and is told.
func TestAJobThatFailsIsTriedAgainAndTold(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()
		p.prices()
		p.standing(10, "provider", at["provider"], "c-1")
		p.withoutNPI("provider")
		p.standing(10, "case-admin", at["case-admin"], "c-2")
		p.tick()
		p.spoil("ALTER TABLE payment_run_held RENAME TO lost_run_held")
		seen := p.database()
		for i, at := range []string{"2026-03-09 08:00", "2026-03-09 08:00", "2026-03-09 08:01", "2026-03-09 08:02", "2026-03-09 08:03", "2026-03-09 09:00"} {
			p.at(at)
			want := []string{"running 1", "running 1", "running 2", "running 2", "failed 3", "failed 3"}[i]
			if got := seen.jobRuns("open_payment_run"); got != "03-09 08:00 "+want {
				p.t.Errorf("at %s: %s, want %s", at, got, want)
			}
		}
		told := "SELECT topic, payload FROM outbox WHERE topic = ? AND payload IN (SELECT CONCAT(job_run_id, '') FROM job_runs WHERE job = 'open_payment_run')"
		if got := seen.rows(told, ports.JobFailed); len(got) != 1 {
			p.t.Errorf("told %v", got)
		}
		if got := seen.value("SELECT outcome FROM job_runs WHERE job = 'open_payment_run'"); got != "defect" {
			p.t.Errorf("outcome %s", got)
		}
		p.get("/scheduler/jobs", "system-admin").is(200).lacks("lost", "no such table", "doesn't exist")
		if got := seen.statusOf("c-1", "c-2"); got != "10 10" {
			p.t.Errorf("the cases stand at %s", got)
		}
		seen.holds("a job that failed")
	})
}

func TestDeletedCasesArePurgedWhenTheirTimeIsOver(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()
		p.prices()
		p.standing(30, "provider", at["provider"], "paid", "kept")
		run := "/payment_runs/" + p.database().value("SELECT MAX(run_id) FROM payment_runs")
		p.send(http.MethodDelete, "/case?case_id=paid", "case-admin", nil).is(200)
		p.clock.Advance(2189 * 24 * time.Hour)
		db := p.database()
		retain := func(as string) answer { return p.send(http.MethodPost, "/scheduler/jobs/retention/run", as, nil) }
		retain("system-admin").is(200).has("outcome", "0 cases purged, 0 rows forgotten, 0 reports of clients forgotten")
		p.clock.Advance(25 * time.Hour)
		retain("global-admin").is(200).has("run.state", "failed", "outcome", "not_allowed")
		p.send(http.MethodPost, "/scheduler/jobs/retention/run?dry_run=true", "system-admin", nil).is(200).has("outcome", "1 cases would be purged")
		retain("system-admin").is(200).has("outcome", "1 cases purged, 0 rows forgotten, 0 reports of clients forgotten")
		for _, table := range []string{"cases", "case_history", "case_procedure_codes", "case_documents"} {
			if n := db.value("SELECT COUNT(*) FROM " + table + " t JOIN case_ids i ON i.human_case_id = t.human_case_id WHERE i.case_id = 'paid'"); n != "0" {
				p.t.Errorf("%s rows are left in %s", n, table)
			}
		}
		p.send(http.MethodPost, "/case/restore", "system-admin", map[string]any{"case_id": "paid"}).refused(404, "case_not_found")
		p.send(http.MethodPost, "/case", "provider", caseOf("paid", "provider", at["provider"], "case_date", "2032-01-01")).refused(409, "case_exists")
		if n := db.value("SELECT COUNT(*) FROM audit_entries WHERE action = 'case.purge' AND outcome = 'done' AND entity_id = 'paid'"); n != "1" {
			p.t.Errorf("%s entries of the purge", n)
		}

		// Taking the run back gives the purged case's payment only its entry.
		p.send(http.MethodPost, run+"/reverse", "global-admin", map[string]any{"reason": "bank error"}).is(200).has("total_updated", 2, "reversed_total", 2000, "case_ids.0", "kept")
		p.openRun("global-admin", map[string]any{}).is(201).has("refunds_total", -2000, "total_payments", 1)
		db.holds("reversing a purged case")
	})
}
