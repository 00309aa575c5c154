package contract_test

import (
	"database/sql"
	"errors"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"surgicase/adapters/sqlstore"
	"surgicase/domain/audit"
	"surgicase/ports"
	"surgicase/test/contract"
	"surgicase/test/given"
)

// What keeps the audit trail as it is: triggers on both databases, grants on MySQL.

// tampering is what nobody may do to the trail.
var tampering = []string{
	"UPDATE audit_entries SET actor_id = 'x'",
	"UPDATE audit_seal SET hash = x'00'",
	"UPDATE audit_checkpoints SET key_id = 'x'",
	"DELETE FROM audit_entries",
	"DELETE FROM audit_seal",
	"DELETE FROM audit_checkpoints",
	"REPLACE INTO audit_entries SELECT * FROM audit_entries",
	"REPLACE INTO audit_seal SELECT * FROM audit_seal",
	"REPLACE INTO audit_checkpoints SELECT * FROM audit_checkpoints",
}

// guards are the triggers of each database. On SQLite three more meet REPLACE, which does not fire those for
// DELETE there.
var guards = map[string][]string{
	"MariaDB": {
		"audit_checkpoints_kept", "audit_checkpoints_unchanged", "audit_entries_kept", "audit_entries_unchanged",
		"audit_seal_kept", "audit_seal_keyed", "audit_seal_unchanged",
	},
	"SQLite": {
		"audit_checkpoints_kept", "audit_checkpoints_once", "audit_checkpoints_unchanged", "audit_entries_kept", "audit_entries_once", "audit_entries_unchanged",
		"audit_seal_kept", "audit_seal_keyed", "audit_seal_once", "audit_seal_unchanged",
	},
}

// layTrail records an entry, seals it and makes a checkpoint.
func layTrail(t *testing.T, db *database) {
	t.Helper()
	signer, err := audit.NewSigner(make([]byte, audit.SeedLength))
	if err != nil {
		t.Fatal(err)
	}
	contract.LayTrail(t, db, 1, signer)
}

func TestTriggersKeepTheTrail(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			layTrail(t, db)
			raw := db.raw(t)
			defer raw.Close()
			for _, statement := range tampering {
				_, err := raw.ExecContext(t.Context(), statement)
				if err == nil || !strings.Contains(err.Error(), "are never ") {
					t.Errorf("%s: %v", statement, err)
				}
			}
			if found := db.triggers(t); !slices.Equal(found, guards[name]) {
				t.Errorf("triggers %v, want %v", found, guards[name])
			}
		})
	}
}

func TestASealedTrailCanBeTakenDownAndUp(t *testing.T) {
	for name, open := range unmigratedStores {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			if _, err := db.MigrateUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			layTrail(t, db)
			for {
				name, err := db.MigrateDown(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(name, "00003_") {
					break
				}
			}
			if left := db.triggers(t); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			if entries := trail(t, db); len(entries) != 1 {
				t.Errorf("%d entries are left, want 1", len(entries))
			}
			if _, err := db.MigrateUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			layTrail(t, db)
		})
	}
}

func (d *database) triggers(t *testing.T) []string {
	t.Helper()
	query := "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY 1"
	if d.isSQLite() {
		query = "SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY 1"
	}
	var names []string
	d.rows(t, query, func(scan func(...any)) {
		var name string
		scan(&name)
		names = append(names, name)
	})
	return names
}

// asGranted opens a MariaDB database as the user that docs/operating.md tells operators to make.
func asGranted(t *testing.T, owner *database) *database {
	t.Helper()
	account := given.Account(t, owner.url)
	u, err := url.Parse(account)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "<!-- grants: a test runs these statements -->\n```sql\n")
	statements, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("docs/operating.md shows no grants")
	}
	raw := owner.raw(t)
	defer raw.Close()
	there := strings.NewReplacer("'surgicase'@'%'", "'"+u.User.Username()+"'@'%'", "''surgicase''@''%''", "''"+u.User.Username()+"''@''%''",
		"surgicase.*", strings.Trim(u.Path, "/")+".*", "'surgicase'", "'"+strings.Trim(u.Path, "/")+"'")
	for statement := range strings.SplitSeq(there.Replace(statements), ";\n") {
		if statement = strings.TrimSpace(statement); statement == "" || strings.HasPrefix(statement, "CREATE USER") {
			continue
		}
		grant(t, raw, statement)
	}
	return unmigrated(t, account, sqlstore.OpenMySQL)
}

// grant runs a statement, and what it prints if it makes statements.
func grant(t *testing.T, raw *sql.DB, statement string) {
	t.Helper()
	if !strings.HasPrefix(statement, "SELECT") {
		if _, err := raw.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		return
	}
	rows, err := raw.QueryContext(t.Context(), statement)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer rows.Close()
	var made []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		made = append(made, one)
	}
	if err := rows.Err(); err != nil || len(made) < 20 {
		t.Fatalf("%d grants, %v", len(made), err)
	}
	for _, one := range made {
		grant(t, raw, one)
	}
}

func TestTheGrantedUserCannotTouchTheTrail(t *testing.T) {
	db := asGranted(t, stores["MariaDB"](t))
	layTrail(t, db)
	raw := db.raw(t)
	defer raw.Close()
	denied := append([]string{
		"TRUNCATE TABLE audit_entries", "DROP TABLE audit_seal", "DROP TRIGGER audit_entries_kept", "ALTER TABLE audit_entries ADD COLUMN x INT",
		"REPLACE INTO audit_seal (seq, entry_id, hash) VALUES (1, 1, 'x')",
	}, tampering...)
	for _, statement := range denied {
		_, err := raw.ExecContext(t.Context(), statement)
		var refusal *mysql.MySQLError
		if !errors.As(err, &refusal) || refusal.Number != 1142 { // command denied, before any trigger
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// The product works with these grants: what a suite does to a store is done as that user.
func TestTheGrantedUserCanDoEverythingElse(t *testing.T) {
	open := func(t *testing.T) ports.Store { return asGranted(t, stores["MariaDB"](t)) }
	t.Run("the start of serve", func(t *testing.T) {
		owner := unmigratedStores["MariaDB"](t)
		if _, err := owner.MigrateUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := asGranted(t, owner).CheckVersion(t.Context()); err != nil {
			t.Error(err)
		}
	})
	for name, suite := range map[string]func(*testing.T, func(*testing.T) ports.Store){
		"seals": contract.Seals, "requests": contract.Requests, "prices": contract.Prices, // write once; delete; lock rows that are read
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			suite(t, open)
		})
	}
}
