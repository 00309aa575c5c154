package operations_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"surgicase/adapters/auditfile"
	"surgicase/adapters/sqlstore"
	"surgicase/application/operations"
	"surgicase/domain/audit"
	"surgicase/domain/fault"
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
		if h.store.Dialect() == "sqlite" {
			h.Skip("one writer at a time: ids come in order")
		}
		s := h.sealer()
		h.record(1)
		h.works(s, true)
		commit := make(chan struct{})
		late := h.open(commit)
		h.clock.Advance(5 * time.Second)
		h.record(2)
		h.works(s, true)
		h.verified(3, 0)
		close(commit)
		if err := <-late; err != nil {
			h.Fatal(err)
		}
		h.verified(3, 1)
		h.works(s, true)
		h.verified(3, 1) // gaps are looked into every ten seconds
		h.clock.Advance(10 * time.Second)
		h.works(s, true)
		h.verified(4, 0)
	})
}

// open records an entry and keeps the transaction open until commit is closed.
func (h *house) open(commit chan struct{}) (done chan error) {
	h.Helper()
	done, recorded := make(chan error, 1), make(chan struct{})
	go func() {
		done <- h.store.InTx(context.Background(), func(ctx context.Context, r ports.Repos) error {
			err := r.Audit.Record(ctx, audit.Record(permission.System("test"), permission.EditCase, "case", "late", h.clock.Now()))
			close(recorded)
			<-commit
			return err
		})
	}()
	<-recorded
	return done
}

func TestAFreshSealerLooksBack(t *testing.T) {
	everywhere(t, func(h *house) {
		if h.store.Dialect() == "sqlite" {
			h.Skip("one writer at a time: ids come in order")
		}
		commit := make(chan struct{})
		late := h.open(commit)
		h.record(3)
		first := h.sealer()
		h.works(first, true)
		if _, err := first.Finish(h.Context()); err != nil {
			h.Fatal(err)
		}
		close(commit)
		if err := <-late; err != nil {
			h.Fatal(err)
		}
		h.works(h.sealer(), true)
		h.verified(4, 0)
	})
}

// notary makes a notary that keeps its checkpoints in a folder.
func (h *house) notary(s *operations.Sealer) (*operations.Notary, auditfile.Folder) {
	h.Helper()
	secret, err := operations.NewCheckpointKey(h.ids)
	if err != nil {
		h.Fatal(err)
	}
	signer, keys, err := operations.ReadCheckpointKey(secret)
	if err != nil || len(keys) != 1 {
		h.Fatal(keys, err)
	}
	dir := auditfile.Folder(h.TempDir())
	return operations.NewNotary(s, h.store, h.clock, &h.events, operations.Desk{Signer: signer, Deposit: dir.Keep}), dir
}

func (h *house) kept(dir auditfile.Folder) []audit.Checkpoint {
	h.Helper()
	kept, err := dir.Checkpoints()
	if err != nil {
		h.Fatal(err)
	}
	return kept
}

func TestANotarySignsDailyAndAtTheEnd(t *testing.T) {
	everywhere(t, func(h *house) {
		n, dir := h.notary(h.sealer())
		work := func(want int) {
			h.Helper()
			if err := n.Work(h.Context()); err != nil {
				h.Fatal(err)
			}
			if got := h.kept(dir); len(got) != want {
				h.Fatalf("%d checkpoints, want %d", len(got), want)
			}
		}
		work(0) // there is nothing to sign
		h.record(5)
		work(1)
		h.record(5)
		work(1)
		h.clock.Advance(24 * time.Hour)
		work(2)
		again, elsewhere := h.notary(h.sealer()) // another instance, or the same after a restart
		if err := errors.Join(again.Work(h.Context()), again.Finish(h.Context())); err != nil || len(h.kept(elsewhere)) > 0 {
			h.Fatalf("signed twice on one day: %v, %v", h.kept(elsewhere), err)
		}
		h.record(1)
		for range 2 {
			if err := n.Finish(h.Context()); err != nil {
				h.Fatal(err)
			}
			if got := h.kept(dir); len(got) != 3 {
				h.Fatalf("%d checkpoints after the end, want 3", len(got))
			}
		}
		if report := h.verified(11, 0); report.Checkpoints != 3 || report.Unproven != 3 {
			h.Errorf("%+v", report)
		}
	})
}

func TestACheckpointThatCannotBeKeptIsAFault(t *testing.T) {
	everywhere(t, func(h *house) {
		s := h.sealer()
		good, _ := h.notary(s)
		_, err := good.Sign(h.Context())
		if fault.CodeOf(err) != "nothing_sealed" {
			h.Errorf("an empty trail was signed: %v", err)
		}
		h.record(1)
		secret, _ := operations.NewCheckpointKey(h.ids)
		signer, _, _ := operations.ReadCheckpointKey(secret)
		file := h.TempDir() + "/file"
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			h.Fatal(err)
		}
		bad := operations.NewNotary(s, h.store, h.clock, &h.events, operations.Desk{Signer: signer, Deposit: auditfile.Folder(file).Keep})
		if err := bad.Work(h.Context()); fault.CodeOf(err) != "checkpoint_unwritable" {
			h.Errorf("got %v", err)
		}
		if err := bad.Work(h.Context()); err != nil {
			h.Errorf("it complains again: %v", err) // the row is there; the next is made tomorrow
		}
		if got := strings.Join(h.events.names, ", "); got != "audit.checkpoint false" {
			h.Errorf("events: %s", got)
		}
	})
}

func TestTheCheckpointKey(t *testing.T) {
	for name, secret := range map[string]string{
		"nothing": "", "text": "secret", "no seed": "{}", "short": `{"seed": "MTIz"}`, "former": `{"seed": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "former_public_keys": ["MTIz"]}`,
	} {
		if _, _, err := operations.ReadCheckpointKey([]byte(secret)); fault.CodeOf(err) != "checkpoint_key_invalid" {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, keys, err := operations.ReadCheckpointKey([]byte(`{"seed": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "former_public_keys": ["8jkWr8ilPNI/ccP1ivkAlmwJrQ4RkiVK/bGzmA8ZF88="]}`))
	if err != nil || len(keys) != 2 || keys[1].ID() != "7d27a4e42b48f809" {
		t.Error(keys, err)
	}
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
