package contract_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"surgicase/adapters/cmsnpi"
	"surgicase/adapters/sqlstore"
	"surgicase/adapters/stubnpi"
	"surgicase/bootstrap"
	"surgicase/domain/fault"
	"surgicase/domain/npi"
	"surgicase/ports"
	"surgicase/test/contract"
	"surgicase/test/given"
)

// registries are the adapters of ports.Registry. The local one stands on a store, so each of those
// counts.
var registries = map[string]contract.OpenRegistry{
	"stub": func(_ *testing.T, records ...npi.Record) ports.Registry { return stubnpi.Open(records...) },
	"cms": func(t *testing.T, records ...npi.Record) ports.Registry {
		return cms(t, given.StartCMS(t, records...), given.NewClock())
	},
	"local":            localRegistry("SQLite"),
	"local on MariaDB": localRegistry("MariaDB"),
}

func localRegistry(database string) contract.OpenRegistry {
	return func(t *testing.T, records ...npi.Record) ports.Registry {
		store := stores[database](t)
		err := store.InTx(t.Context(), func(ctx context.Context, r ports.Repos) error {
			load, err := r.NPILoads.Begin(ctx, npi.File{Name: "f", SHA256: make([]byte, 32)}, given.Morning)
			if err == nil {
				_, err = r.NPILoads.Apply(ctx, load, npi.Batch{Rows: int64(len(records)), Records: records})
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return sqlstore.OpenRegistry(store)
	}
}

func cms(t *testing.T, server *given.CMS, clock *given.Clock) *cmsnpi.Registry {
	t.Helper()
	registry, err := cmsnpi.OpenRegistry(cmsnpi.Config{URL: server.URL, Now: clock.Now, Timeout: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return registry
}

func TestRegistry(t *testing.T) {
	for _, name := range bootstrap.RegistryAdapters() {
		if registries[name] == nil {
			t.Errorf("adapter %s is not held to the contract of its port", name)
		}
	}
	for name, open := range registries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contract.Registry(t, open)
		})
	}
}

var rowena = npi.Record{NPI: given.NPIOf(1), Kind: npi.Individual, First: "ROWENA", Last: "TESTWELL"}

// replying answers every question with a status, a type and a text.
func replying(status int, kind, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}
}

func TestCMSMisbehaves(t *testing.T) {
	elsewhere := httptest.NewServer(replying(200, "application/json", `{"results":[]}`))
	t.Cleanup(elsewhere.Close)
	refusal, err := json.Marshal(given.CMSRefusal("17", "version"))
	if err != nil {
		t.Fatal(err)
	}
	for name, behave := range map[string]http.HandlerFunc{
		"refuses the question with status 200": replying(200, "application/json", string(refusal)),
		"shows a page with status 200":         replying(200, "text/html", "<html>maintenance</html>"),
		"calls a page JSON":                    replying(200, "application/json", "<html>maintenance</html>"),
		"sends JSON of another shape":          replying(200, "application/json", `[1,2]`),
		"sends no results":                     replying(200, "application/json", `{"result_count":1}`),
		"sends somebody else":                  replying(200, "application/json", `{"results":[{"number":1999999992,"basic":{}}]}`),
		"sends a person without a name": replying(200, "application/json", `{"results":[{"number":"`+rowena.NPI.String()+
			`","enumeration_type":"NPI-1","basic":{"first_name":null,"last_name":null,"status":"A"}}]}`),
		"breaks off":                        replying(200, "application/json", `{"results":[{"number":"1`),
		"is down":                           replying(503, "text/plain", "down"),
		"does not know the path":            replying(404, "application/json", `{"results":[]}`),
		"sends more than anybody asked for": replying(200, "application/json", `{"results":[],"x":"`+strings.Repeat("x", 2<<20)+`"}`),
		"takes its time":                    func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() },
		"sends us elsewhere":                func(w http.ResponseWriter, req *http.Request) { http.Redirect(w, req, elsewhere.URL, http.StatusFound) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := given.StartCMS(t, rowena)
			server.Behave(behave)
			_, _, err := cms(t, server, given.NewClock()).LookUp(t.Context(), rowena.NPI)
			if !errors.Is(err, fault.Upstream) || fault.CodeOf(err) != "npi_registry_failed" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCMSHiccups(t *testing.T) {
	t.Parallel()
	server := given.StartCMS(t, rowena)
	server.Behave(func(w http.ResponseWriter, req *http.Request) {
		server.Behave(nil)
		replying(200, "text/html", "<html>one moment</html>")(w, req)
	})
	got, _, err := cms(t, server, given.NewClock()).LookUp(t.Context(), rowena.NPI)
	if err != nil || got.Last != "TESTWELL" {
		t.Errorf("got %v, %v", got, err)
	}
	want := "/api/?number=" + rowena.NPI.String() + "&version=2.1"
	if asked := server.Asked(); len(asked) != 2 || asked[1] != want {
		t.Errorf("CMS was asked %q", asked)
	}
}

func TestCMSAnswersAreKept(t *testing.T) {
	t.Parallel()
	server, clock := given.StartCMS(t, rowena), given.NewClock()
	registry := cms(t, server, clock)
	look := func(number npi.NPI, wantAge time.Duration, wantAsked int) error {
		t.Helper()
		_, age, err := registry.LookUp(t.Context(), number)
		if age != wantAge || len(server.Asked()) != wantAsked {
			t.Errorf("age %v, asked %d times, want %v and %d", age, len(server.Asked()), wantAge, wantAsked)
		}
		return err
	}
	for _, step := range []struct {
		after, age time.Duration
		asked      int
	}{{0, 0, 1}, {time.Hour, time.Hour, 1}, {22*time.Hour + 59*time.Minute, 23*time.Hour + 59*time.Minute, 1}, {time.Minute, 0, 2}} {
		clock.Advance(step.after)
		if err := look(rowena.NPI, step.age, step.asked); err != nil {
			t.Error(err)
		}
	}
	if err := look(given.NPIOf(9), 0, 3); !errors.Is(err, fault.NotFound) {
		t.Error(err)
	}
	clock.Advance(59 * time.Minute)
	if err := look(given.NPIOf(9), 59*time.Minute, 3); !errors.Is(err, fault.NotFound) {
		t.Error(err)
	}
	clock.Advance(time.Minute)
	if err := look(given.NPIOf(9), 0, 4); !errors.Is(err, fault.NotFound) {
		t.Error(err)
	}

	server.Behave(replying(400, "text/plain", "broken"))
	clock.Advance(48 * time.Hour)
	if err := look(rowena.NPI, 49*time.Hour, 5); err != nil {
		t.Errorf("the old answer is better than none: %v", err)
	}
	for range 8 { // five failures, and nobody is sent to CMS any more
		_, _, err := registry.LookUp(t.Context(), given.NPIOf(9))
		if !errors.Is(err, fault.Upstream) {
			t.Errorf("got %v", err)
		}
	}
	if asked := len(server.Asked()); asked != 9 {
		t.Errorf("CMS was asked %d times", asked)
	}
}
