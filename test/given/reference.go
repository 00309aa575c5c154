package given

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

//go:embed reference.sql
var referenceDump string

// Reference returns the URL of a database of the service before ours, with planted damage.
func Reference(t testing.TB) string {
	t.Helper()
	database := MariaDB(t)
	Statements(t, database, referenceDump)
	return database
}

// Statements runs statements on a MySQL database, as somebody does who goes behind our back.
func Statements(t testing.TB, database, statements string) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	config, err := mysql.ParseDSN(fmt.Sprintf("%s:%s@tcp(%s)/%s?multiStatements=true&time_zone=%s",
		u.User.Username(), password, u.Host, strings.Trim(u.Path, "/"), url.QueryEscape("'+00:00'")))
	if err != nil {
		t.Fatal(err)
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), statements); err != nil {
		t.Fatal(err)
	}
}
