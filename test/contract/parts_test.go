package contract_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"surgicase/adapters/reference"
	"surgicase/application/backups"
	"surgicase/application/movein"
	domain "surgicase/domain/movein"
	"surgicase/domain/pay"
	"surgicase/ports"
	"surgicase/test/contract"
	"surgicase/test/given"
)

// TestEveryTableHasItsParts walks the schema of both databases. A table that does not say what it takes part in fails,
// and so does one that says what is not so: each work is done on a database with a row in every table, and the tables
// that it touches are compared with those that say so. Source: docs/rules.md, New tables and columns.
func TestEveryTableHasItsParts(t *testing.T) {
	for name := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("everything has an answer", func(t *testing.T) { answers(t, stores[name](t)) })
			t.Run("rotation", func(t *testing.T) { rotates(t, estates[name](t)) })
			t.Run("backup", func(t *testing.T) { backsUp(t, stores[name](t)) })
			t.Run("retention", func(t *testing.T) { forgets(t, stores[name](t)) })
			t.Run("purge", func(t *testing.T) { purges(t, stores[name](t)) })
			t.Run("canary", func(t *testing.T) { plants(t, stores[name](t)) })
			t.Run("legacy import", func(t *testing.T) { imports(t, stores[name](t)) })
		})
	}
}

func answers(t *testing.T, db *database) {
	tables := slices.Sorted(maps.Keys(db.schema(t)))
	for _, table := range tables {
		for work, answer := range contract.Parts[table].Answers() {
			if answer == "" || !contract.Takes(answer) && !strings.HasPrefix(answer, "none, because ") {
				t.Errorf("table %s: what is its part in %s? contract.Parts says %q", table, work, answer)
			}
		}
	}
	for table := range contract.Parts {
		if !slices.Contains(tables, table) {
			t.Errorf("there is no table %s", table)
		}
	}
}

// compareParts compares the tables that a work touches with those that say so.
func compareParts(t *testing.T, touched map[string]bool, says func(contract.Part) bool) {
	t.Helper()
	for table, part := range contract.Parts {
		if touched[table] != says(part) {
			t.Errorf("%s takes part: %t; it says %t", table, touched[table], says(part))
		}
	}
}

// rotates gives every column a value that no key opens: the columns that a rotation complains of are those that it
// encrypts anew. Every other column of bytes says what is in it.
func rotates(t *testing.T, e *estate) {
	db := e.instance(t)
	shapes := fillTables(t, db)
	found := map[string][]string{} // columns by table
	primary := e.keys(t, db)[0].ID
	for pass := (ports.Reencrypted{}); !pass.Done; {
		var err error
		if pass, err = db.Reencrypt(t.Context(), primary, pass.Next, 10); err != nil {
			t.Fatal(err)
		}
		for _, place := range pass.Unreadable {
			column, _, _ := strings.Cut(place, " ")
			table, column, _ := strings.Cut(column, ".")
			found[table] = append(found[table], column)
		}
	}
	counted, plain := int64(0), 0
	for _, shape := range shapes {
		var says []string
		if answer := contract.Parts[shape.Name].Rotation; contract.Takes(answer) {
			says = strings.Fields(answer)
		}
		if !slices.Equal(found[shape.Name], says) {
			t.Errorf("of %s a rotation encrypts %v, it says %v", shape.Name, found[shape.Name], says)
		}
		counted += int64(len(says))
		for _, column := range shape.Columns {
			name := shape.Name + "." + column.Name
			isPlain := contract.PlainBytes[name] != ""
			if isPlain {
				plain++
			}
			if isEncrypted := slices.Contains(says, column.Name); column.Kind == ports.Bytes && isEncrypted == isPlain {
				t.Errorf("%s: encrypted, and then in the rotation, or not, and then in contract.PlainBytes? Say one", name)
			}
		}
	}
	if plain != len(contract.PlainBytes) {
		t.Errorf("contract.PlainBytes names %d columns, of which %d are there", len(contract.PlainBytes), plain)
	}
	if uses := db.uses(t); len(uses) != 1 || uses[0] != counted {
		t.Errorf("the status of the keys counts %v values, want %d without a key", uses, counted)
	}
}

// backsUp compares the schema with what comes out of the database and goes into another one.
func backsUp(t *testing.T, db *database) {
	fillTables(t, db)
	taken := map[string]bool{}
	for table, sum := range sumsOf(t, db) {
		taken[table] = sum.Rows == 1
	}
	compareParts(t, taken, func(p contract.Part) bool { return contract.Takes(p.Backup) })
	db.exec(t, "UPDATE job_runs SET state = 'running'", "UPDATE idempotency_keys SET status = 0")
	settled := db.changes(t, nil, func() error { return db.SettleRestored(t.Context(), given.Morning) })
	compareParts(t, settled, func(p contract.Part) bool { return p.Backup == contract.SettledRows })
}

