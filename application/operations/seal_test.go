package operations_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"surgicase/adapters/sqlstore"
	"surgicase/application/operations"
	"surgicase/domain/audit"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

// house is a store with a clock and sealers that share them, as instances share a database.
type house struct {
	*testing.T
	store  *sqlstore.Store
	clock  *given.Clock
	ids    *given.IDs
	events heard
}

type heard struct {
	mu    sync.Mutex
	names []string
}

func (h *heard) Happened(_ context.Context, e ports.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.names = append(h.names, fmt.Sprint(e.Name, " ", e.Err == nil))
}

// everywhere runs a test on each database.
func everywhere(t *testing.T, test func(*house)) {
	t.Helper()
	for name, open := range map[string]func(*testing.T, sqlstore.Config) (*sqlstore.Store, error){
		"SQLite": func(t *testing.T, c sqlstore.Config) (*sqlstore.Store, error) {
			c.URL = given.TempSQLite(t)
			return sqlstore.OpenSQLite(c)
		},
		"MariaDB": func(t *testing.T, c sqlstore.Config) (*sqlstore.Store, error) {
			c.URL = given.MariaDB(t)
			return sqlstore.OpenMySQL(c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := open(t, sqlstore.Config{PoolSize: 10, PoolOverflow: 10, PoolTimeout: 10 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = store.Close() })
			if _, err := store.MigrateUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			test(&house{T: t, store: store, clock: given.NewClock(), ids: &given.IDs{}})
		})
	}
}

func (h *house) sealer() *operations.Sealer { return operations.NewSealer(h.store, h.clock, h.ids) }

func (h *house) record(n int) {
	h.Helper()
	entries := make([]audit.Entry, n)
	for i := range entries {
		entries[i] = audit.Record(permission.System("test"), permission.EditCase, "case", fmt.Sprint(i), h.clock.Now())
	}
	h.do(func(ctx context.Context, r ports.Repos) error { return r.Audit.Record(ctx, entries...) })
}

func (h *house) do(fn func(context.Context, ports.Repos) error) {
	h.Helper()
	if err := h.store.InTx(h.Context(), fn); err != nil {
		h.Fatal(err)
	}
}

// works lets a sealer work and demands what it says of itself.
func (h *house) works(s *operations.Sealer, leads bool) {
	h.Helper()
	if got, err := s.Work(h.Context()); err != nil || got != leads {
		h.Fatalf("leads %v (%v), want %v", got, err, leads)
	}
}

// verified demands a sound trail with so many seals and so many entries without.
func (h *house) verified(seals, waiting int64) audit.Report {
	h.Helper()
	var report audit.Report
	err := operations.NewTrail(h.store, h.clock).Read(h.Context(), func(e audit.Evidence) (err error) {
		report, err = e.Verify(nil, nil, func(int64) {})
		return err
	})
	if err != nil || report.Last.Seq != seals || report.Unsealed != waiting {
		h.Fatalf("%d seals and %d waiting (%v), want %d and %d", report.Last.Seq, report.Unsealed, err, seals, waiting)
	}
	return report
}

func TestASealerChainsWhatWasCommitted(t *testing.T) {
	everywhere(t, func(h *house) {
		s := h.sealer()
		h.works(s, true)
		h.verified(0, 0)
		h.record(3)
		h.verified(0, 3)
		h.works(s, true)
		h.verified(3, 0)
		h.record(2500) // more than a batch
		h.works(s, true)
		h.verified(2503, 0)
	})
}

func TestOneSealerLeadsAndAnotherTakesOver(t *testing.T) {
	everywhere(t, func(h *house) {
		one, two := h.sealer(), h.sealer()
		h.record(2)
		h.works(one, true)
		h.works(two, false)
		h.record(2)
		h.works(two, false) // it rests
		h.works(one, true)
		h.verified(4, 0)
		h.clock.Advance(14 * time.Second)
		h.record(2)
		h.works(two, false)
		h.clock.Advance(2 * time.Second) // one is dead
		h.works(two, true)
		h.verified(6, 0)
		h.record(2)
		h.works(one, false) // it comes back, and finds that it has lost the lease
		h.works(two, true)
		h.verified(8, 0)
		if leads, err := two.Finish(t.Context()); err != nil || !leads {
			h.Fatal(leads, err)
		}
		h.record(1)
		h.clock.Advance(15 * time.Second)
		h.works(one, true)
		h.verified(9, 0)
	})
}

