package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
)

// compatibilityTable holds, for each migration that has a row, the oldest program that may run once it is applied.
// Source: docs/rules.md, Configuration.
const compatibilityTable = "schema_compatibility"

// Schema is how the schema of a database stands to the program.
type Schema struct {
	Have  int64 // the newest migration that is applied
	Known int64 // the newest migration that the program knows

	// Oldest is the newest migration that a program must know to run on the schema, as the migrations say that this
	// program does not know. 0 if there are none.
	Oldest int64
}

// IsNewer reports whether the database has migrations that the program does not know.
func (s Schema) IsNewer() bool { return s.Have > s.Known }

// Schema returns how the schema stands to the program.
func (s *Store) Schema(ctx context.Context) (Schema, error) {
	m, err := s.migrator()
	if err != nil {
		return Schema{}, err
	}
	var schema Schema
	schema.Have, schema.Known, err = m.GetVersions(ctx)
	if err == nil && schema.IsNewer() {
		schema.Oldest, err = s.oldestProgram(ctx, schema.Known)
	}
	return schema, outward(err)
}

// oldestProgram returns the newest migration that a program must know to run with the applied ones after a version. A
// migration without a row wants a program that knows it.
func (s *Store) oldestProgram(ctx context.Context, after int64) (int64, error) {
	const query = "SELECT MAX(COALESCE(c.oldest_program, g.version_id)) FROM " + gooseTable + " g" +
		" LEFT JOIN " + compatibilityTable + " c ON c.version = g.version_id WHERE g.is_applied = 1 AND g.version_id > ?"
	var oldest sql.NullInt64
	err := s.write.WithContext(ctx).Raw(query, after).Row().Scan(&oldest)
	return oldest.Int64, err
}

// Check returns an error if the program may not run on the schema: Unavailable "schema_version" if it is older than the
// program, "schema_newer" if it has migrations that want a newer program.
func (s Schema) Check() error {
	switch {
	case s.Have < s.Known:
		return fault.New(fault.Unavailable, "schema_version",
			"the database has schema version %d, this program needs %d: run `surgicase migrate up`", s.Have, s.Known)
	case s.Oldest > s.Known:
		return errSchemaNewer("the database has schema version %d, on which the oldest program that may run"+
			" knows migration %d; this one knows %d: start a newer program", s.Have, s.Oldest, s.Known)
	}
	return nil
}

// CheckVersion returns an error if the program may not run on the schema of the database, as Schema.Check does.
func (s *Store) CheckVersion(ctx context.Context) error {
	schema, err := s.Schema(ctx)
	if err != nil {
		return err
	}
	return schema.Check()
}

// CheckKnown is CheckVersion for work that must know all tables and columns: Unavailable "schema_newer" if there are
// migrations that the program does not know, whatever they allow.
func (s *Store) CheckKnown(ctx context.Context) error {
	schema, err := s.Schema(ctx)
	if err == nil {
		err = schema.Check()
	}
	if err == nil && schema.IsNewer() {
		err = errSchemaNewer("the database has schema version %d, this program knows %d:"+
			" this command needs a program that knows all of the schema", schema.Have, schema.Known)
	}
	return err
}

func errSchemaNewer(text string, versions ...any) error {
	return fault.New(fault.Unavailable, "schema_newer", text, versions...)
}

// LastBackup returns when the newest backup was made that the audit log knows, the zero time if there is none.
func (s *Store) LastBackup(ctx context.Context) (time.Time, error) {
	schema, err := s.Schema(ctx)
	if err != nil || schema.Have < auditedSince {
		return time.Time{}, err
	}
	var last sql.NullInt64
	const query = "SELECT MAX(happened_at) FROM audit_entries" +
		" WHERE action = ? AND entity = 'backup' AND entity_id <> '' AND outcome = ?"
	err = s.read.WithContext(ctx).Raw(query, string(permission.ManageBackups), string(audit.Done)).Row().Scan(&last)
	if err != nil || !last.Valid {
		return time.Time{}, outward(err)
	}
	return instant(last.Int64), nil
}

// auditedSince is the migration that brought the audit log.
const auditedSince = 2
