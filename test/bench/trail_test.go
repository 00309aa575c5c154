// Package bench measures what the product promises about its speed. `make test` runs it small, to see
// that it works; `make bench` runs it in full.
package bench

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"surgicase/bootstrap"
	"surgicase/domain/audit"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

// full asks for the sizes that the promises are about.
var full = flag.Bool("full", false, "measure in full")

// What verifying a trail of a million entries may cost.
const (
	million   = 1_000_000
	mostTime  = 30 * time.Second
	mostBytes = 64 << 20
)

func TestVerifyingAMillionEntries(t *testing.T) {
	entries := 5_000
	if *full {
		entries = million
	}
	binary := build(t, "../..")
	for name, url := range map[string]func(testing.TB) string{"SQLite": given.TempSQLite, "MariaDB": given.MariaDB} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{
				"AUTH_MODE": "trusted", "DATABASE_URL": url(t), "DATA_DIR": t.TempDir(), "LOG_LEVEL": "ERROR", "SURGICASE_KEYS": given.KeySet(t),
				"SURGICASE_CHECKPOINT_KEY": `{"seed": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}`,
			}
			fill(t, env, entries)
			export := filepath.Join(t.TempDir(), "trail.ndjson")
			for _, command := range [][]string{{"checkpoint"}, {"verify"}, {"export", export}, {"verify", "--from", export}} {
				took, memory := measure(t, binary, env, append([]string{"audit"}, command...)...)
				found("The audit trail", "Commands on a sealed trail.", []string{"database", "entries", "command", "seconds", "largest memory"},
					name, entries, "audit "+command[0], fmt.Sprintf("%.1f", took.Seconds()), fmt.Sprintf("%d MB", memory>>20))
				t.Logf("%s: %d entries, audit %s: %v, %d MB at most", name, entries, command[0], took.Round(time.Millisecond), memory>>20)
				if *full && command[0] == "verify" {
					what := fmt.Sprintf("audit verify of %d entries, %s", entries, map[int]string{1: name, 3: "exported from " + name}[len(command)])
					aim(t, took <= mostTime, what, mostTime, took.Round(time.Millisecond))
					aim(t, memory <= mostBytes, what, fmt.Sprintf("%d MB", mostBytes>>20), fmt.Sprintf("%d MB", memory>>20))
				}
			}
		})
	}
}

func build(t *testing.T, what string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "surgicase")
	if out, err := exec.Command("go", "build", "-o", binary, what).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// fill records and seals a trail as a busy house would: mostly reads of cases, some lists and changes.
func fill(t *testing.T, env map[string]string, n int) {
	t.Helper()
	program, err := bootstrap.Open(context.Background(), env, bootstrap.Parts{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := program.Close(); err != nil {
			t.Error(err)
		}
	}()
	began, batch := time.Now(), make([]audit.Entry, 0, 5_000)
	for i := range n {
		if batch = append(batch, entry(i)); len(batch) < cap(batch) && i < n-1 {
			continue
		}
		err := program.Store.InTx(context.Background(), func(ctx context.Context, r ports.Repos) error { return r.Audit.Record(ctx, batch...) })
		if err != nil {
			t.Fatal(err)
		}
		batch = batch[:0]
	}
	recorded := time.Since(began)
	began = time.Now()
	if _, err := program.Sealer.Finish(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d entries recorded in %v, sealed in %v", n, recorded.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	askLog(t, program.Store)
}

// askLog asks for pages of the audit log.
func askLog(t *testing.T, store ports.Store) {
	t.Helper()
	for _, q := range []audit.Query{
		{},
		{Actor: "auth0|user-7"},
		{Action: permission.EditCase},
		{Entity: "cases"},
		{Outcome: audit.Done, Actor: "auth0|user-7"},
		{EntityID: "0199f0a2-7f2e-7c3a-9a52-000000000777"},
		{From: time.Now().Add(-time.Minute), To: time.Now(), Outcome: audit.Done},
		{Outcome: audit.Done, Count: true},
		{Case: "0199f0a2-7f2e-7c3a-9a52-000000000777"},
		{Number: 777},
	} {
		q.Limit = 100
		began := time.Now()
		var page audit.Page
		err := store.View(context.Background(), func(ctx context.Context, r ports.Repos) (err error) {
			page, err = r.Audit.List(ctx, q)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("a page of the log by %+v: %d entries in %v", q, len(page.Entries), time.Since(began).Round(100*time.Microsecond))
	}
}

func entry(i int) audit.Entry {
	who := permission.Actor{
		User: ident.UserID(fmt.Sprint("auth0|user-", i%300)), Type: 10, Credential: "oidc", Mode: "token",
		RequestID: fmt.Sprintf("0199f0a2-7f2e-7c3a-9a52-%012d", i), Address: "192.0.2.17",
	}
	at := time.Now().UTC().Add(time.Duration(i) * time.Microsecond).Truncate(time.Microsecond)
	e := audit.Record(who, permission.ReadCase, "case", fmt.Sprintf("0199f0a2-7f2e-7c3a-9a52-%012d", i%20_000), at)
	switch i % 10 {
	case 0:
		things := make([]string, 100)
		for j := range things {
			things[j] = fmt.Sprint((i + j) % 20_000)
		}
		e.Entity, e.EntityID = "cases", ""
		return e.Reading(things...)
	case 1:
		e.Action = permission.EditCase
		return e.Changing([]string{"case_date", "procedure_codes"}, make([]byte, 32), make([]byte, 32))
	default:
		return e.Reading()
	}
}

// measure runs a command of the program and gives its time and its largest resident memory.
func measure(t *testing.T, binary string, env map[string]string, arguments ...string) (took time.Duration, memory int64) {
	t.Helper()
	c := exec.Command(binary, arguments...)
	c.Env = os.Environ()
	for name, value := range env {
		c.Env = append(c.Env, name+"="+value)
	}
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	began := time.Now()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for {
		select {
		case err := <-ended:
			if took = time.Since(began); err != nil {
				t.Fatalf("%s: %v\n%s", strings.Join(arguments, " "), err, out.String())
			}
			t.Logf("%s(%v of CPU)", out.String(), (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Round(time.Millisecond))
			return took, memory
		case <-time.After(2 * time.Millisecond):
			memory = max(memory, residentPeak(c.Process.Pid))
		}
	}
}

// residentPeak is the most memory that a process had so far. What wait tells also counts the memory of
// the process that started it.
func residentPeak(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kilobytes int64
	_, _ = fmt.Sscan(rest, &kilobytes)
	return kilobytes << 10
}
