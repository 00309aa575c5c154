package bootstrap

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"surgicase/test/given"
)

// What release 6d206b5 wrote is opened, decrypted, verified, drained, migrated and restored from now on
// (docs/DECISIONS.md, 2026-11-30). Its files are described in test/fixtures/6d206b5/README.md.

// releaseSecrets are the secrets of the installation in dir, as a machine with MariaDB has them.
func releaseSecrets(t *testing.T, dir string, into environment) {
	t.Helper()
	for name, variable := range map[string]string{"keys": "SURGICASE_KEYS", "checkpoint-key": "SURGICASE_CHECKPOINT_KEY", "backup-key": "SURGICASE_BACKUP_KEY"} {
		text, err := os.ReadFile(filepath.Join(dir, "keys", "surgicase-"+name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		into[variable] = string(text)
	}
}

// onRelease6d206b5 runs a test on both of its databases.
func onRelease6d206b5(t *testing.T, test func(t *testing.T, env environment)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, environment{"DATA_DIR": given.Release6d206b5(t), "AUTH_MODE": "trusted", "LOG_LEVEL": "ERROR"})
	})
	t.Run("mysql", func(t *testing.T) {
		t.Parallel()
		url, dir := given.MariaDB(t), given.Release6d206b5(t)
		given.LoadRelease6d206b5(t, url)
		env := environment{"DATA_DIR": dir, "AUTH_MODE": "trusted", "LOG_LEVEL": "ERROR", "DATABASE_URL": url, "ALLOW_STUBS": "true"}
		releaseSecrets(t, dir, env)
		test(t, env)
	})
}

func TestRelease6d206b5_opens(t *testing.T) {
	t.Parallel()
	onRelease6d206b5(t, func(t *testing.T, env environment) {
		must(t, env, "migrate", "up")
		if out := must(t, env, "audit", "verify"); !strings.Contains(out, "2 checkpoints met") {
			t.Errorf("audit verify says\n%s", out)
		}
		if out := must(t, env, "keys", "status"); strings.Contains(strings.ToLower(out), "missing") {
			t.Errorf("keys status says\n%s", out)
		}
		must(t, env, "check")

		r, err := Open(t.Context(), env, Parts{Clock: given.NewClock()})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Close() }()
		server := httptest.NewServer(r.API.Handler())
		defer server.Close()
		get := func(path string) string { return getAs(t, server.URL+path, "dr-tour") }
		if body := get("/case?case_id=fixture-1"); !strings.Contains(body, `"patient_last":"Fixture-1"`) {
			t.Errorf("the patient of fixture-1 is not decrypted: %s", body)
		}
		if body := get("/report_password"); !strings.Contains(body, "JS70-BH5A-D1KT-K5YF") {
			t.Errorf("the report password is not decrypted: %s", body)
		}
		if body := get("/case_file?case_id=fixture-1&kind=note"); !strings.Contains(body, "%PDF-1.4 a scan") {
			t.Errorf("the document of fixture-1 is not served: %s", body)
		}
	})
}

// getAs returns the body of an answer that must be 200.
func getAs(t *testing.T, url, user string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-User-ID", user)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("GET %s: %d %s %v", url, answer.StatusCode, body, err)
	}
	return string(body)
}

