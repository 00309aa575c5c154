package api

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"surgicase/test/given"
)

// administrator opens a connection to a server past the program.
func administrator(t *testing.T, server *given.Server, database string) *sql.DB {
	t.Helper()
	u, err := url.Parse(server.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	db, err := sql.Open("mysql", fmt.Sprintf("%s:%s@tcp(%s)%s", u.User.Username(), password, u.Host, u.Path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func execute(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%v: %s", err, statement)
	}
}

func hostOf(t *testing.T, server *given.Server) string {
	t.Helper()
	u, err := url.Parse(server.URL(""))
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// TestFailover has the primary of two servers become read-only under load, as failovers of RDS, Aurora and Group
// Replication do, and the name move to the other a little later.
func TestFailover(t *testing.T) {
	t.Parallel()
	replicated := []string{"--log-bin", "--log-bin-trust-function-creators=1", "--gtid-strict-mode=0"}
	primary := given.StartMariaDB(t, append(replicated, "--server-id=1")...)
	replica := given.StartMariaDB(t, append(replicated, "--server-id=2", "--read-only=1")...)
	database, err := url.Parse(primary.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Trim(database.Path, "/")
	first, second := administrator(t, primary, ""), administrator(t, replica, "")
	for _, db := range []*sql.DB{first, second} { // on both, as no replication brings it
		execute(t, db, "CREATE USER IF NOT EXISTS 'plain'@'%' IDENTIFIED BY 'plain'")
		execute(t, db, "GRANT ALL ON "+name+".* TO 'plain'@'%'")
	}
	execute(t, second, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4")
	replicateFrom(t, second, primary)

	address := given.StartSwitch(t, hostOf(t, primary))
	p := start(t, "mysql://plain:plain@"+address.Addr+"/"+name, nil)
	p.prices()
	at := p.cast()["provider"]
	writes := p.writeUntil(at)
	time.Sleep(300 * time.Millisecond)

	execute(t, first, "SET GLOBAL read_only=1")
	time.Sleep(time.Second)
	p.clock.Advance(11 * time.Second)
	p.get("/health/ready", "").refused(503, "not_ready")
	p.get("/health", "global-admin").is(503).has("components.database.status", "unhealthy")
	p.get("/health/live", "").is(200)
	awaitReplica(t, first, second)
	execute(t, second, "STOP SLAVE")
	execute(t, second, "SET GLOBAL read_only=0")
	address.Move(hostOf(t, replica))
	moved := time.Now()
	recovery := writes.since(t, moved)
	if recovery > 10*time.Second {
		t.Errorf("writes went on after %v, want within 10 s", recovery)
	}
	p.clock.Advance(11 * time.Second)
	p.get("/health/ready", "").is(200)
	for id := range writes.end(t) {
		var n int
		if err := second.QueryRow("SELECT COUNT(*) FROM "+name+".cases WHERE case_id = ?", id).Scan(&n); err != nil || n != 1 {
			t.Fatalf("the acknowledged case %s is there %d times: %v", id, n, err)
		}
	}
}

func replicateFrom(t *testing.T, replica *sql.DB, primary *given.Server) {
	t.Helper()
	u, err := url.Parse(primary.URL(""))
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	execute(t, replica, fmt.Sprintf("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=%s, MASTER_USER='%s', MASTER_PASSWORD='%s', MASTER_USE_GTID=no, MASTER_SSL_VERIFY_SERVER_CERT=0",
		u.Port(), u.User.Username(), password))
	execute(t, replica, "SET GLOBAL slave_exec_mode='IDEMPOTENT'")
	execute(t, replica, "START SLAVE")
}

// awaitReplica returns when the replica has all that the primary wrote.
func awaitReplica(t *testing.T, primary, replica *sql.DB) {
	t.Helper()
	var file, do, ignore string
	var position int64
	if err := primary.QueryRow("SHOW MASTER STATUS").Scan(&file, &position, &do, &ignore); err != nil {
		t.Fatal(err)
	}
	var events sql.NullInt64
	if err := replica.QueryRow("SELECT MASTER_POS_WAIT(?, ?, 20)", file, position).Scan(&events); err != nil || !events.Valid || events.Int64 < 0 {
		t.Fatalf("the replica does not follow: %v %v", events, err)
	}
}

// writers record cases until they are told to end. Whatever happens to the database, they see 201 or a 503 that says
// when to try again.
type writers struct {
	stop chan struct{}
	busy sync.WaitGroup

	mu     sync.Mutex
	ids    map[string]bool
	last   time.Time // when a request that succeeded began
	faults []string
	waited int // answers of 503
}

func (p *program) writeUntil(at place) *writers {
	w := &writers{stop: make(chan struct{}), ids: map[string]bool{}}
	for writer := range 4 {
		w.busy.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-w.stop:
					return
				default:
				}
				id, began := fmt.Sprintf("w%d-%05d", writer, i), time.Now()
				a := p.send(http.MethodPost, "/case", "provider", caseOf(id, "provider", at))
				w.mu.Lock()
				switch {
				case a.status == http.StatusCreated:
					w.ids[id], w.last = true, began
				case a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") != "":
					w.waited++
				default:
					w.faults = append(w.faults, fmt.Sprintf("%d %s", a.status, a.raw))
				}
				w.mu.Unlock()
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	return w
}

// since returns how long after an instant a write began that succeeded.
func (w *writers) since(t *testing.T, instant time.Time) time.Duration {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		w.mu.Lock()
		last := w.last
		w.mu.Unlock()
		if last.After(instant) {
			return last.Sub(instant)
		}
	}
	t.Fatal("nothing can be written any more")
	return 0
}

// end stops the writers and returns what was acknowledged.
func (w *writers) end(t *testing.T) map[string]bool {
	t.Helper()
	close(w.stop)
	w.busy.Wait()
	if len(w.faults) > 0 {
		t.Errorf("%d answers were neither 201 nor 503 with Retry-After: %s", len(w.faults), w.faults[0])
	}
	if w.waited == 0 {
		t.Error("nobody noticed the outage: the test shows nothing")
	}
	return w.ids
}
