// Package backup_test makes, damages, verifies and restores backups between databases of both kinds.
package backup_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"surgicase/adapters/agevault"
	"surgicase/adapters/fileblob"
	"surgicase/adapters/sqlstore"
	"surgicase/application/backups"
	"surgicase/application/cases"
	"surgicase/application/operations"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// Backups are tried on real databases of both kinds, with objects in a folder and keys of age.

var operator = permission.System("cli")

type deaf struct{}

func (deaf) Happened(context.Context, ports.Event) {}

// house is where a test lives: one key set, one folder of objects, one key of backups.
type house struct {
	t      *testing.T
	keySet string
	blobs  *fileblob.Blobs
	vault  ports.Vault
	secret string
	clock  *given.Clock

	signing backups.SigningKeys
}

func (h *house) keys(context.Context, bool) (backups.SigningKeys, error) { return h.signing, nil }

func newHouse(t *testing.T) *house {
	t.Helper()
	blobs, err := fileblob.Open(fileblob.Config{Folder: filepath.Join(t.TempDir(), "objects"), LinkKey: bytes.Repeat([]byte{7}, 32), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	secret, err := agevault.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	vault, err := agevault.Open("", secret)
	if err != nil {
		t.Fatal(err)
	}
	return &house{t: t, keySet: given.KeySet(t), blobs: blobs, vault: vault, secret: secret, clock: given.NewClock(), signing: signingKeys(t, 1)}
}

// store opens an empty store of a kind, "sqlite" or "mysql".
func (h *house) store(kind string) *sqlstore.Store {
	h.t.Helper()
	if kind == "mysql" {
		return h.open(sqlstore.OpenMySQL, given.MariaDB(h.t))
	}
	return h.open(sqlstore.OpenSQLite, given.TempSQLite(h.t))
}

func (h *house) open(open func(sqlstore.Config) (*sqlstore.Store, error), url string) *sqlstore.Store {
	h.t.Helper()
	keys, err := sqlstore.OpenKeyring([]byte(h.keySet))
	if err != nil {
		h.t.Fatal(err)
	}
	store, err := open(sqlstore.Config{URL: url, Keys: keys, PoolSize: 8, PoolOverflow: 8, PoolTimeout: 10 * time.Second})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = store.Close() })
	if _, err := store.MigrateUp(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	return store
}

func (h *house) service(store backups.Store) *backups.Service {
	return backups.New(store, backups.Outside{Blobs: h.blobs, Vault: h.vault, Clock: h.clock, Events: deaf{}, Program: "test", Keys: h.keys})
}

func (h *house) make(store backups.Store) backups.Backup {
	h.t.Helper()
	h.clock.Advance(time.Second)
	made, err := h.service(store).Make(h.t.Context(), operator)
	if err != nil {
		h.t.Fatal(err)
	}
	return made
}

func (h *house) restore(store backups.Store, key string) backups.Backup {
	h.t.Helper()
	done, err := h.service(store).Restore(h.t.Context(), operator, key)
	if err != nil && fault.CodeOf(err) != "backup_keys_lost" { // no key has sealed what someRows makes
		h.t.Fatal(err)
	}
	return done
}

func (h *house) checksums(store ports.Archive) []backups.Sum {
	h.t.Helper()
	sums, err := backups.Checksums(h.t.Context(), store, func(backups.Progress) {})
	if err != nil {
		h.t.Fatal(err)
	}
	return sums
}

// someRows puts a row into every table that a migration makes, whatever it is: nothing but the schema
// says which there are.
func (h *house) someRows(store *sqlstore.Store) {
	h.t.Helper()
	var shapes []ports.Shape
	stop := errors.New("that was all")
	err := store.TakeOut(h.t.Context(), func(s []ports.Shape) error { shapes = s; return stop }, nil)
	if !errors.Is(err, stop) {
		h.t.Fatal(err)
	}
	version, err := store.SchemaVersion(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	err = store.PutIn(h.t.Context(), version, shapes, func(yield func(ports.ArchivedRow, error) bool) {
		for i, shape := range shapes {
			values := make([]any, len(shape.Columns))
			for c, column := range shape.Columns {
				values[c] = map[ports.ColumnKind]any{ports.Whole: int64(77), ports.Text: "é7", ports.Bytes: []byte{0, 255, 7}}[column.Kind]
			}
			if !yield(ports.ArchivedRow{Table: i, Values: values}, nil) {
				return
			}
		}
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// A table that is not in backups is found here, however new it is.
func TestEveryTableIsInABackup(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"sqlite", "mysql"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			store := h.store(kind)
			h.someRows(store)
			sums := h.checksums(store)
			if len(sums) < 25 {
				t.Fatalf("only %d tables", len(sums))
			}
			for _, sum := range sums {
				if sum.Rows != 1 {
					t.Errorf("%s has %d rows in the backup", sum.Table, sum.Rows)
				}
			}
		})
	}
}

// kept leaves out the leases: whoever held one when the backup was made does not hold it in the restored database.
func kept(sums []backups.Sum) []backups.Sum {
	return slices.DeleteFunc(slices.Clone(sums), func(s backups.Sum) bool { return s.Table == "leases" })
}

func TestFromSQLiteToMySQLAndBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.store("sqlite")
	h.someRows(first)
	before := h.checksums(first)
	second, third := h.store("mysql"), h.store("sqlite")
	h.restore(second, h.make(first).Key)
	if got := h.checksums(second); !slices.Equal(kept(got), kept(before)) {
		t.Errorf("on MySQL:\n%v\nbefore:\n%v", got, before)
	}
	h.restore(third, h.make(second).Key)
	after := h.checksums(third)
	for i := range after { // making a backup is on the trail
		if after[i] != before[i] && after[i].Table != "audit_entries" && after[i].Table != "leases" {
			t.Errorf("back on SQLite: %v, before %v", after[i], before[i])
		}
	}
}

// load writes cases until it is told to stop, and counts those that were acknowledged.
func (h *house) load(store *sqlstore.Store, writers int) (acknowledged *atomic.Int64, stop func()) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	err := store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		return r.Users.Add(ctx, given.User("ann", permission.Provider))
	})
	if err != nil {
		h.t.Fatal(err)
	}
	service := cases.New(store, h.clock, &given.IDs{}, deaf{}, pay.Rules{})
	acknowledged = &atomic.Int64{}
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				id := ident.CaseID(fmt.Sprintf("load-%d-%d", w, i))
				c := given.Case(id, "ann")
				_, err := service.Create(ctx, permission.Actor{User: "ann", Type: permission.Provider}, cases.NewCase{Facts: surgical.Facts{
					ID: id, Owner: "ann", Date: c.Date, Patient: surgical.Patient{First: surgical.NewPHI("Canary"), Last: surgical.NewPHI("Patient-" + string(id))}, Codes: c.Codes,
				}})
				if err == nil {
					acknowledged.Add(1)
				} else if ctx.Err() == nil {
					h.t.Errorf("a case was refused beside the backup: %v", err)
				}
			}
		})
	}
	return acknowledged, func() { cancel(); all.Wait() }
}

