// Package ident holds the identifiers that clients choose: of users and of cases. They are compared
// byte for byte in every database. Source: spec/decisions.md 1.11.
package ident

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"surgicase/domain/fault"
)

// UserID names a user. In production it is usually the subject of the identity provider.
type UserID string

// CaseID names a case. Clients may choose it; an id is never used twice.
type CaseID string

// RequestKey identifies a request that a client may send twice: its Idempotency-Key, scoped to the
// caller and the route.
type RequestKey struct {
	Caller UserID
	Route  string
	Key    string
}

// MaxLength is the longest identifier, in bytes.
const MaxLength = 100

// MaxSubject is the longest subject of an identity provider, in bytes. Source: OpenID Connect Core 1.0, 2.
const MaxSubject = 255

// mappedPrefix begins the ids that stand for subjects which are no ids themselves.
const mappedPrefix = "subject:"

// ParseUserID returns the user that a text names: the text itself within the alphabet [A-Za-z0-9._@+:-] and the
// length of 1 to 100, else, for up to 255 printable ASCII characters without blanks, the id that stands for this subject. Auth0
// writes auth0|…, AD FS Base64 with / and =; ids of users become folders of documents and parts of addresses, where
// such characters must not stand.
func ParseUserID(s string) (UserID, error) {
	err := check(s)
	if err == nil || !isSubject(s) {
		return UserID(s), err
	}
	return mapSubject(s), nil
}

// UserIDOfSubject returns the user whom the identity provider names by a subject, as ParseUserID does. A subject that
// is spelled like the id of a mapped one is mapped itself, so that nobody can be named into the place of another.
func UserIDOfSubject(subject string) (UserID, error) {
	if strings.HasPrefix(subject, mappedPrefix) && isSubject(subject) {
		return mapSubject(subject), nil
	}
	return ParseUserID(subject)
}

func isSubject(s string) bool {
	if s == "" || len(s) > MaxSubject || s == "." || s == ".." {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' })
}

func mapSubject(s string) UserID {
	sum := sha256.Sum256([]byte(s))
	return UserID(mappedPrefix + hex.EncodeToString(sum[:20]))
}

// ParseCaseID checks the alphabet [A-Za-z0-9._@+:-] and the length of 1 to 100.
func ParseCaseID(s string) (CaseID, error) { return CaseID(s), check(s) }

func check(s string) error {
	if s == "" || len(s) > MaxLength {
		return fault.New(fault.Invalid, "invalid_id", "must be 1 to %d characters long", MaxLength)
	}
	if s == "." || s == ".." { // they would be folders in the keys of documents
		return fault.New(fault.Invalid, "invalid_id", "must not be . or ..")
	}
	for i := range len(s) {
		if !allowed(s[i]) {
			return fault.New(fault.Invalid, "invalid_id", "may hold only letters, digits and . _ @ + : -")
		}
	}
	return nil
}

func allowed(b byte) bool {
	switch {
	case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9':
		return true
	}
	switch b {
	case '.', '_', '@', '+', ':', '-':
		return true
	}
	return false
}
