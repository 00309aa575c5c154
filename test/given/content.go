package given

import (
	"database/sql"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	_ "github.com/mattn/go-sqlite3" // reads what the store has written, behind its back
)

// Content prints every row of every table of a database of ours, so that two moments can be compared.
func Content(t testing.TB, database string) string {
	t.Helper()
	db := behind(t, database)
	defer db.Close()
	list := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
	if strings.HasPrefix(database, "mysql") {
		list = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name"
	}
	var b strings.Builder
	for _, table := range printed(t, db, list) {
		fmt.Fprintf(&b, "== %s\n%s\n", table, strings.Join(slices.Sorted(slices.Values(printed(t, db, "SELECT * FROM "+table))), "\n"))
	}
	return b.String()
}

// Rows gives the rows of a query of a database of ours, each in one line.
func Rows(t testing.TB, database, query string) []string {
	t.Helper()
	db := behind(t, database)
	defer db.Close()
	return printed(t, db, query)
}

// behind opens a database past the store.
func behind(t testing.TB, database string) *sql.DB {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	driver, source := "sqlite3", strings.TrimPrefix(database, "sqlite://")
	if u.Scheme == "mysql" {
		password, _ := u.User.Password()
		driver, source = "mysql", fmt.Sprintf("%s:%s@tcp(%s)%s", u.User.Username(), password, u.Host, u.Path)
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// printed gives the rows of a query, each in one line.
func printed(t testing.TB, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		values, targets := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		line := make([]string, len(columns))
		for i, v := range values {
			if line[i] = v.String; !v.Valid {
				line[i] = "NULL"
			}
		}
		lines = append(lines, strings.Join(line, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}
