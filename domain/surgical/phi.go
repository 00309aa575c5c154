// Package surgical owns the case and its lifecycle. It knows no storage, no HTTP and no clock.
package surgical

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
)

// PHI is text about a patient (or about a person's taxes). It prints, logs and marshals as a mark;
// the text comes out only through Reveal, which a linter allows only where it must be shown or
// stored. Keep fields of this type exported: fmt does not ask the methods of unexported fields.
type PHI struct{ text string }

const mark = "[protected]"

// NewPHI protects a text.
func NewPHI(text string) PHI { return PHI{text: text} }

// Reveal gives the plain text.
func (p PHI) Reveal() string { return p.text }

// IsEmpty says whether there is no text.
func (p PHI) IsEmpty() bool { return p.text == "" }

// Equal compares two texts without revealing them.
func (p PHI) Equal(other PHI) bool { return p.text == other.text }

// Ending gives the last n characters in the clear, or nothing if there are not that many: enough to
// recognise a number, too little to use it.
func (p PHI) Ending(n int) string {
	if len(p.text) < n {
		return ""
	}
	return p.text[len(p.text)-n:]
}

// Under gives the text behind a prefix, such as a file name in a folder.
func (p PHI) Under(prefix string) PHI { return PHI{text: prefix + p.text} }

// String prints the mark.
func (p PHI) String() string { return mark }

// GoString prints the mark for %#v.
func (p PHI) GoString() string { return mark }

// Format prints the mark whatever the verb, %d and %x included.
func (p PHI) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, mark) }

// MarshalText writes the mark: a PHI that reaches an encoder by mistake gives nothing away.
func (p PHI) MarshalText() ([]byte, error) { return []byte(mark), nil }

// Digest gives a keyed digest (HMAC-SHA-256) of the text: it tells equal from different for those
// who hold the key, and nothing to others.
func (p PHI) Digest(key []byte) []byte {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(p.text))
	return mac.Sum(nil)
}
