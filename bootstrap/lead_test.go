package bootstrap

import (
	"context"
	"testing"
	"time"

	"go.uber.org/fx"

	"surgicase/application/operations"
)

// TestTheSchedulerLeadsAtOnce is about /health, which says that nobody runs the jobs until somebody has the lead.
func TestTheSchedulerLeadsAtOnce(t *testing.T) {
	t.Parallel()
	env := environment{"DATA_DIR": t.TempDir(), "LOG_LEVEL": "ERROR"}
	c, err := LoadConfig(env, false)
	if err != nil {
		t.Fatal(err)
	}
	var jobs *operations.Jobs
	app := fx.New(core(c, env, Parts{Wake: time.Hour}), fx.Invoke(prepareSchema(t.Context())), fx.Invoke(runScheduler), fx.Populate(&jobs))
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = app.Stop(context.WithoutCancel(t.Context())) }()
	for range 200 {
		standing, err := jobs.Standing(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if standing.Led() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("nobody leads ten seconds after the start")
}
