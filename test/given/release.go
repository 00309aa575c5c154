package given

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"database/sql"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// What release 6d206b5 wrote lies in test/fixtures/6d206b5, whose README says how it was made.

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	packed, err := os.Open(filepath.Join(filepath.Dir(here), "..", "fixtures", "6d206b5", name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = packed.Close() }()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// Release6d206b5 returns a DATA_DIR as release 6d206b5 left it on SQLite when it was killed: the database,
// its keys, checkpoints, documents, reports and backups.
func Release6d206b5(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	archive := tar.NewReader(bytes.NewReader(fixture(t, "data.tar.gz")))
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.Clean("/"+header.Name))
		if header.Typeflag == tar.TypeDir {
			err = os.MkdirAll(path, 0o700)
		} else {
			var content []byte
			if content, err = io.ReadAll(archive); err == nil {
				err = os.WriteFile(path, content, header.FileInfo().Mode().Perm())
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Export6d206b5 returns the path of an export of the audit log by release 6d206b5.
func Export6d206b5(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "audit-export.jsonl")
	if err := os.WriteFile(path, fixture(t, "audit-export.jsonl.gz"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// LoadRelease6d206b5 fills an empty MariaDB database with what release 6d206b5 left in one. Its keys are
// those of Release6d206b5.
func LoadRelease6d206b5(t testing.TB, databaseURL string) {
	t.Helper()
	db := OpenMySQL(t, databaseURL)
	db.SetMaxOpenConns(1) // the dump sets variables of its session
	end, statement := ";", strings.Builder{}
	for line := range strings.Lines(string(fixture(t, "mariadb.sql.gz"))) {
		if delimiter, ok := strings.CutPrefix(line, "DELIMITER "); ok {
			end = strings.TrimSpace(delimiter)
			continue
		}
		statement.WriteString(line)
		if !strings.HasSuffix(strings.TrimRight(line, "\r\n"), end) {
			continue
		}
		text := strings.TrimSuffix(strings.TrimRight(statement.String(), "\r\n"), end)
		statement.Reset()
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%.200s: %v", text, err)
		}
	}
}

// OpenMySQL opens a database by its URL, mysql://user:password@host:port/name, past the program.
func OpenMySQL(t testing.TB, databaseURL string) *sql.DB {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	c := mysql.NewConfig()
	c.Net, c.Addr, c.DBName, c.User = "tcp", u.Host, strings.Trim(u.Path, "/"), u.User.Username()
	c.Passwd, _ = u.User.Password()
	c.Collation, c.MaxAllowedPacket = "utf8mb4_bin", 64<<20
	db, err := sql.Open("mysql", c.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
