package statement

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// GuardCell keeps a spreadsheet from computing a text in a CSV file: an apostrophe stands before what it
// would take for a formula, also behind a semicolon, which parts cells where commas are in numbers.
func GuardCell(text string) string {
	if text == "" {
		return text
	}
	parts := strings.Split(text, ";")
	for i, part := range parts {
		if startsFormula(part) {
			parts[i] = "'" + part
		}
	}
	if text[0] == ';' {
		parts[0] = "'"
	}
	return strings.Join(parts, ";")
}

// startsFormula reports whether a cell begins with a sign that some spreadsheet computes. Wide and small
// forms of signs count: input methods write them, and some programs fold them. So do blanks and characters
// without width before a sign.
func startsFormula(cell string) bool {
	if strings.HasPrefix(cell, "\t") || strings.HasPrefix(cell, "\r") || strings.HasPrefix(cell, "\n") {
		return true
	}
	cell = strings.TrimLeftFunc(cell, func(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Cc) })
	first, size := utf8.DecodeRuneInString(cell)
	return size > 0 && (first == '−' || strings.Contains("=+-@", norm.NFKC.String(string(first))))
}
