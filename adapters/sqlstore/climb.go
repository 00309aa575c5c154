package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/pressly/goose/v3"

	"surgicase/domain/fault"
	"surgicase/migrations"
)

// On MySQL every change of the schema commits by itself, so a migration that breaks off leaves what it had done.
// While one is under way there is a table that says so: whoever finds it goes on with the first step that is not
// noted, from its first statement, and passes over what is there already.

// begunTable is there from the first step of a migration to its last.
const begunTable = "migration_begun"

// climb applies the steps up to a version and counts them.
func (s *Store) climb(ctx context.Context, to int64) (steps int, err error) {
	m, err := s.migrator()
	if err != nil {
		return 0, err
	}
	if s.dialect == "mysql" {
		if steps, err = s.setOut(ctx, m, to); err != nil {
			return steps, err
		}
	}
	done, err := m.UpTo(ctx, to)
	if err == nil && s.dialect == "mysql" {
		err = s.arrive(ctx)
	}
	return steps + len(done), err
}

// setOut goes on with a migration that broke off; before a new one it looks whether anything stands in its way.
func (s *Store) setOut(ctx context.Context, m *goose.Provider, to int64) (steps int, err error) {
	ahead, err := stepsAhead(ctx, m, to)
	if err != nil || ahead == "" {
		return 0, err
	}
	begun, err := s.tablesOf(ctx, []string{begunTable})
	if err != nil {
		return 0, err
	}
	if len(begun) > 0 {
		return s.goOn(ctx)
	}
	return 0, s.begin(ctx, ahead)
}

// stepsAhead is the SQL that is to be run.
func stepsAhead(ctx context.Context, m *goose.Provider, to int64) (text string, err error) {
	files, err := migrations.For("mysql")
	if err != nil {
		return "", err
	}
	all, err := m.Status(ctx)
	for _, step := range all {
		if step.State == goose.StateApplied || step.Source.Version > to {
			continue
		}
		content, missing := fs.ReadFile(files, step.Source.Path)
		up, _, _ := strings.Cut(string(content), "-- +goose Down")
		text, err = text+up, errors.Join(err, missing)
	}
	return text, err
}

var created = regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`)

// begin notes that a migration is under way, unless it could not end well.
func (s *Store) begin(ctx context.Context, ahead string) error {
	var names []string
	for _, match := range created.FindAllStringSubmatch(ahead, -1) {
		names = append(names, match[1])
	}
	there, err := s.tablesOf(ctx, names)
	if err != nil {
		return err
	}
	if len(there) > 0 {
		return fault.New(fault.Conflict, "table_exists", "The database has the table %s, which is yet to be made: nothing was changed. SurgiCase needs a database of its own.", there[0])
	}
	db := s.write.WithContext(ctx)
	if err := db.Exec("CREATE TABLE " + begunTable + " (nothing INT NOT NULL PRIMARY KEY)").Error; err != nil {
		return err
	}
	if !strings.Contains(ahead, "CREATE TRIGGER") {
		return nil
	}
	err = db.Exec("CREATE TRIGGER " + begunTable + "_trial BEFORE INSERT ON " + begunTable + " FOR EACH ROW SIGNAL SQLSTATE '45000'").Error
	if err == nil {
		return nil
	}
	if err := s.arrive(ctx); err != nil {
		return err
	}
	return triggersRefused(err)
}

// Refusals of a trigger: the account lacks the privilege for the table or the database, or with the binary log on it
// has to be a super user.
const (
	errDatabaseDenied = 1044
	errTableDenied    = 1142
	errBinaryLog      = 1419
)

// triggersRefused returns the error of a trigger that could not be made, with what helps against this one.
func triggersRefused(err error) error {
	var refusal *mysql.MySQLError
	if !errors.As(err, &refusal) {
		return err
	}
	var text string
	switch number := refusal.Number; {
	case number == errBinaryLog:
		text = "With the binary log on, only a super user may make triggers, which guard the audit trail: nothing was changed. " +
			"Set log_bin_trust_function_creators=1 for the time of the migration."
	case number == errDatabaseDenied, number == errTableDenied:
		text = "The account may not make triggers, which guard the audit trail: nothing was changed. Grant it TRIGGER on the database."
	case away(err):
		return err
	default:
		text = fmt.Sprintf("The server makes no trigger, which guards the audit trail: nothing was changed. It says %q (error %d).",
			refusal.Message, refusal.Number)
	}
	return fault.New(fault.Conflict, "triggers_refused", "%s", text).Because(err)
}

// arrive forgets that a migration was under way.
func (s *Store) arrive(ctx context.Context) error {
	begun, err := s.tablesOf(ctx, []string{begunTable})
	if err != nil || len(begun) == 0 {
		return err
	}
	return s.write.WithContext(ctx).Exec("DROP TABLE IF EXISTS " + begunTable).Error
}

func (s *Store) tablesOf(ctx context.Context, names []string) (there []string, err error) {
	if len(names) == 0 {
		return nil, nil
	}
	err = s.write.WithContext(ctx).Raw("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN ? ORDER BY 1", names).Scan(&there).Error
	return there, err
}

// goOn repeats the step that broke off.
func (s *Store) goOn(ctx context.Context) (steps int, err error) {
	pool := sql.OpenDB(repeating{s.connect})
	defer func() { err = errors.Join(err, pool.Close()) }()
	m, err := s.migratorOn(pool)
	if err != nil {
		return 0, err
	}
	if _, err := m.UpByOne(ctx); err != nil {
		return 0, err
	}
	return 1, nil
}

// repeating opens connections on which a statement that was run before does nothing.
type repeating struct{ driver.Connector }

// Connect implements driver.Connector.
func (r repeating) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	able, ok := conn.(mysqlConnection)
	if !ok {
		return nil, errors.Join(errors.New("the driver of MySQL is not as it was"), conn.Close())
	}
	return repeats{able}, nil
}

type repeats struct{ mysqlConnection }

// done are the errors of MySQL that say that something is so already: a table, a column, a key, a row, what is to be
// dropped, a trigger, a reference.
var done = []uint16{1050, 1060, 1061, 1062, 1091, 1359, 1826}

// ExecContext implements driver.ExecerContext.
func (r repeats) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	result, err := r.mysqlConnection.ExecContext(ctx, query, args)
	var my *mysql.MySQLError
	if errors.As(err, &my) && slices.Contains(done, my.Number) {
		return driver.RowsAffected(0), nil
	}
	return result, err
}
