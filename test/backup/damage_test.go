package backup_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"

	"surgicase/application/backups"
	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// spoiled gives the content of a backup with something done to it.
func (h *house) spoiled(key string, how func([]byte) []byte) string {
	h.t.Helper()
	content, _, err := h.blobs.Get(h.t.Context(), key, ports.Span{})
	if err != nil {
		h.t.Fatal(err)
	}
	defer content.Close()
	text, err := io.ReadAll(content)
	if err != nil {
		h.t.Fatal(err)
	}
	text = how(text)
	spoiled := key + "-spoiled"
	if _, err := h.blobs.Put(h.t.Context(), ports.Object{Key: spoiled, Size: int64(len(text))}, bytes.NewReader(text)); err != nil {
		h.t.Fatal(err)
	}
	return spoiled
}

func TestADamagedBackupIsRefusedWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	store := h.store("sqlite")
	h.someRows(store)
	made := h.make(store)
	for name, how := range map[string]func([]byte) []byte{
		"a byte in the head":   func(b []byte) []byte { b[20] ^= 1; return b },
		"a byte in the middle": func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"the last byte":        func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"the end cut off":      func(b []byte) []byte { return b[:len(b)-100] },
		"something put on":     func(b []byte) []byte { return append(b, b[:100]...) },
		"nothing":              func([]byte) []byte { return nil },
	} {
		empty := h.store("sqlite")
		before := h.checksums(empty)
		if _, err := h.service(empty).Restore(t.Context(), operator, h.spoiled(made.Key, how)); err == nil {
			t.Errorf("%s: it was restored", name)
		}
		if !slices.Equal(h.checksums(empty), before) {
			t.Errorf("%s: something was restored", name)
		}
	}
}

