package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"slices"
	"strings"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
)

type sealRepo struct{ *session }

// Last implements ports.Seals.
func (r sealRepo) Last(ctx context.Context) (audit.Seal, error) {
	var s audit.Seal
	err := r.db.WithContext(ctx).Raw("SELECT seq, entry_id, hash FROM audit_seal ORDER BY seq DESC LIMIT 1").Row().Scan(&s.Seq, &s.Entry, &s.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		return audit.Seal{}, nil
	}
	return s, err
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
				values = append(values, s.Seq, s.Entry, s.Hash)
			}
			query := "INSERT INTO audit_seal (seq, entry_id, hash) VALUES " + strings.TrimSuffix(strings.Repeat("(?, ?, ?), ", n), ", ")
			if err := r.db.WithContext(ctx).Exec(query, values...).Error; err != nil {
				return taken(err, fault.New(fault.Conflict, "sealed_meanwhile", "Somebody else has sealed these entries."))
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
}

func (checkpointRow) TableName() string { return "audit_checkpoints" }

// AddCheckpoint implements ports.Seals.
func (r sealRepo) AddCheckpoint(ctx context.Context, c audit.Checkpoint) error {
	row := checkpointRow{Seq: c.Seq, MadeAt: micros(c.At), EntryID: c.Entry, Hash: c.Hash, KeyID: c.KeyID, Signature: c.Signature}
	return taken(r.db.WithContext(ctx).Create(&row).Error, fault.New(fault.Conflict, "checkpoint_exists", "There is such a checkpoint already."))
}

// Checkpoints implements ports.Seals.
func (r sealRepo) Checkpoints(ctx context.Context, fromSeq int64) ([]audit.Checkpoint, error) {
	var rows []checkpointRow
	err := r.db.WithContext(ctx).Where("seq >= ?", fromSeq).Order("seq, made_at").Find(&rows).Error
	return mapped(rows, func(row checkpointRow) audit.Checkpoint {
		return audit.Checkpoint{
			Seal: audit.Seal{Seq: row.Seq, Entry: row.EntryID, Hash: row.Hash}, At: instant(row.MadeAt), KeyID: row.KeyID, Signature: row.Signature,
		}
	}), err
}

// Links implements ports.Seals.
func (r sealRepo) Links(ctx context.Context) iter.Seq2[audit.Link, error] {
	return func(yield func(audit.Link, error) bool) {
		const sealed = "SELECT s.seq, s.entry_id, s.hash, " + entryColumns + " FROM audit_seal s LEFT JOIN audit_entries e ON e.entry_id = s.entry_id ORDER BY s.seq"
		const waiting = "SELECT s.seq, s.entry_id, s.hash, " + entryColumns + " FROM audit_entries e LEFT JOIN audit_seal s ON s.entry_id = e.entry_id" +
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
	for targets := scan.targets(&seq, &id, &hash); rows.Next(); {
		if err := rows.Scan(targets...); err != nil {
			return false, err
		}
		l := audit.Link{Sealed: seq.Valid, Seal: audit.Seal{Seq: seq.Int64, Entry: id.Int64, Hash: slices.Clone(hash)}}
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
