// Package api tests the whole program through its HTTP interface, on SQLite and on MariaDB.
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"surgicase/adapters/agevault"
	"surgicase/bootstrap"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

// program is the running product with what a test may turn.
type program struct {
	*bootstrap.Running
	t           *testing.T
	clock       *given.Clock
	server      *httptest.Server
	databaseURL string
	dataDir     string
	statements  atomic.Int64
	log         *logged
	identify    func(req *http.Request, as string) // says who calls
}

// logged is what the program has written to its log.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *logged) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

// String gives all of it.
func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// databases are the real databases every scenario runs on. Under the race detector one is enough: the
// suites of the store are run on both with it.
var databases = func() []realDatabase {
	both := []realDatabase{{"SQLite", given.TempSQLite}, {"MariaDB", given.MariaDB}}
	if underRace {
		return both[:1]
	}
	return both
}()

// oneByOne skips a walk under the race detector: it sends one request after the other, which shows no race, and is ten
// times slower. The same requests are sent at once by other tests.
func oneByOne(t *testing.T) {
	t.Helper()
	if underRace {
		t.Skip("one request after the other: tried without the race detector")
	}
}

type realDatabase struct {
	name string
	url  func(testing.TB) string
}

// everywhere runs a scenario on each database, with an empty program of its own.
func everywhere(t *testing.T, scenario func(*program)) {
	t.Helper()
	everywhereWith(t, nil, scenario)
}

func everywhereWith(t *testing.T, env map[string]string, scenario func(*program)) {
	t.Helper()
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			scenario(start(t, db.url(t), env))
		})
	}
}

// metricsToken opens /metrics. Without it they would be open to everybody on this machine.
const metricsToken = "a token for metrics, of 32 characters"

// patience is how long a test waits for anything: far longer than a busy machine takes.
const patience = 30 * time.Second

// start runs the program on a database.
func start(t *testing.T, databaseURL string, more map[string]string) *program {
	t.Helper()
	return startAt(t, given.NewClock(), databaseURL, more)
}

// backupKey is a private key that backups are encrypted for.
func backupKey(t *testing.T) string {
	t.Helper()
	key, err := agevault.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func startAt(t *testing.T, clock *given.Clock, databaseURL string, more map[string]string) *program {
	t.Helper()
	return startWith(t, clock, databaseURL, more, func(*bootstrap.Parts) {})
}

// startWith runs the program with some parts exchanged.
func startWith(t *testing.T, clock *given.Clock, databaseURL string, more map[string]string, exchange func(*bootstrap.Parts)) *program {
	t.Helper()
	p := &program{t: t, clock: clock, databaseURL: databaseURL, dataDir: t.TempDir(), log: &logged{}}
	p.identify = func(req *http.Request, as string) { req.Header.Set("X-User-ID", as) }
	env := map[string]string{
		"AUTH_MODE": "trusted", "DATABASE_URL": databaseURL, "DATA_DIR": p.dataDir, "LOG_LEVEL": "ERROR", "SURGICASE_BACKUP_KEY": backupKey(t),
		"SURGICASE_KEYS": given.KeySet(t), "SURGICASE_CHECKPOINT_KEY": given.CheckpointKey, "METRICS_TOKEN": metricsToken, "NPI_REGISTRY": "stub", "ALLOW_STUBS": "true",
	}
	for name, value := range more {
		env[name] = value
	}
	parts := bootstrap.Parts{Clock: p.clock, Log: p.log, OnStatement: func(context.Context, time.Duration, error) { p.statements.Add(1) }}
	exchange(&parts)
	running, err := bootstrap.Open(context.Background(), env, parts)
	if err != nil {
		t.Fatalf("the program does not start: %v", err)
	}
	p.Running = running
	p.server = httptest.NewServer(running.API.Handler())
	p.server.Client().Timeout = patience
	t.Cleanup(func() {
		p.server.Close()
		if err := running.Close(); err != nil {
			t.Errorf("the program does not stop: %v", err)
		}
	})
	return p
}

// answer is what came back.
type answer struct {
	t       *testing.T
	status  int
	header  http.Header
	raw     []byte
	trailer http.Header
	body    map[string]any
}

// send sends a request as a user. A body that is a string goes as it is, everything else as JSON.
func (p *program) send(method, path, as string, body any, headers ...string) answer {
	p.t.Helper()
	a, err := p.try(method, path, as, body, headers...)
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

// try is send for goroutines of a test, which must not end it.
func (p *program) try(method, path, as string, body any, headers ...string) (answer, error) {
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	case io.Reader:
		reader = b
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return answer{}, err
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, p.server.URL+path, reader)
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if as != "" {
		p.identify(req, as)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := p.server.Client().Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	a := answer{t: p.t, status: res.StatusCode, header: res.Header}
	a.raw, err = io.ReadAll(res.Body)
	a.trailer = res.Trailer
	_ = json.Unmarshal(a.raw, &a.body)
	if err == nil {
		p.conforms(req, a)
	}
	return a, err
}

func (p *program) get(path, as string, headers ...string) answer {
	p.t.Helper()
	return p.send(http.MethodGet, path, as, nil, headers...)
}

// is demands a status and gives the answer back.
func (a answer) is(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.raw)
	}
	return a
}

