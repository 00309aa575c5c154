// Package civil holds calendar dates without a time or a zone: the day of an operation, a birthday,
// a pay date.
package civil

import (
	"fmt"
	"time"

	"surgicase/domain/fault"
)

// Date is a day of the Gregorian calendar. The zero value means "no date".
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads YYYY-MM-DD and refuses days that do not exist.
func ParseDate(s string) (Date, error) {
	if len(s) != len(time.DateOnly) {
		return Date{}, fault.New(fault.Invalid, "invalid_date", "must be a date as YYYY-MM-DD")
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return Date{}, fault.New(fault.Invalid, "invalid_date", "must be a real date as YYYY-MM-DD")
	}
	return On(t), nil
}

// On gives the day of t in t's own zone.
func On(t time.Time) Date {
	y, m, d := t.Date()
	return Date{Year: y, Month: m, Day: d}
}

// IsZero says whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// String writes YYYY-MM-DD, or nothing for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// Before says whether d comes before other.
func (d Date) Before(other Date) bool { return d.Midnight().Before(other.Midnight()) }

// AddDays gives the day n days later (earlier if n is negative).
func (d Date) AddDays(n int) Date { return On(d.Midnight().AddDate(0, 0, n)) }

// Weekday gives the day of the week.
func (d Date) Weekday() time.Weekday { return d.Midnight().Weekday() }

// Midnight gives the start of the day in UTC.
func (d Date) Midnight() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }
