package bootstrap

import (
	"cmp"
	"context"
	"encoding/json"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/fx"

	"surgicase/adapters/sqlstore"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// walPause is how often the write-ahead log of SQLite is looked at.
const walPause = 5 * time.Second

// runTrimWAL keeps the write-ahead log of SQLite small while the app runs.
func runTrimWAL(life fx.Lifecycle, store *sqlstore.Store, events ports.Events) {
	if store.Dialect() != "sqlite" {
		return
	}
	loop{name: "database.wal", pause: walPause, work: store.TrimWAL}.run(life, events)
}

// isMySQL says whether a URL names a database of MySQL and nothing that we would not heed. Where the host is in a secret
// only what follows the question mark counts.
func isMySQL(text string, whole bool) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "mysql" || u.Fragment != "" || whole && (u.Hostname() == "" || strings.Trim(u.Path, "/") == "") {
		return false
	}
	if strings.ContainsAny(strings.Trim(u.Path, "/"), "/@") { // a password with a slash looks like a host, a port and a path
		return false
	}
	port, err := strconv.ParseUint(cmp.Or(u.Port(), "3306"), 10, 16)
	if err != nil || port == 0 {
		return false
	}
	for name, values := range u.Query() {
		if name != "tls" || len(values) != 1 || !slices.Contains([]string{"true", "false", "skip-verify", "preferred"}, values[0]) {
			return false // ?ssl=true would have connected without
		}
	}
	return true
}

// DatabaseSecretName is the secret of DATABASE_URL=secret.
const DatabaseSecretName = "surgicase/database" //nolint:gosec // the name of a secret, not a secret

// databaseSecret is its content: as the old product kept it, or as RDS writes it.
type databaseSecret struct {
	Host     string      `json:"host"`
	Port     json.Number `json:"port"`
	Database string      `json:"database"`
	DBName   string      `json:"dbname"`
	User     string      `json:"user"`
	Username string      `json:"username"`
	Password string      `json:"password"`
}

// readDatabaseSecret never says what it read: it is a password.
func readDatabaseSecret(text []byte) (s databaseSecret, err error) {
	err = json.Unmarshal(text, &s)
	if s.Database == "" {
		s.Database = s.DBName
	}
	if s.User == "" {
		s.User = s.Username
	}
	if s.Port == "" {
		s.Port = "3306"
	}
	if err != nil || s.Host == "" || s.Database == "" || s.User == "" {
		return s, fault.New(fault.Invalid, "invalid_database_secret", "the secret %s must be {host, port, database, user, password}", DatabaseSecretName)
	}
	return s, nil
}

// resolve gives the URL of the database and, where a secret names the login, who gives it from now on.
func (d DatabaseURL) resolve(ctx context.Context, secrets ports.Secrets) (string, sqlstore.Logins, error) {
	if !d.secret {
		return d.url, nil, nil
	}
	text, err := secrets.Get(ctx, DatabaseSecretName)
	if err != nil {
		return "", nil, err
	}
	s, err := readDatabaseSecret(text)
	if err != nil {
		return "", nil, err
	}
	_, query, _ := strings.Cut(d.url, "?")
	where := url.URL{Scheme: "mysql", Host: net.JoinHostPort(s.Host, s.Port.String()), Path: "/" + s.Database, RawQuery: query}
	return where.String(), databaseLogins(secrets), nil
}

func databaseLogins(secrets ports.Secrets) sqlstore.Logins {
	return func(ctx context.Context, fresh bool) (sqlstore.Login, error) {
		read := secrets.Get
		if fresh {
			read = secrets.Fresh
		}
		text, err := read(ctx, DatabaseSecretName)
		if err != nil {
			return sqlstore.Login{}, err
		}
		s, err := readDatabaseSecret(text)
		return sqlstore.Login{User: s.User, Password: s.Password}, err
	}
}
