package sqlstore

import (
	"context"
	"database/sql"
	"reflect"
	"strings"
	"time"
)

// What stands behind every request goes straight to the transaction: for a statement that is written out
// GORM copies its own state several times and its text twice, which is felt at a read of one case.

// query runs a statement that reads rows. A slice among the arguments stands for a list in parentheses, as
// with GORM.
func (s *session) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	text, args = spread(text, args)
	began := time.Now() //nolint:forbidigo // measures the statement; no rule depends on it
	rows, err := s.db.Statement.ConnPool.QueryContext(ctx, text, args...)
	s.heard(ctx, text, began, err)
	return rows, err
}

// row runs a statement that reads one row.
func (s *session) row(ctx context.Context, text string, args ...any) *sql.Row {
	text, args = spread(text, args)
	began := time.Now() //nolint:forbidigo // as above
	row := s.db.Statement.ConnPool.QueryRowContext(ctx, text, args...)
	s.heard(ctx, text, began, row.Err())
	return row
}

// exec runs a statement that writes.
func (s *session) exec(ctx context.Context, text string, args ...any) error {
	began := time.Now() //nolint:forbidigo // as above
	_, err := s.db.Statement.ConnPool.ExecContext(ctx, text, args...)
	s.heard(ctx, text, began, err)
	return err
}

func (s *session) heard(ctx context.Context, text string, began time.Time, err error) {
	s.db.Logger.Trace(ctx, began, func() (string, int64) { return text, -1 }, err)
}

// rowsOf is the placeholders of so many rows of so many values.
func rowsOf(width, rows int) string {
	one := ", (?" + strings.Repeat(", ?", width-1) + ")"
	return strings.Repeat(one, rows)[len(", "):]
}

// spread gives every slice but []byte among the arguments as many placeholders as it has values.
func spread(text string, args []any) (string, []any) {
	total, lists := 0, false
	for _, arg := range args {
		n, list := lengthOf(arg)
		total, lists = total+n, lists || list
	}
	if !lists {
		return text, args
	}
	var b strings.Builder
	b.Grow(len(text) + 2*total)
	flat := make([]any, 0, total)
	for _, arg := range args {
		before, after, _ := strings.Cut(text, "?")
		b.WriteString(before)
		text = after
		n, list := lengthOf(arg)
		if !list {
			b.WriteByte('?')
			flat = append(flat, arg)
			continue
		}
		b.WriteString("(?")
		for range n - 1 {
			b.WriteString(",?")
		}
		b.WriteByte(')')
		flat = appendAll(flat, arg)
	}
	b.WriteString(text)
	return b.String(), flat
}

func lengthOf(arg any) (n int, list bool) {
	switch v := arg.(type) {
	case []int64:
		return len(v), true
	case []string:
		return len(v), true
	case nil, []byte, string, int64, int:
		return 1, false
	}
	if v := reflect.ValueOf(arg); v.Kind() == reflect.Slice {
		return v.Len(), true
	}
	return 1, false
}

func appendAll(flat []any, list any) []any {
	switch v := list.(type) {
	case []int64:
		for _, one := range v {
			flat = append(flat, one)
		}
		return flat
	case []string:
		for _, one := range v {
			flat = append(flat, one)
		}
		return flat
	}
	v := reflect.ValueOf(list)
	for i := range v.Len() {
		flat = append(flat, v.Index(i).Interface())
	}
	return flat
}
