package api

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"surgicase/bootstrap"
	"surgicase/ports"
	"surgicase/test/given"
)

// within demands an answer in time.
func (p *program) within(limit time.Duration, path, as string) answer {
	p.t.Helper()
	began := time.Now()
	a := p.get(path, as)
	if took := time.Since(began); took > limit {
		p.t.Errorf("GET %s took %v, want %v at most", path, took, limit)
	}
	return a
}

// unready demands that everything knows that nothing can be written.
func (p *program) unready(why string) {
	p.t.Helper()
	p.clock.Advance(11 * time.Second)
	p.within(2*time.Second, "/health/ready", "").refused(503, "not_ready")
	p.clock.Advance(11 * time.Second)
	p.within(2*time.Second, "/health/system", "").is(503).has("status", "unhealthy")
	known := p.get("/health", "", bearerOf(metricsToken)...)
	if got := known.is(503).at("components.database.error"); got != why {
		p.t.Errorf("the database's error is %v, want %s", got, why)
	}
	p.get("/health/live", "").is(200)
}

func (p *program) readyAgain() {
	p.t.Helper()
	p.clock.Advance(11 * time.Second)
	p.get("/health/ready", "").is(200)
	p.clock.Advance(11 * time.Second)
	p.get("/health/system", "").is(200)
}

func TestReadinessKnowsWhetherWritesSucceed(t *testing.T) {
	t.Parallel()
	disk, err := given.SmallDisk(t, 24)
	if err != nil {
		t.Skip(err)
	}
	p := start(t, "sqlite://"+filepath.Join(disk.Folder, "surgicase.db"), nil)
	at := p.cast()["provider"]
	p.readyAgain()
	if err := disk.Fill(); err != nil {
		t.Fatal(err)
	}
	refusal := p.send(http.MethodPost, "/case", "provider", caseOf("c-1", "provider", at))
	for i := 2; refusal.status == http.StatusCreated && i < 200; i++ { // what room the log has is used first
		refusal = p.send(http.MethodPost, "/case", "provider", caseOf(fmt.Sprintf("c-%d", i), "provider", at))
	}
	if refusal.refused(503, "database_unavailable"); refusal.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	p.get("/health/ready", "").refused(503, "not_ready") // known at once, although the last probe wrote
	p.unready("database_unavailable")
	if err := disk.Free(); err != nil {
		t.Fatal(err)
	}
	p.readyAgain()
	p.send(http.MethodPost, "/case", "provider", caseOf("c-last", "provider", at)).is(201)
}

// The probe leaves nothing: no row, no audit entry.
func TestReadinessLeavesNothing(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		db := p.database()
		count := func() string {
			return db.value("SELECT COUNT(*) FROM leases") + " " + db.value("SELECT COUNT(*) FROM audit_entries")
		}
		p.readyAgain()
		was, statements := count(), p.statements.Load()
		for range 20 {
			p.get("/health/ready", "").is(200)
		}
		if n := p.statements.Load() - statements; n > 0 {
			p.t.Errorf("%d statements of write probes within ten seconds of one", n)
		}
		p.readyAgain()
		if got := count(); got != was {
			p.t.Errorf("rows of leases and audit entries are %s, were %s", got, was)
		}
	})
}

func TestADatabaseFileThatIsReplacedIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(path string) error{
		"removed":           os.Remove,
		"moved away":        func(path string) error { return os.Rename(path, path+".old") },
		"log removed":       func(path string) error { return os.Remove(path + "-wal") },
		"replaced":          func(path string) error { return replaceFile(path, "") },
		"log replaced":      func(path string) error { return replaceFile(path, "-wal") },
		"folder moved away": func(path string) error { return os.Rename(filepath.Dir(path), filepath.Dir(path)+".old") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "data", "surgicase.db")
			p := start(t, "sqlite://"+path, nil)
			at := p.cast()["provider"]
			p.send(http.MethodPost, "/case", "provider", caseOf("c-1", "provider", at)).is(201)
			if err := harm(path); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				p.send(http.MethodPost, "/case", "provider", caseOf("c-2", "provider", at)).refused(503, "database_file_replaced")
			}
			p.unready("database_file_replaced")
		})
	}
}

// replaceFile puts a copy in the place of a file, as restoring a backup by hand does.
func replaceFile(path, suffix string) error {
	content, err := os.ReadFile(path + suffix)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path+suffix)
}

func TestHealthAnswersWhateverHangs(t *testing.T) {
	t.Parallel()
	t.Run("MySQL", func(t *testing.T) {
		t.Parallel()
		u, err := url.Parse(given.MariaDB(t))
		if err != nil {
			t.Fatal(err)
		}
		address := given.StartSwitch(t, u.Host)
		u.Host = address.Addr
		p := start(t, u.String(), nil)
		p.cast()
		p.readyAgain()
		address.Hang(true)
		defer address.Hang(false)
		p.clock.Advance(11 * time.Second)
		p.within(2*time.Second, "/health/ready", "").refused(503, "not_ready")
		p.within(2*time.Second, "/health/ready", "").refused(503, "not_ready")
		p.within(2*time.Second, "/health", "").is(503).has("status", "unhealthy")
		p.clock.Advance(11 * time.Second)
		p.within(2*time.Second, "/health", "global-admin").is(503)
		p.within(2*time.Second, "/health/system", "").is(503)
		address.Hang(false)
		for deadline := time.Now().Add(patience); p.get("/health/ready", "").status != 200; p.clock.Advance(11 * time.Second) {
			if time.Now().After(deadline) {
				t.Fatal("never ready again")
			}
		}
	})
	t.Run("the writer of SQLite", func(t *testing.T) {
		t.Parallel()
		p := start(t, given.TempSQLite(t), nil)
		p.cast()
		other, err := sql.Open("sqlite3", strings.Replace(p.databaseURL, "sqlite://", "file:", 1)+"?_txlock=immediate")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = other.Close() }()
		tx, err := other.Begin()
		if err != nil {
			t.Fatal(err)
		}
		p.clock.Advance(11 * time.Second)
		p.within(2*time.Second, "/health/ready", "").refused(503, "not_ready")
		p.within(2*time.Second, "/health", "global-admin").is(503)
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("storage", func(t *testing.T) {
		t.Parallel()
		p := startWith(t, given.NewClock(), given.TempSQLite(t), map[string]string{"REQUEST_TIMEOUT": "1"}, func(parts *bootstrap.Parts) { parts.Blobs = hangingBlobs{} })
		p.within(2*time.Second, "/health/ready", "").is(200)
		p.within(2*time.Second, "/health", "").is(200).has("status", "degraded")
	})
}

// hangingBlobs is a storage that answers nothing, not even when it is told to give up.
type hangingBlobs struct{ ports.Blobs }

func (hangingBlobs) Stat(context.Context, string) (ports.Object, error) { select {} }
