// Package ident holds the identifiers that clients choose: of users and of cases. They are compared
// byte for byte in every database. Source: spec/decisions.md 1.11.
package ident

import "surgicase/domain/fault"

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

// ParseUserID checks the alphabet [A-Za-z0-9._@+:-] and the length of 1 to 100.
func ParseUserID(s string) (UserID, error) { return UserID(s), check(s) }

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
