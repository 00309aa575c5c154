package bootstrap

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"surgicase/application/operations"
	"surgicase/domain/audit"
	"surgicase/ports"
	"surgicase/test/given"
)

// TestKeyedChain_upgrade takes the audit log of release 6d206b5 over into the keyed chain.
func TestKeyedChain_upgrade(t *testing.T) {
	t.Parallel()
	onRelease6d206b5(t, func(t *testing.T, env environment) {
		must(t, env, "migrate", "up")
		unkeyed := must(t, env, "audit", "verify")
		if strings.Contains(unkeyed, "keyed chain") {
			t.Errorf("the chain is keyed before a key is there:\n%s", unkeyed)
		}
		if out := must(t, env, "keys", "add-chain-key", "--out", t.TempDir()); env["SURGICASE_KEYS"] != "" {
			path := strings.Fields(out[strings.Index(out, "/"):])[0]
			set, err := os.ReadFile(strings.TrimRight(path, ".,:"))
			if err != nil {
				t.Fatalf("%v in\n%s", err, out)
			}
			env["SURGICASE_KEYS"] = string(set)
		}
		clock := given.NewClock()
		clock.Set(fixtureTime.AddDate(0, 0, 1))
		r, err := Open(t.Context(), env, Parts{Clock: clock})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Notary.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := r.Store.Logged(t.Context(), audit.Entry{At: clock.Now(), Entity: "case", EntityID: "1", Outcome: audit.Done}); err != nil {
			t.Fatal(err)
		}
		if err := r.Notary.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Hour) // nobody holds the lease any more
		if leads, err := operations.NewSealer(r.Store, clock, &given.IDs{}).Work(t.Context()); err != nil && leads {
			t.Errorf("a sealer without the key: %v, %v", leads, err)
		}
		db := openPast(t, env)
		for _, refused := range []string{
			"INSERT INTO audit_seal (seq, entry_id, hash) SELECT MAX(seq) + 1, 99999, MAX(hash) FROM audit_seal",
			"REPLACE INTO audit_entries SELECT * FROM audit_entries WHERE entry_id = 7",
			"REPLACE INTO audit_seal (seq, entry_id, hash, key_id) SELECT 99999, entry_id, hash, 'x' FROM audit_seal WHERE seq = 7",
			"REPLACE INTO audit_checkpoints SELECT * FROM audit_checkpoints",
		} {
			if _, err := db.ExecContext(t.Context(), refused); err == nil {
				t.Errorf("the database takes %s", refused)
			}
		}
		if env["DATABASE_URL"] != "" {
			for _, refused := range []string{
				"INSERT INTO audit_entries SELECT * FROM (SELECT * FROM audit_entries WHERE entry_id = 7) e ON DUPLICATE KEY UPDATE code = 'x'",
				"DELETE e, s FROM audit_entries e JOIN audit_seal s ON s.entry_id = e.entry_id WHERE e.entry_id = 7",
			} {
				if _, err := db.ExecContext(t.Context(), refused); err == nil {
					t.Errorf("the database takes %s", refused)
				}
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if n := countRows(t, env, "SELECT COUNT(*) FROM leases WHERE lease = 'audit-sealer' AND holder = 'format-2'"); n != 1 {
			t.Error("a release that seals in format 1 can take the lease")
		}
		if out := must(t, env, "audit", "verify"); !strings.Contains(out, "seals are of the keyed chain") {
			t.Errorf("audit verify says\n%s", out)
		}
		export := filepath.Join(t.TempDir(), "export.jsonl")
		must(t, env, "audit", "export", export)
		auditor := environment{"DATA_DIR": t.TempDir(), "LOG_LEVEL": "ERROR"}
		if out := must(t, auditor, "audit", "verify", "--from", export); !strings.Contains(out, "the chain key is not at hand") {
			t.Errorf("without the key audit verify says\n%s", out)
		}
		lost := environment{}
		for name, value := range env {
			lost[name] = value
		}
		old6d := given.Release6d206b5(t)
		releaseSecrets(t, old6d, lost)
		lost["HTTP_ADDR"] = "127.0.0.1:0"
		if _, err := command(t, lost, "serve"); err == nil || !strings.Contains(err.Error(), "chain key") {
			t.Errorf("serve without the chain key ends with %v", err)
		}
	})
}

// TestChainWatch is about a lease of the sealer that somebody holds who writes nothing.
func TestChainWatch(t *testing.T) {
	t.Parallel()
	env := house(t)
	clock := given.NewClock()
	r, err := Open(t.Context(), env, Parts{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	var told eventsTold
	watch := operations.NewChainWatch(r.Store, clock, &told)
	look := func(want bool) {
		t.Helper()
		if err := watch.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		if watch.Stalled() != want {
			t.Errorf("stalled is %v, want %v", watch.Stalled(), want)
		}
	}
	if err := r.Store.Logged(t.Context(), audit.Entry{At: clock.Now(), Entity: "case", EntityID: "1", Outcome: audit.Done}); err != nil {
		t.Fatal(err)
	}
	look(false)
	clock.Advance(30 * time.Second)
	look(false)
	clock.Advance(31 * time.Second)
	look(true)
	if len(told) != 1 || told[0] != operations.ChainStalled {
		t.Errorf("told of %v", told)
	}
	if _, err := r.Sealer.Work(t.Context()); err != nil {
		t.Fatal(err)
	}
	look(false)
}

// eventsTold are the names of what happened.
type eventsTold []string

// Happened implements ports.Events.
func (e *eventsTold) Happened(_ context.Context, event ports.Event) { *e = append(*e, event.Name) }
