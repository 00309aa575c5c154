package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"surgicase/test/given"
)

// TestDaysOnPapersAreThoseOfThePractice: half past seven in the evening of New Year's Eve in New York is the next year in UTC,
// and the old one on every paper.
func TestDaysOnPapersAreThoseOfThePractice(t *testing.T) {
	t.Parallel()
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for _, db := range databases {
		clock := given.NewClock()
		clock.Set(time.Date(2026, time.December, 31, 19, 30, 0, 0, newYork))
		env := map[string]string{"PRACTICE_TIME_ZONE": "America/New_York", "QUICKBOOKS_BILL_DATE": "run"}
		p := startAt(t, clock, db.url(t), env)
		p.cast()
		p.prices()
		p.standing(10, "dr-a", p.person("dr-a", 1, 1), "c-1")
		opened := p.openRun("global-admin", map[string]any{"pay_date": "2026-12-31"}).is(201).has("pay_date", "2026-12-31")
		run := fmt.Sprint(opened.at("run_id"))
		file := string(p.get("/quickbooks_transactions_iif?run_id="+run, "case-admin").is(200).raw)
		if !strings.Contains(file, "12/31/2026") || strings.Contains(file, "01/01/2027") {
			t.Errorf("the accounting file says\n%s", file)
		}
		password := p.get("/report_password?scope=organisation", "global-admin").is(200).at("password").(string)
		report := readPDF(t, p.get("/provider_payment_report?run_id="+run, "case-admin").is(200).raw, password)
		if !strings.Contains(report, "December 31, 2026") || strings.Contains(report, "January 1, 2027") {
			t.Errorf("the report says\n%s", report)
		}

		utc := given.NewClock()
		utc.Set(clock.Now())
		q := startAt(t, utc, db.url(t), nil)
		q.cast()
		q.openRun("global-admin", map[string]any{"pay_date": "2026-12-31"}).refused(422, "invalid_input")
	}
}

// TestProvidersAreNamedAlikeEverywhere, also those who were entered in small letters, and in what a run would pay.
func TestProvidersAreNamedAlikeEverywhere(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.prices()
		at := p.person("dr-small", 1, 1)
		small := map[string]any{"user_id": "dr-small", "first_name": "robin", "last_name": "small"}
		p.send(http.MethodPatch, "/user", "user-admin", small).is(200)
		p.standing(10, "dr-small", at, "c-1")
		p.get("/cases_by_status?filter=10", "case-admin").is(200).has("cases.0.provider_name", "Robin Small")
		p.send(http.MethodPost, "/payment_runs?dry_run=true", "global-admin", map[string]any{}).is(200).
			has("payments.0.provider_name", "Robin Small")
		opened := p.openRun("global-admin", map[string]any{}).is(201)
		p.get(opened.header.Get("Location"), "case-admin").is(200).has("payments.0.provider_name", "Robin Small")
	})
}
