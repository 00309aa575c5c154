// Package slots shares a fixed number of places among callers: uploads, images that are decoded. Each caller holds at most a
// share of them, so that one caller leaves room for the others. It does not say what happens to those who get no place: that is
// the business of whoever asks. Start reading at Slots.Take.
package slots

import (
	"context"
	"slices"
	"sync"
)

// Slots are places that callers take and give back. Those who wait are served in order, but nobody waits for a caller
// whose share is used up.
type Slots struct {
	total, share int

	mu      sync.Mutex
	taken   int
	by      map[string]int
	waiting []*waiter
}

type waiter struct {
	caller string
	ready  chan struct{} // closed when the place is theirs
}

// New returns total slots of which each caller may take a share, at least one.
func New(total, share int) *Slots {
	return &Slots{total: max(1, total), share: min(max(1, share), max(1, total)), by: map[string]int{}}
}

// Share returns how many slots a caller may hold.
func (s *Slots) Share() int { return s.share }

// Take waits for a slot as long as the context lives. Whoever gets one must call release once; more calls do nothing.
func (s *Slots) Take(ctx context.Context, caller string) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := &waiter{caller: caller, ready: make(chan struct{})}
	s.mu.Lock()
	s.waiting = append(s.waiting, w)
	s.serve()
	s.mu.Unlock()
	select {
	case <-w.ready:
	case <-ctx.Done():
		if s.leave(w) {
			return nil, ctx.Err()
		}
	}
	var once sync.Once
	return func() { once.Do(func() { s.give(caller) }) }, nil
}

// Taken returns how many slots are taken.
func (s *Slots) Taken() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

// IsShareUsed reports whether a caller holds all the slots that one caller may hold.
func (s *Slots) IsShareUsed(caller string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.by[caller] >= s.share
}

// leave takes a waiter out of the queue. It reports false if they were served meanwhile.
func (s *Slots) leave(w *waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.waiting, w)
	if i < 0 {
		return false
	}
	s.waiting = slices.Delete(s.waiting, i, i+1)
	return true
}

func (s *Slots) give(caller string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
	if s.by[caller]--; s.by[caller] == 0 {
		delete(s.by, caller)
	}
	s.serve()
}

// serve gives free slots to those who wait, in order. The lock is held.
func (s *Slots) serve() {
	s.waiting = slices.DeleteFunc(s.waiting, func(w *waiter) bool {
		if s.taken >= s.total || s.by[w.caller] >= s.share {
			return false
		}
		s.taken++
		s.by[w.caller]++
		close(w.ready)
		return true
	})
}
