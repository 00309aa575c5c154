package api

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"surgicase/test/given"
)

// theSecret is what the gateway of the tests shares with the program.
const theSecret = "a-secret-of-the-gateway-of-the-tests"

// unlimited takes away the limits that tests would run into, and makes the test a proxy: with an
// address of its own for each request, the back-off after bad credentials stays out of the way.
var unlimited = map[string]string{"RATE_LIMIT": "0", "RATE_LIMIT_ADDRESS": "0", "TRUSTED_PROXIES": "127.0.0.1"}

var addresses atomic.Uint32

// newAddress is one that nobody came from before.
func newAddress() string {
	n := addresses.Add(1)
	return fmt.Sprintf("198.%d.%d.%d", n>>16&255, n>>8&255, n&255)
}

func and(a, b map[string]string) map[string]string {
	both := maps.Clone(a)
	maps.Copy(both, b)
	return both
}

// startBehindGateway runs the program with AUTH_MODE=gateway; the test is the gateway.
func startBehindGateway(t *testing.T, databaseURL string, more map[string]string) *program {
	t.Helper()
	p := start(t, databaseURL, and(and(unlimited, map[string]string{"AUTH_MODE": "gateway", "GATEWAY_SECRET": theSecret}), more))
	p.identify = func(req *http.Request, as string) {
		req.Header.Set("X-Forwarded-For", newAddress())
		req.Header.Set("X-Gateway-Secret", theSecret)
		req.Header.Set("X-User-ID", as)
	}
	return p
}

// startWithTokens runs the program with AUTH_MODE=token and an identity provider in this process.
// Callers are identified by its tokens.
func startWithTokens(t *testing.T, databaseURL string, more map[string]string) (*program, *given.Issuer) {
	t.Helper()
	clock := given.NewClock()
	issuer := given.NewIssuer(t, clock)
	p := startAt(t, clock, databaseURL, and(and(unlimited, map[string]string{
		"AUTH_MODE": "token", "AUTH_ISSUER": issuer.URL, "AUTH_AUDIENCE": given.Audience,
	}), more))
	var tokens sync.Map
	p.identify = func(req *http.Request, as string) {
		token, known := tokens.Load(as)
		if !known {
			token = issuer.Token(as)
			tokens.Store(as, token)
		}
		req.Header.Set("X-Forwarded-For", newAddress())
		req.Header.Set("Authorization", "Bearer "+token.(string))
	}
	return p, issuer
}

// byAPITokens has callers identified by API tokens with every scope.
func (p *program) byAPITokens() {
	var tokens sync.Map
	p.identify = func(req *http.Request, as string) {
		token, known := tokens.Load(as)
		if !known {
			_, token = p.token(as, time.Hour, "cases:write", "payments", "admin")
			tokens.Store(as, token)
		}
		req.Header.Set("X-Forwarded-For", newAddress())
		req.Header.Set("Authorization", "Bearer "+token.(string))
	}
}

// The rows of the matrix hold however callers are identified: each mode only says who calls.
func TestTheMatrixHoldsInEveryMode(t *testing.T) {
	t.Parallel()
	if underRace {
		t.Log("the matrix in trusted mode is enough for the race detector")
		return
	}
	on := databases[:1]
	if *exhaustive {
		on = databases
	}
	for _, db := range on {
		for way, begin := range map[string]func(*testing.T) *program{
			"gateway": func(t *testing.T) *program { return startBehindGateway(t, db.url(t), nil) },
			"oidc": func(t *testing.T) *program {
				p, _ := startWithTokens(t, db.url(t), nil)
				return p
			},
			"API tokens": func(t *testing.T) *program {
				p := start(t, db.url(t), and(unlimited, map[string]string{"AUTH_MODE": "token"}))
				p.byAPITokens()
				return p
			},
		} {
			t.Run(db.name+" "+way, func(t *testing.T) {
				t.Parallel()
				holdsTheMatrix(begin(t))
			})
		}
	}
}

// bad is a credential that opens nothing.
type bad struct {
	headers []string
	code    string
}

func bearerOf(token string) []string { return []string{"Authorization", "Bearer " + token} }

// badInGatewayMode are the credentials that open nothing in gateway mode.
func badInGatewayMode(*program) map[string]bad {
	secret := []string{"X-Gateway-Secret", theSecret}
	return map[string]bad{
		"nothing":                         {nil, "not_from_gateway"},
		"the caller without the secret":   {[]string{"X-User-ID", root}, "not_from_gateway"},
		"another secret":                  {[]string{"X-User-ID", root, "X-Gateway-Secret", theSecret + "x"}, "not_from_gateway"},
		"the secret in upper case":        {[]string{"X-User-ID", root, "X-Gateway-Secret", strings.ToUpper(theSecret)}, "not_from_gateway"},
		"the secret as a bearer token":    {append(bearerOf(theSecret), "X-User-ID", root), "not_from_gateway"},
		"the secret without a caller":     {secret, "no_caller"},
		"the caller twice":                {append(secret, "X-User-ID", root, "X-User-ID", "provider"), "no_caller"},
		"an unknown caller":               {append(secret, "X-User-ID", "never-was"), "unknown_caller"},
		"an inactive caller":              {append(secret, "X-User-ID", "left"), "unknown_caller"},
		"a caller in another letter case": {append(secret, "X-User-ID", "System-Admin"), "unknown_caller"},
	}
}

