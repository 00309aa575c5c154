package given

import (
	"path/filepath"
	"testing"
)

// TempSQLite returns the URL of a SQLite file that does not exist yet and is
// removed with the test. A file rather than memory: locking and a second
// connection behave as they will in production.
func TempSQLite(t testing.TB) string {
	t.Helper()
	return "sqlite://" + filepath.ToSlash(filepath.Join(t.TempDir(), "surgicase.db"))
}
