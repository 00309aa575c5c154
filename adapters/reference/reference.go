// Package reference reads the MySQL database of the service that this product replaces. It never
// writes there: the session is read only, and all of it sees one snapshot.
package reference

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"surgicase/domain/fault"
	"surgicase/domain/movein"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
)

// Database is a ports.Reference on MySQL.
type Database struct {
	pool *sql.DB
	conn *sql.Conn
}

// Open connects to mysql://user:password@host:port/database and takes the snapshot. Invalid
// "invalid_reference_url" if it is no such URL.
func Open(ctx context.Context, text string) (*Database, error) {
	config, err := dsn(text)
	if err != nil {
		return nil, err
	}
	connector, err := driver.NewConnector(config)
	if err != nil {
		return nil, unavailable(err)
	}
	d := &Database{pool: sql.OpenDB(connector)}
	if d.conn, err = d.pool.Conn(ctx); err != nil {
		_ = d.pool.Close()
		return nil, unavailable(err)
	}
	for _, statement := range []string{"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"} {
		if _, err := d.conn.ExecContext(ctx, statement); err != nil {
			_ = d.Close()
			return nil, unavailable(err)
		}
	}
	return d, nil
}

// Close ends the snapshot.
func (d *Database) Close() error {
	_ = d.conn.Close()
	return d.pool.Close()
}

// dsn asks for instants in UTC and for values as text: a date that is not real must come through.
func dsn(text string) (*driver.Config, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "mysql" || u.Host == "" || strings.Trim(u.Path, "/") == "" {
		return nil, fault.New(fault.Invalid, "invalid_reference_url", "must be mysql://user:password@host:port/database")
	}
	c := driver.NewConfig()
	c.Net, c.Addr, c.DBName = "tcp", u.Host, strings.Trim(u.Path, "/")
	if u.Port() == "" {
		c.Addr = u.Host + ":3306"
	}
	if u.User != nil {
		c.User = u.User.Username()
		c.Passwd, _ = u.User.Password()
	}
	c.TLSConfig = u.Query().Get("tls")
	c.Timeout = 5 * time.Second
	c.Params = map[string]string{"time_zone": "'+00:00'"}
	c.Logger = &driver.NopLogger{}
	return c, nil
}

func unavailable(cause error) error {
	return fault.New(fault.Unavailable, "reference_unavailable", "The old database is not available.").Because(cause)
}

// Tables implements ports.Reference.
func (d *Database) Tables(ctx context.Context) (map[string]int64, error) {
	names, err := d.texts(ctx, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name")
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int64, len(names))
	for _, name := range names {
		var n int64
		if err := d.conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+quoted(name)).Scan(&n); err != nil {
			return nil, unavailable(err)
		}
		counts[name] = n
	}
	return counts, nil
}

// Columns implements ports.Reference.
func (d *Database) Columns(ctx context.Context, table string) ([]string, error) {
	return d.texts(ctx, "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position", table)
}

func (d *Database) texts(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := d.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, unavailable(err)
	}
	defer rows.Close()
	var texts []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, unavailable(err)
		}
		texts = append(texts, text)
	}
	return texts, rows.Err()
}

// Rows implements ports.Reference.
func (d *Database) Rows(ctx context.Context, table string, order ...string) iter.Seq2[movein.Record, error] {
	return func(yield func(movein.Record, error) bool) {
		columns, err := d.Columns(ctx, table)
		if err == nil && len(columns) > 0 {
			err = d.rows(ctx, table, columns, order, func(r movein.Record) bool { return yield(r, nil) })
		}
		if err != nil {
			yield(movein.Record{}, err)
		}
	}
}

func (d *Database) rows(ctx context.Context, table string, columns, order []string, yield func(movein.Record) bool) error {
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = quoted(column)
	}
	query := "SELECT " + strings.Join(names, ", ") + " FROM " + quoted(table) //nolint:gosec // names out of the schema itself
	order = slices.DeleteFunc(slices.Clone(order), func(column string) bool { return !slices.Contains(columns, column) })
	if len(order) > 0 {
		query += " ORDER BY " + strings.Join(order, ", ")
	}
	rows, err := d.conn.QueryContext(ctx, query)
	if err != nil {
		return unavailable(err)
	}
	defer rows.Close()
	values, targets := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return unavailable(err)
		}
		record := movein.Record{Table: table, Values: make(map[string]surgical.PHI, len(columns))}
		for i, column := range columns {
			record.Values[strings.ToLower(column)] = surgical.NewPHI(string(values[i]))
		}
		if !yield(record) {
			return nil
		}
	}
	if err := rows.Err(); err != nil {
		return unavailable(err)
	}
	return nil
}

// Worth implements ports.Reference.
func (d *Database) Worth(ctx context.Context, table string) (pay.Cents, error) {
	columns, err := d.Columns(ctx, table)
	if err != nil || !slices.Contains(columns, "pay_amount") {
		return 0, err
	}
	var text string
	err = d.conn.QueryRowContext(ctx, "SELECT CAST(COALESCE(SUM(pay_amount), 0) AS DECIMAL(20,2)) FROM "+quoted(table)).Scan(&text)
	if err != nil {
		return 0, unavailable(err)
	}
	sum, ok := movein.ParseAmount(text)
	if !ok {
		return 0, fmt.Errorf("the sum of %s is %q", table, text)
	}
	return sum, nil
}

func quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