// forgets does what the jobs retention and report_cleanup and the support service do, on rows of 1970.
func forgets(t *testing.T, db *database) {
	fillTables(t, db)
	db.exec(t, "UPDATE generated_files SET slot = NULL, changes = '[]', case_from = NULL, case_to = NULL")
	now := given.Morning
	forgotten := db.changes(t, func(ctx context.Context, r ports.Repos) error {
		_, err := r.Keeping.Forget(ctx, now, now, now, 10)
		_, errReports := r.ClientRequests.Forget(ctx, now, 10)
		files, errFiles := r.Files.Passing(ctx, now, 10)
		for _, f := range files {
			errFiles = errors.Join(errFiles, r.Files.Forget(ctx, f.ID))
		}
		return errors.Join(err, errReports, errFiles)
	}, nil)
	compareParts(t, forgotten, func(p contract.Part) bool { return contract.Takes(p.Retention) })
}

func purges(t *testing.T, db *database) {
	fillTables(t, db)
	db.exec(t, "UPDATE cases SET active = -1") // condemned
	gone := db.changes(t, func(ctx context.Context, r ports.Repos) error {
		_, err := r.Keeping.Purge(ctx, []int64{77})
		return err
	}, nil)
	compareParts(t, gone, func(p contract.Part) bool { return contract.Takes(p.Purge) })
}

// plants looks where the patient of TestThePatientIsNotInTheDatabase has left rows: there, and in every encrypted
// column, the search has something to find.
func plants(t *testing.T, db *database) {
	planted := db.changes(t, nil, func() error { storeCanaries(t, db); return nil })
	compareParts(t, planted, func(p contract.Part) bool { return p.Canary == contract.Planted })
	for table, part := range contract.Parts {
		if !contract.Takes(part.Rotation) {
			continue
		}
		for column := range strings.FieldsSeq(part.Rotation) {
			if count(t, db, fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE LENGTH(%s) > 0", table, column)) == 0 {
				t.Errorf("no canary was planted in %s.%s", table, column)
			}
		}
	}
	for name := range contract.PlainBytes {
		table, column, _ := strings.Cut(name, ".")
		const alike = "SELECT COUNT(*) FROM %s WHERE SUBSTR(%s, 1, 5) IN (SELECT SUBSTR(patient_first, 1, 5) FROM cases)"
		if count(t, db, fmt.Sprintf(alike, table, column)) > 0 {
			t.Errorf("%s begins as encrypted values do: it belongs into the rotation", name)
		}
	}
}

// imports brings the legacy service's database in, with everything that its tables can hold.
func imports(t *testing.T, db *database) {
	from, err := reference.Open(t.Context(), given.Reference(t))
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	db.exec(t, "DELETE FROM user_type_labels") // the same labels are in both
	service := movein.New(db, given.NewClock(), &given.IDs{}, deaf{}, pay.Rules{PayDay: time.Friday})
	moved := db.changes(t, nil, func() error {
		_, err := service.Import(t.Context(), domain.By, from, false, func(int64, int64) {})
		return err
	})
	compareParts(t, moved, func(p contract.Part) bool { return contract.Takes(p.Legacy) })
}

// fillTables puts a row into every table that a migration makes, whatever it is.
func fillTables(t *testing.T, db *database) (shapes []ports.Shape) {
	t.Helper()
	enough := errors.New("that was all")
	err := db.TakeOut(t.Context(), func(s []ports.Shape) error { shapes = s; return enough }, nil)
	if !errors.Is(err, enough) {
		t.Fatal(err)
	}
	version, err := db.SchemaVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = db.PutIn(t.Context(), version, shapes, func(yield func(ports.ArchivedRow, error) bool) {
		for i, shape := range shapes {
			values := make([]any, len(shape.Columns))
			for c, column := range shape.Columns {
				values[c] = map[ports.ColumnKind]any{
					ports.Whole: int64(77), ports.Text: "é7", ports.Bytes: []byte{0, 255, 7},
				}[column.Kind]
			}
			if !yield(ports.ArchivedRow{Table: i, Values: values}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return shapes
}

func sumsOf(t *testing.T, db *database) map[string]backups.Sum {
	t.Helper()
	sums, err := backups.Checksums(t.Context(), db.Store, func(backups.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	byTable := map[string]backups.Sum{}
	for _, sum := range sums {
		byTable[sum.Table] = sum
	}
	return byTable
}

// changes tells which tables hold other rows after something was done, within a transaction or outside.
func (d *database) changes(
	t *testing.T, within func(context.Context, ports.Repos) error, outside func() error,
) map[string]bool {
	t.Helper()
	before := sumsOf(t, d)
	do := outside
	if within != nil {
		do = func() error { return d.InTx(t.Context(), within) }
	}
	if err := do(); err != nil {
		t.Fatal(err)
	}
	changed := map[string]bool{}
	for table, sum := range sumsOf(t, d) {
		changed[table] = sum != before[table]
	}
	return changed
}

func (d *database) exec(t *testing.T, statements ...string) {
	t.Helper()
	raw := d.raw(t)
	defer raw.Close()
	for _, statement := range statements {
		if _, err := raw.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func count(t *testing.T, db *database, query string) (n int) {
	t.Helper()
	db.rows(t, query, func(scan func(...any)) { scan(&n) })
	return n
}
