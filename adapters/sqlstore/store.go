// Package sqlstore keeps everything in MySQL or SQLite through GORM. Rows never leave this package:
// what goes out are domain values and faults.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"surgicase/domain/audit"
	"surgicase/domain/dryrun"
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

	onRefused atomic.Pointer[func(error)]

	connect *generations // to MySQL, past the pool; nil on SQLite
	file    *openFile    // the database on SQLite; nil on MySQL
	anchor  *sql.Conn    // keeps the file on SQLite open; nil on MySQL

	checkpoints checkpointer // of SQLite
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
	var err error
	if s.anchor != nil {
		err = s.anchor.Close()
	}
	if s.checkpoints.pool != nil {
		err = errors.Join(err, s.checkpoints.pool.Close())
	}
	return errors.Join(err, closePool(s.write), closePool(s.read))
}

func closePool(db *gorm.DB) error {
	pool, err := db.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

// Ping reads from the database. It waits for no writer. Unavailable if nothing can be read.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.file.check(); err != nil {
		return err
	}
	pool, err := s.read.DB()
	if err == nil {
		var one int
		err = pool.QueryRowContext(ctx, "SELECT 1").Scan(&one)
	}
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// ProbeWrite writes a row named after the instance, removes it and commits, so that nothing stays. Unavailable if that
// is not possible: a server or a disk may be for reading only, or full.
func (s *Store) ProbeWrite(ctx context.Context, instance string) error {
	name := "write_probe:" + instance
	return s.inTx(ctx, func(ctx context.Context, work *session) error {
		if err := work.exec(ctx, "INSERT INTO leases (lease, holder, number, expires_at) VALUES (?, ?, 0, 0)", name, instance); err != nil {
			return err
		}
		return work.exec(ctx, "DELETE FROM leases WHERE lease = ?", name)
	})
}

// How often a transaction is run again: after losing a race for a row, and after the database gave
// up on it (deadlock, lock wait, busy). The pauses grow and are jittered, so that losers spread. On fresh connections,
// after the server refused the old one, it is run a few times only: then the client waits better than we do.
const (
	maxAttempts      = 40
	maxFreshAttempts = 3
	firstPause       = time.Millisecond
	longPause        = 50 * time.Millisecond
	freshPause       = 100 * time.Millisecond
)

// InTx implements ports.Store.
func (s *Store) InTx(ctx context.Context, fn func(context.Context, ports.Repos) error) error {
	dry := dryrun.Of(ctx)
	var recorded []audit.Entry
	err := s.inTx(ctx, func(ctx context.Context, work *session) error {
		if err := work.lockFirst(ctx); err != nil {
			return err
		}
		if lease, ok := ports.LeaseOf(ctx); ok {
			if err := work.hold(ctx, lease); err != nil {
				return err
			}
		}
		repos := work.repos()
		err := ports.ConfirmCaller(ctx, repos)
		if err == nil {
			err = fn(ctx, repos)
		}
		if err == nil && dry != nil {
			recorded, err = work.recorded, errDryRun
		}
		return err
	})
	if errors.Is(err, errDryRun) {
		return s.recordDryRun(ctx, dry, recorded)
	}
	return err
}

func (s *Store) inTx(ctx context.Context, fn func(context.Context, *session) error) error {
	pause, fresh := firstPause, 0
	for attempt := 1; ; attempt++ {
		err := s.once(ctx, s.write, nil, s.share, fn)
		switch {
		case err == nil || attempt == maxAttempts || ctx.Err() != nil:
			return s.told(outward(err))
		case worthAnotherTry(err):
		case canRunOnNew(err) && fresh < maxFreshAttempts:
			fresh++
			pause = time.Duration(fresh) * freshPause
		default:
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

// errDryRun rolls a transaction back whose function has succeeded in a dry run.
var errDryRun = errors.New("dry run")

// recordDryRun notes for the dry run, and on the audit log, what the transaction would have changed.
func (s *Store) recordDryRun(ctx context.Context, dry *dryrun.DryRun, recorded []audit.Entry) error {
	dry.Entries = append(dry.Entries, recorded...)
	if len(recorded) == 0 {
		return nil
	}
	entries := make([]audit.Entry, len(recorded))
	for i, e := range recorded {
		entries[i] = e.OfDryRun()
	}
	return s.Logged(ctx, entries...)
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
	if tell := s.onRefused.Load(); tell != nil && takesNoWrites(err) {
		(*tell)(err)
	}
	return err
}

// OnRefused has tell hear of every transaction that failed because the database takes no writes: it is read-only,
// its disk is full, its file was replaced.
func (s *Store) OnRefused(tell func(error)) { s.onRefused.Store(&tell) }

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
	if err := s.file.check(); err != nil {
		return err
	}
	committing := false
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := fn(ctx, &session{db: tx, keys: s.keys, share: share})
		committing = err == nil
		return err
	}, options...)
	switch {
	case err == nil:
		return s.file.check() // what was committed into a file that nobody finds again must not be acknowledged
	case s.connect != nil && (refusedByServer(err) || connectionLost(err)):
		s.connect.retire()
	}
	if committing {
		return commitError{err}
	}
	return err
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
		Cases: caseRepo{s}, Documents: documentRepo{s}, CaseSets: caseSetRepo{s}, Casebook: casebookRepo{s}, Duplicates: duplicateRepo{s},
		Users: userRepo{s}, Rosters: rosterRepo{s}, Surgeons: surgeonRepo{s}, Places: facilityRepo{s}, Groups: groupRepo{s}, Tokens: tokenRepo{s},
		Prices: priceRepo{s}, Tables: priceTableRepo{s}, Codes: codeRepo{s}, Runs: runRepo{s}, Ledger: ledgerRepo{s}, Lists: listRepo{s},
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

	recorded []audit.Entry // by Audit.Record, for a dry run
}

const databaseAway = "database_unavailable"

func unavailable(cause error) error {
	return fault.New(fault.Unavailable, databaseAway, "The database is not available at the moment.").Because(cause)
}
