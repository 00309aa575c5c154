package contract_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"surgicase/domain/ident"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// TestDocumentsFromBeforeThereWereDigests: rows that the version before writes have none. They count as what they are, and get
// theirs some at a time.
func TestDocumentsFromBeforeThereWereDigests(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			do := func(fn func(context.Context, ports.Repos) error) {
				t.Helper()
				if err := db.InTx(t.Context(), fn); err != nil {
					t.Fatal(err)
				}
			}
			do(func(ctx context.Context, r ports.Repos) error {
				if err := r.Users.Add(ctx, given.User("ann", 1)); err != nil {
					return err
				}
				for i, key := range []string{"private/shared", "private/shared", "private/other"} {
					c := given.Case(ident.CaseID(fmt.Sprint("c", i)), "ann")
					c.Files = map[surgical.FileKind]surgical.File{surgical.DemoFile: {Name: surgical.NewPHI("a.pdf"), Key: surgical.NewPHI(key), Stored: true}}
					if i == 0 {
						c.DeletedAt, c.DeletedBy = given.Morning, "eve"
					}
					if err := r.Cases.Add(ctx, c); err != nil {
						return err
					}
				}
				return nil
			})
			raw := db.raw(t)
			defer raw.Close()
			digests := func() (n int) {
				t.Helper()
				if err := raw.QueryRowContext(t.Context(), "SELECT COUNT(DISTINCT key_digest) FROM case_documents").Scan(&n); err != nil {
					t.Fatal(err)
				}
				return n
			}
			condemned := func(want ...string) {
				t.Helper()
				do(func(ctx context.Context, r ports.Repos) error {
					found, err := r.Keeping.Condemn(ctx, given.Morning.Add(time.Hour), 10)
					if err == nil && (len(found) != 1 || !slices.Equal(found[0].Keys, want)) {
						t.Errorf("condemned %v, want the keys %q", found, want)
					}
					return err
				})
			}
			if n := digests(); n != 2 {
				t.Fatalf("%d digests of two keys", n)
			}
			if _, err := raw.ExecContext(t.Context(), "UPDATE case_documents SET key_digest = NULL"); err != nil {
				t.Fatal(err)
			}
			condemned()
			for _, want := range []int{2, 1, 0} {
				do(func(ctx context.Context, r ports.Repos) error {
					n, err := r.Keeping.DigestKeys(ctx, 2)
					if n != want {
						t.Errorf("%d digested, want %d", n, want)
					}
					return err
				})
			}
			if n := digests(); n != 2 {
				t.Errorf("%d digests of two keys", n)
			}
			condemned()
		})
	}
}
