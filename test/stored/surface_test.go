package stored

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"surgicase/bootstrap"
	"surgicase/test/given"
)

// noteCommands notes the commands and their flags, which scripts and timers of operators name.
func noteCommands(c *cobra.Command, note func(kind, value string)) {
	note("command", c.CommandPath())
	c.Flags().VisitAll(func(f *pflag.Flag) { note("flag", c.CommandPath()+" --"+f.Name) })
	c.PersistentFlags().VisitAll(func(f *pflag.Flag) { note("flag", c.CommandPath()+" --"+f.Name) })
	for _, sub := range c.Commands() {
		noteCommands(sub, note)
	}
}

// noteMetrics notes the metrics with their labels, which rules of alerts and dashboards name, and the events, which
// are what the log calls what happened. test/docs holds the events to the code.
func noteMetrics(t *testing.T, note func(kind, value string)) {
	t.Helper()
	p := start(t)
	p.ask(http.MethodGet, "/user?user_id=nobody", "nobody", "") // a statement, so that its metric is there
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(p.ask(http.MethodGet, "/metrics", "", "").Body)
	if err != nil {
		t.Fatal(err)
	}
	for name, family := range families {
		if strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") {
			continue
		}
		note("metric", name+" "+strings.ToLower(family.GetType().String()))
		for _, m := range family.GetMetric() {
			for _, label := range m.GetLabel() {
				note("metric label", name+" "+label.GetName())
				if name == "business_events_total" && label.GetName() == "event" {
					note("event", label.GetValue())
				}
			}
		}
	}
}

// program is the program on a database of its own, with the clock, ids and keys of these tests.
type program struct {
	*bootstrap.Running
	t           *testing.T
	databaseURL string
	dataDir     string
}

func start(t *testing.T) program {
	t.Helper()
	p := program{t: t, databaseURL: given.TempSQLite(t), dataDir: t.TempDir()}
	running, err := bootstrap.Open(context.Background(), map[string]string{
		"AUTH_MODE": "trusted", "DATABASE_URL": p.databaseURL, "DATA_DIR": p.dataDir, "SURGICASE_KEYS": fixedKeys(t),
		"SURGICASE_LINK_KEY": linkSecret, "LOG_LEVEL": "ERROR",
	}, bootstrap.Parts{Clock: given.NewClock(), IDs: &given.IDs{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.Close() })
	p.Running = running
	return p
}

// ask sends a request as a user, with headers in pairs.
func (p program) ask(method, path, user, body string, headers ...string) *httptest.ResponseRecorder {
	p.t.Helper()
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.Host = "127.0.0.1"
	if user != "" {
		req.Header.Set("X-User-ID", user)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	p.API.Handler().ServeHTTP(w, req)
	return w
}

// fixedKeys is a key set that never changes: three keys, of which the second is the primary one.
func fixedKeys(t *testing.T) string {
	t.Helper()
	set, err := os.ReadFile("testdata/keyset.json")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(set))
}
