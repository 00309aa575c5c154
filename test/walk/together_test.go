package walk

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"surgicase/application/cases"
	"surgicase/application/payments"
	"surgicase/application/people"
	"surgicase/domain/civil"
	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

var (
	system = permission.System("job")
	admin  = permission.Actor{User: "global-admin", Type: permission.GlobalAdmin}
)

// crowd is a practice in which several people act at the same moment, with what they were answered.
type crowd struct {
	*stage
	random *rand.Rand

	mu      sync.Mutex
	version int64                  // the newest table whose load was answered
	tiers   map[ident.UserID][]int // the tier before this moment, and those that are asked for in it
	cases   []ident.CaseID
	granted map[string]int
	seed    uint64
	round   int
}

// TestTogetherOnMariaDB: price loads, tier changes, new cases, cases that come back, and runs at the same moments.
// After each moment everything holds that must hold, and no run has paid by a table or tier whose successor was answered
// before the run was asked for. Source: spec/decisions.md 5.2a and 11.4.
func TestTogetherOnMariaDB(t *testing.T) {
	t.Parallel()
	granted := map[string]int{}
	s := openMariaDB(t)
	for range sampleOfMariaDB() {
		seed := rand.Uint64()
		c := &crowd{stage: s, random: rand.New(rand.NewPCG(seed, 0)), granted: granted, seed: seed, tiers: map[ident.UserID][]int{}}
		if c.walkTogether(t); t.Failed() {
			return
		}
	}
	t.Log(granted)
}

const roundsTogether = 12

func (c *crowd) walkTogether(t *testing.T) {
	c.readTiers(t)
	for range 4 {
		c.answer(t, "record", c.recordOne(c.random.Uint64()))
	}
	acts := map[string]func(uint64) error{
		"record": c.recordOne, "load": c.load, "tier": c.tier, "return": c.giveBack, "open": c.open, "move to 15": c.moveUp, "settle": c.settleOpen, "recode": c.recode,
	}
	names := []string{"record", "record", "load", "load", "tier", "tier", "return", "return", "open", "open", "move to 15", "settle", "recode"}
	for c.round = range roundsTogether {
		var wg sync.WaitGroup
		begin := make(chan struct{})
		for range 2 + c.random.IntN(3) {
			name, seed := names[c.random.IntN(len(names))], c.random.Uint64()
			wg.Go(func() {
				<-begin
				c.answer(t, name, acts[name](seed))
			})
		}
		close(begin)
		wg.Wait()
		c.clock.Advance(time.Minute)
		c.readTiers(t)
		for sentence, query := range given.LedgerBreaches {
			if found := c.rows(t, query); len(found) > 0 {
				t.Errorf("seed %d, round %d: it does not hold that %s: %v", c.seed, c.round, sentence, found)
			}
		}
		if t.Failed() {
			return
		}
	}
}

// answer notes what was granted; whatever is no refusal is a defect.
func (c *crowd) answer(t *testing.T, name string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var f *fault.Error
	switch {
	case err == nil:
		c.granted[name]++
	case !asFault(err, &f) || f.Kind == fault.Unavailable:
		t.Errorf("seed %d, round %d: %s: %v", c.seed, c.round, name, err)
	}
}

func (c *crowd) rows(t *testing.T, query string, args ...any) []string {
	t.Helper()
	found, err := c.query(query, args...)
	if err != nil {
		t.Fatalf("%v: %s", err, query)
	}
	return found
}

func (c *crowd) query(query string, args ...any) (found []string, err error) {
	rows, err := c.db.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		found = append(found, text)
	}
	return found, rows.Err()
}

func (c *crowd) readTiers(t *testing.T) {
	for _, person := range cast {
		var tier int
		if err := c.db.QueryRow("SELECT user_tier FROM users WHERE user_id = ?", string(person.id)).Scan(&tier); err != nil {
			t.Fatal(err)
		}
		c.tiers[person.id] = []int{tier}
	}
	if err := c.db.QueryRow("SELECT version FROM price_current").Scan(&c.version); err != nil {
		t.Fatal(err)
	}
}

// payees are who is paid here: nobody who loads prices.
var payees = []ident.UserID{"dr-a", "dr-b", "case-admin"}

// recordOne records a case through the program and makes it ready for billing.
func (c *crowd) recordOne(seed uint64) error {
	c.mu.Lock()
	c.made++
	id := ident.CaseID(fmt.Sprintf("together-%d", c.made))
	c.mu.Unlock()
	_, err := c.stage.cases.Create(c.ctx, system, cases.NewCase{Facts: surgical.Facts{
		ID: id, Owner: payees[seed%3], Date: civil.On(given.Morning).AddDays(-3), Codes: []surgical.Code{{Procedure: "Z9001"}},
		Patient: surgical.Patient{First: surgical.NewPHI("Pat"), Last: surgical.NewPHI(fmt.Sprint("Case", id))},
		Files:   map[surgical.FileKind]surgical.PHI{surgical.DemoFile: surgical.NewPHI("d.pdf"), surgical.NoteFile: surgical.NewPHI("n.pdf")},
	}})
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.cases = append(c.cases, id)
	c.mu.Unlock()
	return c.move(id, surgical.ReadyForBilling)
}

