package sqlstore

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"surgicase/ports"
)

// encryptedTable is a table with encrypted columns.
type encryptedTable struct {
	name    string
	keys    []string // its primary key and what else place needs; rows come in the order of the first
	numeric bool     // whether the first is a number
	place   func(key []any) string
	columns []string
}

// encryptedTables are all of them: what is not here cannot be sealed.
var encryptedTables = []encryptedTable{
	{"cases", []string{"human_case_id", "case_id"}, true, second, []string{"patient_first", "patient_last", "patient_dob", "digest_key"}},
	{"case_documents", []string{"human_case_id", "kind", "slot"}, true, firstAndSecond, []string{"file_name", "object_key"}},
	{"users", []string{"user_id"}, false, first, []string{"tax_id"}},
	{"user_documents", []string{"user_id", "position"}, false, first, []string{"document_name", "object_key"}},
	{"report_passwords", []string{"holder"}, false, first, []string{"report_password"}},
}

var encryptedColumns = func() map[string]bool {
	columns := map[string]bool{}
	for _, table := range encryptedTables {
		for _, column := range table.columns {
			columns[column] = true
		}
	}
	return columns
}()

// What sealed values are bound to, as caseRowOf, documentRow.place and userRowOf have it.
func first(key []any) string          { return fmt.Sprint(key[0]) }
func second(key []any) string         { return fmt.Sprint(key[1]) }
func firstAndSecond(key []any) string { return fmt.Sprint(key[0], "/", key[1]) }

// Uses implements ports.Encryption: a statement per column, because a column of a large table takes
// its time.
func (s *Store) Uses(ctx context.Context) (map[ports.KeyID]int64, error) {
	uses := map[ports.KeyID]int64{}
	for _, table := range encryptedTables {
		for _, column := range table.columns {
			if err := s.countUses(ctx, table.name, column, uses); err != nil {
				return nil, outward(err)
			}
		}
	}
	return uses, nil
}

func (s *Store) countUses(ctx context.Context, table, column string, into map[ports.KeyID]int64) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	prefix := fmt.Sprintf("SUBSTR(%s, 1, %d)", column, prefixSize)
	rows, err := s.read.WithContext(ctx).Raw("SELECT " + prefix + ", COUNT(*) FROM " + table + " WHERE LENGTH(" + column + ") > 0 GROUP BY " + prefix).Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var start []byte
		var values int64
		if err := rows.Scan(&start, &values); err != nil {
			return err
		}
		id, _ := keyOf(start) // what nobody sealed counts under no key
		into[id] += values
	}
	return rows.Err()
}

// encryptedRow is a row of an encryptedTable: its key and the sealed values of its columns.
type encryptedRow struct {
	key    []any
	sealed [][]byte
}

// Reencrypt implements ports.Encryption. It reads outside the transaction that writes: a writer of
// SQLite waits for the few rows to be written only.
func (s *Store) Reencrypt(ctx context.Context, with ports.KeyID, from ports.EncryptedPosition, limit int) (ports.Reencrypted, error) {
	keys, err := s.keys.sealsWith(ctx, with)
	if err != nil {
		return ports.Reencrypted{}, err
	}
	table := encryptedTables[from.Table]
	rows, err := s.encryptedRows(ctx, table, from.After, limit)
	if err != nil {
		return ports.Reencrypted{}, outward(err)
	}
	done := ports.Reencrypted{Next: ports.EncryptedPosition{Table: from.Table + 1}, Done: from.Table+1 == len(encryptedTables)}
	if len(rows) > 0 {
		done = ports.Reencrypted{Next: ports.EncryptedPosition{Table: from.Table, After: fmt.Sprint(rows[len(rows)-1].key[0])}}
	}
	var changes []encryptedChange
	for _, row := range rows {
		if change := s.reseal(table, row, keys, &done); len(change.columns) > 0 {
			changes = append(changes, change)
		}
	}
	done.Changed, err = s.writeChanges(ctx, table, changes)
	return done, err
}

