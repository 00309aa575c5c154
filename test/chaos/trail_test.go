package chaos

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"surgicase/test/given"
)

// beside is another instance on the same database.
func (p *process) beside() *process {
	p.t.Helper()
	q := &process{t: p.t, path: p.path, store: p.store, client: &http.Client{Timeout: patience}}
	q.env = append(append([]string{}, p.env...), "DATA_DIR="+p.t.TempDir())
	p.t.Cleanup(func() {
		if q.running != nil {
			q.kill()
		}
	})
	return q
}

// stop ends the program as an operator does.
func (p *process) stop() {
	p.t.Helper()
	if err := p.running.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := p.running.Wait(); err != nil {
		p.t.Errorf("the program does not stop well: %v", err)
	}
	if err := p.ended(); err != nil {
		p.t.Error(err)
	}
	p.running = nil
	p.client.CloseIdleConnections()
}

// audit runs an audit command and gives what it says and its exit code.
func (p *process) audit(arguments ...string) (said string, code int) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, p.path, append([]string{"audit"}, arguments...)...)
	c.Env = p.env
	out, err := c.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		p.t.Fatal(err)
	}
	return string(out), c.ProcessState.ExitCode()
}

// whole demands that the trail verifies.
func (p *process) whole(when string, arguments ...string) {
	p.t.Helper()
	said, code := p.audit(append([]string{"verify"}, arguments...)...)
	if code != 0 || !strings.Contains(said, "the trail is whole") {
		p.t.Fatalf("%s: exit code %d: %s", when, code, said)
	}
	p.t.Logf("%s: %s", when, strings.Split(said, "\n")[0])
}

// load has cases recorded and read through an instance, which may be killed meanwhile, until stop.
func (p *process) load(name string, at place, stop chan struct{}, busy *sync.WaitGroup, acknowledged *atomic.Int64) {
	for writer := range 4 {
		busy.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				id := fmt.Sprintf("%s-w%d-%04d", name, writer, i)
				if status, _, err := p.send(http.MethodPost, "/case", provider, caseOf(id, at)); err != nil || status != http.StatusCreated {
					time.Sleep(5 * time.Millisecond) // it is being started again
					continue
				}
				acknowledged.Add(1)
				_, _, _ = p.send(http.MethodGet, "/case?case_id="+id, operator, nil)
				_, _, _ = p.send(http.MethodGet, "/case?case_id=not-there", provider, nil)
			}
		})
	}
}

const entriesWithoutSeal = "SELECT e.entry_id FROM audit_entries e LEFT JOIN audit_seal s ON s.entry_id = e.entry_id WHERE s.entry_id IS NULL"

// sealed waits until everything is sealed: by the survivor, once the lease of the killed has run out.
func (p *process) sealed() {
	p.t.Helper()
	began := time.Now()
	for len(p.query(entriesWithoutSeal)) > 0 {
		if time.Since(began) > 40*time.Second {
			p.t.Fatalf("%d entries are still without a seal", len(p.query(entriesWithoutSeal)))
		}
		time.Sleep(100 * time.Millisecond)
	}
	p.t.Logf("all entries were sealed after %v", time.Since(began).Round(100*time.Millisecond))
}

func TestTwoKilledInstancesLeaveATrailThatVerifies(t *testing.T) {
	t.Parallel()
	one := install(t, given.MariaDB(t))
	two := one.beside()
	one.start()
	two.start()
	at := one.stage()
	var acknowledged atomic.Int64
	for round, victim := range []*process{one, two} {
		stop := make(chan struct{})
		var busy sync.WaitGroup
		one.load(fmt.Sprint("one-", round), at, stop, &busy, &acknowledged)
		two.load(fmt.Sprint("two-", round), at, stop, &busy, &acknowledged)
		time.Sleep(1500 * time.Millisecond)
		victim.kill()
		one.whole("right after a kill")
		time.Sleep(500 * time.Millisecond) // the other one goes on
		close(stop)
		busy.Wait()
		victim.start()
	}
	one.sealed()
	one.whole("when all is sealed")
	made := len(one.query("SELECT entity_id FROM audit_entries WHERE action = 'case.create' AND outcome = 'done'"))
	if cases := len(one.query("SELECT case_id FROM cases")); made != cases || int64(cases) < acknowledged.Load() {
		t.Errorf("%d cases were acknowledged, %d are there, %d entries tell of them", acknowledged.Load(), cases, made)
	}
	one.stop()
	two.stop()
	one.sealed()
	export := t.TempDir() + "/trail.ndjson"
	if said, code := one.audit("export", export); code != 0 {
		t.Fatal(said)
	}
	one.whole("after an orderly stop")
	two.whole("an export", "--from", export)
	one.tampered(export)
}

// exec does something past the program.
func (p *process) exec(statement string) {
	p.t.Helper()
	u, err := url.Parse(p.store)
	if err != nil {
		p.t.Fatal(err)
	}
	password, _ := u.User.Password()
	db, err := sql.Open("mysql", fmt.Sprintf("%s:%s@tcp(%s)%s", u.User.Username(), password, u.Host, u.Path))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		p.t.Fatalf("%v: %s", err, statement)
	}
}

// tampered changes an entry and expects to hear of it.
func (p *process) tampered(export string) {
	p.t.Helper()
	ids := p.query("SELECT entry_id FROM audit_entries ORDER BY entry_id")
	id := ids[len(ids)/2]
	p.exec("DROP TRIGGER audit_entries_unchanged")
	p.exec("UPDATE audit_entries SET actor_id = 'somebody' WHERE entry_id = " + id)
	said, code := p.audit("verify")
	if code != 1 || !strings.Contains(said, "the trail is broken at entry "+id+" ") {
		p.t.Errorf("entry %s was changed: exit code %d: %s", id, code, said)
	}
	p.whole("the export from before", "--from", export)
	if said, code := p.audit("verify", "--from", export, "--public-key", "8jkWr8ilPNI/ccP1ivkAlmwJrQ4RkiVK/bGzmA8ZF88="); code != 1 || !strings.Contains(said, "no valid signature") {
		p.t.Errorf("checkpoints by another key: exit code %d: %s", code, said)
	}
	if said, code := p.audit("verify", "--public-key", "x"); code != 2 {
		p.t.Errorf("a key that is none: exit code %d: %s", code, said)
	}
}

// On MySQL keys are never made by themselves.
func TestServeOnMySQLDoesNotStartWithoutTheCheckpointKey(t *testing.T) {
	p := install(t, given.MariaDB(t))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, p.path, "serve")
	c.Env = append(p.env, "SURGICASE_CHECKPOINT_KEY=")
	out, err := c.CombinedOutput()
	const want = "there is no secret surgicase/checkpoint-key: set SURGICASE_CHECKPOINT_KEY\n"
	if err == nil || string(out) != want || c.ProcessState.ExitCode() != 2 {
		t.Errorf("%v: %s", err, out)
	}
}