func (c *crowd) move(id ident.CaseID, to surgical.Status) error {
	_, err := c.stage.cases.Move(c.ctx, system, cases.BulkMove{IDs: []ident.CaseID{id}, To: to, Force: true, Reason: "because"})
	return err
}

func (c *crowd) some(seed uint64) ident.CaseID {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cases[seed%uint64(len(c.cases))]
}

func (c *crowd) load(seed uint64) error {
	rows := []pay.Row{
		{Tier: 1, Code: "Z9001", Category: "SPINE", Amount: pay.Cents(100_000 + seed%100_000)}, {Tier: 2, Code: "Z9001", Category: "SPINE", Amount: pay.Cents(500_000 + seed%100_000)},
	}
	done, err := c.prices.Load(c.ctx, admin, payments.Load{At: "body.rows", Rows: rows})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version = max(c.version, int64(done.Version))
	return err
}

func (c *crowd) tier(seed uint64) error {
	of, tier := payees[seed%3], 1+int(seed/3%2)
	c.mu.Lock()
	c.tiers[of] = append(c.tiers[of], tier)
	c.mu.Unlock()
	wanted := pay.Tier(tier)
	_, err := c.users.Change(c.ctx, admin, people.UserChange{ID: of, UserChanges: directory.UserChanges{Tier: &wanted}})
	return err
}

func (c *crowd) giveBack(seed uint64) error { return c.move(c.some(seed), surgical.ReadyForBilling) }

func (c *crowd) recode(seed uint64) error {
	codes := []surgical.Code{{Procedure: "Z9001"}, {Procedure: pay.Code(fmt.Sprintf("Q%04d", seed%10_000))}}
	_, err := c.stage.cases.Change(c.ctx, permission.Actor{User: "user-admin", Type: permission.UserAdmin}, cases.Change{ID: c.some(seed), Changes: surgical.Changes{Codes: &codes}})
	return err
}

func (c *crowd) settleOpen(uint64) error {
	_, _, err := c.runs.SettleAll(c.ctx, system, c.clock.Now().Add(time.Microsecond))
	return err
}

// inForce is what was answered by now.
func (c *crowd) inForce() (version int64, tiers map[ident.UserID][]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	tiers = map[ident.UserID][]int{}
	for id, of := range c.tiers {
		tiers[id] = slices.Clone(of)
	}
	return c.version, tiers
}

func (c *crowd) open(uint64) error {
	version, before := c.inForce()
	done, err := c.runs.Open(c.ctx, system, payments.NewRun{Kind: pay.Weekly})
	if err != nil || done.Run == nil {
		return err
	}
	return c.judge(done.Run.ID, version, before)
}

func (c *crowd) moveUp(seed uint64) error {
	version, before := c.inForce()
	done, err := c.stage.cases.Move(c.ctx, system, cases.BulkMove{IDs: []ident.CaseID{c.some(seed), c.some(seed / 7)}, To: surgical.PendingPayment})
	if err != nil || done.RunID == 0 {
		return err
	}
	return c.judge(done.RunID, version, before)
}

// judge demands that the run pays by the table that was in force when it was asked for, or a later one, and by a tier that
// the provider had then or got meanwhile.
func (c *crowd) judge(run, version int64, before map[ident.UserID][]int) error {
	_, after := c.inForce()
	rows, err := c.db.Query("SELECT provider_id, price_table_version, amount_cents FROM payment_entries WHERE run_id = ? AND kind = 'payment'", run)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var provider string
		var by, amount int64
		if err := rows.Scan(&provider, &by, &amount); err != nil {
			return err
		}
		tiers := slices.Concat(before[ident.UserID(provider)], after[ident.UserID(provider)])
		var right []string
		for _, tier := range slices.Compact(slices.Sorted(slices.Values(tiers))) {
			prices, err := c.query("SELECT amount_cents FROM price_rows WHERE user_tier = ? AND procedure_code = 'Z9001' AND from_version <= ? AND (until_version IS NULL OR until_version > ?)", tier, by, by)
			if err != nil {
				return err
			}
			right = append(right, prices...)
		}
		if by < version || !slices.Contains(right, fmt.Sprint(amount)) {
			return fmt.Errorf("run %d paid %s %d by table %d, want one from %d on and one of %s", run, provider, amount, by, version, strings.Join(right, ", "))
		}
	}
	return rows.Err()
}

