package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/mattn/go-sqlite3" // the version we pin is newer than the dialector's
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
	reader, err := openSQLitePool(c, path, common, url.Values{"_query_only": {"1"}}, sqliteReaders+1)
	if err != nil {
		return nil, err
	}
	store := &Store{write: writer, read: reader, dialect: "sqlite", keys: c.Keys, onAway: c.OnAway}
	store.checkpoints.pool = sqlitePool(path, common, url.Values{"_busy_timeout": {"0"}}, 1)
	if store.anchor, err = anchor(reader); err != nil {
		return nil, errors.Join(unavailable(err), store.Close())
	}
	if store.file, err = watchFile(path); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// anchor holds one connection open for as long as the store is: when the last one closes, SQLite removes the
// write-ahead log, and its next file would look like a replacement.
func anchor(db *gorm.DB) (*sql.Conn, error) {
	pool, err := db.DB()
	if err != nil {
		return nil, err
	}
	return pool.Conn(context.Background())
}

// sqliteConnector opens connections whose write-ahead log shrinks again.
type sqliteConnector struct {
	sqlite3.SQLiteDriver
	source string
}

// Driver implements driver.Connector.
func (c *sqliteConnector) Driver() driver.Driver { return &c.SQLiteDriver }

// Connect implements driver.Connector.
func (c *sqliteConnector) Connect(context.Context) (driver.Conn, error) {
	return c.Open(c.source)
}

func newSQLiteConnector(source string) *sqliteConnector {
	c := &sqliteConnector{source: source}
	c.ConnectHook = func(conn *sqlite3.SQLiteConn) error {
		_, err := conn.Exec(fmt.Sprintf("PRAGMA journal_size_limit = %d", maxIdleWAL), nil)
		return err
	}
	return c
}

// sqlitePool returns a pool that connects when it is used.
func sqlitePool(path string, common, own url.Values, connections int) *sql.DB {
	query := url.Values{}
	for _, values := range []url.Values{common, own} {
		for name, v := range values {
			query[name] = v
		}
	}
	file := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}
	pool := sql.OpenDB(newSQLiteConnector(file.String()))
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return pool
}

func openSQLitePool(c Config, path string, common, own url.Values, connections int) (*gorm.DB, error) {
	pool := sqlitePool(path, common, own, connections)
	db, err := gorm.Open(sqlite.New(sqlite.Config{Conn: pool}), c.gormConfig())
	if err != nil {
		return nil, errors.Join(unavailable(err), pool.Close())
	}
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
	for _, name := range []string{path, path + walSuffix, path + "-shm", path + "-journal"} {
		if info, err := os.Stat(name); err == nil && info.Mode().Perm()&^privateMode != 0 {
			_ = os.Chmod(name, info.Mode().Perm()&privateMode)
		}
	}
	return file.Close()
}
