package contract_test

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"surgicase/application/operations"
	"surgicase/domain/audit"
	"surgicase/test/contract"
	"surgicase/test/given"
)

// TestTamperingWithTheFileIsFound changes a real trail in a SQLite file in every way that SQL can, one
// change at a time, and expects the first broken entry to be named. The domain's own test does the same
// ten thousand times in memory.
func TestTamperingWithTheFileIsFound(t *testing.T) {
	const entries, mutations = 60, 500
	db := stores["SQLite"](t)
	signer, err := audit.NewSigner(make([]byte, audit.SeedLength))
	if err != nil {
		t.Fatal(err)
	}
	contract.LayTrail(t, db, entries, signer)
	clock := given.NewClock()
	clock.Advance(time.Hour)
	trail := operations.NewTrail(db, clock)
	verify := func() error {
		return trail.Read(t.Context(), func(e audit.Evidence) error {
			_, err := e.Verify(nil, []audit.PublicKey{signer.Public}, func(int64) {})
			return err
		})
	}
	if err := verify(); err != nil {
		t.Fatalf("before anything was done: %v", err)
	}
	raw := db.raw(t)
	defer raw.Close()
	raw.SetMaxOpenConns(1)
	do := func(statement string) {
		t.Helper()
		if _, err := raw.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	for _, trigger := range db.triggers(t) {
		do("DROP TRIGGER " + trigger)
	}
	for _, table := range []string{"audit_entries", "audit_seal", "audit_checkpoints"} {
		do("CREATE TABLE kept_" + table + " AS SELECT * FROM " + table)
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range mutations {
		statements, seq, id := mutation(random, entries, i)
		for _, s := range statements {
			do(s)
		}
		var broken *audit.Broken
		if err := verify(); !errors.As(err, &broken) || broken.Seq != seq || broken.Entry != id {
			t.Fatalf("seed %d: after %q: %v, want seal %d, entry %d", seed, statements, err, seq, id)
		}
		for _, table := range []string{"audit_entries", "audit_seal", "audit_checkpoints"} {
			do("DELETE FROM " + table)
			do("INSERT INTO " + table + " SELECT * FROM kept_" + table)
		}
	}
	if err := verify(); err != nil {
		t.Errorf("after all was put right again: %v", err)
	}
}

// mutation gives SQL that does one wrong thing to a trail of n entries, sealed in order of their ids,
// which are 1 to n, and what is to be named.
func mutation(random *rand.Rand, n, kind int) (statements []string, seq, entry int64) {
	at := 1 + random.IntN(n-1)
	other := at + 1 + random.IntN(n-at)
	here, nothing := int64(at), int64(0)
	texts := []string{"actor_id", "credential", "auth_mode", "action", "entity", "entity_id", "fields", "request_id", "address", "outcome", "code"}
	switch kind % 16 {
	case 0, 1, 2, 3:
		column := texts[random.IntN(len(texts))]
		change := []string{column + " || 'x'", column + " || ' '", "'x' || substr(" + column + ", 2) || '.'", "upper(" + column + ") || '!'"}
		return []string{fmt.Sprintf("UPDATE audit_entries SET %s = %s WHERE entry_id = %d", column, change[random.IntN(len(change))], at)}, here, here
	case 4:
		column := []string{"happened_at", "actor_type"}[random.IntN(2)]
		return []string{fmt.Sprintf("UPDATE audit_entries SET %s = %s + 1 WHERE entry_id = %d", column, column, at)}, here, here
	case 5:
		column := []string{"before_digest", "after_digest"}[random.IntN(2)]
		return []string{fmt.Sprintf("UPDATE audit_entries SET %s = x'' WHERE entry_id = %d", column, at)}, here, here
	case 6:
		return []string{fmt.Sprintf("UPDATE audit_entries SET things = '' WHERE entry_id = %d", at)}, here, here
	case 7:
		return []string{fmt.Sprintf("UPDATE audit_seal SET hash = randomblob(32) WHERE seq = %d", at)}, here, here
	case 8:
		return []string{fmt.Sprintf("DELETE FROM audit_entries WHERE entry_id = %d", at)}, here, here
	case 9:
		return []string{fmt.Sprintf("DELETE FROM audit_entries WHERE entry_id = %d", at), fmt.Sprintf("DELETE FROM audit_seal WHERE seq = %d", at)}, here, nothing
	case 10:
		return []string{fmt.Sprintf("UPDATE audit_entries SET entry_id = entry_id + 1000 WHERE entry_id = %d", at)}, here, here
	case 11: // two entries swap their ids
		set := "UPDATE audit_entries SET entry_id = %d WHERE entry_id = %d"
		return []string{fmt.Sprintf(set, -1, at), fmt.Sprintf(set, at, other), fmt.Sprintf(set, other, -1)}, here, here
	case 12: // two seals swap their numbers
		set := "UPDATE audit_seal SET seq = %d WHERE seq = %d"
		return []string{fmt.Sprintf(set, 10_000, at), fmt.Sprintf(set, at, other), fmt.Sprintf(set, other, 10_000)}, here, int64(other)
	case 13: // an entry is put in
		columns := "happened_at, actor_id, actor_type, credential, auth_mode, action, entity, entity_id, fields, things, before_digest, after_digest, request_id, address, outcome, code"
		return []string{fmt.Sprintf("INSERT INTO audit_entries (entry_id, %s) SELECT 500, %s FROM audit_entries WHERE entry_id = %d", columns, columns, at)}, nothing, 500
	case 14: // the tail is cut
		gone := nothing
		if at == n-1 {
			gone = int64(n)
		}
		return []string{fmt.Sprintf("DELETE FROM audit_entries WHERE entry_id > %d", at), fmt.Sprintf("DELETE FROM audit_seal WHERE seq > %d", at)}, here + 1, gone
	default: // a checkpoint is changed, so that a cut tail would fit
		return []string{fmt.Sprintf("UPDATE audit_checkpoints SET seq = %d, entry_id = %d, hash = (SELECT s.hash FROM audit_seal s WHERE s.seq = %d)", at, at, at)}, here, here
	}
}

// Filters are answered from an index each, in its order, and without sorting.
func TestEveryFilterOfTheAuditLogHasItsIndex(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			multiply(t, db, 512)
			if !db.isSQLite() { // else it would plan by what it knew of the empty table
				table(t, db, "ANALYZE TABLE audit_entries")
			}
			for filter, index := range map[string]string{
				"e.entity_id = 'x' AND COALESCE(e.outcome, '') = 'read'": "audit_by_entity_id",
				"e.actor_id = 'x'":    "audit_by_actor",
				"e.action = 'x'":      "audit_by_action",
				"e.entity = 'x'":      "audit_by_entity",
				"e.outcome = 'x'":     "audit_by_outcome",
				"e.happened_at < 100": "audit_by_time",
				"e.actor_id = 'x' AND e.happened_at >= 5 AND e.happened_at < 100": "audit_by_actor",
			} {
				plan := explain(t, db, "SELECT e.entry_id FROM audit_entries e WHERE "+filter+" ORDER BY e.happened_at DESC, e.entry_id DESC LIMIT 100")
				if !strings.Contains(plan, index+" ") || strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "filesort") {
					t.Errorf("%s is answered by %s", filter, plan)
				}
			}
		})
	}
}

