package slots

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func take(t *testing.T, s *Slots, caller string) func() {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	release, err := s.Take(ctx, caller)
	if err != nil {
		t.Fatal(err)
	}
	return release
}

func refuse(t *testing.T, s *Slots, caller string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Take(ctx, caller); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%s got a slot: %v", caller, err)
	}
}

func TestSlots_Take_leavesRoomForOthers(t *testing.T) {
	s := New(3, 2)
	first := take(t, s, "a")
	take(t, s, "a")
	if !s.IsShareUsed("a") || s.IsShareUsed("b") {
		t.Error("the share of a is used, that of b is not")
	}
	refuse(t, s, "a")
	b := take(t, s, "b")
	refuse(t, s, "c") // all are taken
	first()
	first() // counts once
	c := take(t, s, "c")
	refuse(t, s, "d")
	b()
	c()
	take(t, s, "a")
	refuse(t, s, "a")
}

func TestSlots_Take_servesInOrderAndNeverMoreThanThereAre(t *testing.T) {
	s := New(4, 2)
	var at, most atomic.Int64
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%20)*time.Millisecond+time.Millisecond)
			defer cancel()
			release, err := s.Take(ctx, string(rune('a'+i%7)))
			if err != nil {
				return
			}
			now := at.Add(1)
			for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
			}
			time.Sleep(time.Millisecond)
			at.Add(-1)
			release()
		})
	}
	all.Wait()
	if most.Load() > 4 || s.taken != 0 || len(s.by) != 0 || len(s.waiting) != 0 {
		t.Errorf("%d at once; left: %d taken, %v, %d waiting", most.Load(), s.taken, s.by, len(s.waiting))
	}
}
