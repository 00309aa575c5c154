package contract_test

import (
	"errors"
	"io/fs"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"surgicase/adapters/sqlstore"
	"surgicase/domain/fault"
	"surgicase/migrations"
	"surgicase/test/given"
)

// On MySQL what a migration has done stays when it breaks off. It can be repeated all the same.

// arrived says whether a database became as one that was migrated without trouble.
func arrived(t *testing.T, db, straight *database) {
	t.Helper()
	compare(t, "straight", straight.schema(t), "with a break", db.schema(t))
	want, got := straight.keys(t), db.keys(t)
	for key := range got {
		want[key] += "" // one that should not be there
	}
	for key, columns := range want {
		if got[key] != columns {
			t.Errorf("the key %s is %q, not %q", key, got[key], columns)
		}
	}
	if want, got := straight.triggers(t), db.triggers(t); !slices.Equal(want, got) {
		t.Errorf("the triggers are %v, not %v", got, want)
	}
	if err := db.CheckVersion(t.Context()); err != nil {
		t.Error(err)
	}
}

func straightOn(t *testing.T) *database {
	t.Helper()
	db := unmigratedStores["MariaDB"](t)
	if _, err := db.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func (d *database) run(t *testing.T, statements ...string) {
	t.Helper()
	raw := d.raw(t)
	defer raw.Close()
	for _, statement := range statements {
		if _, err := raw.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// TestAMigrationGoesOnWhereItWasKilled breaks every migration off after one of its statements: the first, one in the
// middle, the last but one, or the last, when only the note is missing that it was applied.
func TestAMigrationGoesOnWhereItWasKilled(t *testing.T) {
	t.Parallel()
	straight := straightOn(t)
	states, err := straight.MigrationStatus(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files, err := migrations.For("mysql")
	if err != nil {
		t.Fatal(err)
	}
	for name, after := range map[string]func(all int) int{
		"the first": func(int) int { return 1 }, "one in the middle": func(all int) int { return (all + 1) / 2 },
		"the last but one": func(all int) int { return all - 1 }, "the last": func(all int) int { return all },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, before := unmigratedStores["MariaDB"](t), int64(0)
			for _, state := range states {
				if before > 0 {
					if err := db.MigrateTo(t.Context(), before); err != nil {
						t.Fatalf("up to %d: %v", before, err)
					}
				}
				statements := stepsUp(t, files, state.Name)
				db.run(t, append([]string{"CREATE TABLE migration_begun (nothing INT)"}, statements[:after(len(statements))]...)...)
				before = state.Version
			}
			if _, err := db.MigrateUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			arrived(t, db, straight)
		})
	}
}

func stepsUp(t *testing.T, files fs.FS, name string) (statements []string) {
	t.Helper()
	content, err := fs.ReadFile(files, name)
	if err != nil {
		t.Fatal(err)
	}
	up, _, _ := strings.Cut(string(content), "-- +goose Down")
	if before, block, found := strings.Cut(up, "-- +goose StatementBegin\n"); found { // its semicolons end nothing
		block, after, _ := strings.Cut(block, "-- +goose StatementEnd")
		up = before + strings.ReplaceAll(strings.TrimSpace(block), ";\n", "; ") + "\n" + after
	}
	for statement := range strings.SplitSeq(up, ";\n") {
		if statement = strings.TrimSpace(statement); statement != "" {
			statements = append(statements, statement)
		}
	}
	return statements
}

// TestAMigrationIsRepeatedWithMoreRights is about an account that lacks what the third step needs.
func TestAMigrationIsRepeatedWithMoreRights(t *testing.T) {
	t.Parallel()
	owner := unmigratedStores["MariaDB"](t)
	account := given.Account(t, owner.url)
	u, err := url.Parse(account)
	if err != nil {
		t.Fatal(err)
	}
	allow := func(rights string) {
		owner.run(t, "GRANT "+rights+" ON "+strings.Trim(u.Path, "/")+".* TO '"+u.User.Username()+"'@'%'")
	}
	allow("SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, INDEX, REFERENCES")
	for range 2 {
		_, err := unmigrated(t, account, sqlstore.OpenMySQL).MigrateUp(t.Context())
		if !errors.Is(err, fault.Conflict) || fault.CodeOf(err) != "triggers_refused" || !strings.Contains(err.Error(), "Grant it TRIGGER") {
			t.Fatalf("without the right to make triggers: %v", err)
		}
		if made := owner.schema(t); len(made) > 0 {
			t.Fatalf("it has made %v", slices.Collect(maps.Keys(made)))
		}
	}
	allow("TRIGGER")
	if _, err := unmigrated(t, account, sqlstore.OpenMySQL).MigrateUp(t.Context()); err == nil {
		t.Fatal("it needs no ALTER")
	}
	allow("ALTER")
	if _, err := unmigrated(t, account, sqlstore.OpenMySQL).MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	arrived(t, owner, straightOn(t))
}

// TestTheBinaryLogRefusesTriggers is about an account that has every right it needs, on a server that keeps a binary log.
func TestTheBinaryLogRefusesTriggers(t *testing.T) {
	t.Parallel()
	server := given.StartMariaDB(t, "--log-bin=binary", "--server-id=1", "--log-bin-trust-function-creators=0")
	owner := unmigrated(t, server.Database(t), sqlstore.OpenMySQL)
	account := given.Account(t, owner.url)
	u, err := url.Parse(account)
	if err != nil {
		t.Fatal(err)
	}
	owner.run(t, "GRANT ALL ON "+strings.Trim(u.Path, "/")+".* TO '"+u.User.Username()+"'@'%'")
	_, err = unmigrated(t, account, sqlstore.OpenMySQL).MigrateUp(t.Context())
	if fault.CodeOf(err) != "triggers_refused" || !strings.Contains(err.Error(), "log_bin_trust_function_creators=1") || strings.Contains(err.Error(), "Grant") {
		t.Fatalf("with the binary log: %v", err)
	}
	owner.run(t, "SET GLOBAL log_bin_trust_function_creators = 1")
	if _, err := unmigrated(t, account, sqlstore.OpenMySQL).MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestWhatIsSomebodyElsesIsNotTaken is about a database that the service before this one uses: it has a table of cases.
func TestWhatIsSomebodyElsesIsNotTaken(t *testing.T) {
	t.Parallel()
	db := unmigratedStores["MariaDB"](t)
	db.run(t, "CREATE TABLE cases (case_id VARCHAR(20))")
	for range 2 {
		if _, err := db.MigrateUp(t.Context()); fault.CodeOf(err) != "table_exists" || !strings.Contains(err.Error(), "cases") {
			t.Errorf("got %v", err)
		}
		if left := db.schema(t); len(left) != 1 || len(left["cases"]) != 1 {
			t.Errorf("it has made %v", left)
		}
	}
}
