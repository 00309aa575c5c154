package api

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"surgicase/test/given"
)

// In trusted mode whoever reaches us is believed, and so is every page that is open in a browser on this machine: it
// may post a form or plain JSON anywhere, and who calls is in the address. What a browser says of the page tells it
// apart from programs, from our own pages and from those of CORS_ORIGINS.
func TestInTrustedModeAForeignPageChangesNothing(t *testing.T) {
	t.Parallel()
	const ours, foreign = "https://app.example.com", "https://evil.example.com"
	p := start(t, given.TempSQLite(t), map[string]string{"CORS_ORIGINS": ours})
	p.cast()
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	for _, page := range [][]string{
		{"Origin", foreign},
		{"Origin", "null"},
		{"Origin", "http://127.0.0.1:1"},
		{"Origin", "http://localhost"},
		{"Origin", p.server.URL + ".evil.example.com"},
		{"Origin", foreign, "Sec-Fetch-Site", "same-origin"},
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Sec-Fetch-Site", "cross-site", "Referer", foreign + "/" + ours},
		{"Sec-Fetch-Site", "cross-site", "Referer", ours + ".evil.example.com/"},
		{"Referer", foreign + "/page"}, // a browser without Sec-Fetch-Site
		{"Referer", ours + ".evil.example.com/"},
	} {
		p.send(http.MethodPost, "/payment_runs?user_id=global-admin", "", nil, page...).refused(403, "foreign_page")
		p.send(http.MethodPost, "/payment_runs/1/settle?user_id=global-admin", "", "", append(form, page...)...).refused(403, "foreign_page")
		p.get("/users", "case-admin", page...).refused(403, "foreign_page")
		p.get("/user_environment?user_id=provider", "", page...).refused(403, "foreign_page") // it would note a login
	}
	for _, table := range []string{"payment_runs", "audit_entries"} {
		if n := p.database().value("SELECT COUNT(*) FROM " + table); n != "0" {
			t.Errorf("%s has %s rows", table, n)
		}
	}
	for _, page := range [][]string{
		nil, // a program
		{"Origin", p.server.URL},
		{"Origin", p.server.URL, "Sec-Fetch-Site", "same-origin"},
		{"Sec-Fetch-Site", "same-origin"}, // GETs of our own pages carry no Origin
		{"Referer", p.server.URL + "/docs"},
		{"Sec-Fetch-Site", "none"}, // an address that somebody typed
		{"Origin", ours, "Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "cross-site", "Referer", ours + "/cases?x=1"}, // a page of ours opens a report in another tab
	} {
		p.get("/user", "provider", page...).is(200)
		p.send(http.MethodPost, "/payment_runs?dry_run=true", "global-admin", map[string]any{}, page...).is(200)
	}
	p.get("/docs", "", "Sec-Fetch-Site", "cross-site", "Referer", foreign).is(200) // a link to it may be anywhere
	p.get("/health/live", "", "Origin", foreign).is(200)
}

// Tokens are nothing that a browser sends on its own.
func TestOtherPagesMayComeWithATokenOfTheirOwn(t *testing.T) {
	withTokens(t, nil, func(p *program, _ *given.Issuer) {
		p.cast()
		p.get("/user", "provider", "Origin", "https://other.example.com", "Sec-Fetch-Site", "cross-site").is(200)
	})
}

// A proxy on this machine that says nothing of the client gives itself away by the name it was called by, or by its mark.
func TestMetricsAreNotOpenThroughAProxyOnThisMachine(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), map[string]string{"METRICS_TOKEN": "", "AUTH_MODE": "token"})
	ask := func(host string, header ...string) int {
		req := httptest.NewRequest(http.MethodGet, "/metrics/business", nil)
		req.Host = host
		for i := 0; i < len(header); i += 2 {
			req.Header[header[i]] = []string{header[i+1]}
		}
		res := httptest.NewRecorder()
		p.API.Handler().ServeHTTP(res, req)
		return res.Code
	}
	for _, host := range []string{"127.0.0.1:8000", "localhost", "[::1]:8000"} {
		if got := ask(host); got != 200 {
			t.Errorf("a program on this machine that calls %s gets %d", host, got)
		}
	}
	for _, host := range []string{"surgicase.example.com", "10.0.0.1:8000", ""} {
		if got := ask(host); got != 401 {
			t.Errorf("a request to %q gets %d", host, got)
		}
	}
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		for _, value := range []string{"203.0.113.7", ""} {
			if got := ask("127.0.0.1:8000", name, value); got != 401 {
				t.Errorf("with %s %q it gets %d", name, value, got)
			}
		}
	}
}

// Who has a network of IPv6 has 2^64 addresses in it.
func TestANetworkOfIPv6CountsAsOneAddress(t *testing.T) {
	t.Parallel()
	p := startBehindGateway(t, given.TempSQLite(t), map[string]string{"RATE_LIMIT_ADDRESS": "1"})
	from := func(address string) int { return p.get("/nothing", "", "X-Forwarded-For", address).status }
	refusals := 0
	for range 3 {
		for _, address := range []string{"2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3", "2001:db8::4", "2001:db8::5", "2001:db8::6"} {
			if from(address) == 429 {
				refusals++
			}
		}
	}
	if refusals == 0 {
		t.Error("18 requests out of one network pass, and 10 may")
	}
	for _, address := range []string{"2001:db8:0:1::1", "203.0.113.7", "203.0.113.8"} {
		if got := from(address); got != 404 {
			t.Errorf("another, %s, gets %d", address, got)
		}
	}
}

// With TLS ended by a proxy whose word counts, browsers are told to keep to HTTPS, too.
func TestBrowsersAreToldToKeepToHTTPSWhereAProxyEndsIt(t *testing.T) {
	t.Parallel()
	strict := func(p *program, headers ...string) string {
		return p.get("/health/live", "", headers...).is(200).header.Get("Strict-Transport-Security")
	}
	behind := startBehindGateway(t, given.TempSQLite(t), nil)
	if got := strict(behind, "X-Forwarded-Proto", "https"); got != "max-age=31536000" {
		t.Errorf("behind a proxy with TLS: %q", got)
	}
	stranger := startBehindGateway(t, given.TempSQLite(t), map[string]string{"TRUSTED_PROXIES": "10.0.0.7"})
	for what, got := range map[string]string{
		"behind one without": strict(behind, "X-Forwarded-Proto", "http"), "behind a silent one": strict(behind),
		"behind a stranger": strict(stranger, "X-Forwarded-Proto", "https"),
	} {
		if got != "" {
			t.Errorf("%s: %q", what, got)
		}
	}
}
