package api

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
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

// unfit are the breaches of what must hold of the ledger in every reachable state, each a query for
// cases or runs that break it. Source: spec/decisions.md 5.2 and 5.2a.
var unfit = map[string]string{
	"a case at 20 or above and not waived has exactly one settled, unreversed payment": `SELECT c.case_id FROM cases c WHERE c.case_status >= 20
		AND c.pay_status <> 'waived' AND (SELECT COUNT(*) FROM payment_entries e WHERE e.human_case_id = c.human_case_id AND e.kind = 'payment'
			AND e.settled_at IS NOT NULL AND e.reversed_at IS NULL) <> 1`,
	"a waived case has no payment that stands": `SELECT c.case_id FROM cases c WHERE c.pay_status = 'waived'
		AND EXISTS (SELECT 1 FROM payment_entries e WHERE e.human_case_id = c.human_case_id AND e.kind = 'payment'
			AND e.cancelled_at IS NULL AND e.reversed_at IS NULL)`,
	"a case at 15 has exactly one open payment and no settled one": `SELECT c.case_id FROM cases c WHERE c.case_status = 15
		AND ((SELECT COUNT(*) FROM payment_entries e WHERE e.human_case_id = c.human_case_id AND e.kind = 'payment'
			AND e.settled_at IS NULL AND e.cancelled_at IS NULL) <> 1
		OR EXISTS (SELECT 1 FROM payment_entries e WHERE e.human_case_id = c.human_case_id AND e.kind = 'payment'
			AND e.settled_at IS NOT NULL AND e.reversed_at IS NULL))`,
	"a case below 15 has no payment that stands": `SELECT c.case_id FROM cases c WHERE c.case_status < 15 AND c.active = 1
		AND EXISTS (SELECT 1 FROM payment_entries e WHERE e.human_case_id = c.human_case_id AND e.kind = 'payment'
			AND e.cancelled_at IS NULL AND e.reversed_at IS NULL)`,
	"no case above 15 has an open payment": `SELECT c.case_id FROM cases c WHERE c.case_status > 15
		AND EXISTS (SELECT 1 FROM payment_entries e WHERE e.human_case_id = c.human_case_id AND e.kind = 'payment'
			AND e.settled_at IS NULL AND e.cancelled_at IS NULL)`,
	"settled minus reversed of a case is never more than one payment": `SELECT e.human_case_id FROM payment_entries e WHERE e.kind = 'payment'
		AND e.settled_at IS NOT NULL AND e.reversed_at IS NULL GROUP BY e.human_case_id HAVING COUNT(*) > 1`,
	"a payment is not settled and cancelled, nor reversed without being settled": `SELECT e.entry_id FROM payment_entries e
		WHERE (e.settled_at IS NOT NULL AND e.cancelled_at IS NOT NULL) OR (e.reversed_at IS NOT NULL AND e.settled_at IS NULL)
		OR (e.kind <> 'payment' AND (e.settled_at IS NOT NULL OR e.cancelled_at IS NOT NULL OR e.reversed_at IS NOT NULL))`,
	"a cancelled or reversed payment has one counter entry with its cents negated": `SELECT p.entry_id FROM payment_entries p
		WHERE p.kind = 'payment' AND (p.cancelled_at IS NOT NULL OR p.reversed_at IS NOT NULL)
		AND (SELECT COUNT(*) FROM payment_entries n WHERE n.payment_id = p.entry_id AND n.amount_cents = -p.amount_cents AND n.run_id = p.run_id
			AND n.human_case_id = p.human_case_id AND n.provider_id = p.provider_id AND n.generation = p.generation
			AND n.kind = CASE WHEN p.cancelled_at IS NOT NULL THEN 'cancellation' ELSE 'reversal' END) <> 1`,
	"a counter entry names a payment that was taken back": `SELECT n.entry_id FROM payment_entries n LEFT JOIN payment_entries p ON p.entry_id = n.payment_id
		WHERE n.kind <> 'payment' AND (p.entry_id IS NULL OR (p.cancelled_at IS NULL AND p.reversed_at IS NULL))`,
	"the sums of a run are those of its entries": `SELECT r.run_id FROM payment_runs r WHERE
		r.opened_cents <> (SELECT COALESCE(SUM(e.amount_cents), 0) FROM payment_entries e WHERE e.run_id = r.run_id AND e.kind = 'payment')
		OR r.payments <> (SELECT COUNT(*) FROM payment_entries e WHERE e.run_id = r.run_id AND e.kind = 'payment')
		OR r.open_cents <> (SELECT COALESCE(SUM(e.amount_cents), 0) FROM payment_entries e WHERE e.run_id = r.run_id AND e.kind = 'payment'
			AND e.settled_at IS NULL AND e.cancelled_at IS NULL)
		OR r.settled_cents <> (SELECT COALESCE(SUM(e.amount_cents), 0) FROM payment_entries e WHERE e.run_id = r.run_id AND e.settled_at IS NOT NULL)
		OR r.cancelled_cents <> (SELECT COALESCE(-SUM(e.amount_cents), 0) FROM payment_entries e WHERE e.run_id = r.run_id AND e.kind = 'cancellation')
		OR r.reversed_cents <> (SELECT COALESCE(-SUM(e.amount_cents), 0) FROM payment_entries e WHERE e.run_id = r.run_id AND e.kind = 'reversal')`,
	"opened is open plus settled plus cancelled, to the cent": `SELECT r.run_id FROM payment_runs r
		WHERE r.opened_cents <> r.open_cents + r.settled_cents + r.cancelled_cents OR r.reversed_cents > r.settled_cents`,
	"the present generation is the one with the payment": `SELECT c.case_id FROM cases c JOIN payment_entries e ON e.human_case_id = c.human_case_id
		WHERE e.kind = 'payment' AND e.cancelled_at IS NULL AND e.reversed_at IS NULL AND e.generation <> c.pay_generation`,
	"the last move in the history is where the case stands": `SELECT c.case_id FROM cases c JOIN case_history h ON h.human_case_id = c.human_case_id
		WHERE h.history_id = (SELECT MAX(x.history_id) FROM case_history x WHERE x.human_case_id = c.human_case_id) AND h.to_status <> c.case_status`,
}

// holds demands that the ledger is in order.
func (d *database) holds(after string) {
	d.t.Helper()
	for sentence, query := range unfit {
		if rows := d.rows(query); len(rows) > 0 {
			d.t.Errorf("after %s it does not hold that %s: %v", after, sentence, rows[:min(3, len(rows))])
		}
	}
}
