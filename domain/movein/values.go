package movein

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"surgicase/domain/civil"
	"surgicase/domain/names"
	"surgicase/domain/npi"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
)

// line reads one line of text of at most so many characters.
func (r *reader) line(column string, longest int) string {
	was := r.Text(column)
	clean := strings.TrimSpace(strings.Map(printable, strings.ToValidUTF8(was, "")))
	switch {
	case utf8.RuneCountInString(clean) > longest:
		clean = strings.TrimSpace(string([]rune(clean)[:longest]))
		r.note(Damaged, column, "too_long", r.shown(column, clean))
	case clean != strings.TrimSpace(was):
		r.note(Damaged, column, "control_characters", r.shown(column, clean))
	case clean != was:
		r.note(Changed, column, "white_space", r.shown(column, clean))
	}
	return clean
}

// name is line for the name of a person or a place: what nobody sees is left out.
func (r *reader) name(column string, longest int) string {
	line := r.line(column, longest)
	visible := strings.TrimSpace(names.Visible(line))
	if visible != line {
		r.note(Damaged, column, "control_characters", r.shown(column, visible))
	}
	return visible
}

// phi is name for a patient's column.
func (r *reader) phi(column string, longest int) surgical.PHI {
	return surgical.NewPHI(r.name(column, longest))
}

func (r *reader) shown(column, text string) string {
	if patients[column] {
		return ""
	}
	return text
}

func printable(c rune) rune {
	if c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == utf8.RuneError {
		return -1
	}
	return c
}

// parsed reads a value by the rule that holds for new ones. What does not pass is left out.
func parsed[T any](r *reader, column, code string, parse func(string) (T, error)) T {
	var none T
	text := strings.TrimSpace(r.Text(column))
	if text == "" {
		return none
	}
	value, err := parse(text)
	if err != nil {
		r.note(Damaged, column, code, "")
		return none
	}
	return value
}

// provider number of a person or place; 0 is how the old tables say that there is none.
func (r *reader) npi(column string) npi.NPI {
	if strings.TrimSpace(r.Text(column)) == "0" {
		return 0
	}
	return parsed(r, column, "npi_not_valid", npi.Parse)
}

// number reads a whole number that must lie in a range, and gives another if it does not.
func (r *reader) number(column string, low, high, instead int) int {
	text := strings.TrimSpace(r.Text(column))
	n, err := strconv.Atoi(text)
	switch {
	case text == "":
		return instead
	case err != nil || n < low || n > high:
		r.note(Damaged, column, "out_of_range", strconv.Itoa(instead))
		return instead
	}
	return n
}

// flag reads a tinyint, or the one byte of a binary(1).
func (r *reader) flag(column string) bool {
	text := r.Text(column)
	return text != "" && text != "0" && text != "\x00"
}

// dateTime is how the old database writes instants; it is asked for UTC.
const dateTime = "2006-01-02 15:04:05"

// when reads an instant; zero if there is none or it is not real.
func (r *reader) when(column string) time.Time {
	text := r.Text(column)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(dateTime, text)
	if err != nil || t.Year() < 1971 || t.Year() > 2100 {
		r.note(Damaged, column, "zero_date", "")
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// day reads a date; zero if there is none or it is not real.
func (r *reader) day(column string) civil.Date {
	text := r.Text(column)
	if len(text) > len(time.DateOnly) {
		text = text[:len(time.DateOnly)]
	}
	if text == "" {
		return civil.Date{}
	}
	d, err := civil.ParseDate(text)
	if err != nil {
		r.note(Damaged, column, "zero_date", "")
	}
	return d
}

// ParseAmount reads a decimal as the old database writes it, with two decimals and perhaps a sign.
func ParseAmount(text string) (pay.Cents, bool) {
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	n, err := strconv.ParseUint(whole+(fraction + "00")[:2], 10, 63)
	if err != nil || whole == "" || len(fraction) > 2 || n > math.MaxInt64 {
		return 0, false
	}
	if negative {
		return -pay.Cents(n), true
	}
	return pay.Cents(n), true
}

func orElse[T comparable](value, instead T) T {
	var none T
	if value == none {
		return instead
	}
	return value
}
