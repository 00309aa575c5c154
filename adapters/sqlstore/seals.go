package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
)

type sealRepo struct{ *session }

// Last implements ports.Seals.
func (r sealRepo) Last(ctx context.Context) (audit.Seal, error) {
	var s audit.Seal
	var key sql.NullString
	err := r.db.WithContext(ctx).Raw("SELECT seq, entry_id, hash, key_id FROM audit_seal ORDER BY seq DESC LIMIT 1").Row().Scan(&s.Seq, &s.Entry, &s.Hash, &key)
	if errors.Is(err, sql.ErrNoRows) {
		return audit.Seal{}, nil
	}
	s.ChainKey = key.String
	return s, err
}

// Boundary implements ports.Seals.
func (r sealRepo) Boundary(ctx context.Context) (audit.Checkpoint, error) {
	var rows []checkpointRow
	err := r.db.WithContext(ctx).Where("begins_key IS NOT NULL").Order("seq DESC, made_at DESC").Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return audit.Checkpoint{}, err
	}
	return rows[0].checkpoint(), nil
}

// LastCheckpoint implements ports.Seals.
func (r sealRepo) LastCheckpoint(ctx context.Context) (time.Time, error) {
	var at sql.NullInt64
	err := r.db.WithContext(ctx).Raw("SELECT made_at FROM audit_checkpoints ORDER BY seq DESC, made_at DESC LIMIT 1").Row().Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return instant(at.Int64), err
}

// Newest implements ports.Seals.
func (r sealRepo) Newest(ctx context.Context) (id int64, err error) {
	err = r.db.WithContext(ctx).Raw("SELECT COALESCE(MAX(entry_id), 0) FROM audit_entries").Row().Scan(&id)
	return id, err
}

// Sealed implements ports.Seals.
func (r sealRepo) Sealed(ctx context.Context, entry int64) (bool, error) {
	var n int
	err := r.db.WithContext(ctx).Raw("SELECT COUNT(*) FROM audit_seal WHERE entry_id = ?", entry).Row().Scan(&n)
	return n > 0, err
}

// Unsealed implements ports.Seals.
func (r sealRepo) Unsealed(ctx context.Context, after int64, limit int) ([]audit.Stored, int64, error) {
	var through int64
	err := r.db.WithContext(ctx).Raw("SELECT COALESCE(MAX(entry_id), 0) FROM audit_entries").Row().Scan(&through)
	if err != nil || through <= after {
		return []audit.Stored{}, after, err
	}
	rows, err := r.query(ctx, "SELECT "+entryColumns+" FROM audit_entries e LEFT JOIN audit_seal s ON s.entry_id = e.entry_id"+
		" WHERE e.entry_id > ? AND s.entry_id IS NULL ORDER BY e.entry_id LIMIT ?", after, limit)
	if err != nil {
		return nil, after, err
	}
	found, err := entries(rows)
	if len(found) == limit {
		through = found[limit-1].ID
	}
	return found, through, err
}

// sealsAtOnce is the most that one statement inserts. Others insert half of it, a quarter and so on, so
// that nine statements do for any number and stay prepared.
const sealsAtOnce = 256

// Add implements ports.Seals.
func (r sealRepo) Add(ctx context.Context, seals []audit.Seal) error {
	for n := sealsAtOnce; len(seals) > 0; n /= 2 {
		for ; len(seals) >= n; seals = seals[n:] {
			var values []any
			for _, s := range seals[:n] {
				values = append(values, s.Seq, s.Entry, s.Hash, nullText(s.ChainKey))
			}
			query := "INSERT INTO audit_seal (seq, entry_id, hash, key_id) VALUES " + strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?), ", n), ", ")
			if err := r.db.WithContext(ctx).Exec(query, values...).Error; err != nil {
				return once(err, fault.New(fault.Conflict, "sealed_meanwhile", "Somebody else has sealed these entries."))
			}
		}
	}
	return nil
}

