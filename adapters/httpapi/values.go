package httpapi

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"surgicase/domain/civil"
	"surgicase/domain/pay"
)

// Money is an amount in cents that is written as a JSON number with exactly two decimals.
type Money pay.Cents

// MarshalJSON writes 1250.00.
func (m Money) MarshalJSON() ([]byte, error) { return []byte(pay.Cents(m).String()), nil }

// Schema describes Money.
func (Money) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeNumber, Description: "US dollars with exactly two decimals.", Examples: []any{1250.00}}
}

// Amount is Money that a client sends: the digits as they came, which never go through a float.
type Amount string

// UnmarshalJSON keeps the digits. They are read where it is known which row of a list they stand in.
func (a *Amount) UnmarshalJSON(raw []byte) error {
	*a = Amount(plainNumber(raw))
	return nil
}

// Schema describes Amount.
func (Amount) Schema(r huma.Registry) *huma.Schema { return Money(0).Schema(r) }

// Digits is a number that clients may send as a string of digits, too.
type Digits string

// UnmarshalJSON reads "123" or 123.
func (d *Digits) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(raw, []byte(`"`)) {
		return json.Unmarshal(raw, (*string)(d))
	}
	*d = Digits(wholeNumber(raw))
	return nil
}

// Schema describes Digits.
func (Digits) Schema(huma.Registry) *huma.Schema {
	most := 40 // a telephone number has separators
	return &huma.Schema{OneOf: []*huma.Schema{{Type: huma.TypeString, MaxLength: &most}, {Type: huma.TypeInteger}}}
}

// id reads a positive row number; ok is false for anything else.
func (d Digits) id() (int64, bool) {
	n, err := strconv.ParseUint(string(d), 10, 63)
	return int64(n), err == nil && n > 0
}

// Optional is a member of a merge patch: absent, null or a value. Source: RFC 7396.
type Optional[T any] struct {
	Sent  bool
	Null  bool
	Value T
}

// UnmarshalJSON notes that the member was sent.
func (o *Optional[T]) UnmarshalJSON(raw []byte) error {
	o.Sent = true
	if o.Null = string(raw) == "null"; o.Null {
		return nil
	}
	return json.Unmarshal(raw, &o.Value)
}

// Schema is that of the value, with null beside it. Null goes into one of the alternatives that a value
// may have: huma takes a schema of type null to fit everything.
func (o Optional[T]) Schema(r huma.Registry) *huma.Schema {
	nullable := *r.Schema(reflect.TypeFor[T](), true, "")
	if len(nullable.OneOf) == 0 {
		nullable.Nullable = true
		return &nullable
	}
	first := *nullable.OneOf[0]
	first.Nullable = true
	nullable.OneOf = append([]*huma.Schema{&first}, nullable.OneOf[1:]...)
	return &nullable
}

// nullable gives nil for the zero value, so that it is written as null.
func nullable[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// shownOrNull is nullable for a member that some answers have and others, where it is nil itself, do not.
func shownOrNull[T comparable](v T) **T {
	p := nullable(v)
	return &p
}

func nullableTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func nullableDate(d civil.Date) *string { return nullable(d.String()) }
