package sqlstore

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/mattn/go-sqlite3" // the version we pin is newer than the dialector's
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
)

// SQLiteScheme begins the URL of a SQLite database; the path follows.
const SQLiteScheme = "sqlite://"

// sqliteReaders is how many connections read at once; more only contend for the same pages.
const sqliteReaders = 4

// OpenSQLite opens a SQLite file: one connection that writes, taking the write lock when its
// transaction begins (a transaction that reads first and then writes would fail at once), and a few
// that read. Every commit reaches the disk before it is acknowledged (synchronous=FULL).
func OpenSQLite(c Config) (*Store, error) {
	path := strings.TrimPrefix(c.URL, SQLiteScheme)
	if dir := filepath.Dir(path); dir != "." {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, unavailable(err)
		}
	}
	if err := keepPrivate(path); err != nil {
		return nil, unavailable(err)
	}
	common := url.Values{
		"_busy_timeout": {"10000"}, "_foreign_keys": {"on"}, "_journal_mode": {"WAL"}, "_synchronous": {"FULL"},
		"_stmt_cache_size": {"200"}, // per connection; a third off the time of a small transaction
	}
	// What is deleted or overwritten is overwritten on the disk, too: a purged value leaves no free page.
	writer, err := openSQLitePool(c, path, common, url.Values{"_txlock": {"immediate"}, "_secure_delete": {"true"}}, 1)
	if err != nil {
		return nil, err
	}
	reader, err := openSQLitePool(c, path, common, url.Values{"_query_only": {"1"}}, sqliteReaders)
	if err != nil {
		return nil, err
	}
	return &Store{write: writer, read: reader, dialect: "sqlite", keys: c.Keys, onAway: c.OnAway}, nil
}

func openSQLitePool(c Config, path string, common, own url.Values, connections int) (*gorm.DB, error) {
	query := url.Values{}
	for _, values := range []url.Values{common, own} {
		for name, v := range values {
			query[name] = v
		}
	}
	file := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}
	db, err := gorm.Open(sqlite.Open(file.String()), c.gormConfig())
	if err != nil {
		return nil, unavailable(err)
	}
	pool, err := db.DB()
	if err != nil {
		return nil, unavailable(err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return db, nil
}

// privateMode is that of every file with data of the practice: the owner's alone.
const privateMode = 0o600

// keepPrivate makes the file of a new database one that only this user can read, and takes the rights of
// others off an existing one. SQLite gives the files beside it the rights of the database. What cannot be
// changed, such as a file of another owner, stays as it is.
func keepPrivate(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, privateMode)
	if err != nil {
		if _, missing := os.Stat(path); missing == nil {
			return nil // a disk or an owner that lets nobody write; whoever reads may go on
		}
		return err
	}
	for _, name := range []string{path, path + "-wal", path + "-shm", path + "-journal"} {
		if info, err := os.Stat(name); err == nil && info.Mode().Perm()&^privateMode != 0 {
			_ = os.Chmod(name, info.Mode().Perm()&privateMode)
		}
	}
	return file.Close()
}
