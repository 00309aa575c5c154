package httpapi

import (
	"fmt"
	"testing"
	"time"
)

func TestThrottle(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	t.Run("a burst of ten seconds' worth passes, then one must wait", func(t *testing.T) {
		limit := newThrottle(5)
		for i := range 50 {
			if pause := limit.wait("a", noon); pause != 0 {
				t.Fatalf("request %d waits %v", i, pause)
			}
		}
		if pause := limit.wait("a", noon); pause <= 0 || pause > time.Second {
			t.Errorf("the next one waits %v", pause)
		}
		if pause := limit.wait("a", noon.Add(time.Second)); pause != 0 {
			t.Errorf("a second later it waits %v", pause)
		}
	})
	t.Run("one key does not slow another", func(t *testing.T) {
		limit := newThrottle(1)
		for range 20 {
			limit.wait("a", noon)
		}
		if pause := limit.wait("b", noon); pause != 0 {
			t.Errorf("b waits %v", pause)
		}
	})
	t.Run("no limit is no limit", func(t *testing.T) {
		limit := newThrottle(0)
		for range 1000 {
			if pause := limit.wait("a", noon); pause != 0 {
				t.Fatal(pause)
			}
		}
	})
	t.Run("made-up keys do not fill the memory, and the quiet are forgotten", func(t *testing.T) {
		limit := newThrottle(1)
		for i := range mostLimiters + 1000 {
			limit.wait(fmt.Sprint(i), noon)
		}
		if len(limit.keys) > mostLimiters {
			t.Errorf("%d keys are kept", len(limit.keys))
		}
		limit.wait("late", noon.Add(2*quietAfter))
		if len(limit.keys) != 1 {
			t.Errorf("%d keys are left", len(limit.keys))
		}
	})
}
