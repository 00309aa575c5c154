package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"surgicase/domain/fault"
	"surgicase/ports"
)

var _ ports.Archive = (*Store)(nil)

// TakeOut implements ports.Archive.
func (s *Store) TakeOut(ctx context.Context, begin func([]ports.Shape) error, row func(ports.ArchivedRow) error) error {
	return outward(s.snapshot(ctx, func(tx *gorm.DB) error {
		shapes, err := s.shapes(ctx, tx)
		if err != nil {
			return err
		}
		if err := begin(shapes); err != nil {
			return err
		}
		for i, shape := range shapes {
			if err := takeTable(ctx, tx, i, shape, row); err != nil {
				return fmt.Errorf("taking out %s: %w", shape.Name, err)
			}
		}
		return nil
	}))
}

// snapshot runs do in a transaction that sees one moment and writes nothing.
func (s *Store) snapshot(ctx context.Context, do func(*gorm.DB) error) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	options := &sql.TxOptions{}
	if s.readTx != nil {
		options = &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}
	}
	return s.read.WithContext(ctx).Transaction(do, options)
}

func takeTable(ctx context.Context, tx *gorm.DB, place int, shape ports.Shape, row func(ports.ArchivedRow) error) error {
	query := "SELECT " + columnList(shape) + " FROM " + shape.Name
	if len(shape.Key) > 0 {
		query += " ORDER BY " + strings.Join(shape.Key, ", ")
	}
	rows, err := tx.WithContext(ctx).Raw(query).Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		values, targets := make([]any, len(shape.Columns)), make([]any, len(shape.Columns))
		for i, c := range shape.Columns {
			targets[i] = target(c.Kind)
		}
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		for i, t := range targets {
			values[i] = scanned(t)
		}
		if err := row(ports.ArchivedRow{Table: place, Values: values}); err != nil {
			return err
		}
	}
	return rows.Err()
}

func target(kind ports.ColumnKind) any {
	switch kind {
	case ports.Whole:
		return &sql.NullInt64{}
	case ports.Text:
		return &sql.NullString{}
	default:
		return &[]byte{}
	}
}

func scanned(target any) any {
	switch t := target.(type) {
	case *sql.NullInt64:
		if t.Valid {
			return t.Int64
		}
	case *sql.NullString:
		if t.Valid {
			return t.String
		}
	case *[]byte:
		if *t != nil {
			return *t
		}
	}
	return nil
}

// Batches of rows that are put in by one statement: SQLite takes 32,766 values in one, and a statement
// of MySQL is at most 16 MB long.
const (
	putRows   = 200
	putValues = 10_000
)

// PutIn implements ports.Archive.
func (s *Store) PutIn(ctx context.Context, version int64, shapes []ports.Shape, rows iter.Seq2[ports.ArchivedRow, error]) error {
	have, err := s.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	if have != version {
		return fault.New(fault.Conflict, "schema_version", "The backup has schema version %d, the database %d.", version, have)
	}
	return outward(s.withoutReferences(ctx, func(db *gorm.DB) error {
		return db.Transaction(func(tx *gorm.DB) error {
			if err := s.checkFits(ctx, tx, shapes); err != nil {
				return err
			}
			if err := emptyTables(ctx, tx, shapes); err != nil {
				return err
			}
			if err := putRowsIn(ctx, tx, shapes, rows); err != nil {
				return err
			}
			return s.checkReferences(ctx, tx)
		})
	}))
}

// withoutReferences gives a connection on which rows may come before those they refer to. It is the
// same connection throughout: the switch belongs to it.
func (s *Store) withoutReferences(ctx context.Context, do func(*gorm.DB) error) error {
	off, on := "SET SESSION foreign_key_checks = 0", "SET SESSION foreign_key_checks = 1"
	if s.dialect == "sqlite" {
		off, on = "PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"
	}
	return s.write.WithContext(ctx).Connection(func(db *gorm.DB) error {
		if err := db.Exec(off).Error; err != nil {
			return err
		}
		defer func() { _ = db.WithContext(context.WithoutCancel(ctx)).Exec(on).Error }()
		return do(db)
	})
}

// checkFits compares what is to be put in with the tables there are.
func (s *Store) checkFits(ctx context.Context, tx *gorm.DB, shapes []ports.Shape) error {
	have, err := s.shapes(ctx, tx)
	if err == nil && !reflect.DeepEqual(have, shapes) {
		err = fault.New(fault.Conflict, "schema_version", "The tables of the backup are not those of the database.")
	}
	return err
}

