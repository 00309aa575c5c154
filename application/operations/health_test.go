package operations_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"surgicase/application/operations"
	"surgicase/domain/fault"
	"surgicase/test/given"
)

func probe(name string, critical bool, look func(context.Context) (operations.Finding, error)) operations.Probe {
	return operations.Probe{Name: name, Critical: critical, Patience: 50 * time.Millisecond, Look: look}
}

func well(context.Context) (operations.Finding, error) { return operations.Finding{}, nil }

func ill(context.Context) (operations.Finding, error) {
	return operations.Finding{}, fault.New(fault.Unavailable, "gone", "gone")
}

func report(probes ...operations.Probe) operations.HealthReport {
	return operations.NewHealth(given.NewClock(), probes).Report(context.Background())
}

func TestOnlyCriticalPartsMakeItUnhealthy(t *testing.T) {
	warned := func(context.Context) (operations.Finding, error) {
		return operations.Finding{State: operations.Warning}, nil
	}
	for name, x := range map[string]struct {
		probes []operations.Probe
		want   operations.State
	}{
		"all well":             {[]operations.Probe{probe("a", true, well), probe("b", false, well)}, operations.Healthy},
		"a critical one gone":  {[]operations.Probe{probe("a", true, ill), probe("b", false, well)}, operations.Unhealthy},
		"another one gone":     {[]operations.Probe{probe("a", true, well), probe("b", false, ill)}, operations.Degraded},
		"only a warning":       {[]operations.Probe{probe("a", true, well), probe("b", false, warned)}, operations.Healthy},
		"a critical one hangs": {[]operations.Probe{probe("a", true, hangs)}, operations.Unhealthy},
	} {
		if got := report(x.probes...); got.State != x.want {
			t.Errorf("%s: %s, want %s", name, got.State, x.want)
		}
	}
}

// hangs answers to nobody, not even when it is told to give up.
func hangs(context.Context) (operations.Finding, error) {
	select {}
}

func TestWhatHangsIsLeftBehindAndHoldsNobodyUp(t *testing.T) {
	got := report(probe("a", true, hangs), probe("b", true, hangs), probe("c", false, well))
	if got.Took > time.Second {
		t.Errorf("it took %v for three that were asked at once", got.Took)
	}
	if a, c := got.Components[0], got.Components[2]; a.Code != "timeout" || c.State != operations.Healthy {
		t.Errorf("%+v, %+v", a, c)
	}
}

func TestTheReasonIsACodeAndNeverTheError(t *testing.T) {
	defect := func(context.Context) (operations.Finding, error) {
		return operations.Finding{}, errors.New("dial tcp db.internal:3306")
	}
	got := report(probe("a", false, defect), probe("b", false, ill))
	if got.Components[0].Code != "failed" || got.Components[1].Code != "gone" {
		t.Errorf("%+v", got.Components)
	}
}

func TestALookIsKeptForTenSeconds(t *testing.T) {
	clock := given.NewClock()
	var looks, dear atomic.Int64
	cheap := probe("cheap", false, func(context.Context) (operations.Finding, error) { looks.Add(1); return operations.Finding{}, nil })
	costly := probe("dear", false, func(context.Context) (operations.Finding, error) { dear.Add(1); return operations.Finding{}, nil })
	costly.Every = time.Minute
	health := operations.NewHealth(clock, []operations.Probe{cheap, costly})
	for range 7 {
		health.Report(context.Background())
		clock.Advance(5 * time.Second)
	}
	if looks.Load() != 4 || dear.Load() != 1 {
		t.Errorf("looked %d and %d times in half a minute", looks.Load(), dear.Load())
	}
	clock.Advance(-time.Hour) // a clock that was put back must not keep the look for an hour
	health.Report(context.Background())
	if looks.Load() != 5 {
		t.Error("a look from the future is kept")
	}
}

// A patient probe holds up no report: what it finds later is shown by the next one.
func TestHealth_Report_TakesLessThanTwoSeconds(t *testing.T) {
	clock := given.NewClock()
	slow := operations.Probe{Name: "slow", Patience: 10 * time.Second, Look: func(context.Context) (operations.Finding, error) {
		time.Sleep(1800 * time.Millisecond)
		return operations.Finding{Details: "answers after all"}, nil
	}}
	health := operations.NewHealth(clock, []operations.Probe{slow, probe("a", true, well)})
	began := time.Now()
	first := health.Report(context.Background())
	if took := time.Since(began); took > 2*time.Second || first.Components[0].Code != "timeout" || first.Components[1].State != operations.Healthy {
		t.Errorf("got %+v after %v", first.Components, took)
	}
	time.Sleep(500 * time.Millisecond)
	clock.Advance(15 * time.Second)
	if second := health.Report(context.Background()); second.Components[0].State != operations.Healthy {
		t.Errorf("got %+v, want what was found meanwhile", second.Components[0])
	}
}