func TestAFinishedSealerLeavesTheLeaseAtOnce(t *testing.T) {
	everywhere(t, func(h *house) {
		one, two := h.sealer(), h.sealer()
		h.record(1)
		h.works(one, true)
		h.record(1)
		if leads, err := one.Finish(h.Context()); err != nil || !leads {
			h.Fatal(leads, err)
		}
		h.verified(2, 0)
		h.record(1)
		h.works(two, true)
		h.verified(3, 0)
		if leads, err := one.Finish(h.Context()); err != nil || leads {
			h.Errorf("it finished what another does: %v, %v", leads, err)
		}
	})
}

func TestManySealersAtOnceMakeOneChain(t *testing.T) {
	everywhere(t, func(h *house) {
		var all sync.WaitGroup
		for range 4 {
			s := h.sealer()
			all.Go(func() {
				for range 40 {
					if _, err := s.Work(h.Context()); err != nil {
						h.Error(err)
					}
					h.clock.Advance(time.Second)
				}
			})
			all.Go(func() {
				for range 40 {
					h.record(1)
				}
			})
		}
		all.Wait()
		h.clock.Advance(time.Minute)
		for range 2 {
			if _, err := h.sealer().Finish(h.Context()); err != nil {
				h.Fatal(err)
			}
			h.clock.Advance(time.Minute)
		}
		var report audit.Report
		err := operations.NewTrail(h.store, h.clock).Read(h.Context(), func(e audit.Evidence) (err error) {
			report, err = e.Verify(nil, nil, func(int64) {})
			return err
		})
		if err != nil || report.Last.Seq != 160 {
			h.Errorf("%d sealed, %v", report.Last.Seq, err)
		}
	})
}

// On MariaDB ids are given before the commit: a lower one may come after higher ones were sealed.
func TestAnEntryThatIsCommittedLateIsSealed(t *testing.T) {
	everywhere(t, func(h *house) {
		s := h.sealer()
		h.record(1)
		h.works(s, true)
		commit := h.open()
		h.clock.Advance(5 * time.Second)
		h.record(2)
		h.works(s, true)
		h.verified(3, 0)
		commit()
		h.verified(3, 1)
		h.works(s, true)
		h.verified(3, 1) // gaps are looked into every ten seconds
		h.clock.Advance(10 * time.Second)
		h.works(s, true)
		h.verified(4, 0)
	})
}

// open records an entry and keeps the transaction open until it is told to commit.
func (h *house) open() (commit func()) {
	h.Helper()
	if h.store.Dialect() == "sqlite" {
		h.Skip("one writer at a time: ids come in order")
	}
	done, recorded, asked := make(chan error, 1), make(chan struct{}), make(chan struct{})
	go func() {
		done <- h.store.InTx(context.Background(), func(ctx context.Context, r ports.Repos) error {
			err := r.Audit.Record(ctx, audit.Record(permission.System("test"), permission.EditCase, "case", "late", h.clock.Now()))
			close(recorded)
			<-asked
			return err
		})
	}()
	<-recorded
	return func() {
		h.Helper()
		close(asked)
		if err := <-done; err != nil {
			h.Fatal(err)
		}
	}
}

func TestAFreshSealerLooksBack(t *testing.T) {
	everywhere(t, func(h *house) {
		commit := h.open()
		h.record(3)
		first := h.sealer()
		h.works(first, true)
		if _, err := first.Finish(h.Context()); err != nil {
			h.Fatal(err)
		}
		commit()
		h.works(h.sealer(), true)
		h.verified(4, 0)
	})
}

// What goes wrong in the database is told and tried again.
func TestASealerThatFailsGoesOnLater(t *testing.T) {
	everywhere(t, func(h *house) {
		s := h.sealer()
		h.record(2)
		ctx, cancel := context.WithCancel(h.Context())
		cancel()
		if _, err := s.Work(ctx); !errors.Is(err, context.Canceled) {
			h.Errorf("got %v", err)
		}
		h.works(s, true)
		h.record(1)
		if _, err := s.Work(ctx); err == nil {
			h.Error("no error")
		}
		h.works(s, true)
		h.verified(3, 0)
	})
}