// encryptedRows reads about limit rows that come after one: all rows of the last key among them, so
// that a page ends between two keys.
func (s *Store) encryptedRows(ctx context.Context, table encryptedTable, after string, limit int) ([]encryptedRow, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	position, key := table.position(after), table.keys[0]
	found, err := s.read.WithContext(ctx).Raw("SELECT "+strings.Join(table.keys, ", ")+", "+strings.Join(table.columns, ", ")+" FROM "+table.name+
		" WHERE "+key+" > ? AND "+key+" <= (SELECT MAX(page.k) FROM (SELECT "+key+" AS k FROM "+table.name+" WHERE "+key+" > ? ORDER BY "+key+" LIMIT ?) page)"+
		" ORDER BY "+key, position, position, limit).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	var rows []encryptedRow
	for found.Next() {
		row := encryptedRow{make([]any, len(table.keys)), make([][]byte, len(table.columns))}
		var targets []any
		for i := range row.key {
			targets = append(targets, &row.key[i])
		}
		for i := range row.sealed {
			targets = append(targets, &row.sealed[i])
		}
		if err := found.Scan(targets...); err != nil {
			return nil, err
		}
		for i, value := range row.key {
			if raw, ok := value.([]byte); ok { // one driver gives bytes where the other gives a string
				row.key[i] = string(raw)
			}
		}
		rows = append(rows, row)
	}
	return rows, found.Err()
}

func (t encryptedTable) position(after string) any {
	if !t.numeric {
		return after
	}
	number, _ := strconv.ParseInt(after, 10, 64) // "" is before all
	return number
}

// encryptedChange is what is to be written of a row.
type encryptedChange struct {
	key      []any
	columns  []string
	from, to [][]byte
}

// reseal encrypts the values of a row that have another key.
func (s *Store) reseal(table encryptedTable, row encryptedRow, keys *keys, note *ports.Reencrypted) encryptedChange {
	change := encryptedChange{key: row.key}
	prefix := prefixOf(keys.primary)
	for i, column := range table.columns {
		sealed := row.sealed[i]
		if len(sealed) == 0 {
			continue
		}
		note.Looked++
		if bytes.HasPrefix(sealed, prefix) {
			continue
		}
		where := place(column, table.place(row.key))
		anew, err := s.sealAnew(sealed, where, keys)
		if err != nil {
			note.Unreadable = append(note.Unreadable, table.name+"."+column+" "+table.place(row.key))
			continue
		}
		change.columns, change.from, change.to = append(change.columns, column), append(change.from, sealed), append(change.to, anew)
	}
	return change
}

func (s *Store) sealAnew(sealed, where []byte, keys *keys) ([]byte, error) {
	plain, err := s.keys.openBytes(sealed, where)
	if err != nil {
		return nil, err
	}
	return keys.seal.Encrypt(plain, where)
}

// writeChanges writes each row if its values are still the ones that were read: whoever changed them
// meanwhile has sealed them himself. It says how many values it wrote.
func (s *Store) writeChanges(ctx context.Context, table encryptedTable, changes []encryptedChange) (written int64, err error) {
	if len(changes) == 0 {
		return 0, nil
	}
	err = s.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		written = 0
		db := r.Cases.(caseRepo).db.WithContext(ctx)
		for _, change := range changes {
			statement, args := change.update(table)
			done := db.Exec(statement, args...)
			if done.Error != nil {
				return done.Error
			}
			written += done.RowsAffected * int64(len(change.columns))
		}
		return nil
	})
	return written, err
}

func (c encryptedChange) update(table encryptedTable) (statement string, args []any) {
	var set, where []string
	var guards []any
	for i, column := range c.columns {
		set, args = append(set, column+" = ?"), append(args, c.to[i])
	}
	for i, key := range table.keys {
		where, guards = append(where, key+" = ?"), append(guards, c.key[i])
	}
	for i, column := range c.columns {
		where, guards = append(where, column+" = ?"), append(guards, c.from[i])
	}
	return "UPDATE " + table.name + " SET " + strings.Join(set, ", ") + " WHERE " + strings.Join(where, " AND "), append(args, guards...)
}
