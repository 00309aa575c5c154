package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"surgicase/ports"
)

// gooseTable is how goose notes which migrations were applied. It and compatibilityTable are filled by migrating, not by
// PutIn.
const gooseTable = "goose_db_version"

const sqliteColumns = "SELECT m.name, c.name, c.type, c.pk FROM sqlite_master m JOIN pragma_table_info(m.name) c" +
	" WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY m.name, c.cid"

const mysqlColumns = "SELECT c.table_name, c.column_name, c.data_type, COALESCE(k.ordinal_position, 0) FROM information_schema.columns c" +
	" JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'" +
	" LEFT JOIN information_schema.key_column_usage k ON k.table_schema = c.table_schema AND k.table_name = c.table_name" +
	" AND k.column_name = c.column_name AND k.constraint_name = 'PRIMARY'" +
	" WHERE c.table_schema = DATABASE() ORDER BY c.table_name, c.ordinal_position"

// kinds are the types that migrations use. Another one is a mistake of ours that a test finds.
var kinds = map[string]ports.ColumnKind{
	"integer": ports.Whole, "bigint": ports.Whole, "int": ports.Whole, "smallint": ports.Whole, "tinyint": ports.Whole, "mediumint": ports.Whole,
	"text": ports.Text, "varchar": ports.Text, "char": ports.Text, "mediumtext": ports.Text, "longtext": ports.Text,
	"blob": ports.Bytes, "varbinary": ports.Bytes, "binary": ports.Bytes, "mediumblob": ports.Bytes, "longblob": ports.Bytes,
}

// shapes reads the tables of the schema in order of their names, which is the same in both databases.
func (s *Store) shapes(ctx context.Context, db *gorm.DB) ([]ports.Shape, error) {
	query := mysqlColumns
	if s.dialect == "sqlite" {
		query = sqliteColumns
	}
	rows, err := db.WithContext(ctx).Raw(query).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var shapes []ports.Shape
	keys := map[string]map[int]string{}
	for rows.Next() {
		var table, column, kind string
		var place int
		if err := rows.Scan(&table, &column, &kind, &place); err != nil {
			return nil, err
		}
		if table == gooseTable || table == compatibilityTable {
			continue
		}
		if n := len(shapes); n == 0 || shapes[n-1].Name != table {
			shapes = append(shapes, ports.Shape{Name: table})
			keys[table] = map[int]string{}
		}
		known, ok := kinds[strings.ToLower(kind)]
		if !ok {
			return nil, fmt.Errorf("%s.%s has the type %s, which no backup can hold", table, column, kind)
		}
		shape := &shapes[len(shapes)-1]
		shape.Columns = append(shape.Columns, ports.Column{Name: column, Kind: known})
		if place > 0 {
			keys[table][place] = column
		}
	}
	for i := range shapes {
		for place := 1; place <= len(keys[shapes[i].Name]); place++ {
			shapes[i].Key = append(shapes[i].Key, keys[shapes[i].Name][place])
		}
	}
	slices.SortFunc(shapes, func(a, b ports.Shape) int { return strings.Compare(a.Name, b.Name) })
	return shapes, rows.Err()
}

// reference is a foreign key of one column.
type reference struct{ Child, ChildColumn, Parent, ParentColumn string }

// references reads the foreign keys.
func (s *Store) references(ctx context.Context, db *gorm.DB) ([]reference, error) {
	query := "SELECT table_name AS child, column_name AS child_column, referenced_table_name AS parent, referenced_column_name AS parent_column" +
		" FROM information_schema.key_column_usage WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL"
	if s.dialect == "sqlite" {
		query = "SELECT m.name AS child, f.\"from\" AS child_column, f.\"table\" AS parent, f.\"to\" AS parent_column" +
			" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'"
	}
	var found []reference
	err := db.WithContext(ctx).Raw(query).Scan(&found).Error
	return found, err
}

// SchemaVersion implements ports.Archive.
func (s *Store) SchemaVersion(ctx context.Context) (int64, error) {
	m, err := s.migrator()
	if err != nil {
		return 0, err
	}
	version, err := m.GetDBVersion(ctx)
	return version, outward(err)
}

// MigrateTo brings an empty database to a version of the schema, so that a backup made with it fits.
func (s *Store) MigrateTo(ctx context.Context, version int64) error {
	_, err := s.climb(ctx, version)
	return outward(err)
}

func columnList(shape ports.Shape) string {
	names := make([]string, len(shape.Columns))
	for i, c := range shape.Columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}
