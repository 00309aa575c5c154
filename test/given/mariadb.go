package given

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// outsideServer names the variable that runs the same tests against a server we
// cannot start here, such as a real MySQL: mysql://user:password@host:port with
// the right to create databases.
const outsideServer = "DATABASE_TEST_MYSQL"

// MariaDB returns the URL, mysql://user:password@host:port/name, of a fresh and
// empty database, dropped with the test. All tests of a process share one server,
// started by the first of them; nobody has to stop it, see guard.
func MariaDB(t testing.TB) string {
	t.Helper()
	if outside := os.Getenv(outsideServer); outside != "" {
		server, err := url.Parse(outside)
		if err != nil || server.Scheme != "mysql" || server.Host == "" {
			t.Fatalf("%s is not of the form mysql://user:password@host:port", outsideServer)
		}
		return freshDatabase(t, server)
	}
	needMariaDB(t)
	server, err := sharedServer()
	if err != nil {
		t.Fatal(err)
	}
	return server.Database(t)
}

// sharedServer is started once: a server per test would cost a second each.
var sharedServer = sync.OnceValues(func() (*Server, error) { return newServer() })

// StartMariaDB returns a server of the test's own, to be killed and restarted at
// will. The options are added to mariadbd's command line.
func StartMariaDB(t testing.TB, options ...string) *Server {
	t.Helper()
	needMariaDB(t)
	server, err := newServer(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.remove(); err != nil {
			t.Errorf("removing MariaDB: %v", err)
		}
	})
	return server
}

// needMariaDB skips on a developer's machine and fails where a skip would hide
// that half of the tests never run.
func needMariaDB(t testing.TB) {
	t.Helper()
	_, errServer := findProgram("mariadbd")
	_, errInstall := findProgram("mariadb-install-db")
	if errServer == nil && errInstall == nil {
		return
	}
	const reason = "needs MariaDB: apt-get install mariadb-server, or set " + outsideServer
	if os.Getenv("CI") == "true" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// findProgram also looks where distributions put servers, which is not in an
// ordinary user's PATH.
func findProgram(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/usr/local/bin"} {
		if found, err := exec.LookPath(dir + "/" + name); err == nil {
			return found, nil
		}
	}
	return "", err
}

// Database creates an empty database on the server, to be dropped with the test,
// and returns its URL.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	server, err := url.Parse(s.URL(""))
	if err != nil {
		t.Fatal(err)
	}
	return freshDatabase(t, server)
}

func freshDatabase(t testing.TB, server *url.URL) string {
	t.Helper()
	name := "surgicase_" + rand.Text()[:12] // the server may be shared with others
	if err := execute(server, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4"); err != nil {
		t.Fatalf("creating a database on %s: %v", server.Redacted(), err)
	}
	t.Cleanup(func() {
		if err := execute(server, "DROP DATABASE "+name); err != nil {
			t.Errorf("dropping %s, is a connection still open? %v", name, err)
		}
	})
	fresh := *server
	fresh.Path = "/" + name
	return fresh.String()
}

// Account makes another user on the server of a database, dropped with the test, who may do nothing
// yet, and returns the URL of the database with him in it.
func Account(t testing.TB, database string) string {
	t.Helper()
	server, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	name, password := "account_"+rand.Text()[:12], rand.Text()
	account := *server
	account.User = url.UserPassword(name, password)
	do := func(statement string) {
		if err := execute(server, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	do("CREATE USER '" + name + "'@'%' IDENTIFIED BY '" + password + "'")
	t.Cleanup(func() { do("DROP USER '" + name + "'@'%'") })
	return account.String()
}

// execute opens a connection of its own: statements here are rare, and an open
// pool would outlive the test that made it.
func execute(server *url.URL, statement string) error {
	password, _ := server.User.Password()
	config, err := mysql.ParseDSN(fmt.Sprintf("%s:%s@tcp(%s)/?%s",
		server.User.Username(), password, server.Host, server.RawQuery))
	if err != nil {
		return err
	}
	return executeWith(config, statement)
}

func executeWith(config *mysql.Config, statement string) error {
	config.Logger = &mysql.NopLogger{} // a refused connection is expected while a server starts
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err = db.ExecContext(ctx, statement)
	return err
}
