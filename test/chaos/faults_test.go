package chaos

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"surgicase/test/given"
)

// allFaults has the faults tried in full; make chaos sets it. It takes minutes.
var allFaults = flag.Bool("faults", false, "try all faults and print a table of what they do")

// outcome is a line of the table: what clients saw of a fault.
type outcome struct {
	fault    string
	requests int
	errors   map[string]int // by status or "none": no answer at all
	acked    int
	lost     int
	recovery time.Duration // from the end of the fault to the first success
}

func (o outcome) String() string {
	seen := []string{}
	for status, n := range o.errors {
		seen = append(seen, fmt.Sprintf("%d × %s", n, status))
	}
	slices.Sort(seen)
	if len(seen) == 0 {
		seen = []string{"none"}
	}
	return fmt.Sprintf("| %s | %d | %s | %d | %d | %.2f |", o.fault, o.requests, strings.Join(seen, ", "), o.acked, o.lost, o.recovery.Seconds())
}

const tableHead = "| fault | requests | errors seen | acknowledged | lost | seconds to recover |\n|---|---|---|---|---|---|"

// siege is load on an instance, and what became of it.
type siege struct {
	p     *process
	stop  chan struct{}
	busy  sync.WaitGroup
	there func(id string) bool // whether what was acknowledged is there; nil if a row of cases is enough

	mu      sync.Mutex
	outcome outcome
	ids     []string
	last    time.Time // when a request that succeeded began
}

const besiegers = 4

// besiege has cases recorded until lift.
func (p *process) besiege(name string, at place) *siege {
	return p.besiegeBy(name, func(id string) (int, error) {
		status, _, err := p.send(http.MethodPost, "/case", provider, caseOf(id, at))
		return status, err
	})
}

// besiegeBy has something made, each with an id of its own, until lift.
func (p *process) besiegeBy(name string, attempt func(id string) (status int, err error)) *siege {
	s := &siege{p: p, stop: make(chan struct{}), outcome: outcome{fault: name, errors: map[string]int{}}}
	for writer := range besiegers {
		s.busy.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-s.stop:
					return
				default:
				}
				id := fmt.Sprintf("f%d-%05d", writer, i)
				began := time.Now()
				status, err := attempt(id)
				s.note(id, began, status, err)
				if err != nil || status != http.StatusCreated {
					time.Sleep(20 * time.Millisecond) // a client that waits a little
				}
			}
		})
	}
	return s
}

func (s *siege) note(id string, began time.Time, status int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcome.requests++
	switch {
	case err != nil:
		s.outcome.errors["none"]++
	case status != http.StatusCreated:
		s.outcome.errors[fmt.Sprint(status)]++
	default:
		s.ids = append(s.ids, id)
		if began.After(s.last) {
			s.last = began
		}
	}
}

// recovered waits for a success that began after the fault was over.
func (s *siege) recovered(over time.Time) {
	s.p.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		last := s.last
		s.mu.Unlock()
		if last.After(over) {
			s.outcome.recovery = time.Since(over)
			return
		}
	}
	s.p.t.Errorf("%s: not recovered after a minute", s.outcome.fault)
}

// lift ends the load and counts what was acknowledged and is not there.
func (s *siege) lift() outcome {
	s.p.t.Helper()
	time.Sleep(500 * time.Millisecond)
	close(s.stop)
	s.busy.Wait()
	stored := map[string]bool{}
	for _, id := range s.p.query("SELECT case_id FROM cases") {
		stored[id] = true
	}
	for _, id := range s.ids {
		if !stored[id] || s.there != nil && !s.there(id) {
			s.outcome.lost++
		}
	}
	if s.there == nil {
		s.p.wantWhole()
	}
	s.outcome.acked = len(s.ids)
	if s.outcome.lost > 0 {
		s.p.t.Errorf("%s: %d of %d acknowledged cases are lost", s.outcome.fault, s.outcome.lost, s.outcome.acked)
	}
	if s.outcome.errors["500"] > 0 {
		s.p.t.Errorf("%s: %d answers of 500", s.outcome.fault, s.outcome.errors["500"])
	}
	return s.outcome
}