// emptyTables makes room. Only lists that a migration has filled may hold anything: no backup is put
// over the work of others.
func emptyTables(ctx context.Context, tx *gorm.DB, shapes []ports.Shape) error {
	for _, table := range []string{"users", "case_ids", "audit_entries", "audit_seal", "payment_runs"} {
		var rows int64
		if err := tx.WithContext(ctx).Raw("SELECT COUNT(*) FROM " + table).Row().Scan(&rows); err != nil {
			return err
		}
		if rows > 0 {
			return fault.New(fault.Conflict, "store_not_empty", "The database is not empty: %s has %d rows. A backup goes into an empty one only.", table, rows)
		}
	}
	for _, shape := range shapes {
		if strings.HasPrefix(shape.Name, "audit_") { // they are empty, and triggers keep them from being emptied
			continue
		}
		if err := tx.WithContext(ctx).Exec("DELETE FROM " + shape.Name).Error; err != nil {
			return err
		}
	}
	return nil
}

func putRowsIn(ctx context.Context, tx *gorm.DB, shapes []ports.Shape, rows iter.Seq2[ports.ArchivedRow, error]) error {
	table, batch := -1, [][]any{}
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := insert(ctx, tx, shapes[table], batch)
		batch = batch[:0]
		return err
	}
	for row, err := range rows {
		if err != nil {
			return err
		}
		if row.Table < 0 || row.Table >= len(shapes) || len(row.Values) != len(shapes[row.Table].Columns) {
			return fault.New(fault.Invalid, "backup_damaged", "The backup is damaged: a row fits no table.")
		}
		if row.Table != table || len(batch) == putRows || len(batch)*len(row.Values) > putValues {
			if err := flush(); err != nil {
				return err
			}
			table = row.Table
		}
		batch = append(batch, row.Values)
	}
	return flush()
}

func insert(ctx context.Context, tx *gorm.DB, shape ports.Shape, rows [][]any) error {
	place := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(shape.Columns)), ", ") + ")"
	places := strings.TrimSuffix(strings.Repeat(place+", ", len(rows)), ", ")
	err := tx.WithContext(ctx).Exec("INSERT INTO "+shape.Name+" ("+columnList(shape)+") VALUES "+places, slices.Concat(rows...)...).Error
	if err != nil {
		return fmt.Errorf("putting rows into %s: %w", shape.Name, err)
	}
	return nil
}

// checkReferences looks for rows that refer to others that are not there.
func (s *Store) checkReferences(ctx context.Context, tx *gorm.DB) error {
	found, err := s.references(ctx, tx)
	if err != nil {
		return err
	}
	for _, r := range found {
		var lost int64
		err := tx.WithContext(ctx).Raw(fmt.Sprintf("SELECT COUNT(*) FROM %s c LEFT JOIN %s p ON p.%s = c.%s WHERE c.%s IS NOT NULL AND p.%s IS NULL",
			r.Child, r.Parent, r.ParentColumn, r.ChildColumn, r.ChildColumn, r.ParentColumn)).Row().Scan(&lost)
		if err != nil {
			return err
		}
		if lost > 0 {
			return fault.New(fault.Invalid, "backup_damaged", "The backup is damaged: %d rows of %s refer to rows of %s that are missing.", lost, r.Child, r.Parent)
		}
	}
	return nil
}

// SettleRestored ends what was under way when a restored backup was made: nobody who held a lease, ran a job or
// worked on a request then does so now. Timed runs are taken over, those by hand are over, and the run that made
// the backup has made it.
func (s *Store) SettleRestored(ctx context.Context, madeAt time.Time) error {
	return outward(s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		for _, q := range []struct {
			query string
			args  []any
		}{
			{"UPDATE leases SET expires_at = 0 WHERE lease <> ? AND expires_at < ?", []any{claimName, micros(time.Date(retiredYear, time.January, 1, 0, 0, 0, 0, time.UTC))}},
			{"UPDATE job_runs SET state = 'done', lease_until = ?, finished_at = ?, outcome = 'made the backup that was restored' WHERE state = 'running' AND job = 'backup'", []any{micros(madeAt), micros(madeAt)}},
			{"UPDATE job_runs SET state = 'done', lease_until = ?, finished_at = ?, outcome = 'stopped: a backup was restored' WHERE state = 'running' AND by_hand <> 0", []any{micros(madeAt), micros(madeAt)}},
			{"UPDATE job_runs SET lease_until = 0 WHERE state = 'running'", nil},
			{"UPDATE idempotency_keys SET held_until = 0 WHERE status = 0", nil},
		} {
			if err := tx.Exec(q.query, q.args...).Error; err != nil {
				return err
			}
		}
		return nil
	}))
}

// retiredYear is that of leases that nobody is ever to take.
const retiredYear = 9999
