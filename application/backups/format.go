package backups

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"time"

	"surgicase/domain/fault"
	"surgicase/ports"
)

// A backup is a gzip stream of JSON lines: a head, then for each table its rows as arrays and a foot
// with their number and checksum, then an end. Numbers are JSON numbers, bytes are base64. The same
// rows give the same lines out of either database, so the checksums compare databases of different
// kinds.

// formatVersion is what this program writes.
const formatVersion = 1

type head struct {
	Format  int           `json:"surgicase_backup"`
	MadeAt  time.Time     `json:"made_at"`
	Program string        `json:"program"`
	Schema  int64         `json:"schema"`
	Tables  []ports.Shape `json:"tables"`
	Signed  bool          `json:"signed,omitempty"` // a signature was stored beside it
}

type foot struct {
	Table  string `json:"table"`
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"`
}

type ending struct {
	End    string `json:"end"`
	SHA256 string `json:"sha256"` // of the feet
}

const theEnd = "of backup"

// Sum is what a table held.
type Sum struct {
	Table  string
	Rows   int64
	SHA256 string
}

// writer writes a backup.
type writer struct {
	to    *bufio.Writer
	zip   *gzip.Writer
	head  head
	table int
	rows  int64
	sum   hash.Hash
	all   hash.Hash
	sums  []Sum
}

func newWriter(to io.Writer, h head) *writer {
	zip := gzip.NewWriter(to)
	return &writer{to: bufio.NewWriterSize(zip, 1<<16), zip: zip, head: h, sum: sha256.New(), all: sha256.New()}
}

func (w *writer) begin(shapes []ports.Shape) error {
	w.head.Format, w.head.Tables = formatVersion, shapes
	return w.line(w.head, nil)
}

func (w *writer) line(v any, also hash.Hash) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if also != nil {
		_, _ = also.Write(text)
	}
	_, err = w.to.Write(text)
	return err
}

func (w *writer) row(r ports.ArchivedRow) error {
	for w.table < r.Table {
		if err := w.endTable(); err != nil {
			return err
		}
	}
	w.rows++
	return w.line(r.Values, w.sum)
}

func (w *writer) endTable() error {
	f := foot{Table: w.head.Tables[w.table].Name, Rows: w.rows, SHA256: hex.EncodeToString(w.sum.Sum(nil))}
	w.sums = append(w.sums, Sum(f))
	w.table, w.rows = w.table+1, 0
	w.sum.Reset()
	return w.line(f, w.all)
}

func (w *writer) end() error {
	for w.table < len(w.head.Tables) {
		if err := w.endTable(); err != nil {
			return err
		}
	}
	if err := w.line(ending{End: theEnd, SHA256: hex.EncodeToString(w.all.Sum(nil))}, nil); err != nil {
		return err
	}
	return errors.Join(w.to.Flush(), w.zip.Close())
}

// reader reads a backup and holds it to its checksums.
type reader struct {
	from   *bufio.Reader
	stored *hashing // what the storage has given of it
	signed string   // the SHA-256 that it must have; "" if it is not signed
	head   head
	sums   []Sum
}

func damaged(format string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, "backup_damaged", "The backup is damaged: "+format, args...)
}

func newReader(from io.Reader) (*reader, error) {
	zip, err := gzip.NewReader(from)
	if err != nil {
		return nil, damaged("it does not begin as one").Because(err)
	}
	r := &reader{from: bufio.NewReaderSize(zip, 1<<16)}
	text, err := r.line()
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &r.head); err != nil || r.head.Format != formatVersion {
		return nil, damaged("this program does not know its form")
	}
	return r, nil
}

func (r *reader) line() ([]byte, error) {
	text, err := r.from.ReadBytes('\n')
	if err != nil {
		return nil, damaged("it ends early (%v)", err)
	}
	return text, nil
}

// rows gives every row and ends with an error if anything is not as it was written.
func (r *reader) rows() iter.Seq2[ports.ArchivedRow, error] {
	return func(yield func(ports.ArchivedRow, error) bool) {
		if err := r.read(func(row ports.ArchivedRow) bool { return yield(row, nil) }); err != nil {
			yield(ports.ArchivedRow{}, err)
		}
	}
}

func (r *reader) read(visit func(ports.ArchivedRow) bool) error {
	table, rows, sum, all := 0, int64(0), sha256.New(), sha256.New()
	r.sums = nil
	for table < len(r.head.Tables) {
		text, err := r.line()
		if err != nil {
			return err
		}
		if text[0] != '[' {
			f := foot{Table: r.head.Tables[table].Name, Rows: rows, SHA256: hex.EncodeToString(sum.Sum(nil))}
			var said foot
			if err := json.Unmarshal(text, &said); err != nil || said != f {
				return damaged("the rows of %s are not those that were written", f.Table)
			}
			r.sums = append(r.sums, Sum(f))
			_, _ = all.Write(text)
			table, rows = table+1, 0
			sum.Reset()
			continue
		}
		_, _ = sum.Write(text)
		rows++
		values, err := valuesOf(text, r.head.Tables[table].Columns)
		if err != nil {
			return err
		}
		if !visit(ports.ArchivedRow{Table: table, Values: values}) {
			return nil
		}
	}
	return r.readEnd(hex.EncodeToString(all.Sum(nil)))
}

// readEnd reads on to the very end: only there is it known that nothing was cut off or put on.
func (r *reader) readEnd(all string) error {
	text, err := r.line()
	if err != nil {
		return err
	}
	var e ending
	if err := json.Unmarshal(text, &e); err != nil || e != (ending{theEnd, all}) {
		return damaged("its tables are not those that were written")
	}
	if _, err := r.from.ReadByte(); !errors.Is(err, io.EOF) {
		return damaged("there is something behind its end")
	}
	if _, err := io.Copy(io.Discard, r.stored); err != nil {
		return err
	}
	if r.signed != "" && r.stored.sha256() != r.signed {
		return damaged("it is not what was signed")
	}
	return nil
}

func valuesOf(text []byte, columns []ports.Column) ([]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var raw []json.RawMessage
	if err := decoder.Decode(&raw); err != nil || len(raw) != len(columns) {
		return nil, damaged("a row fits no table")
	}
	values := make([]any, len(raw))
	for i, c := range columns {
		if string(raw[i]) == "null" {
			continue
		}
		var err error
		switch c.Kind {
		case ports.Whole:
			values[i], err = decode[int64](raw[i])
		case ports.Text:
			values[i], err = decode[string](raw[i])
		case ports.Bytes:
			values[i], err = decode[[]byte](raw[i])
		default:
			err = fmt.Errorf("%s is no kind of column", c.Kind)
		}
		if err != nil {
			return nil, damaged("a value fits no column")
		}
	}
	return values, nil
}

func decode[T any](raw json.RawMessage) (any, error) {
	var value T
	err := json.Unmarshal(raw, &value)
	return value, err
}
