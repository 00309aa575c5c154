package walk

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"surgicase/adapters/fileblob"
	"surgicase/adapters/sqlstore"
	"surgicase/application/cases"
	"surgicase/application/operations"
	"surgicase/application/payments"
	"surgicase/application/people"
	"surgicase/domain/directory"
	"surgicase/domain/dryrun"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"

	"pgregory.net/rapid"
)

// kept is how long deleted cases are kept here.
const kept = 24 * time.Hour

// sampleOfMariaDB is how many walks are taken there: one for every sixteen on SQLite.
func sampleOfMariaDB() int {
	checks := flag.Lookup("rapid.checks").Value.(flag.Getter).Get().(int)
	return max(1, checks/16)
}

// who there is: for each type a person, who also has cases of his own, and one provider without an NPI.
var cast = []struct {
	id  ident.UserID
	typ permission.UserType
}{
	{"dr-a", permission.Provider},
	{"dr-b", permission.Provider},
	{"dr-poor", permission.Provider},
	{"excluded", permission.Provider},
	{"group-admin", permission.GroupAdmin},
	{"case-admin", permission.CaseAdmin},
	{"user-admin", permission.UserAdmin},
	{"global-admin", permission.GlobalAdmin},
	{"system-admin", permission.SystemAdmin},
}

// stage is a practice with everything that changes cases and moves money.
type stage struct {
	ctx     context.Context
	store   *sqlstore.Store
	db      *sql.DB // a view past the program
	clock   *given.Clock
	cases   *cases.Service
	runs    *payments.Runs
	prices  *payments.Prices
	users   *people.Users
	keeping *operations.Retention
	ids     []ident.CaseID // of this walk
	opened  []int64        // runs of this walk
	made    int
}

// deaf hears no events.
type deaf struct{}

func (deaf) Happened(context.Context, ports.Event) {}

func newStage(store *sqlstore.Store, db *sql.DB, blobs ports.Blobs) *stage {
	s := &stage{ctx: context.Background(), store: store, db: db, clock: given.NewClock()}
	ids, rules := &given.IDs{}, pay.Rules{PayDay: time.Friday, Excluded: []ident.UserID{"excluded"}}
	s.cases = cases.New(store, s.clock, ids, deaf{}, rules)
	s.runs = payments.NewRuns(store, s.clock, deaf{}, rules)
	s.prices = payments.NewPrices(store, s.clock, deaf{})
	s.users = people.NewUsers(store, s.clock, deaf{})
	s.keeping = operations.NewRetention(store, blobs, s.clock, ids, operations.KeepDeleted(kept))
	return s
}

