package given

import (
	"testing"

	"surgicase/adapters/sqlstore"
)

// KeySet gives a fresh key set for the encrypted columns.
func KeySet(t testing.TB) string {
	t.Helper()
	set, err := sqlstore.NewKeySet()
	if err != nil {
		t.Fatal(err)
	}
	return string(set)
}
