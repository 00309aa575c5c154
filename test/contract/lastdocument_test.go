package contract_test

import (
	"context"
	"testing"

	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/ports"
	"surgicase/test/given"
)

// TestNumbersOfDocumentsGoOnAfterAnUpgrade: a database from before they were kept has only the documents
// themselves to tell which numbers were given.
func TestNumbersOfDocumentsGoOnAfterAnUpgrade(t *testing.T) {
	for name, open := range unmigratedStores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			upgrade(t, db)
			ann, bob := given.User("ann", 1), given.User("bob", 1)
			ann.Documents[0].ID, bob.Documents = 7, nil
			err := db.InTx(t.Context(), func(ctx context.Context, r ports.Repos) error {
				if err := r.Users.Add(ctx, ann); err != nil {
					return err
				}
				return r.Users.Add(ctx, bob)
			})
			for step := "last"; err == nil && step != "00014_last_document.sql" && step != ""; {
				step, err = db.MigrateDown(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			upgrade(t, db)
			for id, want := range map[ident.UserID]int64{"ann": 7, "bob": 0} {
				var u *directory.User
				err := db.View(t.Context(), func(ctx context.Context, r ports.Repos) (err error) {
					u, err = r.Users.Get(ctx, id)
					return err
				})
				if err != nil || u.LastDocument != want {
					t.Errorf("%s: %v, last is %v, want %d", id, err, u, want)
				}
			}
		})
	}
}

func upgrade(t *testing.T, db *database) {
	t.Helper()
	if _, err := db.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
}