// populate puts the people and the first prices on the stage.
func populate(t testing.TB, store *sqlstore.Store) {
	t.Helper()
	if _, err := store.MigrateUp(context.Background()); err != nil {
		t.Fatal(err)
	}
	err := store.InTx(context.Background(), func(ctx context.Context, r ports.Repos) error {
		for i, person := range cast {
			u := given.User(person.id, person.typ)
			if u.NPI = given.NPIOf(i); person.id == "dr-poor" {
				u.NPI = 0
			}
			if err := r.Users.Add(ctx, u); err != nil {
				return err
			}
		}
		_, err := r.Prices.Load(ctx, []pay.Row{{Tier: 1, Code: "Z9001", Category: "SPINE", Amount: 100_001}, {Tier: 2, Code: "Z9001", Category: "SPINE", Amount: 150_002}},
			false, "test", "system:test", given.Morning)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// template is a migrated SQLite database with people in it, to be copied for each walk.
type template struct {
	dir   string
	keys  *sqlstore.Keyring
	blobs ports.Blobs
	n     int
}

func newKeys(t testing.TB) *sqlstore.Keyring {
	t.Helper()
	keys, err := sqlstore.OpenKeyring([]byte(given.KeySet(t)))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func newTemplate(t *testing.T) *template {
	t.Helper()
	tp := &template{dir: t.TempDir(), keys: newKeys(t), blobs: openBlobs(t)}
	store, err := sqlstore.OpenSQLite(sqlstore.Config{URL: "sqlite://" + filepath.Join(tp.dir, "template.db"), Keys: tp.keys})
	if err != nil {
		t.Fatal(err)
	}
	populate(t, store)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return tp
}

// open gives a stage on a fresh copy.
func (tp *template) open(t *rapid.T) *stage {
	tp.n++
	path := filepath.Join(tp.dir, fmt.Sprintf("walk-%d.db", tp.n))
	raw, err := os.ReadFile(filepath.Join(tp.dir, "template.db"))
	if err == nil {
		err = os.WriteFile(path, raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlstore.OpenSQLite(sqlstore.Config{URL: "sqlite://" + path, Keys: tp.keys})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro&_busy_timeout=10000")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return newStage(store, db, tp.blobs)
}

func openBlobs(t *testing.T) ports.Blobs {
	t.Helper()
	blobs, err := fileblob.Open(fileblob.Config{Folder: t.TempDir(), LinkKey: make([]byte, 32), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return blobs
}

func (s *stage) close(t *rapid.T) {
	if err := errors.Join(s.db.Close(), s.store.Close()); err != nil {
		t.Fatal(err)
	}
}

func openMariaDB(t *testing.T) *stage {
	t.Helper()
	address := given.MariaDB(t)
	store, err := sqlstore.OpenMySQL(sqlstore.Config{URL: address, Keys: newKeys(t), PoolSize: 5, PoolOverflow: 5, PoolTimeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	populate(t, store)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	db, err := sql.Open("mysql", fmt.Sprintf("%s:%s@tcp(%s)%s", u.User.Username(), password, u.Host, u.Path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(db.Close(), store.Close()); err != nil {
			t.Error(err)
		}
	})
	return newStage(store, db, openBlobs(t))
}

// begin forgets the walk before and records a few cases, some of them ready for billing.
func (s *stage) begin(t *rapid.T) {
	s.ids, s.opened = nil, nil
	for range rapid.IntRange(2, 6).Draw(t, "cases") {
		if err := s.record(t, permission.System("test")); err != nil {
			t.Fatal(err)
		}
	}
	system := permission.System("job")
	for week := range rapid.IntRange(0, 2).Draw(t, "weeks before") {
		if _, err := s.runs.Open(s.ctx, system, payments.NewRun{Kind: pay.Weekly}); err != nil {
			t.Fatal(err)
		}
		if week > 0 || rapid.Bool().Draw(t, "settled") {
			if _, _, err := s.runs.SettleAll(s.ctx, system, s.clock.Now().Add(time.Microsecond)); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.record(t, system); err != nil {
			t.Fatal(err)
		}
	}
}

// record puts a case on the stage past the program: a complete draft, or one that is ready for billing.
func (s *stage) record(t *rapid.T, _ permission.Actor) error {
	s.made++
	owner := rapid.SampledFrom(cast).Draw(t, "owner").id
	c := given.Case(ident.CaseID(fmt.Sprintf("walk-%d", s.made)), owner)
	c.Status = rapid.SampledFrom([]surgical.Status{0, 1, 10, 10, 10}).Draw(t, "status")
	c.Pay = rapid.SampledFrom([]surgical.Worth{
		{Amount: 100_001, Category: "SPINE", Status: pay.Priced, Tier: 1, Table: 1, Winner: "Z9001", At: given.Morning},
		{Amount: 100_001, Category: "SPINE", Status: pay.Priced, Tier: 1, Table: 1, Winner: "Z9001", At: given.Morning},
		{Status: pay.Unpriced, Tier: 1, Table: 1, At: given.Morning},
	}).Draw(t, "worth")
	if c.Pay.Status == pay.Unpriced {
		c.Codes = []surgical.Code{{Procedure: "Q0000"}}
	}
	s.ids = append(s.ids, c.ID)
	return s.store.InTx(s.ctx, func(ctx context.Context, r ports.Repos) error {
		return r.Cases.Add(ctx, c, surgical.Move{From: 0, To: c.Status, At: given.Morning, By: "system:test"})
	})
}

// anybody is a person of any type, or the system.
func (s *stage) anybody(t *rapid.T) permission.Actor {
	n := rapid.IntRange(-11, len(cast)-1).Draw(t, "who")
	switch {
	case n < -8:
		return permission.System("job")
	case n < 0:
		n = len(cast) + n%2 - 1 // global and system admins more often: they move money
	}
	return permission.Actor{User: cast[n].id, Type: cast[n].typ}
}

func (s *stage) some(t *rapid.T) []ident.CaseID {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(s.ids), 1, min(len(s.ids), 4), rapid.ID[ident.CaseID]).Draw(t, "cases")
}

func (s *stage) one(t *rapid.T) ident.CaseID { return rapid.SampledFrom(s.ids).Draw(t, "case") }

// aRun is a run of this walk, also one that a bulk move opened, or none at all.
func (s *stage) aRun(t *rapid.T) int64 {
	var last int64
	if err := s.db.QueryRow("SELECT COALESCE(MAX(run_id), 0) FROM payment_runs").Scan(&last); err != nil {
		t.Fatal(err)
	}
	return max(1, last-rapid.SampledFrom([]int64{0, 0, 0, 1, 1, 2, -1}).Draw(t, "run"))
}

func aReason(t *rapid.T) string {
	return rapid.SampledFrom([]string{"because", "because", ""}).Draw(t, "reason")
}

func bulkMove(t *rapid.T, ids []ident.CaseID) cases.BulkMove {
	to := append([]surgical.Status{10, 10, 15, 15, 20, 20}, surgical.Statuses...)
	return cases.BulkMove{
		IDs: ids, To: rapid.SampledFrom(to).Draw(t, "to"), Force: rapid.Bool().Draw(t, "force"), Reason: aReason(t),
	}
}

// orDry makes a dry run of one step in ten: the walk goes on as if it had not been asked.
func (s *stage) orDry(t *rapid.T) context.Context {
	if rapid.IntRange(0, 9).Draw(t, "dry") != 0 {
		return s.ctx
	}
	ctx, _ := dryrun.Start(s.ctx)
	return ctx
}

func (s *stage) edit(t *rapid.T, who permission.Actor) error {
	ch := cases.Change{ID: s.one(t), Changes: surgical.Changes{Files: map[surgical.FileKind]surgical.PHI{}}}
	if rapid.Bool().Draw(t, "recode") {
		codes := []surgical.Code{{Procedure: rapid.SampledFrom([]pay.Code{"Z9001", "Q0000"}).Draw(t, "code")}}
		ch.Codes = &codes
	}
	if rapid.Bool().Draw(t, "give away") {
		to := rapid.SampledFrom(cast).Draw(t, "to").id
		ch.Owner = &to
	}
	if rapid.Bool().Draw(t, "file") {
		ch.Files[surgical.MiscFile] = surgical.NewPHI("more.pdf")
	}
	_, err := s.cases.Change(s.ctx, who, ch)
	return err
}

func (s *stage) remove(t *rapid.T, who permission.Actor) error {
	_, err := s.cases.Delete(s.ctx, who, s.one(t), 0)
	return err
}

func (s *stage) restore(t *rapid.T, who permission.Actor) error {
	_, err := s.cases.Restore(s.ctx, who, s.one(t), true)
	return err
}

func (s *stage) loadPrices(t *rapid.T, who permission.Actor) error {
	amount := pay.Cents(rapid.Int64Range(0, 1_000_000).Draw(t, "cents"))
	_, err := s.prices.Load(s.ctx, who, payments.Load{At: "body.rows", Rows: []pay.Row{{Tier: 1, Code: "Z9001", Category: "SPINE", Amount: amount}}})
	return err
}

func (s *stage) changeTier(t *rapid.T, who permission.Actor) error {
	tier := pay.Tier(rapid.IntRange(1, 2).Draw(t, "tier"))
	of := rapid.SampledFrom(cast).Draw(t, "of").id
	_, err := s.users.Change(s.ctx, who, people.UserChange{ID: of, UserChanges: directory.UserChanges{Tier: &tier}})
	return err
}

func asFault(err error, f **fault.Error) bool { return errors.As(err, f) }

// money tells for each provider what stands in his name in the ledger.
func (s *stage) money(t *rapid.T) map[string]string {
	rows, err := s.db.Query(`SELECT provider_id, COUNT(*), SUM(amount_cents), COUNT(settled_at), COUNT(cancelled_at), COUNT(reversed_at)
		FROM payment_entries GROUP BY provider_id`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	told := map[string]string{}
	for rows.Next() {
		var provider string
		var counts [5]int64
		if err := rows.Scan(&provider, &counts[0], &counts[1], &counts[2], &counts[3], &counts[4]); err != nil {
			t.Fatal(err)
		}
		told[provider] = fmt.Sprint(counts)
	}
	return told
}

// breaches are the sentences that do not hold.
func (s *stage) breaches(t *rapid.T) []string {
	var broken []string
	for sentence, query := range given.LedgerBreaches {
		if found := s.breaking(t, query); len(found) > 0 {
			broken = append(broken, fmt.Sprintf("it does not hold that %s: %s", sentence, strings.Join(found, ", ")))
		}
	}
	return broken
}

// breaking names what breaks a rule.
func (s *stage) breaking(t *rapid.T, query string) []string {
	rows, err := s.db.Query(query)
	if err != nil {
		t.Fatalf("%v: %s", err, query)
	}
	defer func() { _ = rows.Close() }()
	var found []string
	for rows.Next() {
		var what string
		if err := rows.Scan(&what); err != nil {
			t.Fatal(err)
		}
		found = append(found, what)
	}
	return found
}