func explain(t *testing.T, db *database, query string) string {
	t.Helper()
	prefix := "EXPLAIN "
	if db.isSQLite() {
		prefix = "EXPLAIN QUERY PLAN "
	}
	return table(t, db, prefix+query)
}

// table gives the cells of a query one after the other.
func table(t *testing.T, db *database, query string) (cells string) {
	t.Helper()
	raw := db.raw(t)
	defer raw.Close()
	rows, err := raw.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		line, targets := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range line {
			targets[i] = &line[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		for i, c := range line {
			if columns[i] != "possible_keys" { // of a plan: what it might have taken
				cells += c.String + " "
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return cells
}

// multiply records an entry and doubles the trail until it has so many.
func multiply(t *testing.T, db *database, n int) {
	t.Helper()
	signer, err := audit.NewSigner(make([]byte, audit.SeedLength))
	if err != nil {
		t.Fatal(err)
	}
	contract.LayTrail(t, db, 2, signer)
	raw := db.raw(t)
	defer raw.Close()
	columns := "actor_id, actor_type, credential, auth_mode, action, entity, entity_id, fields, things, before_digest, after_digest, request_id, address, outcome, code"
	for size := 2; size < n; size *= 2 {
		query := fmt.Sprintf("INSERT INTO audit_entries (happened_at, %s) SELECT happened_at + %d, %s FROM audit_entries", columns, 1000*size, columns)
		if _, err := raw.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
}

// A query for a case looks at fifty thousand entries a page, whatever it finds there.
func TestFollowingACaseIsBounded(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			multiply(t, db, 1<<17)
			if pages := contract.FollowCase(t, db); pages != 3 {
				t.Errorf("131,072 entries were looked through in %d pages, want 3", pages)
			}
		})
	}
}
