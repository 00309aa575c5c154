package ports

import (
	"context"
	"time"
)

// KeySetSecret is the secret that holds the key set of the encrypted columns.
const KeySetSecret = "surgicase/keys" //nolint:gosec // the name of a secret, not a secret

// KeyID names a key of the encrypted columns. It stands in front of every value.
type KeyID uint32

// EncryptionKey is a key of a key set.
type EncryptionKey struct {
	ID       KeyID
	Primary  bool      // new values are encrypted with it; the others only read
	Added    time.Time // zero if nobody noted it
	Promoted time.Time // when it became primary; zero if nobody noted it
}

// Encryption is what the store does about the keys of its encrypted columns. A key set is handed
// over as it is kept in Secrets: only the store knows its form. Its methods give Invalid
// "invalid_key_set" for what is none.
type Encryption interface {
	// Keys lists the keys of a key set, oldest first.
	Keys(set []byte) ([]EncryptionKey, error)

	// AddKey returns the set with a new key that reads only.
	AddKey(set []byte, at time.Time) ([]byte, error)

	// Promote returns the set with its newest key as primary.
	Promote(set []byte, at time.Time) ([]byte, error)

	// DropKeys returns the set without some keys. Conflict "key_in_use" if the primary is among them.
	DropKeys(set []byte, ids ...KeyID) ([]byte, error)

	// AddChainKey returns the set with a new key of the audit chain, and its id.
	AddChainKey(set []byte) (changed []byte, id string, err error)

	// Uses counts the encrypted values by their key, in a fixed number of statements.
	Uses(ctx context.Context) (map[KeyID]int64, error)

	// Reencrypt looks at about limit rows from a position on and encrypts with a key what is encrypted
	// with another. It changes nothing else, raises no version, and leaves alone what somebody changes
	// at the same time. Unavailable "key_not_primary" if the store cannot come by a key set whose
	// primary is this key.
	Reencrypt(ctx context.Context, with KeyID, from EncryptedPosition, limit int) (Reencrypted, error)
}

// EncryptedPosition is a place in the sequence of all rows with encrypted values. The zero position
// is its beginning.
type EncryptedPosition struct {
	Table int
	After string // the key of the last row
}

// Reencrypted is what became of some rows.
type Reencrypted struct {
	Next       EncryptedPosition
	Done       bool     // there are no rows after these
	Looked     int64    // values that were looked at
	Changed    int64    // values that have another key now
	Unreadable []string // places of values that cannot be opened, such as "cases.patient_last 17"
}