// refused demands a problem document with a status and a code.
func (a answer) refused(status int, code string) answer {
	a.t.Helper()
	a.is(status)
	if got := a.body["code"]; got != code || a.header.Get("Content-Type") != "application/problem+json" {
		a.t.Fatalf("code %v (%s), want %s: %s", got, a.header.Get("Content-Type"), code, a.raw)
	}
	return a
}

// at gives the value at a dotted path of the answer.
func (a answer) at(path string) any {
	a.t.Helper()
	var v any = a.body
	for name := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			n, err := strconv.Atoi(name)
			if err != nil || n >= len(x) {
				a.t.Fatalf("no element %s of %s in %s", name, path, a.raw)
			}
			v = x[n]
		default:
			a.t.Fatalf("no %s in %s", path, a.raw)
		}
	}
	return v
}

// has demands values at dotted paths.
func (a answer) has(pairs ...any) answer {
	a.t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		path, want := pairs[i].(string), pairs[i+1]
		if n, ok := want.(int); ok {
			want = float64(n)
		}
		if got := a.at(path); got != want {
			a.t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	return a
}

// lacks demands that words appear nowhere in the answer.
func (a answer) lacks(words ...string) answer {
	a.t.Helper()
	for _, w := range words {
		if strings.Contains(strings.ToLower(string(a.raw)), strings.ToLower(w)) {
			a.t.Errorf("%q appears in %s", w, a.raw)
		}
	}
	return a
}

// inTx works on the store directly: to set the stage.
func (p *program) inTx(do func(context.Context, ports.Repos) error) {
	p.t.Helper()
	if err := p.Store.InTx(context.Background(), do); err != nil {
		p.t.Fatal(err)
	}
}

// place is a provider's own surgeon and facility.
type place struct{ surgeon, facility int64 }

// person puts an active user with a surgeon and a facility on the stage.
func (p *program) person(id string, t permission.UserType, tier pay.Tier) place {
	p.t.Helper()
	var at place
	p.inTx(func(ctx context.Context, r ports.Repos) error {
		u := given.User(ident.UserID(id), t)
		u.Tier = tier
		if err := r.Users.Add(ctx, u); err != nil {
			return err
		}
		s, f := given.Surgeon(u.ID), given.Facility(u.ID)
		if err := r.Surgeons.Add(ctx, s); err != nil {
			return err
		}
		at.surgeon = s.ID
		err := r.Places.Add(ctx, f)
		at.facility = f.ID
		return err
	})
	return at
}

// prices puts price rows for tier 1 on the stage: Z9001 1000.00 SPINE, Z9002 400.00 GYN, Z9003
// 400.00 GYN-MAJOR, and Z9001 1250.00 for tier 2.
func (p *program) prices() {
	p.t.Helper()
	p.inTx(func(ctx context.Context, r ports.Repos) error {
		_, err := r.Prices.Load(ctx, []pay.Row{
			{Tier: 1, Code: "Z9001", Category: "SPINE", Amount: 100000},
			{Tier: 2, Code: "Z9001", Category: "SPINE", Amount: 125000},
			{Tier: 1, Code: "Z9002", Category: "GYN", Amount: 40000},
			{Tier: 1, Code: "Z9003", Category: "GYN-MAJOR", Amount: 40000},
		}, false, "test", "system:test", p.clock.Now())
		return err
	})
}

// caseOf is a valid request for a new case; with changes some of its members.
func caseOf(id, owner string, at place, with ...any) map[string]any {
	body := map[string]any{
		"case_id": id, "user_id": owner, "case_date": "2026-02-20", "surgeon_id": at.surgeon, "facility_id": at.facility,
		"patient": map[string]any{"first": "Canary" + id, "last": "Patient", "ins_provider": "Example Health Plan"},
	}
	for i := 0; i+1 < len(with); i += 2 {
		body[with[i].(string)] = with[i+1]
	}
	return body
}

func q(s string) string { return url.QueryEscape(s) }
