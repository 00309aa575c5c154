package contract_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"
	"testing"
	"time"

	"surgicase/adapters/envsecrets"
	"surgicase/adapters/sqlstore"
	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/contract"
	"surgicase/test/given"
)

// estate is one database with its key set, and as many instances as a test opens on it.
type estate struct {
	url     string
	open    func(sqlstore.Config) (*sqlstore.Store, error)
	secrets ports.Secrets
}

// estates are the databases on which keys are rotated.
var estates = map[string]func(*testing.T) *estate{
	"SQLite":  func(t *testing.T) *estate { return newEstate(t, given.TempSQLite(t), sqlstore.OpenSQLite) },
	"MariaDB": func(t *testing.T) *estate { return newEstate(t, given.MariaDB(t), sqlstore.OpenMySQL) },
}

func newEstate(t *testing.T, url string, open func(sqlstore.Config) (*sqlstore.Store, error)) *estate {
	t.Helper()
	secrets := envsecrets.Open(nil, t.TempDir())
	if _, err := secrets.Make(t.Context(), ports.KeySetSecret, sqlstore.NewKeySet); err != nil {
		t.Fatal(err)
	}
	e := &estate{url, open, secrets}
	e.instance(t).build(t)
	return e
}

// instance is what a server opens: a store of its own, with a keyring of its own.
func (e *estate) instance(t *testing.T) *database {
	t.Helper()
	keys, err := sqlstore.LoadKeyring(t.Context(), func(ctx context.Context, fresh bool) ([]byte, error) {
		if fresh {
			return e.secrets.Fresh(ctx, ports.KeySetSecret)
		}
		return e.secrets.Get(ctx, ports.KeySetSecret)
	})
	if err != nil {
		t.Fatal(err)
	}
	return e.with(t, keys)
}

func (e *estate) with(t *testing.T, keys *sqlstore.Keyring) *database {
	t.Helper()
	return e.heard(t, keys, func(ctx context.Context, _ sqlstore.Statement) { contract.HeardStatement(ctx) })
}

func (e *estate) heard(t *testing.T, keys *sqlstore.Keyring, ear func(context.Context, sqlstore.Statement)) *database {
	t.Helper()
	store, err := e.open(sqlstore.Config{URL: e.url, Keys: keys, PoolSize: 15, PoolOverflow: 10, PoolTimeout: 10 * time.Second, OnStatement: ear})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return &database{store, e.url, nil}
}

// change changes the key set as a rotation does.
func (e *estate) change(t *testing.T, by func([]byte, time.Time) ([]byte, error)) {
	t.Helper()
	set, err := e.secrets.Fresh(t.Context(), ports.KeySetSecret)
	if err != nil {
		t.Fatal(err)
	}
	if set, err = by(set, given.Morning); err != nil {
		t.Fatal(err)
	}
	if err := e.secrets.Put(t.Context(), ports.KeySetSecret, set); err != nil {
		t.Fatal(err)
	}
}

// newKey adds a key, makes it primary and gives both.
func (e *estate) newKey(t *testing.T, s *database) (old, primary ports.KeyID) {
	t.Helper()
	e.change(t, s.AddKey)
	e.change(t, s.Promote)
	keys := e.keys(t, s)
	return keys[len(keys)-2].ID, keys[len(keys)-1].ID
}

