// Package document holds the rules for documents: what their names may be and where they lie.
package document

import (
	"strings"
	"unicode/utf8"

	"surgicase/domain/fault"
	"surgicase/domain/surgical"
)

// MaxName is the longest file name, in bytes.
const MaxName = 200

// ParseName accepts a plain file name: no path, no control characters, at most MaxName bytes. The
// caller has brought it to Unicode form NFC. Source: spec/decisions.md 6.2.
func ParseName(s string) (surgical.PHI, error) {
	switch {
	case s == "" || len(s) > MaxName:
		return surgical.PHI{}, fault.New(fault.Invalid, "invalid_file_name", "must be a file name of 1 to %d bytes", MaxName)
	case !utf8.ValidString(s), strings.ContainsAny(s, `/\`), strings.Contains(s, ".."), s == ".", strings.TrimSpace(s) != s,
		strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || (r >= 0x7f && r < 0xa0) || r == utf8.RuneError }):
		return surgical.PHI{}, fault.New(fault.Invalid, "invalid_file_name", "must be a plain file name without a path")
	}
	return surgical.NewPHI(s), nil
}
