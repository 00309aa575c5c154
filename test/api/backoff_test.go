package api

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"surgicase/domain/permission"
	"surgicase/test/given"
)

// startGuarded runs the program with API tokens and its guard against those who guess.
func startGuarded(t *testing.T) (*program, string, string) {
	t.Helper()
	p := start(t, given.TempSQLite(t), map[string]string{"AUTH_MODE": "token", "TRUSTED_PROXIES": "127.0.0.1"})
	p.person("dr-a", permission.Provider, 1)
	_, known := p.token("dr-a", time.Hour, "admin")
	_, fresh := p.token("dr-a", time.Hour, "admin")
	return p, known, fresh
}

func from(address, token string) []string {
	return append(bearerOf(token), "X-Forwarded-For", address)
}

func TestWhoGuessesMustWait(t *testing.T) {
	t.Parallel()
	p, known, fresh := startGuarded(t)
	p.get("/user", "", from("203.0.113.1", known)...).is(200)
	for n := range 10 {
		p.get("/user", "", from("203.0.113.1", fmt.Sprint("guess-", n))...).refused(401, "bad_token")
	}
	limited := p.get("/user", "", from("203.0.113.1", "guess-10")...).refused(429, "too_many_failures")
	if seconds, err := strconv.Atoi(limited.header.Get("Retry-After")); err != nil || seconds < 1 {
		t.Errorf("Retry-After is %q", limited.header.Get("Retry-After"))
	}
	p.get("/user", "", from("203.0.113.1", known)...).is(200) // what is good never waits, known or not: it may be
	p.get("/user", "", from("203.0.113.1", fresh)...).is(200) // the address of a whole practice, or of a proxy
	p.get("/user", "", from("203.0.113.2", "guess-10")...).refused(401, "bad_token")
	p.get("/health/live", "", from("203.0.113.1", "guess")...).is(200)
	p.get("/user", "", "X-Forwarded-For", "203.0.113.1").refused(401, "no_caller") // nothing is no guess
	if n := p.database().value("SELECT COUNT(*) FROM audit_entries WHERE outcome = 'refused'"); n != "0" {
		t.Errorf("the guesses left %s entries on the trail", n)
	}
}

// A program that keeps sending its old token must wait itself, and must not lock out its neighbours.
func TestAForgottenProgramLocksOutNobodyElse(t *testing.T) {
	t.Parallel()
	p, _, fresh := startGuarded(t)
	for range 10 {
		p.get("/user", "", from("203.0.113.1", "old")...).refused(401, "bad_token")
	}
	p.get("/user", "", from("203.0.113.1", "old")...).refused(429, "too_many_failures")
	p.get("/user", "", from("203.0.113.1", fresh)...).is(200)
}

func TestWhoGuessesTheSecretOfTheGatewayMustWait(t *testing.T) {
	t.Parallel()
	p := startBehindGateway(t, given.TempSQLite(t), nil)
	p.person("dr-a", permission.Provider, 1)
	guess := ""
	p.identify = func(req *http.Request, as string) {
		req.Header.Set("X-User-ID", as)
		req.Header.Set("X-Gateway-Secret", guess)
	}
	for n := range 10 {
		guess = fmt.Sprint("guess-", n)
		p.get("/user", "dr-a").refused(401, "not_from_gateway")
	}
	p.get("/user", "dr-a").refused(429, "too_many_failures")
	guess = theSecret
	p.get("/user", "dr-a").is(200)
}

func TestWhoGuessesTheTokenForMetricsMustWait(t *testing.T) {
	t.Parallel()
	p := startBehindGateway(t, given.TempSQLite(t), nil)
	p.get("/metrics", "", bearerOf("guess")...).refused(401, "not_from_gateway")
	for n := range 10 {
		p.get("/metrics", "", bearerOf(fmt.Sprint("guess-", n))...)
	}
	p.get("/metrics", "", bearerOf("another guess")...).refused(429, "too_many_failures")
	p.get("/metrics", "", bearerOf(metricsToken)...).is(200)
}

// In every mode: where bearer tokens mean something, and where nothing else does.
func TestWhoGuessesTheTokenForMetricsMustWait_modes(t *testing.T) {
	t.Parallel()
	for mode, code := range map[string]string{"trusted": "no_caller", "token": "bad_token"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			p := start(t, given.TempSQLite(t), map[string]string{"AUTH_MODE": mode})
			for n := range 10 {
				p.get("/metrics", "", bearerOf(fmt.Sprint("guess-", n))...).refused(401, code)
			}
			p.get("/metrics", "", bearerOf("another guess")...).refused(429, "too_many_failures")
			p.get("/secrets_cache_stats", "", bearerOf("yet another")...).refused(429, "too_many_failures")
			p.get("/metrics", "", bearerOf(metricsToken)...).is(200)
		})
	}
}

// While the identity provider is away, its tokens cannot be checked; API tokens work.
func TestWhenTheIdentityProviderIsAway(t *testing.T) {
	t.Parallel()
	p, issuer := startWithTokens(t, given.TempSQLite(t), nil)
	p.person("dr-a", permission.Provider, 1)
	_, token := p.token("dr-a", time.Hour, "admin")
	issuer.Behave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	for range 15 { // nobody's fault, so nobody is made to wait
		away := p.get("/user", "dr-a").refused(503, "issuer_unavailable").lacks("127.0.0.1", "Internal Server", "openid")
		if away.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	p.get("/user", "", bearerOf(token)...).is(200)
	issuer.Behave(nil)
	p.clock.Advance(10 * time.Second)
	p.get("/user", "dr-a").is(200)
	issuer.Behave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	p.get("/user", "dr-a").is(200)
}

// Tokens name the caller and nobody else does; a provider who asks for more gets an entry on the
// trail that names the field.
func TestAProviderDoesNotMakeHimselfAnAdministrator(t *testing.T) {
	withTokens(t, nil, func(p *program, _ *given.Issuer) {
		p.cast()
		db := p.database()
		before := db.print()
		p.send(http.MethodPatch, "/user", "provider", map[string]any{"user_id": "provider", "user_type": 999}).refused(403, "not_allowed")
		p.send(http.MethodPatch, "/user?user_id=system-admin", "provider", map[string]any{"user_id": "provider", "user_type": 999}, "X-User-ID", "system-admin").refused(403, "not_your_data")
		if tables := changed(before, db.print()); len(tables) > 0 {
			p.t.Errorf("%v changed", tables)
		}
		last := db.rows("SELECT actor_id, action, entity_id, fields, outcome, code, credential, auth_mode FROM audit_entries WHERE action = 'user.edit'")
		if got := fmt.Sprint(last); got != "[[provider user.edit provider user_type refused not_allowed oidc token]]" {
			p.t.Errorf("the trail says %s", got)
		}
		p.get("/user?user_id=system-admin", "provider").refused(403, "not_your_data")
		p.get("/user?user_id=system-admin", "").refused(401, "no_caller")
		p.get("/case_filter?user_id=system-admin&filter=0", "provider").refused(403, "not_your_data")
	})
}
