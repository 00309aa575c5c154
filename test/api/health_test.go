package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"surgicase/bootstrap"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

func TestHealthNamesItsPartsToWhoMayKnow(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.tick() // somebody runs the jobs
		p.get("/health", "").is(200).has("status", "healthy", "service", "surgicase-api", "summary.unhealthy", 0).lacks("components", "adapter")
		p.get("/health", "provider").is(200).lacks("components")
		p.get("/health", "nobody").is(200).lacks("components")
		p.get("/health/system", "global-admin").is(200).lacks("components")
		for _, known := range []answer{p.get("/health", "global-admin"), p.get("/health", "", bearerOf(metricsToken)...)} {
			known.is(200).has("components.database.status", "healthy", "components.database.critical", true, "components.secrets.adapter", "env",
				"components.storage.adapter", "file", "components.mail.adapter", "log")
			if known.at("components.system.figures.memory.percent").(float64) <= 0 {
				t.Errorf("the machine: %s", known.raw)
			}
		}
	})
}

// absent is a storage that is away.
type absent struct{ ports.Blobs }

func (absent) Stat(context.Context, string) (ports.Object, error) {
	return ports.Object{}, fault.New(fault.Unavailable, "storage_unavailable", "at /secret/place").Because(errors.New("host storage.internal"))
}

func TestAPartThatIsAwayDegradesAndACriticalOneIs503(t *testing.T) {
	t.Parallel()
	server := given.StartMariaDB(t)
	p := startWith(t, given.NewClock(), server.Database(t), nil, func(parts *bootstrap.Parts) { parts.Blobs = absent{} })
	p.person("global-admin", permission.GlobalAdmin, 1)
	p.get("/health", "global-admin").is(200).has("status", "degraded", "components.storage.error", "storage_unavailable").lacks("secret/place", "internal")
	p.get("/health/ready", "").is(200)
	p.counts(1, "database_up")
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	p.clock.Advance(time.Minute)
	for range 2 { // fresh, and from the cache
		p.get("/health", "", bearerOf(metricsToken)...).is(503).has("status", "unhealthy", "components.database.error", "database_unavailable").lacks("127.0.0.1", "refused")
	}
	p.get("/health/system", "").is(503).has("status", "unhealthy")
	p.get("/health/ready", "").refused(503, "not_ready")
	p.get("/health/live", "").is(200)
	p.get("/user", "global-admin").refused(503, "database_unavailable")
	p.counts(0, "database_up")
	if _, there := metric(p.scrape(), "active_cases_total"); there {
		t.Error("the figures are shown although nobody can know them")
	}
	if n, _ := metric(p.scrape(), "database_connection_errors_total"); n == 0 {
		t.Error("nobody counts that the database is away")
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	p.clock.Advance(time.Minute)
	p.get("/health", "").is(http.StatusOK).has("status", "degraded")
	p.counts(1, "database_up")
}

// TestHealthSaysWhoRunsTheJobs lets a database be used for a week before anybody runs jobs, and then stop again.
func TestHealthSaysWhoRunsTheJobs(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.get("/audit_log", "global-admin").is(200) // the first entry of all, on a Monday at half past nine
		p.counts(0, "job_overdue_seconds", "name", "open_payment_run")
		p.get("/health/system", "").is(200).has("status", "healthy", "summary.degraded", 0, "summary.total_services", 6)
		p.get("/build_dashboard", "global-admin").is(200).has("data.health.components.scheduler.status", "disabled")
		p.get("/health", "global-admin").is(200).has("status", "healthy", "components.scheduler.status", "disabled", "components.scheduler.critical", false,
			"components.scheduler.details", "ENABLE_SCHEDULER is off, and no other instance runs the jobs", "components.scheduler.adapter", "elsewhere",
			"components.scheduler.figures.next_job", "mail_provider_reports", "components.scheduler.figures.next_at", "2026-03-02T10:00:00Z")
		late := func() string {
			p.t.Helper()
			return fmt.Sprint(p.get("/health", "global-admin").is(200).at("components.scheduler.figures.late"))
		}
		if late() != "[]" {
			p.t.Errorf("late on the first day: %s", late())
		}
		p.clock.Set(given.Morning.Truncate(24 * time.Hour).Add(7*24*time.Hour + 10*time.Hour + 30*time.Minute)) // it should have been done at eight
		p.counts(2.5*3600, "job_overdue_seconds", "name", "open_payment_run")
		if !strings.Contains(late(), "open_payment_run") {
			p.t.Errorf("late after a week: %s", late())
		}
		p.tick() // a scheduler that is new does not catch up with what was before it: nothing is late for it
		p.clock.Advance(time.Minute)
		known := p.get("/health", "global-admin").is(200).has("status", "healthy", "components.scheduler.status", "healthy")
		if known.at("components.scheduler.figures.leader") == nil {
			p.t.Errorf("nobody leads: %s", known.raw)
		}
		p.get("/build_dashboard", "global-admin").is(200).has("data.health.components.scheduler.status", "healthy")
		p.counts(0, "job_overdue_seconds", "name", "open_payment_run")
		p.clock.Advance(5 * time.Minute) // nobody ticks any more
		p.get("/health", "global-admin").is(200).has("status", "healthy", "components.scheduler.status", "disabled")
	})
}

func TestHealthMissesAnEnabledSchedulerThatDoesNotRun(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), map[string]string{"ENABLE_SCHEDULER": "true"})
	p.cast()
	p.get("/health", "global-admin").is(200).has("status", "degraded", "components.scheduler.status", "degraded", "components.scheduler.details", "no instance runs the jobs")
}
