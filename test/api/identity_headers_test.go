package api

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"surgicase/test/given"
)

// Of two headers that say who calls nobody knows which one counts, and what stands before us may read the other. They
// are refused in every mode, also in one that does not read them.
func TestIdentityHeaders_repeated(t *testing.T) {
	t.Parallel()
	for mode, begin := range map[string]func(*testing.T) *program{
		"trusted": func(t *testing.T) *program { return start(t, given.TempSQLite(t), nil) },
		"gateway": func(t *testing.T) *program { return startBehindGateway(t, given.TempSQLite(t), nil) },
		"token": func(t *testing.T) *program {
			p, _ := startWithTokens(t, given.TempSQLite(t), nil)
			return p
		},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			p := begin(t)
			at := p.cast()["provider"]
			once := p.identify
			twice := func(name, first, second string) {
				p.identify = func(req *http.Request, as string) {
					once(req, as)
					own := req.Header.Get(name)
					req.Header.Del(name)
					for _, value := range []string{first, second} {
						if value == "own" {
							value = own
						}
						req.Header.Add(name, value)
					}
				}
			}
			for _, name := range []string{"X-User-ID", "X-Gateway-Secret", "Authorization"} {
				for _, values := range [][2]string{{"own", "own"}, {"own", ""}, {"", "own"}, {"own", "other"}, {"other", "own"}} {
					twice(name, values[0], values[1])
					for _, path := range []string{"/user", "/user?user_id=provider"} {
						if a := p.get(path, "provider"); a.status != 401 {
							t.Errorf("%s as %q on %s: %d", name, values, path, a.status)
						}
					}
				}
			}
			for _, values := range [][2]string{{"key-1", "key-1"}, {"key-1", "key-2"}, {"key-1", ""}, {"", "key-1"}} {
				twice("Idempotency-Key", values[0], values[1])
				a := p.send(http.MethodPost, "/case", "provider", caseOf("c-1", "provider", at))
				a.refused(422, "invalid_input").has("errors.0.location", "header.Idempotency-Key")
			}
			p.identify = once
			p.get("/case?case_id=c-1", "provider").is(404)
			p.get("/user", "provider").is(200)
		})
	}
}

// A proxy of the simplest kind says nothing of the client, and still speaks HTTP/1.0.
func TestTrustedModeRefusesAProxyThatSpeaksHTTP10(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), nil)
	p.cast()
	for minor, want := range map[int]int{0: 403, 1: 200} {
		req := httptest.NewRequest(http.MethodGet, "/user", nil)
		req.Host, req.ProtoMajor, req.ProtoMinor = "127.0.0.1:8000", 1, minor
		req.Header.Set("X-User-ID", "provider")
		res := httptest.NewRecorder()
		p.API.Handler().ServeHTTP(res, req)
		if res.Code != want {
			t.Errorf("HTTP/1.%d: %d %s", minor, res.Code, res.Body)
		}
	}
}
