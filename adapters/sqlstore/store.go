// Package sqlstore keeps everything in MySQL or SQLite through GORM. Rows never leave this package:
// what goes out are domain values and faults.
package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"

	"surgicase/domain/fault"
	"surgicase/ports"
)

// Store is a ports.Store on one database.
type Store struct {
	write   *gorm.DB
	read    *gorm.DB
	readTx  *sql.TxOptions
	share   string // what a SELECT adds to keep others from changing what it read
	dialect string
	keys    *Keyring
	slots   chan struct{} // as many as there are connections, nil if waiting needs no bound
	wait    time.Duration
	journal journal
	onAway  func(error)
	connect driver.Connector // to MySQL, past the pool
}

// Dialect is "sqlite" or "mysql".
func (s *Store) Dialect() string { return s.dialect }

// Pools gives the pools of connections by what they are for, to be measured.
func (s *Store) Pools() map[string]*sql.DB {
	pools := map[string]*sql.DB{}
	for name, db := range map[string]*gorm.DB{"write": s.write, "read": s.read} {
		if pool, err := db.DB(); err == nil && (name == "write" || s.read != s.write) {
			pools[name] = pool
		}
	}
	return pools
}

// Close closes the connections.
func (s *Store) Close() error {
	return errors.Join(closePool(s.write), closePool(s.read))
}

func closePool(db *gorm.DB) error {
	pool, err := db.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

// Ping says whether the database answers. Unavailable if not.
func (s *Store) Ping(ctx context.Context) error {
	pool, err := s.write.DB()
	if err == nil {
		err = pool.PingContext(ctx)
	}
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// How often a transaction is run again: after losing a race for a row, and after the database gave
// up on it (deadlock, lock wait, busy). The pauses grow and are jittered, so that losers spread.
const (
	maxAttempts = 40
	firstPause  = time.Millisecond
	longPause   = 50 * time.Millisecond
)

// InTx implements ports.Store.
func (s *Store) InTx(ctx context.Context, fn func(context.Context, ports.Repos) error) error {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		err := s.once(ctx, s.write, nil, s.share, func(ctx context.Context, work *session) error {
			if lease, ok := ports.LeaseOf(ctx); ok {
				if err := work.hold(ctx, lease); err != nil {
					return err
				}
			}
			repos := work.repos()
			if err := ports.ConfirmCaller(ctx, repos); err != nil {
				return err
			}
			return fn(ctx, repos)
		})
		if err == nil || attempt == maxAttempts || !worthAnotherTry(err) {
			return s.told(outward(err))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(pause) + time.Millisecond): //nolint:gosec // spreads retries, protects nothing
		}
		pause = min(2*pause, longPause)
	}
}

// View implements ports.Store. It locks nothing: that would wait for writers and read past the
// snapshot.
func (s *Store) View(ctx context.Context, fn func(context.Context, ports.Repos) error) error {
	return s.told(outward(s.once(ctx, s.read, s.readTx, "", func(ctx context.Context, work *session) error { return fn(ctx, work.repos()) })))
}

// told tells of a database that is not there.
func (s *Store) told(err error) error {
	if s.onAway != nil && fault.CodeOf(err) == databaseAway {
		s.onAway(err)
	}
	return err
}

func (s *Store) once(ctx context.Context, db *gorm.DB, opts *sql.TxOptions, share string, fn func(context.Context, *session) error) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	var options []*sql.TxOptions
	if opts != nil {
		options = append(options, opts)
	}
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		return fn(ctx, &session{db: tx, keys: s.keys, share: share})
	}, options...)
}

// enter waits for a free connection, at most DB_POOL_TIMEOUT: a client is better served by a 503
// than by a queue without an end.
func (s *Store) enter(ctx context.Context) (leave func(), err error) {
	if s.slots == nil {
		return func() {}, nil
	}
	timeout := time.NewTimer(s.wait)
	defer timeout.Stop()
	select {
	case s.slots <- struct{}{}:
		return func() { <-s.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timeout.C:
		return nil, unavailable(errors.New("no free database connection"))
	}
}

func (s *session) repos() ports.Repos {
	return ports.Repos{
		Cases: caseRepo{s}, Documents: documentRepo{s}, CaseSets: caseSetRepo{s}, Casebook: casebookRepo{s},
		Users: userRepo{s}, Rosters: rosterRepo{s}, Surgeons: surgeonRepo{s}, Places: facilityRepo{s}, Groups: groupRepo{s}, Tokens: tokenRepo{s},
		Prices: priceRepo{s}, Codes: codeRepo{s}, Runs: runRepo{s}, Ledger: ledgerRepo{s}, Lists: listRepo{s},
		Audit: auditRepo{s}, Seals: sealRepo{s}, Figures: figureRepo{s}, Outbox: outboxRepo{s}, Requests: requestRepo{s},
		NPIs: directoryRepo{s}, NPILoads: directoryRepo{s}, Findings: findingRepo{s},
		Letters: letterRepo{s}, Recipients: recipientRepo{s},
		Arrivals: arrivalRepo{s},
		Bugs:     bugRepo{s}, ClientRequests: clientRequestRepo{s},
		Statements: statementRepo{s}, Files: fileRepo{s},
		Jobs: jobRepo{s}, Keeping: retentionRepo{s},
	}
}

// session is what every repository works with inside one transaction.
type session struct {
	db    *gorm.DB
	keys  *Keyring
	share string
}

const databaseAway = "database_unavailable"

func unavailable(cause error) error {
	return fault.New(fault.Unavailable, databaseAway, "The database is not available at the moment.").Because(cause)
}