// badInTokenMode are the credentials that open nothing in token mode.
func badInTokenMode(p *program, issuer *given.Issuer) map[string]bad {
	p.t.Helper()
	now := p.clock.Now()
	all := map[string]bad{
		"nothing":                 {nil, "no_caller"},
		"a header of other modes": {[]string{"X-User-ID", root, "X-Gateway-Secret", theSecret}, "no_caller"},
		"a password":              {[]string{"Authorization", "Basic c3lzdGVtLWFkbWluOng="}, "no_caller"},
		"a scheme alone":          {[]string{"Authorization", "Bearer "}, "no_caller"},
		"a token without scheme":  {[]string{"Authorization", issuer.Token(root)}, "no_caller"},
		"two tokens":              {append(bearerOf(issuer.Token(root)), bearerOf(issuer.Token("provider"))...), "no_caller"},
		"garbage":                 {bearerOf("garbage"), "bad_token"},
		"a huge token":            {bearerOf(strings.Repeat("a", 40_000) + ".b.c"), "bad_token"},
		"expired":                 {bearerOf(issuer.Token(root, "exp", now.Add(-2*time.Minute).Unix())), "token_expired"},
		"not yet valid":           {bearerOf(issuer.Token(root, "nbf", now.Add(2*time.Minute).Unix())), "token_not_yet_valid"},
		"another audience":        {bearerOf(issuer.Token(root, "aud", "somebody-else")), "bad_token"},
		"an array of audiences":   {bearerOf(issuer.Token(root, "aud", []string{"somebody-else", "account"})), "bad_token"},
		"no audience":             {bearerOf(issuer.Token(root, "aud", []string{})), "bad_token"},
		"another issuer":          {bearerOf(issuer.Token(root, "iss", "https://evil.example")), "bad_token"},
		"an unknown key":          {bearerOf(issuer.Sign(jose.RS256, issuer.Claims(root), "kid", "made-up")), "bad_token"},
		"a logout message":        {bearerOf(issuer.Sign(jose.RS256, issuer.Claims(root), "typ", "logout+jwt")), "bad_token"},
		"an unknown user":         {bearerOf(issuer.Token("never-was")), "unknown_caller"},
		"an inactive user":        {bearerOf(issuer.Token("left")), "unknown_caller"},
		"the system":              {bearerOf(issuer.Token("system:cli")), "unknown_caller"},
		"no user id":              {bearerOf(issuer.Token("a b; DROP TABLE users")), "unknown_caller"},
		"an unknown API token":    {bearerOf("sc_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "bad_token"},
		"half an API token":       {bearerOf("sc_AAAAAAAAAAAAAAAAAAAA"), "bad_token"},
	}
	for what, token := range issuer.Forged(root) {
		all[what] = bad{bearerOf(token), "bad_token"}
	}
	_, expired := p.token(root, -time.Second, "admin", "cases:write")
	all["an expired API token"] = bad{bearerOf(expired), "token_expired"}
	made, revoked := p.token(root, time.Hour, "admin", "cases:write")
	p.send(http.MethodDelete, "/tokens?token_id="+fmt.Sprint(made.ID), root, nil).is(200)
	all["a revoked API token"] = bad{bearerOf(revoked), "token_revoked"}
	_, left := p.token("left", time.Hour, "admin", "cases:write")
	all["an API token of an inactive user"] = bad{bearerOf(left), "bad_token"}
	return all
}

func TestEveryRouteRefusesEveryBadCredential(t *testing.T) {
	oneByOne(t)
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name+" gateway", func(t *testing.T) {
			t.Parallel()
			p := startBehindGateway(t, db.url(t), nil)
			everyRouteRefuses(p, badInGatewayMode, "Gateway")
		})
		t.Run(db.name+" token", func(t *testing.T) {
			t.Parallel()
			p, issuer := startWithTokens(t, db.url(t), nil)
			everyRouteRefuses(p, func(p *program) map[string]bad { return badInTokenMode(p, issuer) }, "Bearer")
		})
	}
}

// everyRouteRefuses sends the example of each route with each bad credential, and with the user_id of
// somebody who might: nothing is let in, and nothing is changed or written row by row.
func everyRouteRefuses(p *program, credentials func(*program) map[string]bad, scheme string) {
	p.t.Helper()
	s := stageForMatrix(p)
	p.person("left", 999, 1)
	p.deactivated("left")
	known := credentials(p)
	db := p.database()
	for _, op := range p.described().operations(p.t) {
		if op.open() {
			continue
		}
		e := examples[op.base()](s)
		before, trail := db.print(), db.value("SELECT COUNT(*) FROM audit_entries")
		for what, b := range known {
			a := p.sendRaw(op, e, b.headers)
			if a.status != 401 || a.body["code"] != b.code || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), scheme+" realm=") {
				p.t.Errorf("%s with %s: %d %v, %q; want 401 %s", op, what, a.status, a.body["code"], a.header.Get("WWW-Authenticate"), b.code)
			}
		}
		if tables := changed(before, db.print()); len(tables) > 0 || trail != db.value("SELECT COUNT(*) FROM audit_entries") {
			p.t.Errorf("%s with bad credentials changed %v, or filled the trail", op, tables)
		}
	}
}

// sendRaw sends an example with exactly these headers, and names somebody in the query.
func (p *program) sendRaw(op *operation, e example, headers []string) answer {
	p.t.Helper()
	path := op.path
	for name, value := range e.path {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	r := e.whole()
	r.query.Set("user_id", root)
	r.query.Set("access_token", theSecret)
	identify := p.identify
	defer func() { p.identify = identify }()
	p.identify = func(req *http.Request, _ string) {
		req.Header.Set("X-Forwarded-For", newAddress())
		for i := 0; i+1 < len(headers); i += 2 {
			req.Header.Add(headers[i], headers[i+1])
		}
	}
	return p.send(op.method, path+"?"+r.query.Encode(), "anybody", r.body)
}
