package api

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"surgicase/domain/permission"
	"surgicase/test/given"
)

// vault is a program on MariaDB whose login lies in AWS Secrets Manager.
type vault struct {
	*program
	secrets *given.SecretsManager
	where   *url.URL // with the right to change logins
	login   string
}

// loginSecret is what the secret surgicase/database holds for a login.
func (v *vault) loginSecret(password string) string {
	text, err := json.Marshal(map[string]any{
		"host": v.where.Hostname(), "port": v.where.Port(), "database": v.where.Path[1:], "user": v.login, "password": password,
	})
	if err != nil {
		v.t.Fatal(err)
	}
	return string(text)
}

// checkpointKey signs the audit trail of these programs.
const checkpointKey = `{"seed": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}`

// withVault gives the program a login of its own that it may change while it works.
func withVault(t *testing.T, more map[string]string) *vault {
	t.Helper()
	where, err := url.Parse(given.MariaDB(t))
	if err != nil {
		t.Fatal(err)
	}
	v := &vault{program: &program{t: t}, where: where, login: fmt.Sprintf("login_%d", time.Now().UnixNano())}
	v.root("CREATE USER '" + v.login + "'@'%' IDENTIFIED BY 'first'")
	v.root("GRANT ALL ON " + where.Path[1:] + ".* TO '" + v.login + "'@'%'")
	t.Cleanup(func() { v.root("DROP USER '" + v.login + "'@'%'") })
	v.secrets = given.StartSecretsManager(t, map[string]string{"surgicase/database": v.loginSecret("first"), "surgicase/keys": given.KeySet(t), "surgicase/checkpoint-key": checkpointKey})
	v.program = start(t, "secret", and(v.secrets.Environment(), more))
	return v
}

func (v *vault) root(statement string) {
	v.t.Helper()
	password, _ := v.where.User.Password()
	db, err := sql.Open("mysql", fmt.Sprintf("%s:%s@tcp(%s)/", v.where.User.Username(), password, v.where.Host))
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(statement); err != nil {
		v.t.Fatalf("%v: %s", err, statement)
	}
}

// The password changes in the database and in the secret, in either order and with a while between, under
// load, with a pool that opens new connections all the time: nobody notices.
func TestAChangedDatabasePasswordFailsNoRequest(t *testing.T) {
	t.Parallel()
	v := withVault(t, map[string]string{"DB_POOL_SIZE": "1", "DB_POOL_MAX_OVERFLOW": "9"})
	v.prices()
	at := v.person("dr-a", permission.Provider, 1)
	stop := make(chan struct{})
	var busy sync.WaitGroup
	var done, failed atomic.Int64
	for writer := range 8 {
		busy.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				a, err := v.try(http.MethodPost, "/case", "dr-a", caseOf(fmt.Sprintf("w%d-%04d", writer, i), "dr-a", at))
				if err != nil || a.status != http.StatusCreated {
					failed.Add(1)
					t.Errorf("%v %d %s", err, a.status, a.raw)
					return
				}
				done.Add(1)
			}
		})
	}
	between := func(first, second func()) {
		time.Sleep(200 * time.Millisecond)
		first()
		time.Sleep(500 * time.Millisecond)
		second()
		time.Sleep(200 * time.Millisecond)
	}
	inDatabase := func(password string) func() {
		return func() { v.root("ALTER USER '" + v.login + "'@'%' IDENTIFIED BY '" + password + "'") }
	}
	inSecret := func(password string) func() {
		return func() { v.secrets.Set("surgicase/database", v.loginSecret(password)) }
	}
	before := done.Load()
	between(inDatabase("second"), inSecret("second"))
	between(inSecret("third"), inDatabase("third"))
	close(stop)
	busy.Wait()
	if failed.Load() > 0 || done.Load() <= before {
		t.Errorf("%d failed, %d were answered", failed.Load(), done.Load())
	}
	connections, _ := metric(v.scrape(), "go_sql_max_idle_closed_total")
	t.Logf("%d cases recorded over two changes of the password, none failed; %v connections were closed and opened again", done.Load(), connections)
	if connections < 10 {
		t.Errorf("only %v connections were opened: was the new password needed at all?", connections)
	}
}

func TestALoginThatIsRefusedForGoodIsNoDefect(t *testing.T) {
	t.Parallel()
	v := withVault(t, map[string]string{"DB_POOL_SIZE": "1", "DB_POOL_MAX_OVERFLOW": "0", "DB_POOL_TIMEOUT": "1"})
	v.person("dr-a", permission.Provider, 1)
	v.get("/user", "dr-a").is(200)
	v.root("ALTER USER '" + v.login + "'@'%' IDENTIFIED BY 'nobody tells'")
	for _, id := range v.connections() {
		v.root("KILL " + id)
	}
	v.get("/user", "dr-a").refused(503, "database_unavailable").lacks(v.login, "denied", "127.0.0.1")
	v.secrets.Set("surgicase/database", v.loginSecret("nobody tells"))
	v.get("/user", "dr-a").is(200)
}