func TestRelease6d206b5_drains(t *testing.T) {
	t.Parallel()
	onRelease6d206b5(t, func(t *testing.T, env environment) {
		clock := given.NewClock()
		clock.Set(fixtureTime.AddDate(0, 0, 1))
		r, err := Open(t.Context(), env, Parts{Clock: clock})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Close() }()
		for range 3 {
			for name, work := range map[string]func(context.Context) error{"outbox": r.Outbox.Work, "mail": r.Courier.Mail.Work, "bugs": r.Courier.Bugs.Work, "notary": r.Notary.Work} {
				if err := work(t.Context()); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		for what, query := range map[string]string{
			"tasks that wait":          "SELECT COUNT(*) FROM outbox WHERE done_at IS NULL",
			"entries without a seal":   "SELECT COUNT(*) FROM audit_entries e LEFT JOIN audit_seal s ON s.entry_id = e.entry_id WHERE s.seq IS NULL",
			"e-mails still in a queue": "SELECT COUNT(*) FROM email_log WHERE status = 'queued'",
		} {
			if n := countRows(t, env, query); n != 0 {
				t.Errorf("%d %s", n, what)
			}
		}
	})
}

func TestRelease6d206b5_exportVerifies(t *testing.T) {
	t.Parallel()
	dir := given.Release6d206b5(t)
	env := environment{"DATA_DIR": dir, "AUTH_MODE": "trusted", "LOG_LEVEL": "ERROR"}
	out := must(t, env, "audit", "verify", "--from", given.Export6d206b5(t), "--checkpoint", filepath.Join(dir, "checkpoints", "checkpoint-000000000222-20261130T195530.828905Z.json"))
	if !strings.Contains(out, "291 entries sealed") {
		t.Errorf("got\n%s", out)
	}
}

func TestRelease6d206b5_restores(t *testing.T) {
	t.Parallel()
	was := given.Release6d206b5(t)
	made := environment{"DATA_DIR": was, "AUTH_MODE": "trusted", "LOG_LEVEL": "ERROR"}
	for _, key := range []string{"backups/20261130T195621.757064Z.age", "backups/20261130T195644.210408Z.age"} {
		if out := must(t, made, "backup", "verify", key); !strings.Contains(out, "0 missing") || !strings.Contains(out, ", unsigned (before signing)\n") {
			t.Errorf("%s: %s", key, out)
		}
	}
	for _, kind := range []string{"sqlite", "mysql"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			env := environment{"DATA_DIR": filepath.Join(t.TempDir(), "data"), "AUTH_MODE": "trusted", "LOG_LEVEL": "ERROR", "STORAGE_URL": "file://" + filepath.Join(was, "objects")}
			if kind == "mysql" {
				env["DATABASE_URL"], env["ALLOW_STUBS"] = given.MariaDB(t), "true"
			}
			releaseSecrets(t, was, env)
			if _, err := command(t, env, "restore"); err == nil || !strings.Contains(err.Error(), "--unsigned") {
				t.Errorf("restored without a word: %v", err)
			}
			must(t, env, "restore", "--unsigned")
			if n := countRows(t, env, "SELECT COUNT(*) FROM job_runs WHERE state <> 'done'"); n != 0 {
				t.Errorf("%d runs of jobs were taken out of the backup as running", n)
			}
			if n := countRows(t, env, "SELECT COUNT(*) FROM leases WHERE expires_at > 0 AND lease <> 'npi_directory'"); n > 1 {
				t.Errorf("%d leases were restored", n) // one may be that of the command itself
			}
			must(t, env, "audit", "verify")
			must(t, env, "check")
		})
	}
}

// TestRelease6d206b5_schema compares the schema of today with that of the release: as long as every column
// is still there with its type, and each new one may be left out of an INSERT, the release still serves.
func TestRelease6d206b5_schema(t *testing.T) {
	t.Parallel()
	onRelease6d206b5(t, func(t *testing.T, env environment) {
		kind := "sqlite"
		if env["DATABASE_URL"] != "" {
			kind = "mysql"
		}
		before := releaseColumns(t, env, kind)
		must(t, env, "migrate", "up")
		after := releaseColumns(t, env, kind)
		if len(before) < 300 {
			t.Fatalf("only %d columns were found before", len(before))
		}
		for name, was := range before {
			is, there := after[name]
			switch {
			case !there:
				t.Errorf("%s is gone", name)
			case is.kind != was.kind || is.size < was.size:
				t.Errorf("%s was %s(%d) and is %s(%d)", name, was.kind, was.size, is.kind, is.size)
			case is.demanded && !was.demanded:
				t.Errorf("%s must be given a value now", name)
			}
		}
		for name, is := range after {
			table, _, _ := strings.Cut(name, ".")
			_, was := before[name]
			if !was && is.demanded && hasTable(before, table) {
				t.Errorf("%s is new and has no default", name)
			}
		}
	})
}

// releaseColumn is a column: demanded are those without which an INSERT fails.
type releaseColumn struct {
	kind     string
	size     int64
	demanded bool
}

func hasTable(columns map[string]releaseColumn, table string) bool {
	for name := range columns {
		if strings.HasPrefix(name, table+".") {
			return true
		}
	}
	return false
}

func releaseColumns(t *testing.T, env environment, kind string) map[string]releaseColumn {
	t.Helper()
	query := "SELECT m.name, c.name, c.type, 0, c.\"notnull\" = 1 AND c.dflt_value IS NULL AND c.pk = 0" +
		" FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
	db := openPast(t, env)
	if kind == "mysql" {
		query = "SELECT table_name, column_name, data_type, COALESCE(character_maximum_length, 0)," +
			" is_nullable = 'NO' AND column_default IS NULL AND extra NOT LIKE '%auto_increment%'" +
			" FROM information_schema.columns WHERE table_schema = DATABASE()"
	}
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns := map[string]releaseColumn{}
	for rows.Next() {
		var table, name string
		var c releaseColumn
		if err := rows.Scan(&table, &name, &c.kind, &c.size, &c.demanded); err != nil {
			t.Fatal(err)
		}
		columns[fmt.Sprint(table, ".", name)] = c
	}
	return columns
}

// fixtureTime is when the files of the release were written.
var fixtureTime = time.Date(2026, time.November, 30, 20, 0, 0, 0, time.UTC)

// openPast opens the database of an installation past the program.
func openPast(t *testing.T, env environment) *sql.DB {
	t.Helper()
	if url := env["DATABASE_URL"]; url != "" {
		return given.OpenMySQL(t, url)
	}
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(env["DATA_DIR"], "surgicase.db")+"?_busy_timeout=10000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func countRows(t *testing.T, env environment, query string) (n int) {
	t.Helper()
	if err := openPast(t, env).QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
