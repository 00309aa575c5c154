package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"surgicase/domain/document"
	"surgicase/ports"
)

// objectPage is how many rows are read at once.
const objectPage = 200

// Objects implements ports.Archive: it goes through every table that has a column object_key.
func (s *Store) Objects(ctx context.Context) iter.Seq2[ports.StoredObject, error] {
	return func(yield func(ports.StoredObject, error) bool) {
		tables, err := s.objectTables(ctx)
		if err != nil {
			yield(ports.StoredObject{}, outward(err))
			return
		}
		for _, table := range tables {
			var after []ports.RowKey
			for {
				page, last, err := s.readObjects(ctx, table, table.after(after))
				if err != nil {
					yield(ports.StoredObject{}, outward(err))
					return
				}
				for _, o := range page {
					if !yield(o, nil) {
						return
					}
				}
				if last == nil {
					break
				}
				after = last
			}
		}
	}
}

// Refers implements ports.Archive.
func (s *Store) Refers(ctx context.Context, o ports.StoredObject) (bool, error) {
	tables, err := s.objectTables(ctx)
	if err != nil {
		return false, outward(err)
	}
	for _, table := range tables {
		if table.Name != o.Table {
			continue
		}
		page, _, err := s.readObjects(ctx, table, table.at(o.Row))
		return len(page) == 1 && page[0].Key == o.Key, outward(err)
	}
	return false, nil
}

// objectTable is a table whose rows refer to objects.
type objectTable struct {
	ports.Shape
	sealed *encryptedTable // nil where the keys of objects are in the clear
}

func (s *Store) objectTables(ctx context.Context) ([]objectTable, error) {
	var tables []objectTable
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		shapes, err := s.shapes(ctx, tx)
		for _, shape := range shapes {
			t := objectTable{Shape: shape}
			if !t.has("object_key") {
				continue
			}
			i := slices.IndexFunc(encryptedTables, func(e encryptedTable) bool { return e.name == shape.Name && slices.Contains(e.columns, "object_key") })
			if i >= 0 {
				t.sealed = &encryptedTables[i]
			}
			tables = append(tables, t)
		}
		return err
	})
	return tables, err
}

func (t objectTable) has(column string) bool {
	return slices.ContainsFunc(t.Columns, func(c ports.Column) bool { return c.Name == column })
}

// rowFilter is the condition of a statement with its arguments.
type rowFilter struct {
	text string
	args []any
}

// after is the condition for rows whose key comes after one; nil is before all. Its first part is what the index of the key serves.
func (t objectTable) after(key []ports.RowKey) rowFilter {
	if key == nil {
		return rowFilter{text: "1 = 1"}
	}
	c := rowFilter{text: key[0].Column + " >= ? AND (", args: []any{t.value(key[0])}}
	for i, k := range key {
		if i > 0 {
			c.text += " OR "
		}
		equal := t.at(key[:i])
		c.text += equal.text + " AND " + k.Column + " > ?"
		c.args = append(append(c.args, equal.args...), t.value(k))
	}
	c.text += ")"
	return c
}

// at is the condition for the rows with this key, or this beginning of a key.
func (t objectTable) at(key []ports.RowKey) rowFilter {
	c := rowFilter{text: "1 = 1"}
	for _, k := range key {
		c.text += " AND " + k.Column + " = ?"
		c.args = append(c.args, t.value(k))
	}
	return c
}

func (t objectTable) value(k ports.RowKey) any {
	isWhole := slices.Contains(t.Columns, ports.Column{Name: k.Column, Kind: ports.Whole})
	if n, err := strconv.ParseInt(k.Value, 10, 64); isWhole && err == nil {
		return n
	}
	return k.Value
}

// readObjects reads a page of rows by key. It returns the key of the last one unless it was the last page.
func (s *Store) readObjects(ctx context.Context, t objectTable, where rowFilter) (page []ports.StoredObject, last []ports.RowKey, err error) {
	if len(t.Key) == 0 {
		return nil, nil, fmt.Errorf("%s has objects and no key", t.Name)
	}
	facts := "0, NULL"
	if t.has("size_bytes") && t.has("sha256") {
		facts = "size_bytes, sha256"
	}
	if t.has("object_stored") {
		where.text += " AND object_stored <> 0"
	}
	key := strings.Join(t.Key, ", ")
	query := fmt.Sprintf("SELECT object_key, %s, %s FROM %s WHERE %s ORDER BY %s LIMIT %d", facts, key, t.Name, where.text, key, objectPage)
	err = s.snapshot(ctx, func(tx *gorm.DB) error {
		rows, err := tx.WithContext(ctx).Raw(query, where.args...).Rows()
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		read := 0
		for ; rows.Next(); read++ {
			o, err := s.scanObject(t, rows)
			if err != nil {
				return err
			}
			if last = o.Row; o.Key != "" {
				page = append(page, o)
			}
		}
		if read < objectPage {
			last = nil
		}
		return rows.Err()
	})
	return page, last, err
}

func (s *Store) scanObject(t objectTable, rows *sql.Rows) (ports.StoredObject, error) {
	var stored, sum []byte
	var size sql.NullInt64
	targets := []any{&stored, &size, &sum}
	texts := make([]string, len(t.Key))
	for i := range texts {
		targets = append(targets, &texts[i])
	}
	if err := rows.Scan(targets...); err != nil {
		return ports.StoredObject{}, err
	}
	o := ports.StoredObject{Key: string(stored), Table: t.Name}
	for i, text := range texts {
		o.Row = append(o.Row, ports.RowKey{Column: t.Key[i], Value: text})
	}
	if t.sealed != nil {
		key := make([]any, len(t.sealed.keys))
		for i, column := range t.sealed.keys {
			key[i] = texts[slices.Index(t.Key, column)]
		}
		open := sealer{keys: s.keys}
		o.Key = open.openText(stored, "object_key", t.sealed.place(key)).Reveal()
		if open.err != nil {
			return o, open.err
		}
	}
	o.Want = document.Expected{Size: size.Int64, SHA256: sum}
	if t.has("object_stored") {
		o.Want = document.Expect(o.Key, true, size.Int64, sum)
	}
	return o, nil
}