type checkpointRow struct {
	Seq       int64
	MadeAt    int64
	EntryID   int64
	Hash      []byte
	KeyID     string
	Signature []byte
	BeginsKey sql.NullString
}

func (row checkpointRow) checkpoint() audit.Checkpoint {
	return audit.Checkpoint{
		Seal: audit.Seal{Seq: row.Seq, Entry: row.EntryID, Hash: row.Hash}, At: instant(row.MadeAt), KeyID: row.KeyID, Signature: row.Signature, Begins: row.BeginsKey.String,
	}
}

func (checkpointRow) TableName() string { return "audit_checkpoints" }

// AddCheckpoint implements ports.Seals.
func (r sealRepo) AddCheckpoint(ctx context.Context, c audit.Checkpoint) error {
	row := checkpointRow{Seq: c.Seq, MadeAt: micros(c.At), EntryID: c.Entry, Hash: c.Hash, KeyID: c.KeyID, Signature: c.Signature, BeginsKey: nullText(c.Begins)}
	return once(r.db.WithContext(ctx).Create(&row).Error, fault.New(fault.Conflict, "checkpoint_exists", "There is such a checkpoint already."))
}

// Checkpoints implements ports.Seals.
func (r sealRepo) Checkpoints(ctx context.Context, fromSeq int64) ([]audit.Checkpoint, error) {
	var rows []checkpointRow
	err := r.db.WithContext(ctx).Where("seq >= ?", fromSeq).Order("seq, made_at").Find(&rows).Error
	return mapped(rows, checkpointRow.checkpoint), err
}

// Links implements ports.Seals.
func (r sealRepo) Links(ctx context.Context) iter.Seq2[audit.Link, error] {
	return func(yield func(audit.Link, error) bool) {
		const sealed = "SELECT s.seq, s.entry_id, s.hash, s.key_id, " + entryColumns + " FROM audit_seal s LEFT JOIN audit_entries e ON e.entry_id = s.entry_id ORDER BY s.seq"
		const waiting = "SELECT s.seq, s.entry_id, s.hash, s.key_id, " + entryColumns + " FROM audit_entries e LEFT JOIN audit_seal s ON s.entry_id = e.entry_id" +
			" WHERE s.entry_id IS NULL ORDER BY e.entry_id"
		for _, query := range []string{sealed, waiting} {
			if more, err := r.links(ctx, query, yield); err != nil || !more {
				if err != nil {
					yield(audit.Link{}, err)
				}
				return
			}
		}
	}
}

// links gives the links of a query; more is false if nobody wants another.
func (r sealRepo) links(ctx context.Context, query string, yield func(audit.Link, error) bool) (more bool, err error) {
	rows, err := r.query(ctx, query)
	if err != nil {
		return false, err
	}
	defer func() { _ = rows.Close() }()
	var scan entryScan
	var seq, id sql.NullInt64
	var hash sql.RawBytes
	var key textColumn
	for targets := scan.targets(&seq, &id, &hash, &key); rows.Next(); {
		if err := rows.Scan(targets...); err != nil {
			return false, err
		}
		l := audit.Link{Sealed: seq.Valid, Seal: audit.Seal{Seq: seq.Int64, Entry: id.Int64, Hash: slices.Clone(hash), ChainKey: string(key)}}
		if scan.id.Valid {
			e := scan.entry()
			l.Entry = &e
		}
		if !yield(l, nil) {
			return false, nil
		}
	}
	return true, rows.Err()
}

// once is taken where a trigger of SQLite refuses the row before its unique key would.
func once(err error, conflict *fault.Error) error {
	var lite sqlite3.Error
	if errors.As(err, &lite) && lite.ExtendedCode == sqlite3.ErrConstraintTrigger && strings.HasSuffix(lite.Error(), "never replaced") {
		return conflict.Because(err)
	}
	return taken(err, conflict)
}
