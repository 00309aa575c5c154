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
// stored. The text lies behind a pointer: fmt prints an address, not the text, where it does not ask
// for our methods (unexported fields, wrong verbs, %w). Compare with Equal, never with ==.
type PHI struct {
	text *string
	_    [0]func() // forbids ==, which would compare addresses
}

// NewPHI protects a text.
func NewPHI(text string) PHI {
	if text == "" {
		return PHI{}
	}
	return PHI{text: &text}
}

// Reveal gives the plain text.
func (p PHI) Reveal() string {
	if p.text == nil {
		return ""
	}
	return *p.text
}

// IsEmpty says whether there is no text.
func (p PHI) IsEmpty() bool { return p.text == nil }

// Equal compares two texts without revealing them.
func (p PHI) Equal(other PHI) bool { return p.Reveal() == other.Reveal() }

// Ending gives the last n bytes in the clear, or nothing if the text is not longer than that: enough
// to recognise a number, too little to use it.
func (p PHI) Ending(n int) string {
	text := p.Reveal()
	if len(text) <= n {
		return ""
	}
	return text[len(text)-n:]
}

// Under gives the text behind a prefix, such as a file name in a folder.
func (p PHI) Under(prefix string) PHI { return NewPHI(prefix + p.Reveal()) }

// String prints the mark.
func (p PHI) String() string { return mark }

// GoString prints the mark for %#v.
func (p PHI) GoString() string { return mark }

// Format prints the mark whatever the verb, %d and %x included.
func (p PHI) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, mark) }

// MarshalText writes the mark: a PHI that reaches an encoder by mistake gives nothing away.
func (p PHI) MarshalText() ([]byte, error) { return []byte(mark), nil }

// ForStore gives the text where it is the key of an object, which the store of objects must know.
func (p PHI) ForStore() string { return p.Reveal() }

// Digest gives a keyed digest (HMAC-SHA-256) of the text: it tells equal from different for those
// who hold the key, and nothing to others.
func (p PHI) Digest(key []byte) []byte {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(p.Reveal()))
	return mac.Sum(nil)
}

const mark = "[protected]"