func (e *estate) keys(t *testing.T, s *database) []ports.EncryptionKey {
	t.Helper()
	set, err := e.secrets.Fresh(t.Context(), ports.KeySetSecret)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := s.Keys(set)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func (d *database) uses(t *testing.T) map[ports.KeyID]int64 {
	t.Helper()
	uses, err := d.Uses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return uses
}

// encryptAll is a whole pass in batches of a size.
func (d *database) encryptAll(t *testing.T, with ports.KeyID, limit int) (all ports.Reencrypted) {
	t.Helper()
	for !all.Done {
		batch, err := d.Reencrypt(t.Context(), with, all.Next, limit)
		if err != nil {
			t.Fatal(err)
		}
		all.Next, all.Done = batch.Next, batch.Done
		all.Looked, all.Changed = all.Looked+batch.Looked, all.Changed+batch.Changed
		all.Unreadable = append(all.Unreadable, batch.Unreadable...)
	}
	return all
}

// populate stores rows of every kind that holds encrypted values: present, replaced and deleted ones.
// The ids of the cases are c-0 and so on.
func populate(t *testing.T, db *database, cases int) {
	t.Helper()
	err := db.InTx(t.Context(), func(ctx context.Context, r ports.Repos) error {
		for _, name := range []ident.UserID{"ann", "bob", "zoë"} {
			if err := r.Users.Add(ctx, given.User(name, 1)); err != nil {
				return err
			}
		}
		for i := range cases {
			c := given.Case(ident.CaseID(fmt.Sprintf("c-%d", i)), "ann")
			if i%3 == 0 {
				c.Patient.Born = surgical.PHI{} // NULL
			}
			if err := r.Cases.Add(ctx, c); err != nil {
				return err
			}
			if i%4 == 0 { // a replaced document
				c.Files[surgical.NoteFile] = surgical.File{Name: surgical.NewPHI("new.pdf"), Key: surgical.NewPHI("private/new.pdf")}
				if err := r.Cases.Save(ctx, c); err != nil {
					return err
				}
			}
		}
		gone := given.Case("gone", "bob")
		if err := r.Cases.Add(ctx, gone); err != nil {
			return err
		}
		gone.DeletedAt, gone.DeletedBy = given.Morning, "bob"
		return r.Cases.Save(ctx, gone)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// everything is all that an instance reads, by what it is; it fails the test if anything is unreadable.
func everything(t *testing.T, db *database) map[string]any {
	t.Helper()
	all := map[string]any{}
	err := db.View(t.Context(), func(ctx context.Context, r ports.Repos) error {
		page, err := r.Casebook.List(ctx, surgical.Query{Limit: 1000, Order: surgical.ByIDDescending}, permission.Scope{All: true})
		if err != nil {
			return err
		}
		for _, sheet := range page.Cases {
			c, err := r.Cases.Get(ctx, sheet.ID, permission.Scope{All: true})
			if err != nil {
				return err
			}
			all["case "+string(c.ID)] = contents(c)
		}
		gone, err := r.Cases.GetDeleted(ctx, "gone")
		if err != nil {
			return err
		}
		all["deleted case"] = contents(gone)
		for _, name := range []ident.UserID{"ann", "bob", "zoë"} {
			u, err := r.Users.Get(ctx, name)
			if err != nil {
				return err
			}
			all["user "+string(name)] = fmt.Sprint(u.Version, u.TaxID.Reveal(), u.Documents[0].Name.Reveal(), u.Documents[0].Key.Reveal())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func contents(c *surgical.Case) string {
	text := fmt.Sprintf("%d %s %s %s %x %s", c.Version, c.Patient.First.Reveal(), c.Patient.Last.Reveal(), c.Patient.Born.Reveal(), c.DigestKey, c.UpdatedAt)
	for _, kind := range surgical.FileKinds {
		text += c.Files[kind].Name.Reveal() + c.Files[kind].Key.Reveal()
	}
	return text
}

func onEachEstate(t *testing.T, test func(*testing.T, *estate)) {
	t.Helper()
	for name, open := range estates {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func TestReencryptingChangesTheKeyAndNothingElse(t *testing.T) {
	onEachEstate(t, func(t *testing.T, e *estate) {
		populate(t, e.instance(t), 10)
		for _, limit := range []int{1000, 7, 1} {
			db := e.instance(t)
			before := everything(t, db)
			old, primary := e.newKey(t, db)
			values := db.uses(t)
			if len(values) != 1 || values[old] < 80 {
				t.Fatalf("uses before: %v", values)
			}
			done := db.encryptAll(t, primary, limit)
			if done.Looked != values[old] || done.Changed != values[old] || len(done.Unreadable) > 0 {
				t.Errorf("in batches of %d: %+v of %d values", limit, done, values[old])
			}
			if after := db.uses(t); len(after) != 1 || after[primary] != values[old] {
				t.Errorf("uses after: %v", after)
			}
			if after := everything(t, e.instance(t)); !maps.Equal(after, before) {
				t.Errorf("before and after differ:\n%v\n%v", before, after)
			}
			prefix := binary.BigEndian.AppendUint32([]byte{1}, uint32(old))
			if bytes.Contains(db.dump(t), prefix) {
				t.Error("something in the database still has the old key")
			}
			if again := db.encryptAll(t, primary, 50); again.Changed != 0 || again.Looked != values[old] {
				t.Errorf("a second pass: %+v", again)
			}
		}
	})
}

func TestCountingUsesTakesAFixedNumberOfStatements(t *testing.T) {
	onEachEstate(t, func(t *testing.T, e *estate) {
		db := e.instance(t)
		count := func() int64 {
			var statements atomic.Int64
			if _, err := db.Uses(contract.Counting(t.Context(), &statements)); err != nil {
				t.Fatal(err)
			}
			return statements.Load()
		}
		empty := count()
		populate(t, db, 20)
		if full := count(); full != empty || full > 10 {
			t.Errorf("%d statements when empty, %d when not", empty, full)
		}
	})
}

// meddler changes a case between reading and writing of a batch.
func TestReencryptingLosesNoChangeMadeMeanwhile(t *testing.T) {
	onEachEstate(t, func(t *testing.T, e *estate) {
		db := e.instance(t)
		populate(t, db, 10)
		old, primary := e.newKey(t, db)
		var acted atomic.Bool
		meddler := e.instance(t)
		slow := e.heard(t, fixed(t, e), func(context.Context, sqlstore.Statement) {
			if acted.CompareAndSwap(false, true) { // the rows of the batch have been read
				rename(t, meddler, "c-5", "Meanwhile")
			}
		})
		batch, err := slow.Reencrypt(t.Context(), primary, ports.EncryptedPosition{}, 1000)
		if err != nil || !acted.Load() {
			t.Fatal(err)
		}
		if batch.Changed >= batch.Looked {
			t.Errorf("%d of %d values written over somebody's change", batch.Changed, batch.Looked)
		}
		c := caseOf(t, db, "c-5")
		if c.Patient.Last.Reveal() != "Meanwhile" || c.Version != 2 {
			t.Errorf("version %d of %q", c.Version, c.Patient.Last.Reveal())
		}
		db.encryptAll(t, primary, 1000)
		if uses := db.uses(t); uses[old] != 0 {
			t.Errorf("left: %v", uses)
		}
	})
}

func caseOf(t *testing.T, db *database, id ident.CaseID) (c *surgical.Case) {
	t.Helper()
	err := db.View(t.Context(), func(ctx context.Context, r ports.Repos) (err error) {
		c, err = r.Cases.Get(ctx, id, permission.Scope{All: true})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rename gives a patient another name, as a PATCH does.
func rename(t *testing.T, db *database, id ident.CaseID, name string) {
	t.Helper()
	if err := renaming(t.Context(), db, id, name); err != nil {
		t.Errorf("renaming %s: %v", id, err)
	}
}

func renaming(ctx context.Context, db *database, id ident.CaseID, name string) error {
	return db.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		c, err := r.Cases.Get(ctx, id, permission.Scope{All: true})
		if err != nil {
			return err
		}
		c.Patient.Last = surgical.NewPHI(name)
		c.Files[surgical.DemoFile] = surgical.File{Name: surgical.NewPHI(name + ".pdf"), Key: surgical.NewPHI("private/" + name + ".pdf")}
		if err := r.Cases.Save(ctx, c); err != nil {
			return err
		}
		return r.Audit.Record(ctx, audit.Record(permission.System("test"), permission.EditCase, "case", string(id), given.Morning))
	})
}

func TestAValueThatNoKeyOpensIsNamedAndLeftAlone(t *testing.T) {
	onEachEstate(t, func(t *testing.T, e *estate) {
		db := e.instance(t)
		populate(t, db, 5)
		raw := db.raw(t)
		defer raw.Close()
		if _, err := raw.ExecContext(t.Context(), "UPDATE cases SET patient_last = patient_first WHERE case_id = 'c-1'"); err != nil {
			t.Fatal(err)
		}
		old, primary := e.newKey(t, db)
		done := db.encryptAll(t, primary, 2)
		if len(done.Unreadable) != 1 || done.Unreadable[0] != "cases.patient_last c-1" || done.Changed != done.Looked-1 || db.uses(t)[old] != 1 {
			t.Errorf("got %+v, %v", done, db.uses(t))
		}
	})
}

func TestReencryptingNeedsTheKeyToBePrimary(t *testing.T) {
	onEachEstate(t, func(t *testing.T, e *estate) {
		db := e.instance(t)
		populate(t, db, 1)
		e.change(t, db.AddKey)
		keys := e.keys(t, db)
		for _, id := range []ports.KeyID{keys[1].ID, keys[1].ID + 1, 0} {
			_, err := db.Reencrypt(t.Context(), id, ports.EncryptedPosition{}, 10)
			if !errors.Is(err, fault.Unavailable) || fault.CodeOf(err) != "key_not_primary" {
				t.Errorf("key %d: %v", id, err)
			}
		}
	})
}
