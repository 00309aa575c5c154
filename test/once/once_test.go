package once

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"surgicase/bootstrap"
	"surgicase/domain/ident"
	"surgicase/domain/mail"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// roundsToGo is how many weeks are lived through; `make chaos` asks for 100.
var roundsToGo = flag.Int("rounds", 2, "weeks to live through")

const (
	casesAWeek = 3
	patience   = 60 * time.Second
)

func TestEveryJobIsDoneOnceByThreeProcessesOnMariaDB(t *testing.T) {
	t.Parallel()
	live(t, given.MariaDB(t), 3)
}

func TestEveryJobIsDoneOnceByTwoProcessesOnSQLite(t *testing.T) {
	t.Parallel()
	live(t, given.TempSQLite(t), 2)
}

// practice is a database with instances around it that die all the time.
type practice struct {
	t         *testing.T
	env       map[string]string
	clock     shiftedClock
	home      *bootstrap.Running // the test's own hand on the store; it runs no jobs
	db        *sql.DB
	post      *given.MailServer
	instances []*instance
	monday    time.Time // of the present week
	cases     int
	letters   int
	kills     int
	missed    int
	instants  int64 // each with exactly one run, which is done
	takenOver int64
}

func live(t *testing.T, database string, processes int) {
	p := open(t, database, processes)
	for round := range *roundsToGo {
		p.monday = p.monday.AddDate(0, 0, 7)
		p.recordCases()
		if round%3 == 1 { // nobody is there on Monday
			p.missed++
			p.killAll()
			p.phase("open_payment_run", p.monday, p.monday.Add(26*time.Hour))
		} else {
			p.phase("open_payment_run", p.monday, p.monday.Add(-100*time.Millisecond))
		}
		thursday := p.monday.AddDate(0, 0, 3)
		p.phase("settle_payment_runs", thursday, thursday.Add(-100*time.Millisecond))
	}
	p.killAll()
	p.judge()
}

func open(t *testing.T, database string, processes int) *practice {
	t.Helper()
	p := &practice{t: t, clock: shiftedClock{filepath.Join(t.TempDir(), "clock")}, post: given.StartMailServer(t, given.MailOpen), instances: make([]*instance, processes)}
	p.monday = time.Date(2031, time.March, 3, 8, 0, 0, 0, time.UTC)
	p.clock.set(t, p.monday.AddDate(0, 0, 5)) // a Saturday: the jobs are known from then on
	p.env = map[string]string{
		"AUTH_MODE": "trusted", "DATABASE_URL": database, "DATA_DIR": t.TempDir(), "LOG_LEVEL": "ERROR", "SURGICASE_KEYS": given.KeySet(t),
		"SURGICASE_CHECKPOINT_KEY": given.CheckpointKey, "EMAIL_URL": "smtp://" + p.post.Host + ":" + p.post.Port + "?encryption=off", "EMAIL_FROM": "surgicase@example.com",
		"NPI_REGISTRY": "stub", "ALLOW_STUBS": "true", clockFile: p.clock.path,
	}
	env := map[string]string{}
	for name, value := range p.env {
		if name != clockFile {
			env[name] = value
		}
	}
	var err error
	if p.home, err = bootstrap.Open(context.Background(), env, parts(p.clock.path)); err != nil {
		t.Fatal(err)
	}
	p.db = inspect(t, database)
	t.Cleanup(func() {
		p.killAll()
		_ = p.db.Close()
		if err := p.home.Close(); err != nil {
			t.Error(err)
		}
	})
	p.populate()
	if err := p.home.Jobs.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	p.home.Jobs.Wait()
	return p
}

