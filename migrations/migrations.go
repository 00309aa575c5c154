// Package migrations embeds the schema of both databases as hand-written SQL for goose. The files of
// a version have the same name in both folders and lead to the same tables and columns.
//
// Conventions: instants are BIGINT microseconds since 1970 UTC (…_at), dates are CHAR(10)
// YYYY-MM-DD, money is BIGINT cents (…_cents), sealed columns hold encrypted bytes.
package migrations

import (
	"embed"
	"io/fs"
)

//go:embed mysql/*.sql sqlite/*.sql
var files embed.FS

// For gives the migrations of a dialect: "mysql" or "sqlite".
func For(dialect string) (fs.FS, error) { return fs.Sub(files, dialect) }