func rows(sums []backups.Sum, table string) int64 {
	for _, s := range sums {
		if s.Table == table {
			return s.Rows
		}
	}
	return -1
}

func TestBackupUnderLoadWipeAndRestore(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"sqlite", "mysql"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			store := h.store(kind)
			acknowledged, stop := h.load(store, 4)
			for acknowledged.Load() < 40 {
				time.Sleep(5 * time.Millisecond)
			}
			before := acknowledged.Load()
			beside := h.make(store)
			between := acknowledged.Load()
			stop()
			if n := rows(beside.Tables, "cases"); n < before || n != rows(beside.Tables, "audit_entries") || n != rows(beside.Tables, "case_ids") {
				t.Errorf("taken beside writers: %v; %d cases were acknowledged before it began", beside.Tables, before)
			}
			sealer := operations.NewSealer(store, h.clock, &given.IDs{})
			if _, err := sealer.Finish(t.Context()); err != nil {
				t.Fatal(err)
			}
			original := h.checksums(store)
			quiet := h.make(store)
			for name, of := range map[string]backups.Backup{"under load": beside, "after it": quiet} {
				wiped := h.store(kind) // a database of its own: nothing of the first is left
				h.restore(wiped, of.Key)
				if got := h.checksums(wiped); !slices.Equal(kept(got), kept(of.Tables)) {
					t.Errorf("%s: restored %v, taken %v", name, got, of.Tables)
				}
			}
			if !slices.Equal(quiet.Tables, original) {
				t.Errorf("taken %v, there was %v", quiet.Tables, original)
			}
			h.verifies(quiet, kind)
			t.Logf("%s: %d cases acknowledged before the backup, %d in it, %d more while it was made; %d rows, %d bytes", kind, before, rows(beside.Tables, "cases"), between-before, quiet.Rows(), quiet.Size)
		})
	}
}

