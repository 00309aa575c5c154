package given

import (
	"testing"

	"surgicase/adapters/sqlstore"
)

// CheckpointKey is a key that signs checkpoints of the audit trail.
const CheckpointKey = `{"seed": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}`

// KeySet gives a fresh key set for the encrypted columns.
func KeySet(t testing.TB) string {
	t.Helper()
	set, err := sqlstore.NewKeySet()
	if err != nil {
		t.Fatal(err)
	}
	return string(set)
}
