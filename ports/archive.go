package ports

import (
	"context"
	"io"
	"iter"
)

// ColumnKind is how the values of a column travel.
type ColumnKind string

// The kinds: int64, string and []byte. Every kind may be nil.
const (
	Whole ColumnKind = "int"
	Text  ColumnKind = "text"
	Bytes ColumnKind = "bytes"
)

// Column is a column of a table.
type Column struct {
	Name string
	Kind ColumnKind
}

// Shape is a table of the store: its columns, and those of its key, by which its rows are ordered.
type Shape struct {
	Name    string
	Columns []Column
	Key     []string
}

// ArchivedRow is a row of one of some shapes, by its place among them, with a value for each column.
type ArchivedRow struct {
	Table  int
	Values []any
}

// Archive takes out all that a store keeps, as it was at one moment, and puts it into an empty store of
// any kind. It knows tables by the schema alone: whatever a migration makes is in it.
type Archive interface {
	// SchemaVersion is the version of the schema; 0 if there is none.
	SchemaVersion(ctx context.Context) (int64, error)

	// TakeOut hands over the shapes of all tables, then every row, table by table and by key. It ends with
	// the first error of its own or of what it calls, and runs beside writers.
	TakeOut(ctx context.Context, begin func([]Shape) error, row func(ArchivedRow) error) error

	// PutIn fills an empty store of this schema version, all or nothing. What migrations have put into
	// lists is replaced. Conflict "store_not_empty" if anything else is in it, "schema_version" if it has
	// another schema; Invalid "backup_damaged" if rows refer to others that are missing.
	PutIn(ctx context.Context, version int64, shapes []Shape, rows iter.Seq2[ArchivedRow, error]) error

	// Objects yields all stored objects that rows refer to. It reads a page of rows at a time, in transactions that end before
	// their objects are yielded: rows that come or go meanwhile are yielded or not.
	Objects(ctx context.Context) iter.Seq2[StoredObject, error]

	// Refers reports whether the row of a stored object still refers to it.
	Refers(ctx context.Context, o StoredObject) (bool, error)
}

// Vault encrypts what leaves the house.
type Vault interface {
	// Seal gives a writer whose text goes encrypted to another; closing it ends the text and leaves the
	// other open.
	Seal(to io.Writer) (io.WriteCloser, error)

	// Unseal gives the text that was sealed. Invalid "backup_key_wrong" if there is no key for it; reading
	// fails if a byte of it was changed or its end is missing.
	Unseal(from io.Reader) (io.Reader, error)
}
