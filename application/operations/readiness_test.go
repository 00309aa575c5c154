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

func TestReadiness_Check(t *testing.T) {
	reads := func(context.Context) error { return nil }
	full := errors.New("disk full")

	t.Run("writes at most every ten seconds and reads each time", func(t *testing.T) {
		clock := given.NewClock()
		var read, written atomic.Int64
		r := operations.NewReadiness(clock, func(context.Context) error { read.Add(1); return nil }, func(context.Context) error { written.Add(1); return nil })
		for range 7 {
			if err := r.Check(context.Background()); err != nil {
				t.Fatal(err)
			}
			clock.Advance(5 * time.Second)
		}
		if read.Load() != 7 || written.Load() != 4 {
			t.Errorf("got %d reads and %d writes within 30 seconds, want 7 and 4", read.Load(), written.Load())
		}
		clock.Advance(-time.Hour)
		if _ = r.Check(context.Background()); written.Load() != 5 {
			t.Error("a probe from the future counts")
		}
	})
	t.Run("knows that writes fail, and that they succeed again", func(t *testing.T) {
		clock := given.NewClock()
		state := full
		r := operations.NewReadiness(clock, reads, func(context.Context) error { return state })
		for range 2 {
			if err := r.Check(context.Background()); !errors.Is(err, full) {
				t.Errorf("got %v, want %v", err, full)
			}
		}
		state = nil
		clock.Advance(11 * time.Second)
		if err := r.Check(context.Background()); err != nil {
			t.Errorf("got %v after the disk has room again", err)
		}
		r.Suspect(full)
		if err := r.Check(context.Background()); !errors.Is(err, full) {
			t.Errorf("got %v after a transaction failed, want %v", err, full)
		}
		clock.Advance(11 * time.Second)
		if err := r.Check(context.Background()); err != nil {
			t.Errorf("got %v after the next probe", err)
		}
	})
	for name, r := range map[string]*operations.Readiness{
		"reading hangs": operations.NewReadiness(given.NewClock(), func(context.Context) error { select {} }, reads),
		"writing hangs": operations.NewReadiness(given.NewClock(), reads, func(context.Context) error { select {} }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 2 {
				began := time.Now()
				err := r.Check(context.Background())
				if took := time.Since(began); took > 2*time.Second || fault.CodeOf(err) != "timeout" || !errors.Is(err, fault.Unavailable) {
					t.Errorf("got %v after %v, want timeout within 2 s", err, took)
				}
			}
		})
	}
}
