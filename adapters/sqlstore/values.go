package sqlstore

import (
	"database/sql"
	"strconv"
	"time"

	"surgicase/domain/civil"
)

// Instants are kept as microseconds since 1970 UTC: they mean the same in both databases, whatever
// time zone a server or a driver believes in.

func micros(t time.Time) int64 { return t.UnixMicro() }

func instant(us int64) time.Time { return time.UnixMicro(us).UTC() }

func nullMicros(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

func nullInstant(us sql.NullInt64) time.Time {
	if !us.Valid {
		return time.Time{}
	}
	return instant(us.Int64)
}

func nullInt(n int64) sql.NullInt64 { return sql.NullInt64{Int64: n, Valid: n != 0} }

func nullText(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

func nullDate(d civil.Date) sql.NullString { return nullText(d.String()) }

// dateOf reads a date that we wrote ourselves; empty means none.
func dateOf(s string) civil.Date {
	d, err := civil.ParseDate(s)
	if err != nil {
		return civil.Date{}
	}
	return d
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// padded repeats the last value of a list until its length is a power of two, so that lists of all
// lengths share a few prepared statements.
func padded[T any](list []T) []T {
	n := 1
	for n < len(list) {
		n *= 2
	}
	out := make([]T, n)
	for i := range out {
		out[i] = list[min(i, len(list)-1)]
	}
	return out
}
