package bootstrap

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealthCommandAsksTheServer(t *testing.T) {
	t.Parallel()
	ready := true
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/health/ready":
			w.WriteHeader(http.StatusNotFound)
		case !ready:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	plain, encrypted := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	defer encrypted.Close()
	_, port, _ := strings.Cut(plain.Listener.Addr().String(), ":")
	envs := map[string]environment{
		"an address":    {"HTTP_ADDR": plain.Listener.Addr().String()},
		"all addresses": {"HTTP_ADDR": "0.0.0.0:" + port},
		"no host":       {"HTTP_ADDR": ":" + port},
		"HTTPS":         {"HTTP_ADDR": encrypted.Listener.Addr().String(), "TLS_CERT_FILE": "cert.pem", "TLS_KEY_FILE": "key.pem"},
	}
	for _, is := range []bool{true, false} {
		ready = is
		for name, env := range envs {
			if out, err := command(t, env, "health"); (err == nil) != is || err != nil && isUsage(err) {
				t.Errorf("%s, ready %v: %q, %v", name, is, out, err)
			}
		}
	}
	plain.Close()
	if _, err := command(t, envs["an address"], "health"); err == nil || isUsage(err) {
		t.Errorf("without a server: %v", err)
	}
}
