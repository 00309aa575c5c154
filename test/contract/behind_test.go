package contract_test

import (
	"database/sql"
	"io/fs"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/mattn/go-sqlite3"

	"surgicase/adapters/sqlstore"
	"surgicase/domain/audit"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/migrations"
	"surgicase/ports"
)

// What is here looks at a database past the port, with a connection of its own.

func (d *database) isSQLite() bool { return strings.HasPrefix(d.url, sqlstore.SQLiteScheme) }

// path is where the file of a SQLite database is.
func (d *database) path() string { return strings.TrimPrefix(d.url, sqlstore.SQLiteScheme) }

func (d *database) raw(t *testing.T) *sql.DB {
	t.Helper()
	driver, dsn := "sqlite3", "file:"+d.path()
	if !d.isSQLite() {
		u, err := url.Parse(d.url)
		if err != nil {
			t.Fatal(err)
		}
		c := mysql.NewConfig()
		c.Net, c.Addr, c.DBName, c.User = "tcp", u.Host, strings.Trim(u.Path, "/"), u.User.Username()
		c.Passwd, _ = u.User.Password()
		c.MultiStatements = true
		driver, dsn = "mysql", c.FormatDSN()
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// build makes the schema from the migrations, all in one go. With goose it takes several times as
// long, which hundreds of tests would feel; TestMigrations sees to it that goose gets there, too.
func (d *database) build(t *testing.T) {
	t.Helper()
	files, err := migrations.For(d.Dialect())
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	script := "BEGIN;"
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(content), "-- +goose Down")
		script += up
	}
	db := d.raw(t)
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), script+"COMMIT;"); err != nil {
		t.Fatal(err)
	}
}

// rows runs a query and hands each row's scanner over.
func (d *database) rows(t *testing.T, query string, row func(scan func(...any))) {
	t.Helper()
	db := d.raw(t)
	defer db.Close()
	found, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer found.Close()
	for found.Next() {
		row(func(targets ...any) {
			t.Helper()
			if err := found.Scan(targets...); err != nil {
				t.Fatal(err)
			}
		})
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
}

// carried is the contract.Carried of both databases.
func carried(t *testing.T, store ports.Store) map[int64]int64 {
	t.Helper()
	found := map[int64]int64{}
	store.(*database).rows(t, "SELECT payment_id, COALESCE(carried_by_run_id, 0) FROM payment_entries WHERE kind <> 'payment'", func(scan func(...any)) {
		var payment, run int64
		scan(&payment, &run)
		found[payment] = run
	})
	return found
}

// trail is the contract.Trail of both databases.
func trail(t *testing.T, store ports.Store) []audit.Entry {
	t.Helper()
	var entries []audit.Entry
	store.(*database).rows(t, "SELECT happened_at, actor_id, actor_type, credential, auth_mode, request_id, address, action, entity, entity_id,"+
		" fields, COALESCE(things, ''), before_digest, after_digest, outcome, code FROM audit_entries ORDER BY entry_id", func(scan func(...any)) {
		var e audit.Entry
		var at int64
		var user, action, fields, things, outcome string
		scan(&at, &user, &e.Actor.Type, &e.Actor.Credential, &e.Actor.Mode, &e.Actor.RequestID, &e.Actor.Address, &action, &e.Entity, &e.EntityID,
			&fields, &things, &e.Before, &e.After, &outcome, &e.Code)
		e.At, e.Actor.User, e.Action, e.Outcome = time.UnixMicro(at).UTC(), ident.UserID(user), permission.Action(action), audit.Outcome(outcome)
		e.Fields, e.Things = list(fields), list(things)
		entries = append(entries, e)
	})
	return entries
}

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