// verifies tries a backup, whose trail is sealed to its end.
func (h *house) verifies(of backups.Backup, kind string) {
	h.t.Helper()
	v, err := h.service(h.store(kind)).Verify(h.t.Context(), operator, of.Key, h.store("sqlite"), nil)
	if err != nil || v.Trail.Last.Seq != rows(of.Tables, "audit_entries") || v.Trail.Unsealed != 0 || v.Sealed == 0 {
		h.t.Errorf("verified: %+v, %v", v, err)
	}
}

func TestNoKeyAndNoNameIsInABackup(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	store := h.store("sqlite")
	acknowledged, stop := h.load(store, 1)
	for acknowledged.Load() < 3 {
		time.Sleep(time.Millisecond)
	}
	stop()
	made := h.make(store)
	content, _, err := h.blobs.Get(t.Context(), made.Key, ports.Span{})
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	plain, err := h.vault.Unseal(content)
	if err != nil {
		t.Fatal(err)
	}
	zip, err := gzip.NewReader(plain)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("load-0-1")) {
		t.Fatal("this is not the backup")
	}
	for what, secret := range map[string]string{"a patient's name": "Canary", "the key of the backup": strings.TrimSpace(h.secret), "the key set": h.keySet[:60]} {
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("%s stands in the backup", what)
		}
	}
	other, err := agevault.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	if h.vault, err = agevault.Open("", other); err != nil {
		t.Fatal(err)
	}
	if _, err := h.service(store).Restore(t.Context(), operator, made.Key); fault.CodeOf(err) != "backup_key_wrong" {
		t.Errorf("with another key: %v", err)
	}
}

func TestOldBackupsGoAndTheNewestStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	store := h.store("sqlite")
	old := h.make(store)
	h.clock.Advance(20 * 24 * time.Hour)
	later := h.make(store)
	service := h.service(store)
	removed, err := service.Prune(t.Context(), operator, 10*24*time.Hour)
	if err != nil || !slices.Equal(removed, []string{old.Key}) {
		t.Errorf("removed %v, %v", removed, err)
	}
	h.clock.Advance(100 * 24 * time.Hour)
	if removed, err := service.Prune(t.Context(), operator, 10*24*time.Hour); err != nil || len(removed) != 0 {
		t.Errorf("the newest one was removed: %v, %v", removed, err)
	}
	if key, err := service.Latest(t.Context(), operator); err != nil || key != later.Key {
		t.Errorf("the newest is %s, %v", key, err)
	}
}

func TestOnlyTheOperatorKeepsBackups(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	store := h.store("sqlite")
	service, boss := h.service(store), permission.Actor{User: "boss", Type: permission.SystemAdmin}
	clerk := permission.Actor{User: "clerk", Type: permission.UserAdmin} // starts no jobs
	ctx := t.Context()
	for name, try := range map[string]func() error{
		"make":    func() error { _, err := service.Make(ctx, clerk); return err },
		"restore": func() error { _, err := service.Restore(ctx, boss, "backups/x"); return err },
		"peek":    func() error { _, err := service.Peek(ctx, boss, "backups/x"); return err },
		"list":    func() error { _, err := service.List(ctx, boss); return err },
		"prune":   func() error { _, err := service.Prune(ctx, clerk, 0); return err },
		"verify":  func() error { _, err := service.Verify(ctx, boss, "backups/x", store, nil); return err },
	} {
		if err := try(); !errors.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
