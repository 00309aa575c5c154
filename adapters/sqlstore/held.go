package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"strings"
)

// Held is what a SQLite database holds that keys belong to.
type Held struct {
	Encrypted   bool // values of encrypted columns
	Entries     bool // of the audit log
	Checkpoints bool // of the audit log
}

// HeldBySQLite looks into the database of a URL without a key, and without making one. A file that does
// not exist, or has no schema yet, holds nothing.
//
// Errors: Unavailable if the file cannot be read.
func HeldBySQLite(ctx context.Context, from string) (held Held, err error) {
	path := strings.TrimPrefix(from, SQLiteScheme)
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return Held{}, nil
	}
	file := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: "_busy_timeout=10000&_query_only=1"}
	db, err := sql.Open("sqlite3", file.String())
	if err != nil {
		return Held{}, unavailable(err)
	}
	defer func() { _ = db.Close() }()
	look := func(table, condition string) bool {
		var tables, found int
		if err == nil {
			err = db.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?", table).Scan(&tables)
		}
		if err == nil && tables > 0 {
			err = db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+table+" WHERE "+condition+")").Scan(&found)
		}
		return found > 0
	}
	held = Held{Entries: look("audit_entries", "1"), Checkpoints: look("audit_checkpoints", "1")}
	for _, table := range encryptedTables {
		for _, column := range table.columns {
			held.Encrypted = held.Encrypted || look(table.name, "LENGTH("+column+") > 0")
		}
	}
	if err != nil {
		return held, unavailable(err)
	}
	return held, nil
}

// LostKey returns the id of a key that the newest values of an encrypted column have and the key set at
// hand does not hold. Looking costs a query per table, however large it is.
func (s *Store) LostKey(ctx context.Context) (id uint32, lost bool, err error) {
	for _, table := range encryptedTables {
		query := "SELECT " + strings.Join(table.columns, ", ") + " FROM " + table.name + " ORDER BY " + table.keys[0] + " DESC LIMIT 1"
		values, targets := make([][]byte, len(table.columns)), make([]any, len(table.columns))
		for i := range values {
			targets[i] = &values[i]
		}
		switch err := s.read.WithContext(ctx).Raw(query).Row().Scan(targets...); {
		case errors.Is(err, sql.ErrNoRows):
			continue
		case err != nil:
			return 0, false, outward(err)
		}
		for _, value := range values {
			if key, ok := keyOf(value); ok && !s.KnowsKey(key) {
				return uint32(key), true, nil
			}
		}
	}
	return 0, false, nil
}
