package bootstrap

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// The program empties the log by itself after somebody has read for long beside writers.
func TestWALShrinksWhileTheProgramRuns(t *testing.T) {
	t.Parallel()
	env := house(t)
	env["AUTH_MODE"] = "trusted"
	at := servingAt(t, env)
	db := openPast(t, env)
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE filler (content BLOB NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	reader, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var rows int
	if err := reader.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM filler").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	for range 40 {
		if _, err := db.ExecContext(t.Context(), "INSERT INTO filler (content) VALUES (randomblob(1048576))"); err != nil {
			t.Fatal(err)
		}
	}
	size := func() int64 {
		t.Helper()
		info, err := os.Stat(filepath.Join(env["DATA_DIR"], "surgicase.db-wal"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	if size() < 32<<20 {
		t.Fatalf("the log has %d bytes: nothing to see here", size())
	}
	_, text := ask(t, http.MethodGet, at+"/metrics", "")
	found := regexp.MustCompile(`(?m)^database_wal_bytes (\S+)`).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("no metric of the log:\n%s", text)
	}
	if value, err := strconv.ParseFloat(found[1], 64); err != nil || value < 32<<20 {
		t.Errorf("database_wal_bytes is %s", found[1])
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(6 * walPause)
	for size() > 1<<20 && time.Now().Before(deadline) {
		time.Sleep(100 * time.Millisecond)
	}
	if size() > 1<<20 {
		t.Errorf("the log still has %d bytes", size())
	}
	if status, text := ask(t, http.MethodGet, at+"/health/ready", ""); status != http.StatusOK {
		t.Errorf("ready: %d %s", status, text)
	}
}
