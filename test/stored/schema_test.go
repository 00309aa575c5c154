package stored

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"surgicase/adapters/sqlstore"
	"surgicase/test/given"
)

// columnsOf are the queries for "table.column" of each column of the migrated schema.
var columnsOf = map[string]string{
	"SQLite": "SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c" +
		" WHERE m.type = 'table'",
	"MariaDB": "SELECT CONCAT(table_name, '.', column_name) FROM information_schema.columns" +
		" WHERE table_schema = DATABASE()",
}

// noteColumns notes the tables and columns of both databases, and demands that they are the same.
func noteColumns(t *testing.T, note func(kind, value string)) {
	t.Helper()
	light := migrated(t, "SQLite", given.TempSQLite(t), sqlstore.OpenSQLite)
	maria := migrated(t, "MariaDB", given.MariaDB(t), sqlstore.OpenMySQL)
	for _, column := range slices.Sorted(maps.Keys(light)) {
		if own := strings.HasPrefix(column, "sqlite_"); !own && !maria[column] {
			t.Errorf("MariaDB does not have the column %s", column)
		}
		note("column", column)
	}
	for column := range maria {
		if !light[column] {
			t.Errorf("SQLite does not have the column %s", column)
		}
		note("column", column)
	}
}

func migrated(t *testing.T, name, url string, open func(sqlstore.Config) (*sqlstore.Store, error)) map[string]bool {
	t.Helper()
	store, err := open(sqlstore.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.MigrateUp(t.Context())
	_ = store.Close()
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string]bool{}
	for _, column := range given.Rows(t, url, columnsOf[name]) {
		columns[strings.TrimSpace(column)] = true
	}
	return columns
}