func (v *vault) connections() (ids []string) {
	v.t.Helper()
	p := &program{t: v.t, databaseURL: v.where.String()}
	for _, row := range p.database().rows("SELECT id FROM information_schema.processlist WHERE user = ?", v.login) {
		ids = append(ids, row[0])
	}
	return ids
}

func TestTheCacheOfSecretsIsShown(t *testing.T) {
	t.Parallel()
	v := withVault(t, nil)
	v.person("global-admin", permission.GlobalAdmin, 1)
	v.get("/secrets_cache_stats", "global-admin").is(200).has("region", given.AWSRegion, "cache_efficiency.cache_status", "very_fresh").lacks("first", v.login)
	v.secrets.Answer(func(w http.ResponseWriter, _ *http.Request) {
		given.AWSFault(w, http.StatusInternalServerError, "InternalServiceError")
	})
	v.get("/user", "global-admin").is(200)
	plain := start(t, databases[0].url(t), nil)
	plain.person("global-admin", permission.GlobalAdmin, 1)
	plain.get("/secrets_cache_stats", "global-admin").is(200).has("cached_secrets_count", 0, "cache_efficiency.cache_status", "empty")
	plain.get("/secrets_cache_stats", "").refused(401, "no_caller")
}

// Whoever finds no free connection within DB_POOL_TIMEOUT is told to come again, and the pool never
// grows beyond its ceiling.
func TestThePoolHasACeilingAndNoEndlessQueue(t *testing.T) {
	t.Parallel()
	p := start(t, given.MariaDB(t), map[string]string{"DB_POOL_SIZE": "1", "DB_POOL_MAX_OVERFLOW": "1", "DB_POOL_TIMEOUT": "1"})
	p.person("dr-a", permission.Provider, 1)
	lock := p.database()
	lock.rows("LOCK TABLES users WRITE")
	answers := make(chan answer, 6)
	for range cap(answers) {
		go func() {
			a, _ := p.try(http.MethodGet, "/user", "dr-a", nil)
			answers <- a
		}()
	}
	time.Sleep(3 * time.Second)
	lock.rows("UNLOCK TABLES")
	counts := map[int]int{}
	for range cap(answers) {
		a := <-answers
		if counts[a.status]++; a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") == "" {
			t.Error("a 503 without Retry-After")
		}
	}
	if counts[200] != 2 || counts[503] != 4 {
		t.Errorf("%v, want two who had a connection and four who were sent away", counts)
	}
	if most, _ := metric(p.scrape(), "database_connections_max"); most != 2 {
		t.Errorf("the ceiling is %v", most)
	}
}

// No metric, no line, no health text and no figure tells a password, a key or a token.
func TestSecretsAreToldNowhere(t *testing.T) {
	t.Parallel()
	v := withVault(t, map[string]string{"LOG_LEVEL": "DEBUG"})
	v.person("global-admin", permission.GlobalAdmin, 1)
	v.root("ALTER USER '" + v.login + "'@'%' IDENTIFIED BY 'qxpassword'")
	v.secrets.Set("surgicase/database", v.loginSecret("qxpassword"))
	material := regexp.MustCompile(`[A-Za-z0-9+/]{40,}`).FindString(v.secrets.Value("surgicase/keys"))
	if material == "" {
		t.Fatal("no key in the key set")
	}
	told := []string{"qxpassword", metricsToken, "AAECAwQFBgcI", given.AWSSecret, material}
	for _, path := range []string{
		"/metrics", "/metrics/summary", "/metrics/business", "/metrics/database", "/metrics/endpoints", "/metrics/self", "/health", "/health/system",
		"/secrets_cache_stats", "/openapi.json",
	} {
		v.get(path, "global-admin").is(200).lacks(told...)
	}
	v.get("/metrics", "", bearerOf(metricsToken)...).is(200).lacks(told...)
	v.get("/metrics", "", bearerOf("qxpassword qxpassword qxpassword qxpassword")...).is(401).lacks(told...)
	v.secrets.Answer(func(w http.ResponseWriter, _ *http.Request) {
		given.AWSFault(w, http.StatusInternalServerError, "InternalServiceError")
	})
	for _, id := range v.connections() {
		v.root("KILL " + id)
	}
	v.get("/user", "global-admin").lacks(told...)
	for _, word := range told {
		if strings.Contains(v.log.String(), word) {
			t.Errorf("the log tells %q", word)
		}
	}
}
