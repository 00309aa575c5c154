package contract_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// What the database must not show, and what it may: without the second we would not know whether the
// search finds anything at all.
const (
	secretFirst, secretLast, secretBorn = "Quetzalcanary", "Xylophonecanary", "1931-02-03"
	secretFile, secretTaxID             = "canary-file-of-quetzal.pdf", "987654321"
	secretPassword                      = "canary-password-of-quetzal"
	plainInsurer                        = "Plaincanary Insurance"
)

var secrets = []string{secretFirst, secretLast, secretBorn, secretFile, "canary-file", secretTaxID, secretPassword, "quetzal", "xylophone"}

func TestThePatientIsNotInTheDatabase(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			storeCanaries(t, db)
			searched(t, "tables", db.dump(t))
			if db.isSQLite() {
				searched(t, "files", db.files(t))
			}
		})
	}
}

// A sealed value is bound to its place: whoever can write to the tables cannot show one patient's name
// under another case.
func TestASealedValueFitsItsOwnRowOnly(t *testing.T) {
	db := stores["SQLite"](t)
	get := func() error {
		return db.View(t.Context(), func(ctx context.Context, r ports.Repos) error {
			_, err := r.Cases.Get(ctx, "one", permission.Scope{All: true})
			return err
		})
	}
	err := db.InTx(t.Context(), func(ctx context.Context, r ports.Repos) error {
		if err := r.Users.Add(ctx, given.User("ann", 1)); err != nil {
			return err
		}
		if err := r.Cases.Add(ctx, given.Case("one", "ann")); err != nil {
			return err
		}
		return r.Cases.Add(ctx, given.Case("two", "ann"))
	})
	if err != nil || get() != nil {
		t.Fatal(err, get())
	}
	raw := db.raw(t)
	defer raw.Close()
	for _, swap := range []string{
		"UPDATE cases SET patient_last = (SELECT c.patient_last FROM cases c WHERE c.case_id = 'two') WHERE case_id = 'one'",
		"UPDATE cases SET patient_last = patient_first WHERE case_id = 'one'",
	} {
		if _, err := raw.ExecContext(t.Context(), swap); err != nil {
			t.Fatal(err)
		}
		if err := get(); err == nil {
			t.Errorf("nobody noticed: %s", swap)
		}
	}
}

// storeCanaries stores a case and two users, and changes the case and one of them, so that replaced rows count as well;
// then it puts a canary wherever else the store keeps what it must not show.
func storeCanaries(t *testing.T, db *database) {
	t.Helper()
	phi := surgical.NewPHI
	canaryUser := func(id ident.UserID) *directory.User {
		user := given.User(id, 1)
		user.TaxID = phi(secretTaxID)
		user.Documents[0].Name, user.Documents[0].Key = phi(secretFile), phi("private/"+secretFile)
		return user
	}
	user := canaryUser("ann")
	c := given.Case("c", "ann")
	c.Patient = surgical.Patient{First: phi(secretFirst), Last: phi(secretLast), Born: phi(secretBorn)}
	c.Insurer = plainInsurer
	c.Files[surgical.DemoFile] = surgical.File{Name: phi(secretFile), Key: surgical.KeyFor("ann", phi(secretFile))}
	err := db.InTx(t.Context(), func(ctx context.Context, r ports.Repos) error {
		if err := errors.Join(r.Users.Add(ctx, user), r.Users.Add(ctx, canaryUser("bob"))); err != nil {
			return err
		}
		return r.Cases.Add(ctx, c)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.InTx(t.Context(), func(ctx context.Context, r ports.Repos) error {
		user.Documents = nil
		if err := r.Users.Save(ctx, user); err != nil {
			return err
		}
		c.Files[surgical.DemoFile] = surgical.File{Name: phi("new-" + secretFile), Key: surgical.KeyFor("ann", phi("new-"+secretFile))}
		if err := r.Cases.Save(ctx, c); err != nil {
			return err
		}
		if err := r.Statements.AddPassword(ctx, "ann", phi(secretPassword), given.Morning); err != nil {
			return err
		}
		row := ports.Arrival{Table: "cases", ID: "c", Became: "c", Content: phi(secretFirst + secretLast + secretBorn)}
		if err := r.Arrivals.Add(ctx, []ports.Arrival{row}); err != nil {
			return err
		}
		request := ident.RequestKey{Caller: "ann", Route: "POST /case", Key: "k"}
		_, err := r.Requests.Begin(ctx, request, []byte(secretTaxID), given.Morning, given.Morning, given.Morning)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// searched looks for the canaries, whatever their letter case.
func searched(t *testing.T, where string, content []byte) {
	t.Helper()
	content = bytes.ToLower(content)
	if !bytes.Contains(content, []byte(strings.ToLower(plainInsurer))) {
		t.Errorf("%s: not even the insurer is found in %d bytes", where, len(content))
	}
	for _, secret := range secrets {
		if at := bytes.Index(content, []byte(strings.ToLower(secret))); at >= 0 {
			t.Errorf("%s: found %q in %q", where, secret, content[max(0, at-40):min(len(content), at+60)])
		}
	}
}

// files are the bytes of the database file and its journals.
func (d *database) files(t *testing.T) []byte {
	t.Helper()
	var all []byte
	for _, end := range []string{"", "-wal", "-shm"} {
		content, err := os.ReadFile(d.path() + end)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, content...)
	}
	return all
}

// dump is every value of every table.
func (d *database) dump(t *testing.T) []byte {
	t.Helper()
	var all bytes.Buffer
	for table, columns := range d.schema(t) {
		d.rows(t, "SELECT * FROM "+table, func(scan func(...any)) {
			values := make([]any, len(columns))
			targets := make([]any, len(columns))
			for i := range values {
				targets[i] = &values[i]
			}
			scan(targets...)
			for _, v := range values {
				if raw, ok := v.([]byte); ok {
					v = string(raw)
				}
				fmt.Fprintf(&all, "%v\n", v)
			}
		})
	}
	return all.Bytes()
}
