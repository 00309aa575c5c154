package given

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// open is what a program under test does with the URL.
func open(t *testing.T, address string) *sql.DB {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "mysql" {
		t.Fatalf("%q is no mysql URL: %v", address, err)
	}
	password, _ := u.User.Password()
	db, err := sql.Open("mysql", fmt.Sprintf("%s:%s@tcp(%s)%s", u.User.Username(), password, u.Host, u.Path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestMariaDBGivesEveryTestAnEmptyDatabase(t *testing.T) {
	began := time.Now()
	first, second := MariaDB(t), MariaDB(t)
	t.Logf("two databases after %v", time.Since(began))
	if first == second {
		t.Fatalf("both are %s", first)
	}
	db := open(t, first)
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE patients (name VARCHAR(20))"); err != nil {
		t.Fatal(err)
	}
	const name = "Zoë 🫀"
	if _, err := db.ExecContext(t.Context(), "INSERT INTO patients VALUES (?)", name); err != nil {
		t.Fatalf("four-byte characters: %v", err)
	}
	var tables int
	query := "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"
	if err := open(t, second).QueryRowContext(t.Context(), query).Scan(&tables); err != nil || tables != 0 {
		t.Fatalf("the second database has %d tables, error %v", tables, err)
	}
}

func TestMariaDBDropsItsDatabase(t *testing.T) {
	var address string
	t.Run("user", func(t *testing.T) { address = MariaDB(t) })
	if address == "" {
		t.Skip("the reason stands above")
	}
	if err := open(t, address).PingContext(t.Context()); err == nil {
		t.Fatal("the database is still there")
	}
}

func TestServerKeepsItsDataThroughACrash(t *testing.T) {
	server := StartMariaDB(t)
	db := open(t, server.Database(t))
	for _, statement := range []string{"CREATE TABLE kept (id INT)", "INSERT INTO kept VALUES (7)"} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := db.PingContext(t.Context()); err == nil {
		t.Fatal("a killed server answered")
	}
	began := time.Now()
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	t.Logf("back after %v", time.Since(began))
	var id int
	if err := db.QueryRowContext(t.Context(), "SELECT id FROM kept").Scan(&id); err != nil || id != 7 {
		t.Fatalf("got %d, %v", id, err)
	}
	if err := errors.Join(server.Stop(), server.Restart(), server.Restart()); err != nil {
		t.Fatalf("an orderly stop and two starts: %v", err)
	}
}

func TestServerRefusesRootWithoutPassword(t *testing.T) {
	server := StartMariaDB(t)
	u, err := url.Parse(server.URL("mysql"))
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("root", "")
	if err := open(t, u.String()).PingContext(t.Context()); err == nil {
		t.Fatal("root came in without a password")
	}
}

func TestServerSaysWhyItDoesNotStart(t *testing.T) {
	needMariaDB(t)
	_, err := newServer("--no-such-option")
	if err == nil || !strings.Contains(err.Error(), "no-such-option") {
		t.Fatalf("want the server's own words, got %v", err)
	}
}

// childVariable makes this test program start a server, tell about it, and wait
// to be killed.
const childVariable = "GIVEN_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	server, err := newServer()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(server.dir)
	fmt.Println(server.process.Process.Pid)
	select {}
}

func TestNothingOutlivesAKilledTestProcess(t *testing.T) {
	needMariaDB(t)
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childVariable+"=1")
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Scan()
	dir := lines.Text()
	lines.Scan()
	pid, err := strconv.Atoi(lines.Text())
	if err != nil {
		t.Fatalf("the child did not start a server: %v", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		_, err := os.Stat(dir)
		if os.IsNotExist(err) && !running(pid) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after ten seconds: directory %v, server running %v", err, running(pid))
		}
	}
}

// running is false for a zombie, which a container's first process may never
// collect.
func running(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

func TestTempSQLiteIsFreshEachTime(t *testing.T) {
	first, second := TempSQLite(t), TempSQLite(t)
	if first == second {
		t.Fatalf("both are %s", first)
	}
	path, ok := strings.CutPrefix(first, "sqlite://")
	if !ok || !strings.HasSuffix(path, "/surgicase.db") {
		t.Fatalf("unexpected form: %s", first)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Fatalf("the file should not exist yet: %v", err)
	}
}
