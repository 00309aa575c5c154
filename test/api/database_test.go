package api

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"surgicase/test/given"
)

// database is a view past the program: what is really stored.
type database struct {
	t       *testing.T
	db      *sql.DB
	mysql   bool
	tables  []string
	content string // the statement that gives the content of all tables on SQLite
}

// loose says whether a table may change when a request is refused: the audit trail, the keys of
// repeated requests, and what the program does by itself meanwhile.
func loose(table string) bool {
	return strings.HasPrefix(table, "audit_") || slices.Contains([]string{"idempotency_keys", "leases", "goose_db_version"}, table)
}

// database opens a connection of the test's own.
func (p *program) database() *database {
	p.t.Helper()
	u, err := url.Parse(p.databaseURL)
	if err != nil {
		p.t.Fatal(err)
	}
	d := &database{t: p.t, mysql: u.Scheme == "mysql"}
	if d.mysql {
		password, _ := u.User.Password()
		d.db, err = sql.Open("mysql", fmt.Sprintf("%s:%s@tcp(%s)%s", u.User.Username(), password, u.Host, u.Path))
	} else {
		d.db, err = sql.Open("sqlite3", "file:"+u.Path+"?mode=ro&_busy_timeout=10000")
	}
	if err != nil {
		p.t.Fatal(err)
	}
	d.db.SetMaxOpenConns(1)
	p.t.Cleanup(func() { _ = d.db.Close() })
	d.learn()
	return d
}

// spoil changes the database past the program.
func (p *program) spoil(statement string) {
	p.t.Helper()
	d := p.database()
	if !d.mysql {
		var err error
		if d.db, err = sql.Open("sqlite3", strings.Replace(p.databaseURL, "sqlite://", "file:", 1)+"?_busy_timeout=10000"); err != nil {
			p.t.Fatal(err)
		}
		defer func() { _ = d.db.Close() }()
	}
	if _, err := d.db.Exec(statement); err != nil {
		p.t.Fatal(err)
	}
}

// learn lists the tables that only granted requests may change.
func (d *database) learn() {
	d.t.Helper()
	names := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
	if d.mysql {
		names = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name"
	}
	for _, row := range d.rows(names) {
		if !loose(row[0]) {
			d.tables = append(d.tables, row[0])
		}
	}
	if len(d.tables) < 10 {
		d.t.Fatalf("only the tables %v: are the right ones looked at?", d.tables)
	}
	if !d.mysql {
		d.content = d.contentOfAll()
	}
}

// contentOfAll is one statement that gives every row of every table, a line for each table.
func (d *database) contentOfAll() string {
	parts := make([]string, len(d.tables))
	for i, table := range d.tables {
		var cells []string
		for _, column := range d.rows("SELECT name FROM pragma_table_info(?)", table) {
			cells = append(cells, "quote("+column[0]+")")
		}
		row := strings.Join(cells, "||'|'||")
		parts[i] = fmt.Sprintf("SELECT '%s', (SELECT group_concat(line, char(10)) FROM (SELECT %s AS line FROM %s ORDER BY 1))", table, row, table)
	}
	return strings.Join(parts, " UNION ALL ")
}

// print is a fingerprint of everything but the loose tables.
func (d *database) print() map[string]string {
	d.t.Helper()
	query := d.content
	if d.mysql {
		query = "CHECKSUM TABLE " + strings.Join(d.tables, ", ")
	}
	marks := map[string]string{}
	for _, row := range d.rows(query) {
		marks[row[0][strings.LastIndex(row[0], ".")+1:]] = row[1]
	}
	return marks
}

// watch has SQLite itself count the rows that are written, by triggers in every table. From then on a
// fingerprint costs the same however much is stored.
func (d *database) watch(path string) {
	d.t.Helper()
	if d.mysql {
		return
	}
	db, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=10000")
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	script := "CREATE TABLE watched (name TEXT PRIMARY KEY, writes INTEGER NOT NULL);"
	for _, table := range d.tables {
		script += fmt.Sprintf("INSERT INTO watched VALUES ('%s', 0);", table)
		for _, event := range []string{"INSERT", "UPDATE", "DELETE"} {
			script += fmt.Sprintf("CREATE TRIGGER watch_%s_%s AFTER %[2]s ON %[1]s BEGIN UPDATE watched SET writes = writes + 1 WHERE name = '%[1]s'; END;", table, event)
		}
	}
	if _, err := db.Exec(script); err != nil {
		d.t.Fatal(err)
	}
	d.content = "SELECT name, writes FROM watched"
}

// changed names the tables that differ between two fingerprints.
func changed(before, after map[string]string) []string {
	var names []string
	for table, mark := range after {
		if before[table] != mark {
			names = append(names, table)
		}
	}
	slices.Sort(names)
	return names
}

// rows gives the result of a query as text; NULL is "".
func (d *database) rows(query string, args ...any) [][]string {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	rows, err := d.db.QueryContext(ctx, query, args...)
	if err != nil {
		d.t.Fatalf("%v: %.300s", err, query)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		d.t.Fatal(err)
	}
	var out [][]string
	for rows.Next() {
		cells := make([]sql.NullString, len(columns))
		targets := make([]any, len(columns))
		for i := range cells {
			targets[i] = &cells[i]
		}
		if err := rows.Scan(targets...); err != nil {
			d.t.Fatal(err)
		}
		line := make([]string, len(cells))
		for i, cell := range cells {
			line[i] = cell.String
		}
		out = append(out, line)
	}
	if err := rows.Err(); err != nil {
		d.t.Fatal(err)
	}
	return out
}

// value gives the only value of a query as text.
func (d *database) value(query string, args ...any) string {
	d.t.Helper()
	rows := d.rows(query, args...)
	if len(rows) != 1 || len(rows[0]) != 1 {
		d.t.Fatalf("%d rows instead of one value: %s", len(rows), query)
	}
	return rows[0][0]
}

// holds demands that the ledger is in order.
func (d *database) holds(after string) {
	d.t.Helper()
	for sentence, query := range given.LedgerBreaches {
		if rows := d.rows(query); len(rows) > 0 {
			d.t.Errorf("after %s it does not hold that %s: %v", after, sentence, rows[:min(3, len(rows))])
		}
	}
}
