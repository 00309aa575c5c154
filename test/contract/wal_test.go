package contract_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"surgicase/adapters/sqlstore"
	"surgicase/test/given"
)

const megabyte = 1 << 20

// fillWAL writes through a connection of its own, which never cuts the log.
func fillWAL(t *testing.T, writer *sql.DB, megabytes int) {
	t.Helper()
	for range megabytes {
		if _, err := writer.ExecContext(t.Context(), "INSERT INTO filler (content) VALUES (randomblob(1048576))"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWALShrinksWhileTheStoreIsOpen(t *testing.T) {
	t.Parallel()
	db := unmigrated(t, given.TempSQLite(t), sqlstore.OpenSQLite)
	if _, err := db.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	outside := db.raw(t)
	defer outside.Close()
	if _, err := outside.ExecContext(t.Context(), "CREATE TABLE filler (content BLOB NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	trim := func(when string) int64 {
		t.Helper()
		began := time.Now()
		if err := db.TrimWAL(t.Context()); err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: it took %v", when, took)
		}
		if err := db.ProbeWrite(context.WithoutCancel(t.Context()), "wal"); err != nil {
			t.Errorf("%s: the store does not write: %v", when, err)
		}
		return db.WALBytes()
	}
	fillWAL(t, outside, 1)

	reader, err := db.raw(t).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var rows int
	if err := reader.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM filler").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	fillWAL(t, outside, 40)
	for range 2 {
		if left := trim("while somebody reads"); left < 32*megabyte {
			t.Errorf("while somebody reads the log has %d bytes, want all of it", left)
		}
	}
	if err := reader.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM filler").Scan(&rows); err != nil || rows != 1 {
		t.Errorf("the reader sees %d rows, %v, want 1", rows, err)
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	if left := trim("after the reader has ended"); left > megabyte {
		t.Errorf("after the reader has ended the log has %d bytes", left)
	}

	// A small log is emptied when nobody writes any more.
	fillWAL(t, outside, 2)
	if err := db.TrimWAL(t.Context()); err != nil || db.WALBytes() == 0 {
		t.Errorf("just written: %d bytes, %v, want the log as it is", db.WALBytes(), err)
	}
	if err := db.TrimWAL(t.Context()); err != nil || db.WALBytes() != 0 {
		t.Errorf("idle: %d bytes, %v, want none", db.WALBytes(), err)
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("the store takes the log for another one: %v", err)
	}
}

// A writer that is at it is not waited for, and loses nothing.
func TestWALIsLeftAloneBesideAWriter(t *testing.T) {
	t.Parallel()
	db := unmigrated(t, given.TempSQLite(t), sqlstore.OpenSQLite)
	outside := db.raw(t)
	defer outside.Close()
	if _, err := outside.ExecContext(t.Context(), "CREATE TABLE filler (content BLOB NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	writer, err := outside.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.ExecContext(t.Context(), "INSERT INTO filler (content) VALUES (randomblob(100))"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		began := time.Now()
		if err := db.TrimWAL(t.Context()); err != nil || time.Since(began) > 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	}
	if err := writer.Commit(); err != nil {
		t.Error(err)
	}
	var rows int
	if err := outside.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM filler").Scan(&rows); err != nil || rows != 1 {
		t.Errorf("%d rows, %v", rows, err)
	}
}
