package bootstrap

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestCheckTellsOfTheRegistry tries each place where NPIs are looked up.
func TestCheckTellsOfTheRegistry(t *testing.T) {
	t.Parallel()
	registry := func(status int) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"result_count": 0, "results": []}`))
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	for name, try := range map[string]struct {
		env  environment
		want string
	}{
		"the stub in development": {nil, `NPI registry +ok +knows a few invented providers \(NPI_REGISTRY=stub\)\n`},
		"the stub in production":  {environment{"HTTP_ADDR": "0.0.0.0:8000", "NPI_REGISTRY": "stub", "ALLOW_STUBS": "true"}, `NPI registry +warning +.*set NPI_REGISTRY to local or cms`},
		"an empty directory":      {environment{"NPI_REGISTRY": "local"}, `NPI registry +warning +is the provider directory .*nothing is loaded yet`},
		"a registry that answers": {environment{"NPI_REGISTRY": "cms", "NPI_REGISTRY_URL": registry(http.StatusOK)}, `NPI registry +ok +`},
		"a registry that is away": {environment{"NPI_REGISTRY": "cms", "NPI_REGISTRY_URL": registry(http.StatusNotFound)}, `NPI registry +PROBLEM +The NPI registry does not answer`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := environment{"DATA_DIR": t.TempDir(), "LOG_LEVEL": "ERROR"}
			maps.Copy(env, try.env)
			if _, err := command(t, env, "migrate", "up"); err != nil {
				t.Fatal(err)
			}
			out, _ := command(t, env, "check")
			wantWords(t, out, try.want)
		})
	}
}

// TestCheckHasALineForEachReason is about a server that would not start for two.
func TestCheckHasALineForEachReason(t *testing.T) {
	t.Parallel()
	out, err := command(t, environment{"DATA_DIR": t.TempDir(), "LOG_LEVEL": "ERROR", "HTTP_ADDR": "0.0.0.0:8000", "NPI_REGISTRY": "stub", "EMAIL_URL": "log://"}, "check")
	if err == nil {
		t.Error("a server that does not start is no problem")
	}
	wantWords(t, out, `serve +PROBLEM +does not start: NPI_REGISTRY holds`, `serve +PROBLEM +does not start: AUTH_MODE holds`,
		`schema +warning +is older than the program; serve brings it`, `storage +warning +.*on this machine alone`, `mail +warning`)
}
