package httpapi

import (
	"errors"

	"github.com/danielgtaylor/huma/v2"
)

// Flag is a truth value that clients may send as true, false, 1 or 0.
type Flag bool

// UnmarshalJSON reads a truth value.
func (f *Flag) UnmarshalJSON(raw []byte) error {
	switch string(wholeNumber(raw)) {
	case "true", "1":
		*f = true
	case "false", "0":
		*f = false
	default:
		return errors.New("must be true or false")
	}
	return nil
}

// Schema describes Flag.
func (Flag) Schema(huma.Registry) *huma.Schema {
	least, most := 0.0, 1.0
	return &huma.Schema{OneOf: []*huma.Schema{{Type: huma.TypeBoolean}, {Type: huma.TypeInteger, Minimum: &least, Maximum: &most}}}
}

// number is a truth value as the old product answers it.
func number(truth bool) int {
	if truth {
		return 1
	}
	return 0
}