// TestWhoWaitsSeesWhatWasAdded: whoever loads prices or changes a tier waits for a transaction that is pricing a case, and
// then prices that case, too. Source: spec/decisions.md 11.4.
func TestWhoWaitsSeesWhatWasAdded(t *testing.T) {
	t.Parallel()
	s := openMariaDB(t)
	load := func() error {
		_, err := s.prices.Load(s.ctx, admin, payments.Load{At: "body.rows", Rows: []pay.Row{{Tier: 1, Code: "Z9001", Category: "SPINE", Amount: 250_00}}})
		return err
	}
	change := func() error {
		tier := pay.Tier(2)
		_, err := s.users.Change(s.ctx, admin, people.UserChange{ID: "dr-b", UserChanges: directory.UserChanges{Tier: &tier}})
		return err
	}
	record := func(owner ident.UserID) func(context.Context, ports.Repos) error {
		return func(ctx context.Context, r ports.Repos) error {
			u, err := r.Users.GetForUse(ctx, owner)
			if err != nil {
				return err
			}
			table, err := r.Prices.Table(ctx, []pay.Tier{u.Tier}, []pay.Code{"Z9001"})
			if err != nil {
				return err
			}
			c := given.Case(ident.CaseID("waits-"+owner), owner)
			c.Status, c.Pay = surgical.ReadyForBilling, surgical.WorthOf(table.Price(u.Tier, []pay.Code{"Z9001"}), given.Morning)
			return r.Cases.Add(ctx, c)
		}
	}
	back := func(id ident.CaseID) func(context.Context, ports.Repos) error {
		return func(ctx context.Context, r ports.Repos) error {
			standings, err := r.CaseSets.Standings(ctx, []ident.CaseID{id})
			if err != nil {
				return err
			}
			m, err := standings[0].MoveTo(surgical.ReadyForBilling, surgical.Manner{By: system, Force: true, Reason: "because", At: given.Morning})
			if err != nil {
				return err
			}
			posting := ports.Posting{Who: system, At: given.Morning, Moved: []surgical.Moved{m}}
			return posting.Write(ctx, r)
		}
	}
	pays := func() error {
		_, err := s.runs.Open(s.ctx, system, payments.NewRun{Kind: pay.Weekly})
		if err == nil {
			_, _, err = s.runs.SettleAll(s.ctx, system, s.clock.Now().Add(time.Hour))
		}
		return err
	}
	for _, x := range []struct {
		what   string
		before func() error
		first  func(context.Context, ports.Repos) error
		then   func() error
		id     ident.CaseID
		want   int64
	}{
		{"a new case and a load", nil, record("dr-a"), load, "waits-dr-a", 250_00},
		{"a new case and a tier", nil, record("dr-b"), change, "waits-dr-b", 150_002},
		{"a case that comes back and a load", pays, back("waits-dr-b"), func() error {
			_, err := s.prices.Load(s.ctx, admin, payments.Load{At: "body.rows", Rows: []pay.Row{{Tier: 2, Code: "Z9001", Category: "SPINE", Amount: 900_00}}})
			return err
		}, "waits-dr-b", 900_00},
		{"a case that comes back and a tier", nil, back("waits-dr-a"), func() error {
			tier := pay.Tier(2)
			_, err := s.users.Change(s.ctx, admin, people.UserChange{ID: "dr-a", UserChanges: directory.UserChanges{Tier: &tier}})
			return err
		}, "waits-dr-a", 900_00},
	} {
		if x.before != nil {
			if err := x.before(); err != nil {
				t.Fatal(err)
			}
		}
		second := make(chan error, 1)
		err := s.store.InTx(s.ctx, func(ctx context.Context, r ports.Repos) error {
			if err := x.first(ctx, r); err != nil {
				return err
			}
			go func() { second <- x.then() }()
			s.untilSomebodyWaits(t, x.what)
			return nil
		})
		if err == nil {
			err = <-second
		}
		var amount int64
		if err == nil {
			err = s.db.QueryRow("SELECT pay_amount_cents FROM cases WHERE case_id = ?", string(x.id)).Scan(&amount)
		}
		if err != nil || amount != x.want {
			t.Errorf("%s: worth %d, %v, want %d", x.what, amount, err, x.want)
		}
	}
}

// untilSomebodyWaits waits until a transaction waits for a lock.
func (s *stage) untilSomebodyWaits(t *testing.T, what string) {
	for range 200 {
		var n int
		if err := s.db.QueryRow("SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'").Scan(&n); err != nil {
			t.Error(err)
			return
		}
		if n > 0 {
			return
		}
		time.Sleep(200 * time.Millisecond) // the view is renewed when nobody has looked for 100 ms
	}
	t.Errorf("%s: nobody waits for the lock", what)
}
