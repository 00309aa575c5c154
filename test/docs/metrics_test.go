package docs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"surgicase/bootstrap"
	"surgicase/test/given"
)

// answered starts the program as `make run` does and gives what it answers at a path, after one request
// that needs the database.
func answered(t *testing.T, path string) string {
	t.Helper()
	running, err := bootstrap.Open(context.Background(), map[string]string{
		"AUTH_MODE": "trusted", "DATABASE_URL": given.TempSQLite(t), "DATA_DIR": t.TempDir(), "SURGICASE_KEYS": given.KeySet(t), "LOG_LEVEL": "ERROR",
	}, bootstrap.Parts{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.Close() })
	ask := func(path string) string {
		w, req := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil)
		req.Host = "127.0.0.1"
		running.API.Handler().ServeHTTP(w, req)
		return w.Body.String()
	}
	ask("/user?user_id=nobody") // a statement, so that its metric is there
	return ask(path)
}

// openAPI is the description of the API that the program serves, with a line for every member.
func openAPI(t *testing.T) string {
	t.Helper()
	var page bytes.Buffer
	if err := json.Indent(&page, []byte(answered(t, "/openapi.json")), "", " "); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(page.String()) + "\n"
}

// metricsPage lists the metrics of a running program.
func metricsPage(t *testing.T) string {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(answered(t, "/metrics")))
	if err != nil {
		t.Fatal(err)
	}
	return metricsTable(families)
}

func metricsTable(families map[string]*dto.MetricFamily) string {
	var b strings.Builder
	b.WriteString("# Metrics\n\nGenerated from a running program: `make docs`. `GET /metrics` gives them in the text format of Prometheus;\n" +
		"[monitoring.md](monitoring.md) says who may read them and what to watch. Beside these there are Go's own, `go_*` and\n`process_*`, with the pools of database connections as `go_sql_*`.\n\n| metric | type | labels | what it is |\n|---|---|---|---|\n")
	names := []string{}
	for name := range families {
		if !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		f := families[name]
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, strings.ToLower(f.GetType().String()), strings.Join(labelsOf(f), ", "), f.GetHelp())
	}
	return b.String()
}

func labelsOf(f *dto.MetricFamily) []string {
	labels := []string{}
	for _, m := range f.GetMetric() {
		for _, l := range m.GetLabel() {
			if !slices.Contains(labels, l.GetName()) {
				labels = append(labels, l.GetName())
			}
		}
	}
	slices.Sort(labels)
	return labels
}