// TestFaults has each fault happen to a program under load: nothing acknowledged is lost, nothing is a 500, and it
// recovers without a restart.
func TestFaults(t *testing.T) {
	if !*allFaults {
		t.Skip("takes minutes: make chaos")
	}
	var table []string
	for _, fault := range []func(*testing.T) outcome{databaseStopped, storageGone, storageGoneUnderUploads, diskFull, idleConnections, secretsFailing, mailRefused, clockJumps} {
		table = append(table, fault(t).String())
		t.Log("\n" + table[len(table)-1])
	}
	fmt.Println(tableHead + "\n" + strings.Join(table, "\n"))
}

func databaseStopped(t *testing.T) outcome {
	server := given.StartMariaDB(t)
	p := install(t, server.Database(t))
	p.start()
	s := p.besiege("database stopped for 20 s", p.stage())
	time.Sleep(time.Second)
	must(t, server.Stop())
	time.Sleep(20 * time.Second)
	must(t, server.Restart())
	s.recovered(time.Now())
	o := s.lift()
	p.stop()
	return o
}

// storageGone takes the folder of the objects away. Cases go on; what is stored meanwhile is refused, and what was
// stored is there afterwards.
func storageGone(t *testing.T) outcome {
	folder := filepath.Join(t.TempDir(), "objects")
	p := install(t, given.TempSQLite(t))
	p.env = append(p.env, "STORAGE_URL=file://"+folder, "BACKUP_RECIPIENT=")
	p.start()
	at := p.stage()
	p.command("backup")
	s := p.besiege("storage gone for 5 s", at)
	time.Sleep(time.Second)
	must(t, os.Rename(folder, folder+".away"))
	must(t, os.WriteFile(folder, nil, 0o600))
	if out, err := p.output("backup"); err == nil {
		t.Errorf("a backup into no storage: %s", out)
	}
	s.mu.Lock()
	s.outcome.errors["backup refused"]++
	s.mu.Unlock()
	time.Sleep(5 * time.Second)
	must(t, os.Remove(folder))
	must(t, os.Rename(folder+".away", folder))
	s.recovered(time.Now())
	o := s.lift()
	p.command("backup")
	p.command("backup", "verify")
	p.stop()
	return o
}

// diskFull gives the program a disk of its own that is filled to the last byte.
func diskFull(t *testing.T) outcome {
	disk, err := given.SmallDisk(t, 48)
	if err != nil {
		t.Logf("disk full: not tried: %v", err)
		return outcome{fault: "disk full for 5 s (not tried: needs root)"}
	}
	p := install(t, "sqlite://"+disk.Folder+"/surgicase.db")
	p.start()
	s := p.besiege("disk full for 5 s", p.stage())
	time.Sleep(time.Second)
	must(t, disk.Fill())
	time.Sleep(5 * time.Second)
	must(t, disk.Free())
	s.recovered(time.Now())
	o := s.lift()
	if o.errors["503"] == 0 {
		t.Error("disk full: nobody noticed")
	}
	p.stop()
	return o
}

// idleConnections opens two thousand connections that say nothing.
func idleConnections(t *testing.T) outcome {
	p := install(t, given.TempSQLite(t))
	p.start()
	s := p.besiege("2,000 idle connections for 5 s", p.stage())
	u, err := url.Parse(p.base)
	must(t, err)
	var open []net.Conn
	for range 2000 {
		c, err := net.DialTimeout("tcp", u.Host, patience)
		must(t, err)
		open = append(open, c)
	}
	time.Sleep(5 * time.Second)
	over := time.Now()
	for _, c := range open {
		_ = c.Close()
	}
	s.recovered(over)
	o := s.lift()
	p.stop()
	return o
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// output runs a command that may fail.
func (p *process) output(arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, p.path, arguments...)
	c.Env = p.env
	out, err := c.CombinedOutput()
	return string(out), err
}
