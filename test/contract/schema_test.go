package contract_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"surgicase/adapters/sqlstore"
	"surgicase/domain/fault"
	"surgicase/test/given"
)

// unmigratedStores are the stores of adapters_test.go without a schema.
var unmigratedStores = map[string]func(*testing.T) *database{
	"SQLite":  func(t *testing.T) *database { return unmigrated(t, given.TempSQLite(t), sqlstore.OpenSQLite) },
	"MariaDB": func(t *testing.T) *database { return unmigrated(t, given.MariaDB(t), sqlstore.OpenMySQL) },
}

func TestMigrations(t *testing.T) {
	for name, open := range unmigratedStores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("up, all the way down and up again leads to the same schema", func(t *testing.T) { upDownUp(t, open(t), open(t)) })
			t.Run("a store of another version is Unavailable and says so", func(t *testing.T) { checksVersion(t, open(t)) })
			t.Run("two programs that migrate one after the other do no harm", func(t *testing.T) { migratesOnce(t, open(t)) })
		})
	}
}

func upDownUp(t *testing.T, db, shortCut *database) {
	up := func() int {
		t.Helper()
		steps, err := db.MigrateUp(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return steps
	}
	steps := up()
	first := db.schema(t)
	if len(first) < 20 {
		t.Fatalf("only %d tables", len(first))
	}
	shortCut.build(t)
	compare(t, "goose", first, "short cut of the tests", shortCut.schema(t))
	for range steps {
		if name, err := db.MigrateDown(t.Context()); err != nil || name == "" {
			t.Fatalf("going down: %q, %v", name, err)
		}
	}
	if name, err := db.MigrateDown(t.Context()); err != nil || name != "" {
		t.Errorf("below the first version: %q, %v", name, err)
	}
	if left := db.schema(t); len(left) > 0 {
		t.Errorf("left behind: %v", slices.Collect(maps.Keys(left)))
	}
	if again := up(); again != steps {
		t.Errorf("%d steps up, then %d", steps, again)
	}
	compare(t, "first", first, "second", db.schema(t))
}

func checksVersion(t *testing.T, db *database) {
	ctx := t.Context()
	refused := func(when string) {
		t.Helper()
		err := db.CheckVersion(ctx)
		if !errors.Is(err, fault.Unavailable) || fault.CodeOf(err) != "schema_version" {
			t.Errorf("%s: %v", when, err)
		}
	}
	refused("empty")
	if _, err := db.MigrateUp(ctx); err != nil {
		t.Fatal(err)
	}
	if err := db.CheckVersion(ctx); err != nil {
		t.Errorf("after migrating: %v", err)
	}
	raw := db.raw(t)
	defer raw.Close()
	runsOnNewer(t, db, raw)
	states, err := db.MigrationStatus(ctx)
	if err != nil || len(states) < 2 || slices.ContainsFunc(states, func(s sqlstore.MigrationState) bool { return !s.Applied }) {
		t.Errorf("status %v, %v", states, err)
	}
	if _, err := db.MigrateDown(ctx); err != nil {
		t.Fatal(err)
	}
	refused("one step behind")
}

// runsOnNewer applies migrations that this program does not know. Each says which program may run on it.
func runsOnNewer(t *testing.T, db *database, raw *sql.DB) {
	t.Helper()
	ctx := t.Context()
	schema, err := db.Schema(ctx)
	if err != nil || schema.IsNewer() || schema.Have != schema.Known {
		t.Fatalf("the schema is %+v, %v", schema, err)
	}
	known := schema.Known
	const row = "INSERT INTO schema_compatibility (version, oldest_program) VALUES (%d, %d)"
	for _, step := range []struct {
		what, statement string
		oldest          int64 // 0: this program may run
	}{
		{"a migration that does not say", fmt.Sprintf("INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, 1)", known+1), known + 1},
		{"one that lets this program run", fmt.Sprintf(row, known+1, known), 0},
		{"one that is not applied", fmt.Sprintf(row, known+2, known+2), 0},
		{"two, of which one wants a newer program", fmt.Sprintf("INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, 1)", known+2), known + 2},
		{"two that let this program run", fmt.Sprintf("UPDATE schema_compatibility SET oldest_program = %d WHERE version = %d", known-1, known+2), 0},
		{"the older one wants a newer program", fmt.Sprintf("UPDATE schema_compatibility SET oldest_program = %d WHERE version = %d", known+1, known+1), known + 1},
		{"the older one lets this program run again", fmt.Sprintf("UPDATE schema_compatibility SET oldest_program = %d WHERE version = %d", known, known+1), 0},
	} {
		if _, err := raw.ExecContext(ctx, step.statement); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		err := db.CheckVersion(ctx)
		if step.oldest == 0 && err != nil {
			t.Errorf("%s: %v", step.what, err)
		}
		if step.oldest != 0 && (!errors.Is(err, fault.Unavailable) || fault.CodeOf(err) != "schema_newer" ||
			!strings.Contains(fmt.Sprint(err), fmt.Sprintf("knows migration %d; this one knows %d", step.oldest, known))) {
			t.Errorf("%s: %v", step.what, err)
		}
		if err := db.CheckKnown(ctx); fault.CodeOf(err) != "schema_newer" {
			t.Errorf("%s: work that must know all of the schema: %v", step.what, err)
		}
	}
	if steps, err := db.MigrateUp(ctx); err != nil || steps != 0 {
		t.Errorf("migrating a newer schema: %d steps, %v", steps, err)
	}
	if name, err := db.MigrateDown(ctx); fault.CodeOf(err) != "schema_newer" {
		t.Errorf("taking back a migration that is not known: %q, %v", name, err)
	}
	for _, table := range []string{"goose_db_version WHERE version_id", "schema_compatibility WHERE version"} {
		if _, err := raw.ExecContext(ctx, fmt.Sprintf("DELETE FROM %s > %d", table, known)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(db.CheckVersion(ctx), db.CheckKnown(ctx)); err != nil {
		t.Errorf("taken back: %v", err)
	}
}

func migratesOnce(t *testing.T, db *database) {
	if _, err := db.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if steps, err := db.MigrateUp(t.Context()); err != nil || steps != 0 {
		t.Errorf("%d steps, %v", steps, err)
	}
}

func TestBothDialectsHaveTheSameSchema(t *testing.T) {
	sqlite, maria := stores["SQLite"](t), stores["MariaDB"](t)
	compare(t, "SQLite", sqlite.schema(t), "MariaDB", maria.schema(t))
	// MariaDB makes further keys for foreign keys, so SQLite's are to be among them.
	have := maria.keys(t)
	for name, columns := range sqlite.keys(t) {
		if have[name] != columns {
			t.Errorf("key %s: SQLite %s, MariaDB %s", name, columns, have[name])
		}
	}
}

// schema describes each table: its columns in order, with what may be null and what the key is.
func (d *database) schema(t *testing.T) map[string][]string {
	t.Helper()
	tables := map[string][]string{}
	query := "SELECT table_name, column_name, is_nullable = 'YES', column_key = 'PRI' FROM information_schema.columns" +
		" WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position"
	if d.isSQLite() {
		query = "SELECT m.name, c.name, NOT c.\"notnull\", c.pk > 0 FROM sqlite_master m JOIN pragma_table_info(m.name) c" +
			" WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, c.cid"
	}
	d.rows(t, query, func(scan func(...any)) {
		var table, column string
		var null, key bool
		scan(&table, &column, &null, &key)
		if table != "goose_db_version" {
			tables[table] = append(tables[table], fmt.Sprintf("%s null=%t key=%t", column, null, key))
		}
	})
	return tables
}

// keys lists the keys that have a name, with their columns.
func (d *database) keys(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	query := "SELECT CONCAT(table_name, '.', index_name), non_unique = 0, column_name FROM information_schema.statistics" +
		" WHERE table_schema = DATABASE() ORDER BY table_name, index_name, seq_in_index"
	if d.isSQLite() {
		query = "SELECT m.name || '.' || i.name, i.\"unique\", c.name FROM sqlite_master m JOIN pragma_index_list(m.name) i JOIN pragma_index_info(i.name) c" +
			" WHERE m.type = 'table' AND i.origin = 'c' ORDER BY m.name, i.name, c.seqno"
	}
	d.rows(t, query, func(scan func(...any)) {
		var name, column string
		var unique bool
		scan(&name, &unique, &column)
		if found[name] == "" {
			found[name] = fmt.Sprintf("unique=%t", unique)
		}
		found[name] += " " + column
	})
	return found
}

func compare(t *testing.T, nameA string, a map[string][]string, nameB string, b map[string][]string) {
	t.Helper()
	for table := range maps.Keys(b) {
		if _, ok := a[table]; !ok {
			t.Errorf("%s has no table %s", nameA, table)
		}
	}
	for table, columns := range a {
		if !slices.Equal(columns, b[table]) {
			t.Errorf("table %s:\n%s: %s\n%s: %s", table, nameA, strings.Join(columns, ", "), nameB, strings.Join(b[table], ", "))
		}
	}
}

// reserved are the words that MySQL 5.7 to 8.4 takes for its own. MariaDB and SQLite let some of them
// pass as names, so nothing else would tell us.
const reserved = " accessible add all alter analyze and as asc asensitive before between bigint binary blob both by call cascade case change char" +
	" character check collate column condition constraint continue convert create cross cube cume_dist current_date current_time current_timestamp" +
	" current_user cursor database databases day_hour day_microsecond day_minute day_second dec decimal declare default delayed delete dense_rank" +
	" desc describe deterministic distinct distinctrow div double drop dual each else elseif empty enclosed escaped except exists exit explain" +
	" false fetch first_value float float4 float8 for force foreign from fulltext function generated get grant group grouping groups having" +
	" high_priority hour_microsecond hour_minute hour_second if ignore in index infile inner inout insensitive insert int int1 int2 int3 int4 int8" +
	" integer intersect interval into io_after_gtids io_before_gtids is iterate join json_table key keys kill lag last_value lateral lead leading" +
	" leave left like limit linear lines load localtime localtimestamp lock long longblob longtext loop low_priority manual master_bind" +
	" master_ssl_verify_server_cert match maxvalue mediumblob mediumint mediumtext middleint minute_microsecond minute_second mod modifies natural" +
	" not no_write_to_binlog nth_value ntile null numeric of on optimize optimizer_costs option optionally or order out outer outfile over parallel" +
	" partition percent_rank precision primary procedure purge qualify range rank read reads read_write real recursive references regexp release" +
	" rename repeat replace require resignal restrict return revoke right rlike row rows row_number schema schemas second_microsecond select" +
	" sensitive separator set show signal smallint spatial specific sql sqlexception sqlstate sqlwarning sql_big_result sql_calc_found_rows" +
	" sql_small_result ssl starting stored straight_join system table tablesample terminated then tinyblob tinyint tinytext to trailing trigger" +
	" true undo union unique unlock unsigned update usage use using utc_date utc_time utc_timestamp values varbinary varchar varcharacter varying" +
	" virtual when where while window with write xor year_month zerofill "

func TestNoNameIsReservedByMySQL(t *testing.T) {
	for table, columns := range stores["SQLite"](t).schema(t) {
		for _, column := range append(columns, table) {
			name, _, _ := strings.Cut(column, " ")
			if strings.Contains(reserved, " "+name+" ") {
				t.Errorf("table %s: %s is a reserved word of MySQL", table, name)
			}
		}
	}
}

// The store must say what is wrong when there is no database, and not wait for ever.
func TestAStoreWithoutADatabaseIsUnavailable(t *testing.T) {
	for name, try := range map[string]func(sqlstore.Config) (*sqlstore.Store, error){
		"mysql://user:secret@127.0.0.1:1/none": sqlstore.OpenMySQL,
		"sqlite:///proc/none/surgicase.db":     sqlstore.OpenSQLite,
	} {
		store, err := try(sqlstore.Config{URL: name, Keys: keyring(t), PoolSize: 1, PoolOverflow: 1})
		if err == nil {
			err = store.Ping(context.Background())
			_ = store.Close()
		}
		if !errors.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("%s: the error shows the password", name)
		}
	}
}
