package api

import (
	"fmt"
	"net/http"
	"testing"

	"surgicase/domain/permission"
	"surgicase/test/given"
)

func TestBehindAGatewayTheQueryNamesNobody(t *testing.T) {
	t.Parallel()
	p := startBehindGateway(t, given.TempSQLite(t), nil)
	p.cast()
	p.get("/user", "provider").is(200).has("user_id", "provider")
	p.get("/user?user_id=system-admin", "provider").refused(403, "not_your_data")
	p.get("/user?user_id=provider", "case-admin").is(200).has("user_id", "provider")
	p.get("/users?user_id=system-admin", "case-admin").refused(403, "not_your_data")
	p.get("/users?requesting_user_id=system-admin", "case-admin").refused(403, "not_your_data")
	p.get("/user?user_id=provider", "", "X-Gateway-Secret", theSecret).refused(401, "no_caller")
}

// Only the gateway's address may call, whatever else is right; and what it says of the client counts.
func TestOnlyTheGatewayMayCall(t *testing.T) {
	t.Parallel()
	stranger := startBehindGateway(t, given.TempSQLite(t), map[string]string{"TRUSTED_PROXIES": "10.0.0.7,10.1.0.0/16"})
	stranger.cast()
	stranger.get("/user", "provider").refused(401, "not_from_gateway")
	stranger.get("/user", "provider", "X-Forwarded-For", "10.0.0.7").refused(401, "not_from_gateway")
	stranger.get("/health/live", "").is(200)
	if n := stranger.database().value("SELECT COUNT(*) FROM audit_entries"); n != "0" {
		t.Errorf("strangers left %s entries on the trail", n)
	}
}

func TestTheAddressOnTheTrailIsTheClients(t *testing.T) {
	t.Parallel()
	for proxies, want := range map[string]string{"127.0.0.1": "203.0.113.9", "10.0.0.7": "127.0.0.1"} {
		p := start(t, given.TempSQLite(t), map[string]string{"AUTH_MODE": "token", "TRUSTED_PROXIES": proxies})
		p.person("dr-a", permission.Provider, 1)
		p.byAPITokens()
		p.get("/user", "dr-a", "X-Forwarded-For", "6.6.6.6, 203.0.113.9").is(200)
		got := fmt.Sprint(p.database().rows("SELECT address, auth_mode, credential FROM audit_entries ORDER BY entry_id DESC LIMIT 1"))
		if got != fmt.Sprintf("[[%s token token:1]]", want) {
			t.Errorf("behind %s the trail says %s, want %s", proxies, got, want)
		}
	}
}

// Two lines of the header count like one: a client's line comes before its proxy's.
func TestForwardedAddressesMayComeInSeveralLines(t *testing.T) {
	t.Parallel()
	p := startBehindGateway(t, given.TempSQLite(t), nil)
	p.person("dr-a", permission.Provider, 1)
	p.identify = func(req *http.Request, as string) {
		req.Header["X-Forwarded-For"] = []string{"6.6.6.6", "203.0.113.9"}
		req.Header.Set("X-Gateway-Secret", theSecret)
		req.Header.Set("X-User-ID", as)
	}
	p.get("/user", "dr-a").is(200)
	if got := fmt.Sprint(p.database().rows("SELECT address, auth_mode, credential FROM audit_entries")); got != "[[203.0.113.9 gateway gateway]]" {
		t.Errorf("the trail says %s", got)
	}
}

// Trusted mode refuses what is not of this machine, on every path and before anything else.
func TestTrustedModeIsForThisMachineOnly(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), nil)
	p.cast()
	for _, path := range []string{"/user", "/health/live", "/openapi.json", "/docs", "/nothing", "/"} {
		for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Anything"} {
			for _, value := range []string{"127.0.0.1", ""} {
				p.get(path, "provider", header, value).refused(403, "not_local")
			}
		}
	}
	p.get("/user", "provider", "X-Gateway-Secret", theSecret, "Authorization", "Bearer x").is(200).has("user_id", "provider")
	p.get("/user?user_id=provider", "").is(200).has("user_id", "provider")
	p.send(http.MethodPost, "/user", "", userOf("new")).refused(401, "no_caller") // the body names the subject, never the caller
	p.send(http.MethodDelete, "/user?user_id=user-admin", "", nil).refused(403, "not_on_yourself")
}

// Finding out who calls costs the same in every mode: one statement.
func TestFindingOutWhoCallsCostsOneStatement(t *testing.T) {
	t.Parallel()
	cost := func(p *program) int64 {
		p.person("dr-a", permission.Provider, 1)
		p.get("/permissions", "dr-a").is(200)
		before := p.statements.Load()
		p.get("/permissions", "dr-a").is(200)
		return p.statements.Load() - before
	}
	want := cost(start(t, given.TempSQLite(t), nil))
	tokens := start(t, given.TempSQLite(t), and(unlimited, map[string]string{"AUTH_MODE": "token"}))
	tokens.byAPITokens()
	oidc, _ := startWithTokens(t, given.TempSQLite(t), nil)
	for mode, p := range map[string]*program{"gateway": startBehindGateway(t, given.TempSQLite(t), nil), "oidc": oidc, "API tokens": tokens} {
		if got := cost(p); got != want || got > 1 {
			t.Errorf("%s: %d statements, trusted mode takes %d", mode, got, want)
		}
	}
}

func TestTheDescriptionSaysHowCallersAreIdentified(t *testing.T) {
	t.Parallel()
	schemes := func(p *program) answer { return p.get("/openapi.json", "").is(200) }
	schemes(start(t, given.TempSQLite(t), nil)).has("components.securitySchemes.trusted.name", "X-User-ID")
	gateway := schemes(startBehindGateway(t, given.TempSQLite(t), nil))
	gateway.has("components.securitySchemes.caller.name", "X-User-ID", "components.securitySchemes.gateway.name", "X-Gateway-Secret", "components.securitySchemes.trusted", nil)
	if both := gateway.at("security.0").(map[string]any); len(both) != 2 {
		t.Errorf("the gateway must send both, and the description says %v", both)
	}
	p, issuer := startWithTokens(t, given.TempSQLite(t), nil)
	schemes(p).has("components.securitySchemes.token.scheme", "bearer", "components.securitySchemes.oidc.openIdConnectUrl", issuer.URL+"/.well-known/openid-configuration")
	alone := schemes(start(t, given.TempSQLite(t), map[string]string{"AUTH_MODE": "token"}))
	alone.has("components.securitySchemes.token.scheme", "bearer", "components.securitySchemes.oidc", nil)
}
