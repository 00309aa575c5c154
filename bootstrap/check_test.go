package bootstrap

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"surgicase/adapters/sqlstore"
	"surgicase/domain/pay"
	"surgicase/test/given"
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
		`database +warning +there is no database yet`, `storage +warning +.*on this machine alone`, `mail +warning`)
}

// TestCheckSeesWhatServeWouldFailOn is about installations where everything answers and nothing works.
func TestCheckSeesWhatServeWouldFailOn(t *testing.T) {
	t.Parallel()
	t.Run("serving", func(t *testing.T) {
		t.Parallel()
		for want, env := range map[string]environment{
			`serve +PROBLEM +does not start: TLS_CERT_FILE and TLS_KEY_FILE`:             {"TLS_CERT_FILE": "/no/such.pem", "TLS_KEY_FILE": "/no/such.key"},
			`serve +PROBLEM +does not start: TLS_CERT_FILE and TLS_KEY_FILE go together`: {"TLS_CERT_FILE": "/no/such.pem"},
			`serve +PROBLEM +does not start: REPORT_LOGO_PATH names a file`:              {"REPORT_LOGO_PATH": "/no/such.png"},
		} {
			maps.Copy(env, environment{"DATA_DIR": t.TempDir(), "AUTH_MODE": "trusted"})
			out, err := command(t, env, "check")
			if err == nil {
				t.Errorf("%v is no problem", env)
			}
			wantWords(t, out, want)
		}
	})
	t.Run("a disk for reading only", func(t *testing.T) {
		t.Parallel()
		disk, err := given.SmallDisk(t, 4)
		if err != nil {
			t.Skip(err)
		}
		env := environment{"DATA_DIR": disk.Folder, "AUTH_MODE": "trusted", "STORAGE_URL": "file://" + t.TempDir()}
		if out, err := command(t, env, "migrate", "up"); err != nil {
			t.Fatal(out, err)
		}
		if out, err := command(t, env, "check"); err != nil {
			t.Error(out, err)
		}
		if err := disk.Lock(); err != nil {
			t.Fatal(err)
		}
		out, err := command(t, env, "check")
		if err == nil {
			t.Error("that is no problem")
		}
		wantWords(t, out, `database +PROBLEM +The database is not available`)
	})
	t.Run("other keys", func(t *testing.T) {
		t.Parallel()
		env := environment{"DATA_DIR": t.TempDir(), "AUTH_MODE": "trusted", "LOG_LEVEL": "ERROR"}
		someCases(t, env)
		if out, err := command(t, env, "check"); err != nil {
			t.Error(out, err)
		}
		env["SURGICASE_KEYS"] = given.KeySet(t)
		out, err := command(t, env, "check")
		if err == nil {
			t.Error("that is no problem")
		}
		wantWords(t, out, `key set +PROBLEM +\d+ values cannot be read: .* the environment variable SURGICASE_KEYS`)
	})
}

// someCases fills an installation with patients, whose names are encrypted.
func someCases(t *testing.T, env environment) {
	t.Helper()
	var store *sqlstore.Store
	err := (&program{env: env}).run(t.Context(), []any{&store}, func(ctx context.Context) error {
		if _, err := store.MigrateUp(ctx); err != nil {
			return err
		}
		return fillDemo(ctx, store, randomIDs{}, pay.Rules{PayDay: time.Friday})
	})
	if err != nil {
		t.Fatal(err)
	}
}