func TestARowWithoutItsParentIsDamage(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"sqlite", "mysql"} {
		h := newHouse(t)
		source, target := h.store(kind), h.store(kind)
		h.someRows(source)
		var shapes []ports.Shape
		var all []ports.ArchivedRow
		err := source.TakeOut(t.Context(), func(s []ports.Shape) error { shapes = s; return nil }, func(r ports.ArchivedRow) error {
			if shapes[r.Table].Name != "users" {
				all = append(all, r)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		version, _ := target.SchemaVersion(t.Context())
		before := h.checksums(target)
		var without iter.Seq2[ports.ArchivedRow, error] = func(yield func(ports.ArchivedRow, error) bool) {
			for _, r := range all {
				if !yield(r, nil) {
					return
				}
			}
		}
		if err := target.PutIn(t.Context(), version, shapes, without); fault.CodeOf(err) != "backup_damaged" {
			t.Errorf("%s: %v", kind, err)
		}
		if !slices.Equal(h.checksums(target), before) {
			t.Errorf("%s: something was put in", kind)
		}
	}
}

func TestVerifyLooksForObjectsAndKeys(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	store := h.store("sqlite")
	there, gone := "private/case-documents/ann/there.pdf", "private/case-documents/ann/gone-of-Canary.pdf"
	err := store.InTx(t.Context(), func(ctx context.Context, r ports.Repos) error {
		if err := r.Users.Add(ctx, given.User("ann", permission.Provider)); err != nil {
			return err
		}
		c := given.Case("c-1", "ann")
		c.Files[surgical.DemoFile] = surgical.File{Name: surgical.NewPHI("there.pdf"), Key: surgical.NewPHI(there), Stored: true}
		c.Files[surgical.NoteFile] = surgical.File{Name: surgical.NewPHI("gone.pdf"), Key: surgical.NewPHI(gone), Stored: true}
		return r.Cases.Add(ctx, c)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{there, gone} {
		if _, err := h.blobs.Put(t.Context(), ports.Object{Key: key, Size: 1}, strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
	}
	made := h.make(store)
	if v, err := h.service(store).Verify(t.Context(), operator, made.Key, h.store("sqlite"), nil); err != nil || v.Objects != 2 || v.Sealed == 0 {
		t.Errorf("whole: %+v, %v", v, err)
	}
	if err := h.blobs.Remove(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	v, err := h.service(store).Verify(t.Context(), operator, made.Key, h.store("sqlite"), nil)
	if fault.CodeOf(err) != "backup_objects_missing" || len(v.Missing) != 1 || strings.Contains(fmt.Sprint(v, err), "Canary") {
		t.Errorf("with an object gone: %+v, %v", v, err)
	}
	if len(v.Missing) == 1 && (!strings.HasPrefix(v.Missing[0], "case_documents human_case_id=") || !strings.Contains(v.Missing[0], string(surgical.NoteFile))) {
		t.Errorf("missing is %q", v.Missing)
	}
	h.keySet = given.KeySet(t)
	if _, err := h.service(h.store("sqlite")).Restore(t.Context(), operator, made.Key); fault.CodeOf(err) != "backup_keys_lost" {
		t.Errorf("restored with other keys of the columns: %v", err)
	}
	if _, err := h.service(store).Verify(t.Context(), operator, made.Key, h.store("sqlite"), nil); fault.CodeOf(err) != "backup_keys_lost" {
		t.Errorf("with other keys of the columns: %v", err)
	}
}

// TestVerifyComparesObjects whose keys we have made: sizes always, contents when it is a deep one.
func TestVerifyComparesObjects(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"sqlite", "mysql"} {
		h := newHouse(t)
		store := h.store(kind)
		key := document.CaseKey("ann", "c-1", string(surgical.DemoFile), "0123456789abcdef", document.Type{Ext: "pdf"})
		sum := sha256.Sum256([]byte("right"))
		err := store.InTx(t.Context(), func(ctx context.Context, r ports.Repos) error {
			if err := r.Users.Add(ctx, given.User("ann", permission.Provider)); err != nil {
				return err
			}
			c := given.Case("c-1", "ann")
			c.Files[surgical.DemoFile] = surgical.File{Name: surgical.NewPHI("Canary.pdf"), Key: surgical.NewPHI(key), Stored: true, Size: 5, SHA256: sum[:]}
			return r.Cases.Add(ctx, c)
		})
		if err != nil {
			t.Fatal(err)
		}
		made := h.make(store)
		for _, c := range []struct {
			content       string
			shallow, deep string
		}{{"right", "", ""}, {"wrong", "", "backup_objects_damaged"}, {"longer", "backup_objects_damaged", "backup_objects_damaged"}} {
			if _, err := h.blobs.Put(t.Context(), ports.Object{Key: key, Size: -1}, strings.NewReader(c.content)); err != nil {
				t.Fatal(err)
			}
			for want, isDeep := range map[string]bool{"shallow " + c.shallow: false, "deep " + c.deep: true} {
				v, err := h.service(store).Deep(isDeep).Verify(t.Context(), operator, made.Key, h.store("sqlite"), nil)
				_, code, _ := strings.Cut(want, " ")
				if fault.CodeOf(err) != code || (code != "") != (len(v.Damaged) == 1) || strings.Contains(fmt.Sprint(v, err), "Canary") {
					t.Errorf("%s: %s, %s: %+v, %v", kind, c.content, want, v, err)
				}
			}
		}
	}
}

// TestObjectsAreReadInPages, each once, also across pages.
func TestObjectsAreReadInPages(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"sqlite", "mysql"} {
		h := newHouse(t)
		store := h.store(kind)
		err := store.InTx(t.Context(), func(ctx context.Context, r ports.Repos) error {
			if err := r.Users.Add(ctx, given.User("ann", permission.Provider)); err != nil {
				return err
			}
			for i := range 205 {
				c := given.Case(ident.CaseID(fmt.Sprint("c-", i)), "ann")
				for _, kind := range surgical.FileKinds {
					c.Files[kind] = surgical.File{Name: surgical.NewPHI("x.pdf"), Key: surgical.NewPHI(fmt.Sprint("private/", i, "/", kind)), Stored: true}
				}
				if err := r.Cases.Add(ctx, c); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		for o, err := range store.Objects(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			seen[o.Key]++
			if len(seen)%100 != 0 {
				continue
			}
			if refers, err := store.Refers(t.Context(), o); err != nil || !refers {
				t.Errorf("%s: %s is not referred to: %v", kind, o.Place(), err)
			}
			o.Key += "x"
			if refers, err := store.Refers(t.Context(), o); err != nil || refers {
				t.Errorf("%s: %s is another: %v", kind, o.Place(), err)
			}
		}
		for key, n := range seen {
			if n != 1 {
				t.Errorf("%s: %s comes %d times", kind, key, n)
			}
		}
		if len(seen) != 205*len(surgical.FileKinds) {
			t.Errorf("%s: %d objects", kind, len(seen))
		}
	}
}

// full is a storage that takes a little and then no more.
type full struct{ ports.Blobs }

func (full) Put(_ context.Context, _ ports.Object, content io.Reader) (ports.Object, error) {
	_, _ = io.CopyN(io.Discard, content, 100)
	return ports.Object{}, ports.StorageAway(nil)
}

func TestAFullStorageEndsTheBackup(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	store := h.store("sqlite")
	h.someRows(store)
	service := backups.New(store, backups.Outside{Blobs: full{h.blobs}, Vault: h.vault, Clock: h.clock, Events: deaf{}, Program: "test"})
	if _, err := service.Make(t.Context(), operator); !errors.Is(err, fault.Unavailable) {
		t.Errorf("unexpected: %v", err)
	}
	if _, err := service.Latest(t.Context(), operator); fault.CodeOf(err) != "backup_not_found" {
		t.Errorf("there is half a backup: %v", err)
	}
}

func TestABackupGoesIntoAnEmptyDatabaseOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	store := h.store("sqlite")
	h.someRows(store)
	made := h.make(store)
	before := h.checksums(store)
	if _, err := h.service(store).Restore(t.Context(), operator, made.Key); fault.CodeOf(err) != "store_not_empty" {
		t.Errorf("unexpected: %v", err)
	}
	if !slices.Equal(h.checksums(store), before) {
		t.Error("something was changed")
	}
	behind := h.store("sqlite")
	if _, err := behind.MigrateDown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.service(behind).Restore(t.Context(), operator, made.Key); fault.CodeOf(err) != "schema_version" {
		t.Errorf("into another schema: %v", err)
	}
	if _, err := h.service(store).Restore(t.Context(), operator, "backups/none.age"); !errors.Is(err, fault.NotFound) {
		t.Errorf("one that is not there: %v", err)
	}
}
