package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"surgicase/domain/fault"
	"surgicase/migrations"
)

// MigrationState is one migration and whether it was applied.
type MigrationState struct {
	Version int64
	Name    string
	Applied bool
}

func (s *Store) migrator() (*goose.Provider, error) {
	pool, err := s.write.DB()
	if err != nil {
		return nil, err
	}
	return s.migratorOn(pool)
}

func (s *Store) migratorOn(pool *sql.DB) (*goose.Provider, error) {
	files, err := migrations.For(s.dialect)
	if err != nil {
		return nil, err
	}
	dialect := database.DialectMySQL
	if s.dialect == "sqlite" {
		dialect = database.DialectSQLite3
	}
	return goose.NewProvider(dialect, pool, files, goose.WithLogger(goose.NopLogger()))
}

// MigrateUp brings the schema to this program's version and says how many steps that took. It can be repeated when
// it broke off. On MySQL Conflict "triggers_refused" if the server makes no triggers for the account and "table_exists" if there
// is something else in the database; then nothing was changed.
func (s *Store) MigrateUp(ctx context.Context) (int, error) {
	unlock, err := s.lockMigrations(ctx)
	if err != nil {
		return 0, outward(err)
	}
	defer unlock()
	steps, err := s.climb(ctx, goose.MaxVersion)
	for attempt := 1; err != nil && s.dialect == "sqlite" && attempt < maxMigrationAttempts && ctx.Err() == nil; attempt++ {
		// Each step is one transaction: whoever lost the race for it finds it done.
		time.Sleep(time.Duration(attempt) * longPause)
		steps, err = s.climb(ctx, goose.MaxVersion)
	}
	if err == nil {
		err = s.FitCluster(ctx)
	}
	return steps, outward(err)
}

const (
	maxMigrationAttempts = 5
	migrationLock        = "CONCAT('surgicase.', MD5(DATABASE()))"
	migrationLockSeconds = 3600 // how long a second migration waits for the first
)

// lockMigrations keeps others on MySQL from migrating the same database meanwhile. The lock belongs to a connection of
// its own and ends with it, also when the program is killed.
func (s *Store) lockMigrations(ctx context.Context) (unlock func(), err error) {
	if s.connect == nil {
		return func() {}, nil
	}
	pool := sql.OpenDB(s.connect)
	pool.SetMaxOpenConns(1)
	unlock = func() { _ = pool.Close() }
	for waited := 0; ; waited++ { // in short pieces: a read that takes a minute is broken off
		var got sql.NullInt64
		if err := pool.QueryRowContext(ctx, "SELECT GET_LOCK("+migrationLock+", 20)").Scan(&got); err != nil {
			unlock()
			return nil, err
		}
		if got.Int64 == 1 {
			return unlock, nil
		}
		if waited*20 >= migrationLockSeconds {
			unlock()
			return nil, fault.New(fault.Conflict, "migration_running", "Another migration of this database has been running for an hour: nothing was changed.")
		}
	}
}

// FitCluster drops the triggers that guard the trail if the database is a node of a Galera cluster. When a
// cluster takes a transaction back while MariaDB opens a table with triggers, the server keeps the table
// with a trigger it could not read, and from then on refuses what is put in: the trail would stop. There
// the grants of two accounts guard it (docs/operating.md).
func (s *Store) FitCluster(ctx context.Context) error {
	if s.dialect != "mysql" {
		return nil
	}
	db := s.write.WithContext(ctx)
	var clustered []struct{ VariableName, Value string }
	if err := db.Raw("SHOW VARIABLES LIKE 'wsrep_on'").Scan(&clustered).Error; err != nil {
		return outward(err)
	}
	if len(clustered) == 0 || !strings.EqualFold(clustered[0].Value, "ON") {
		return nil
	}
	var triggers []string
	err := db.Raw("SELECT trigger_name AS name FROM information_schema.triggers WHERE trigger_schema = DATABASE() AND trigger_name LIKE 'audit!_%' ESCAPE '!'").Scan(&triggers).Error
	for _, name := range triggers {
		err = errors.Join(err, db.Exec("DROP TRIGGER IF EXISTS "+name).Error)
	}
	return outward(err)
}

// MigrateDown takes one migration back and gives its name, empty if there was none. Unavailable "schema_newer" if it is
// one of a newer program.
func (s *Store) MigrateDown(ctx context.Context) (string, error) {
	m, err := s.migrator()
	if err != nil {
		return "", err
	}
	have, known, err := m.GetVersions(ctx)
	if err != nil || have == 0 {
		return "", outward(err)
	}
	if have > known {
		return "", errSchemaNewer("the database has schema version %d, this program knows %d:"+
			" only a program that knows a migration can take it back", have, known)
	}
	done, err := m.Down(ctx)
	if err != nil {
		return "", outward(err)
	}
	return done.Source.Path, nil
}

// MigrationStatus lists the migrations this program knows.
func (s *Store) MigrationStatus(ctx context.Context) ([]MigrationState, error) {
	m, err := s.migrator()
	if err != nil {
		return nil, err
	}
	found, err := m.Status(ctx)
	if err != nil {
		return nil, outward(err)
	}
	states := make([]MigrationState, len(found))
	for i, f := range found {
		states[i] = MigrationState{Version: f.Source.Version, Name: f.Source.Path, Applied: f.State == goose.StateApplied}
	}
	return states, nil
}
