package operations

import (
	"context"
	"sync"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// Sealer chains the entries of the audit trail once they are committed. It stands apart from those who
// write them: a chain that every writer had to prolong would let them wait for each other's disk. Of
// all instances one seals, by a lease. Source: spec/decisions.md 9.3.
type Sealer struct {
	store  ports.Store
	clock  ports.Clock
	holder string

	mu     sync.Mutex
	leads  bool      // had the lease when it last asked
	rests  time.Time // leaves the chain to the holder of the lease until then
	looked int64     // all entries up to this id were seen, but for those in gaps
	gaps   []gap
	swept  time.Time
}

// gap is where ids were missing when the sealer came by: of transactions that were rolled back, or that
// were still open.
type gap struct {
	after int64
	seen  time.Time
}

// NewSealer makes a sealer.
func NewSealer(store ports.Store, clock ports.Clock, ids ports.IDs) *Sealer {
	return &Sealer{store: store, clock: clock, holder: ids.Unique()}
}

const (
	sealerName  = "audit-sealer"
	sealerLease = 15 * time.Second
	sealBatch   = 1000

	// Entries get their ids before they are committed, so lower ids may come later. Gaps are looked into
	// again every gapPause as long as a transaction may take; a fresh sealer looks back as far as open
	// transactions may have come meanwhile. What takes longer is found by the daily look at everything.
	gapPause  = 10 * time.Second
	gapPeriod = time.Minute
	lookBack  = 50_000
)

// Work seals what was committed since. When there is nothing it costs one cheap read. It says whether
// this is the instance that seals.
func (s *Sealer) Work(ctx context.Context) (leads bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.work(ctx)
}

func (s *Sealer) work(ctx context.Context) (bool, error) {
	now := s.clock.Now()
	if now.Before(s.rests) {
		return false, nil
	}
	if !s.leads {
		if err := s.begin(ctx, now); err != nil || !s.leads {
			return false, err
		}
	}
	err := s.seal(ctx, s.from(now))
	return s.leads, err
}

// Everything seals what is left, however long ago it was passed over.
func (s *Sealer) Everything(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.leads {
		return nil
	}
	return s.seal(ctx, 0)
}

// Finish seals what is left and gives the lease back, so that another instance need not wait for its
// end. It says whether this was the instance that seals.
func (s *Sealer) Finish(ctx context.Context) (leads bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rests, s.swept = time.Time{}, time.Time{} // looks into the gaps, too, whenever it last did
	if leads, err = s.work(ctx); err != nil || !leads {
		return leads, err
	}
	s.leads = false
	return true, s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		now := s.clock.Now()
		_, err := r.Outbox.Lease(ctx, sealerName, s.holder, now, now)
		return err
	})
}

// begin takes the lease and finds out where the chain stands.
func (s *Sealer) begin(ctx context.Context, now time.Time) error {
	var last audit.Seal
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		if err = s.lease(ctx, r, now); err == nil {
			last, err = r.Seals.Last(ctx)
		}
		return err
	})
	if err != nil {
		return s.yield(err, now)
	}
	s.leads, s.looked = true, max(0, last.Entry-lookBack)
	s.gaps, s.swept = []gap{{s.looked, now}}, now
	return nil
}

func (s *Sealer) lease(ctx context.Context, r ports.Repos, now time.Time) error {
	_, err := r.Outbox.Lease(ctx, sealerName, s.holder, now, now.Add(sealerLease))
	return err
}

// yield leaves the chain to another sealer for a while.
func (s *Sealer) yield(err error, now time.Time) error {
	switch fault.CodeOf(err) {
	case "lease_held", "sealed_meanwhile":
		s.leads, s.rests = false, now.Add(sealerLease)
		return nil
	}
	return err
}

// from says behind which id to look: where it was last, or from time to time where ids were missing.
func (s *Sealer) from(now time.Time) int64 {
	for len(s.gaps) > 0 && now.Sub(s.gaps[0].seen) > gapPeriod {
		s.gaps = s.gaps[1:]
	}
	if len(s.gaps) == 0 || now.Sub(s.swept) < gapPause {
		return s.looked
	}
	s.swept = now
	return s.gaps[0].after
}

// seal seals everything behind an id, a batch at a time.
func (s *Sealer) seal(ctx context.Context, after int64) error {
	for {
		now := s.clock.Now()
		entries, through, err := s.batch(ctx, after, now)
		if err != nil {
			return s.yield(err, now)
		}
		s.note(entries, through, now)
		if after = through; len(entries) < sealBatch {
			return nil
		}
	}
}

// batch seals up to sealBatch entries. The lease is renewed in the transaction of the seals, and their
// numbers are unique: of two who both think it theirs one writes.
func (s *Sealer) batch(ctx context.Context, after int64, now time.Time) (entries []audit.Stored, through int64, err error) {
	var last audit.Seal
	err = s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		if entries, through, err = r.Seals.Unsealed(ctx, after, sealBatch); err == nil && len(entries) > 0 {
			last, err = r.Seals.Last(ctx)
		}
		return err
	})
	if err != nil || len(entries) == 0 {
		return entries, through, err
	}
	chain, seals := audit.NewChain(last), make([]audit.Seal, len(entries))
	for i := range entries {
		seals[i] = chain.Seal(&entries[i])
	}
	return entries, through, s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		if err := s.lease(ctx, r, now); err != nil {
			return err
		}
		return r.Seals.Add(ctx, seals)
	})
}

// note remembers how far it has looked and where ids were missing.
func (s *Sealer) note(entries []audit.Stored, through int64, now time.Time) {
	for i := range entries {
		if id := entries[i].ID; id > s.looked {
			if id > s.looked+1 {
				s.missing(now)
			}
			s.looked = id
		}
	}
	if through > s.looked { // another has sealed these: nobody knows which ids were among them
		s.missing(now)
		s.looked = through
	}
}

// missing notes a gap. One for every second will do: looking goes on from there to the end.
func (s *Sealer) missing(now time.Time) {
	if n := len(s.gaps); n == 0 || now.Sub(s.gaps[n-1].seen) >= time.Second {
		s.gaps = append(s.gaps, gap{s.looked, now})
	}
}
