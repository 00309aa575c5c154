package bootstrap

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"surgicase/test/given"
)

// onBothDatabases runs a test on migrated databases with an administrator.
func onBothDatabases(t *testing.T, test func(t *testing.T, env environment)) {
	t.Helper()
	for _, name := range []string{"sqlite", "mysql"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := environment{"DATA_DIR": t.TempDir(), "AUTH_MODE": "trusted", "LOG_LEVEL": "ERROR"}
			if name == "mysql" {
				env["DATABASE_URL"], env["ALLOW_STUBS"], env["SURGICASE_KEYS"] = given.MariaDB(t), "true", given.KeySet(t)
				env["SURGICASE_CHECKPOINT_KEY"] = given.CheckpointKey
				env["BACKUP_RECIPIENT"] = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
			}
			must(t, env, "migrate", "up")
			must(t, env, strings.Fields("user create --id admin --type 999 --email admin@example.com --first Ada --last Admin")...)
			test(t, env)
		})
	}
}

// known is the newest migration of this program.
func known(t *testing.T, env environment) (version int64) {
	t.Helper()
	row := openPast(t, env).QueryRowContext(t.Context(), "SELECT MAX(version_id) FROM goose_db_version")
	if err := row.Scan(&version); err != nil {
		t.Fatal(err)
	}
	return version
}

// applyNewer applies a migration that this program does not know.
func applyNewer(t *testing.T, env environment, version, oldestProgram int64) {
	t.Helper()
	db := openPast(t, env)
	for _, statement := range []string{
		fmt.Sprintf("INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, 1)", version),
		fmt.Sprintf("INSERT INTO schema_compatibility (version, oldest_program) VALUES (%d, %d)", version, oldestProgram),
		fmt.Sprintf("CREATE TABLE of_a_newer_program_%d (id INT NOT NULL PRIMARY KEY)", version),
		"ALTER TABLE surgeons ADD COLUMN of_a_newer_program INT NULL",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// servingAt starts the program and returns its address once it is ready. It ends with the test.
func servingAt(t *testing.T, env environment) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	started := environment{"HTTP_ADDR": addr}
	for name, value := range env {
		started[name] = value
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- (&program{env: started}).Serve(ctx, false) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		select {
		case err := <-ended:
			ended <- nil
			t.Fatalf("serve does not start: %v", err)
		default:
		}
		if status, _ := ask(t, http.MethodGet, "http://"+addr+"/health/ready", ""); status == http.StatusOK {
			return "http://" + addr
		}
	}
	t.Fatal("serve is not ready within 30 seconds")
	return ""
}

func ask(t *testing.T, method, url, body string) (status int, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-User-ID", "admin")
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = answer.Body.Close() }()
	var content strings.Builder
	if err := answer.Write(&content); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, content.String()
}

// An instance of the version before that restarts during a rolling update, or after one was taken back.
func TestProgramServesOnNewerSchemaThatAllowsIt(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, env environment) {
		version := known(t, env)
		applyNewer(t, env, version+1, version)
		if out := must(t, env, "migrate", "up"); !strings.Contains(out, "0 migrations applied") {
			t.Errorf("migrate up: %s", out)
		}
		at := servingAt(t, env)
		surgeon := `{"user_id":"admin","first_name":"Grace","last_name":"Hopper","surgeon_npi":"1234567893",` +
			`"surgeon_addr":"1 Main St","surgeon_city":"Albany","surgeon_state":"NY","surgeon_zip":"12207"}`
		if status, text := ask(t, http.MethodPost, at+"/surgeon", surgeon); status != http.StatusCreated {
			t.Errorf("creating a surgeon: %d %s", status, text)
		}
		if status, text := ask(t, http.MethodGet, at+"/surgeons", ""); status != http.StatusOK || !strings.Contains(text, "Hopper") {
			t.Errorf("listing them: %d %s", status, text)
		}
		want := fmt.Sprintf("has version %d, this program knows %d and may run on it", version+1, version)
		if out, _ := command(t, env, "check"); !strings.Contains(out, want) {
			t.Errorf("check says\n%s", out)
		}
		must(t, env, "keys", "status")
		for _, line := range []string{"keys rotate --wait 0s", "keys retire"} {
			_, err := command(t, env, strings.Fields(line)...)
			if err == nil || !strings.Contains(sentence(err), "needs a program that knows all of the schema") {
				t.Errorf("%s: %v, want a refusal: it does not know all encrypted columns", line, err)
			}
		}
		must(t, env, "backup")
		if _, err := command(t, env, "migrate", "down", "--yes"); err == nil || !strings.Contains(sentence(err), "can take it back") {
			t.Errorf("migrate down: %v", err)
		}
	})
}

func TestProgramRefusesNewerSchemaThatForbidsIt(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, env environment) {
		version := known(t, env)
		applyNewer(t, env, version+2, version+1)
		want := fmt.Sprintf("the database has schema version %d, on which the oldest program that may run"+
			" knows migration %d; this one knows %d: start a newer program", version+2, version+1, version)
		for _, line := range []string{"serve", "scheduler", "migrate up", "backup", "job list", "audit verify", "keys status"} {
			_, err := command(t, env, strings.Fields(line)...)
			if err == nil || sentence(err) != want || exitCode(err) != exitUsage {
				t.Errorf("%s: exit code %d, %v, want 2 and one line: %s", line, exitCode(err), err, want)
			}
		}
	})
}

func TestMigrateDownWantsFreshBackup(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, env environment) {
		refused := func(when, reason string) {
			t.Helper()
			before := must(t, env, "migrate", "status")
			_, err := command(t, env, "migrate", "down", "--yes")
			if err == nil || exitCode(err) != exitUsage || !strings.Contains(err.Error(), reason) ||
				!strings.Contains(err.Error(), "--without-backup") {
				t.Errorf("%s: %v, want %q", when, err, reason)
			}
			if after := must(t, env, "migrate", "status"); after != before {
				t.Errorf("%s: the refusal changed something: %s", when, after)
			}
		}
		refused("no backup", "none was ever made")
		made := func(ago time.Duration) {
			t.Helper()
			_, err := openPast(t, env).ExecContext(t.Context(), "INSERT INTO audit_entries (happened_at, actor_id, actor_type,"+
				" credential, auth_mode, request_id, address, action, entity, entity_id, fields, outcome, code)"+
				" VALUES (?, 'system', 0, '', '', '', '', 'backup.manage', 'backup', 'x', '', 'done', '')",
				time.Now().Add(-ago).UnixMicro())
			if err != nil {
				t.Fatal(err)
			}
		}
		made(25 * time.Hour)
		refused("a backup of yesterday", "the newest is of 20")
		must(t, env, "backup")
		if out := must(t, env, "migrate", "down", "--yes"); !strings.Contains(out, "taken back") {
			t.Errorf("after a backup: %s", out)
		}
	})
}
