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
	keys   ports.ChainKeys // nil: the chain is of format 1
	desk   *Desk           // signs the boundary at which the keyed chain begins; nil: none is begun

	mu     sync.Mutex
	keyed  bool      // the keyed chain has begun
	turned string    // id of the chain key that was at hand and has begun
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

// Keyed has the sealer seal with the chain keys of the key set, once a boundary has begun the keyed chain.
func (s *Sealer) Keyed(keys ports.ChainKeys) *Sealer {
	s.keys = keys
	return s
}

const (
	sealerName = "audit-sealer"

	// keyedName is the lease under which the keyed chain is sealed. A release that seals in format 1 takes
	// sealerName; when the keyed chain begins that lease is given to retiredHolder for good, so that such a
	// release rests in a rolling update, whichever instance fails.
	keyedName     = "audit-chain"
	retiredHolder = "format-2"
	sealerLease   = 15 * time.Second
	sealBatch     = 1000

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
	if err := s.turn(ctx, now); err != nil {
		return s.leads, s.yield(err, now)
	}
	err := s.seal(ctx, s.from(now))
	return s.leads, err
}

// turn begins the newest chain key as soon as it is at hand, also where nothing waits for its seal.
func (s *Sealer) turn(ctx context.Context, now time.Time) error {
	key, known := s.chainKey("")
	if !known || s.desk == nil || key.ID() == s.turned {
		return nil
	}
	var begun audit.Checkpoint
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		last, err := r.Seals.Last(ctx)
		if err != nil {
			return err
		}
		boundary, err := r.Seals.Boundary(ctx)
		if err != nil {
			return err
		}
		if _, begun, err = s.chain(last, boundary, now); err != nil || begun.Begins == "" {
			return err
		}
		return s.begun(ctx, r, begun, now)
	})
	if err != nil {
		return err
	}
	s.turned = key.ID()
	return s.deposit(ctx, begun)
}

// deposit puts a boundary that was committed out of the database's reach.
func (s *Sealer) deposit(ctx context.Context, begun audit.Checkpoint) error {
	if begun.Begins == "" {
		return nil
	}
	s.keyed = true
	_, err := s.desk.Deposit(ctx, begun, s.desk.Signer.Public)
	return err
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
		_, err := r.Outbox.Lease(ctx, s.leaseName(), s.holder, now, now)
		return err
	})
}

func (s *Sealer) leaseName() string {
	if s.keyed {
		return keyedName
	}
	return sealerName
}

// begin takes the lease and finds out where the chain stands.
func (s *Sealer) begin(ctx context.Context, now time.Time) error {
	var last audit.Seal
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		boundary, err := r.Seals.Boundary(ctx)
		if err != nil {
			return err
		}
		if s.keyed = boundary.Begins != ""; s.keyed {
			if err := s.retire(ctx, r, now); err != nil {
				return err
			}
		}
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
	_, err := r.Outbox.Lease(ctx, s.leaseName(), s.holder, now, now.Add(sealerLease))
	return err
}

// retire keeps the lease of format 1 from whoever would seal in it, as soon as nobody holds it. A restored
// backup does not have it any more.
func (s *Sealer) retire(ctx context.Context, r ports.Repos, now time.Time) error {
	holder, _, err := r.Outbox.Leader(ctx, sealerName)
	if err != nil || holder == retiredHolder {
		return err
	}
	_, err = r.Outbox.Lease(ctx, sealerName, retiredHolder, now, never)
	if fault.CodeOf(err) == "lease_held" {
		return nil
	}
	return err
}

// never is when a lease for good ends.
var never = time.Date(9999, time.January, 1, 0, 0, 0, 0, time.UTC)

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
	var boundary audit.Checkpoint
	err = s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		if entries, through, err = r.Seals.Unsealed(ctx, after, sealBatch); err != nil || len(entries) == 0 {
			return err
		}
		if last, err = r.Seals.Last(ctx); err == nil {
			boundary, err = r.Seals.Boundary(ctx)
		}
		return err
	})
	if err != nil || len(entries) == 0 {
		return entries, through, err
	}
	chain, begun, err := s.chain(last, boundary, now)
	if err != nil {
		return entries, through, err
	}
	seals := make([]audit.Seal, len(entries))
	for i := range entries {
		seals[i] = chain.Seal(&entries[i])
	}
	err = s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		if err := s.begun(ctx, r, begun, now); err != nil {
			return err
		}
		return r.Seals.Add(ctx, seals)
	})
	if err == nil {
		err = s.deposit(ctx, begun)
	}
	return entries, through, err
}

// chain returns the chain that goes on after a seal, and a boundary if a key is to begin there.
//
// Faults: Unavailable "chain_key_missing" if the chain has a key that is not at hand: without it nothing
// may be sealed, and the entries wait.
func (s *Sealer) chain(last audit.Seal, boundary audit.Checkpoint, now time.Time) (chain *audit.Chain, begun audit.Checkpoint, err error) {
	key, known := s.chainKey("")
	_, present := s.chainKey(boundary.Begins) // an instance that has not heard of a newer key must not begin its old one
	switch {
	case known && present && s.desk != nil && key.ID() != boundary.Begins:
		begun = s.desk.Signer.Boundary(last, key, now)
		return audit.NewKeyedChain(last, key), begun, nil
	case boundary.Begins == "":
		return audit.NewChain(last), begun, nil
	}
	if key, known = s.chainKey(boundary.Begins); !known {
		return nil, begun, fault.New(fault.Unavailable, "chain_key_missing", "the audit chain has the key %s, which the key set at hand does not hold", boundary.Begins)
	}
	return audit.NewKeyedChain(last, key), begun, nil
}

func (s *Sealer) chainKey(id string) (audit.ChainKey, bool) {
	if s.keys == nil {
		return audit.ChainKey{}, false
	}
	return s.keys.ChainKey(id)
}

// begun renews the lease and, where a key begins, writes the boundary. When the first one does, the lease of
// format 1 is given away for good and that of the keyed chain is taken.
func (s *Sealer) begun(ctx context.Context, r ports.Repos, boundary audit.Checkpoint, now time.Time) error {
	if err := s.lease(ctx, r, now); err != nil || boundary.Begins == "" {
		return err
	}
	if !s.keyed {
		for _, lease := range []struct {
			name, holder string
			until        time.Time
		}{{sealerName, s.holder, now}, {sealerName, retiredHolder, never}, {keyedName, s.holder, now.Add(sealerLease)}} {
			if _, err := r.Outbox.Lease(ctx, lease.name, lease.holder, now, lease.until); err != nil {
				return err
			}
		}
	}
	return r.Seals.AddCheckpoint(ctx, boundary)
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
