package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"surgicase/bootstrap"
	"surgicase/ports"
	"surgicase/test/given"
)

// lie gives the checkpoints that lie in a folder, by name.
func lie(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "checkpoint-*.json"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		if all[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// The checkpoint of the day and that of the end lie in files and in the storage, the same to the byte.
func TestCheckpointsAlsoLieInTheStorage(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), nil)
	p.cast()
	p.get("/email_log", "provider").refused(403, "not_allowed")
	if err := p.Notary.Work(context.Background()); err != nil {
		t.Fatal(err)
	}
	p.clock.Advance(time.Second)
	p.get("/email_log", "provider").refused(403, "not_allowed")
	if err := p.Notary.Finish(context.Background()); err != nil {
		t.Fatal(err)
	}
	files, stored := lie(t, filepath.Join(p.dataDir, "checkpoints")), lie(t, filepath.Join(p.dataDir, "objects", "checkpoints"))
	if len(files) != 2 || len(stored) != 2 {
		t.Fatalf("%d files, %d objects", len(files), len(stored))
	}
	for name, content := range files {
		if !bytes.Equal(stored[name], content) {
			t.Errorf("%s differs", name)
		}
	}
}

// stuck is a storage that takes its time.
type stuck struct{ ports.Blobs }

func (stuck) Put(ctx context.Context, _ ports.Object, _ io.Reader) (ports.Object, error) {
	<-ctx.Done()
	return ports.Object{}, ports.StorageAway(ctx.Err())
}

// A storage that does not answer holds up neither the seals nor the end, and somebody hears of it.
func TestASealNeedsNoStorage(t *testing.T) {
	t.Parallel()
	p := startWith(t, given.NewClock(), given.TempSQLite(t), map[string]string{"LOG_LEVEL": "INFO"}, func(parts *bootstrap.Parts) { parts.Blobs = stuck{absent{}} })
	p.cast()
	p.get("/email_log", "provider").refused(403, "not_allowed")
	begun := time.Now()
	if err := p.Notary.Finish(context.Background()); err != nil {
		t.Errorf("the end: %v", err)
	}
	if took := time.Since(begun); took > 15*time.Second { // five seconds, and a busy machine
		t.Errorf("it took %v", took)
	}
	made := len(lie(t, filepath.Join(p.dataDir, "checkpoints"))) // one at the end, and that of the hour if it came before
	if made < 1 || made > 2 {
		t.Errorf("%d files", made)
	}
	if waiting := given.Rows(t, p.databaseURL, "SELECT count(*) FROM audit_entries e WHERE NOT EXISTS (SELECT 1 FROM audit_seal s WHERE s.entry_id = e.entry_id)"); waiting[0] != "0" {
		t.Errorf("%s entries are not sealed", waiting)
	}
	p.counts(float64(made), "background_failures_total", "work", "audit.checkpoint.storage")
	if lines := p.lines("background.failed"); len(lines) != made || lines[0]["work"] != "audit.checkpoint.storage" || lines[0]["level"] != "warn" {
		t.Errorf("nobody hears of it: %v", lines)
	}
}

// Who administers the database and a server cuts the end off, the checkpoint in both with it: the storage tells.
func TestACutTrailIsFoundByTheCheckpointInTheStorage(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		verify := func() answer {
			return p.send(http.MethodPost, "/scheduler/jobs/audit_verify/run", "global-admin", nil).is(200)
		}
		p.get("/email_log", "provider").refused(403, "not_allowed")
		p.get("/email_log", "user-admin").refused(403, "not_allowed")
		if err := p.Notary.Finish(context.Background()); err != nil {
			p.t.Fatal(err)
		}
		verify().has("run.state", "done")
		for _, table := range []string{"audit_checkpoints", "audit_seal", "audit_entries"} {
			p.spoil("DROP TRIGGER " + table + "_kept")
		}
		p.spoil("DELETE FROM audit_checkpoints")
		p.spoil("DELETE FROM audit_seal WHERE entry_id > 1")
		p.spoil("DELETE FROM audit_entries WHERE entry_id > 1")
		if err := os.RemoveAll(filepath.Join(p.dataDir, "checkpoints")); err != nil {
			p.t.Fatal(err)
		}
		verify().has("run.state", "failed", "outcome", "audit_trail_broken")
		if err := os.RemoveAll(filepath.Join(p.dataDir, "objects", "checkpoints")); err != nil {
			p.t.Fatal(err)
		}
		verify().has("run.state", "failed") // seals with a key need the checkpoint that began them
	})
}