func inspect(t *testing.T, database string) *sql.DB {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	driver, source := "mysql", fmt.Sprintf("%s:%s@tcp(%s)%s", u.User.Username(), password, u.Host, u.Path)
	if u.Scheme == "sqlite" {
		driver, source = "sqlite3", "file:"+u.Path+"?mode=ro&_busy_timeout=20000"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func (p *practice) do(fn func(context.Context, ports.Repos) error) {
	p.t.Helper()
	if err := p.home.Store.InTx(context.Background(), fn); err != nil {
		p.t.Fatal(err)
	}
}

func (p *practice) populate() {
	p.t.Helper()
	p.do(func(ctx context.Context, r ports.Repos) error {
		if err := r.Users.Add(ctx, given.User("dr-a", permission.Provider)); err != nil {
			return err
		}
		_, err := r.Prices.Load(ctx, []pay.Row{{Tier: 1, Code: "Z9001", Category: "SPINE", Amount: 100_001}}, false, "test", "system:test", given.Morning)
		return err
	})
}

// recordCases puts the cases of a week on the stage, ready for billing.
func (p *practice) recordCases() {
	p.t.Helper()
	p.do(func(ctx context.Context, r ports.Repos) error {
		for i := range casesAWeek {
			c := given.Case(ident.CaseID(fmt.Sprintf("c-%d", p.cases+i)), "dr-a")
			c.Status = surgical.ReadyForBilling
			c.Pay = surgical.Worth{Amount: 100_001, Category: "SPINE", Status: pay.Priced, Tier: 1, Table: 1, Winner: "Z9001", At: given.Morning}
			if err := r.Cases.Add(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
	p.cases += casesAWeek
}

// phase lets the clock reach an instant while instances die and come back, and waits until the job is done.
func (p *practice) phase(job string, instant, from time.Time) {
	p.t.Helper()
	p.clock.set(p.t, from)
	p.startAll()
	p.postLetter()
	switch rand.IntN(3) {
	case 0:
		p.killInTheMiddle("SELECT COUNT(*) FROM job_runs WHERE job = ? AND scheduled_at = ?", job, instant.UnixMicro())
	case 1:
		p.killInTheMiddle("SELECT COUNT(*) FROM email_log WHERE occasion = ? AND attempts > 0", fmt.Sprint("letter ", p.letters))
	}
	for range 1 + rand.IntN(3) {
		time.Sleep(time.Duration(rand.Int64N(int64(400 * time.Millisecond))))
		if n := rand.IntN(len(p.instances)); p.instances[n] != nil {
			p.instances[n].kill(p.t)
			p.instances[n] = nil
			p.kills++
		}
		if rand.IntN(3) > 0 {
			p.startAll()
		}
	}
	p.startAll()
	deadline := time.Now().Add(patience)
	for p.value("SELECT COUNT(*) FROM job_runs WHERE job = ? AND scheduled_at = ? AND state = 'done'", job, instant.UnixMicro()) != 1 {
		if time.Now().After(deadline) {
			p.t.Fatalf("%s of %s is not done: %s", job, instant, p.told("SELECT CONCAT(job, ' ', state, ' ', attempts, ' ', outcome) FROM job_runs WHERE state <> 'done'"))
		}
		time.Sleep(5 * time.Millisecond)
	}
	p.instants++
	p.takenOver += p.value("SELECT COUNT(*) FROM job_runs WHERE job = ? AND scheduled_at = ? AND attempts > 1", job, instant.UnixMicro())
	p.deliver()
}

// killInTheMiddle waits until somebody has begun, and kills all of them within the time that the work takes.
func (p *practice) killInTheMiddle(begun string, args ...any) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for p.value(begun, args...) == 0 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Duration(rand.Int64N(int64(8 * time.Millisecond))))
	p.kills += len(p.instances)
	p.killAll()
	p.startAll()
}

func (p *practice) startAll() {
	p.t.Helper()
	for n, i := range p.instances {
		if i == nil {
			p.instances[n] = startInstance(p.t, p.env)
		}
	}
}

func (p *practice) killAll() {
	p.t.Helper()
	for n, i := range p.instances {
		if i != nil {
			i.kill(p.t)
			p.instances[n] = nil
		}
	}
}

// postLetter queues a letter: instances will be killed between its commit and its mail.
func (p *practice) postLetter() {
	p.t.Helper()
	p.letters++
	n := p.letters
	p.do(func(ctx context.Context, r ports.Repos) error {
		return ports.Post(ctx, r, &mail.Posted{
			MessageID: fmt.Sprintf("letter-%d@surgicase.test", n), Occasion: fmt.Sprintf("letter %d", n), Kind: mail.Checkpoint, To: "someone@example.com",
			Subject: "A letter", Text: "Hello.", Status: mail.Queued, CreatedAt: p.clock.Now(), CreatedBy: "system:test",
		})
	})
}

// deliver waits until every letter has been sent. What a dead instance had begun is taken up when its claim
// is over, so the clock goes on.
func (p *practice) deliver() {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for p.value("SELECT COUNT(*) FROM email_log WHERE status = 'queued' AND occasion LIKE 'letter %'") > 0 {
		if time.Now().After(deadline) {
			p.t.Fatalf("letters are left: %s", p.told("SELECT CONCAT(occasion, ' ', status, ' ', attempts) FROM email_log WHERE status = 'queued'"))
		}
		p.clock.set(p.t, p.clock.Now().Add(30*time.Second))
		time.Sleep(100 * time.Millisecond)
	}
}

// value is the only number that a query gives.
func (p *practice) value(query string, args ...any) int64 {
	p.t.Helper()
	var n int64
	if err := p.db.QueryRow(query, args...).Scan(&n); err != nil {
		p.t.Fatalf("%v: %s", err, query)
	}
	return n
}

// told lists what a query gives, in words.
func (p *practice) told(query string, args ...any) string {
	p.t.Helper()
	rows, err := p.db.Query(query, args...)
	if err != nil {
		p.t.Fatalf("%v: %s", err, query)
	}
	defer func() { _ = rows.Close() }()
	var lines []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			p.t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

// judge looks at what a hundred weeks of dying instances have left.
func (p *practice) judge() {
	p.t.Helper()
	weeks, cases := int64(*roundsToGo), int64(p.cases)
	for what, want := range map[string]int64{
		"SELECT COUNT(*) FROM cases WHERE case_status = 20":                                                                    cases,
		"SELECT COUNT(*) FROM case_history WHERE from_status = 10 AND to_status = 15":                                          cases,
		"SELECT COUNT(*) FROM case_history WHERE from_status = 15 AND to_status = 20":                                          cases,
		"SELECT COUNT(*) FROM payment_entries":                                                                                 cases,
		"SELECT COUNT(*) FROM payment_entries WHERE settled_at IS NOT NULL":                                                    cases,
		"SELECT COUNT(*) FROM payment_runs":                                                                                    weeks,
		"SELECT COUNT(*) FROM payment_runs WHERE kind = 'weekly' AND settled_cents = 300003 AND opened_by = 'system:job'":      weeks,
		"SELECT COUNT(*) FROM audit_entries WHERE action = 'case.move_money' AND outcome = 'done' AND actor_id = 'system:job'": 2 * cases,
		// A letter that was twice handed over by somebody who died has done all that it may.
		"SELECT COUNT(*) FROM email_log WHERE (status = 'sent' OR handovers = 2) AND occasion LIKE 'letter %'": int64(p.letters),
	} {
		if got := p.value(what); got != want {
			p.t.Errorf("%d instead of %d: %s", got, want, what)
		}
	}
	for sentence, query := range given.LedgerBreaches {
		if broken := p.told(query); broken != "" {
			p.t.Errorf("it does not hold that %s: %s", sentence, broken)
		}
	}
	arrived := map[string]int{}
	for _, letter := range p.post.Letters() {
		arrived[strings.Trim(letter.Header.Get("Message-ID"), "<>")]++
	}
	twice := 0
	for id, times := range arrived {
		if times > 2 {
			p.t.Errorf("the letter %s arrived %d times", id, times)
		}
		if times == 2 {
			twice++
		}
	}
	for n := 1; n <= p.letters; n++ {
		if arrived[fmt.Sprintf("letter-%d@surgicase.test", n)] == 0 && p.value("SELECT COUNT(*) FROM email_log WHERE occasion = ? AND status = 'sent'", fmt.Sprint("letter ", n)) > 0 {
			p.t.Errorf("letter %d never arrived and counts as sent", n)
		}
	}
	p.t.Logf("%d weeks, %d of their Mondays missed and caught up; %d processes killed; %d cases paid once in %d payments; %d instants with one run each, %d of those taken over; %d letters, %d of them arrived twice",
		weeks, p.missed, p.kills, cases, p.value("SELECT COUNT(*) FROM payment_entries"), p.instants, p.takenOver, p.letters, twice)
}
