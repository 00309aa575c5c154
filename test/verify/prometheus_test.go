package verify

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"surgicase/bootstrap"
	"surgicase/test/given"
)

const metricsToken = "a token for Prometheus, of 32 characters"

// A real Prometheus finds the server by file service discovery, scrapes it with the token, loads our alerts,
// and answers for what it has stored.
func TestPrometheusScrapesAndPromtoolApproves(t *testing.T) {
	judges(t, "prometheus", "promtool")
	server := watched(t)
	request, err := http.NewRequest(http.MethodGet, server.URL+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+metricsToken)
	approve(t, fetch(t, request))
	home := configured(t, strings.TrimPrefix(server.URL, "http://"))
	api := startPrometheus(t, home)

	deadline := time.Now().Add(time.Minute)
	for {
		found := vector(t, api, `up{job="surgicase-api", environment="production"}`)
		if len(found) == 1 && found[0] == "1" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the target is not up: %v", found)
		}
		time.Sleep(200 * time.Millisecond)
	}
	for query, want := range map[string]string{
		"active_cases_total": "0", "database_up": "1", `http_requests_total{endpoint="/case", method="POST", code="201"}`: "0",
		`count(ALERTS{alertstate="firing",alertname!="Watchdog"}) or vector(0)`: "0", `count by (job) (surgicase_build_info)`: "1",
	} {
		if got := vector(t, api, query); len(got) != 1 || got[0] != want {
			t.Errorf("%s is %v, want %s", query, got, want)
		}
	}
}

func watched(t *testing.T) *httptest.Server {
	t.Helper()
	running, err := bootstrap.Open(t.Context(), map[string]string{
		"AUTH_MODE": "trusted", "DATABASE_URL": given.TempSQLite(t), "DATA_DIR": t.TempDir(), "SURGICASE_KEYS": given.KeySet(t),
		"LOG_LEVEL": "ERROR", "METRICS_TOKEN": metricsToken,
	}, bootstrap.Parts{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(running.API.Handler())
	t.Cleanup(func() {
		server.Close()
		_ = running.Close()
	})
	return server
}

// kept are the two gauges that keep the names of the old product. Source: reference-rules.md 11.1.
var kept = []string{"active_cases_total", "active_users_total"}

// approve has promtool check the metrics: it may name nothing but the two that are kept.
func approve(t *testing.T, metrics string) {
	t.Helper()
	check := exec.CommandContext(t.Context(), "promtool", "check", "metrics")
	check.Stdin = strings.NewReader(metrics)
	said, _ := check.CombinedOutput() // what it names makes it fail
	for line := range strings.SplitSeq(strings.TrimSpace(string(said)), "\n") {
		if name, _, _ := strings.Cut(line, " "); line != "" && !slices.Contains(kept, name) {
			t.Errorf("promtool check metrics: %s", line)
		}
	}
	t.Logf("promtool check metrics names %s", strings.Join(kept, " and "))
}

// configured makes the folder of a Prometheus out of deploy/monitoring, with the server as its target.
func configured(t *testing.T, address string) string {
	t.Helper()
	home := t.TempDir()
	for _, name := range []string{"prometheus.yml", "alerts.yml", "alerts_test.yml", "register-instance.sh"} {
		text, err := os.ReadFile(filepath.Join("../../deploy/monitoring", name))
		if err != nil {
			t.Fatal(err)
		}
		content := strings.NewReplacer("/etc/prometheus/surgicase-metrics-token", home+"/token", "scrape_interval: 15s", "scrape_interval: 1s",
			"scrape_timeout: 10s", "scrape_timeout: 1s", "evaluation_interval: 15s", "evaluation_interval: 1s").Replace(string(text))
		if name == "alerts_test.yml" {
			content = string(text)
		}
		if err := os.WriteFile(filepath.Join(home, name), []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(home+"/token", []byte(metricsToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	run(t, home+"/register-instance.sh", host, port, "production")
	run(t, "promtool", "check", "rules", home+"/alerts.yml")
	run(t, "promtool", "test", "rules", home+"/alerts_test.yml")
	run(t, "promtool", "check", "config", home+"/prometheus.yml")
	return home
}

// startPrometheus starts it and gives where it answers.
func startPrometheus(t *testing.T, home string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	c := exec.Command("prometheus", "--config.file="+home+"/prometheus.yml", "--storage.tsdb.path="+home+"/data", "--web.listen-address="+address, "--log.level=error")
	c.Stdout, c.Stderr = os.Stderr, os.Stderr
	ended, err := given.Process(t, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		_ = ended()
	})
	return "http://" + address
}

// vector asks Prometheus and gives the values, none while it does not answer.
func vector(t *testing.T, api, query string) []string {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, api+"/api/v1/query", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.URL.RawQuery = "query=" + strings.NewReplacer(" ", "%20", "{", "%7B", "}", "%7D", `"`, "%22", "=", "%3D").Replace(query)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil
	}
	defer func() { _ = answer.Body.Close() }()
	var said struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		return nil
	}
	var values []string
	for _, r := range said.Data.Result {
		values = append(values, fmt.Sprint(r.Value[1]))
	}
	return values
}

func fetch(t *testing.T, request *http.Request) string {
	t.Helper()
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v", answer.StatusCode, err)
	}
	return string(text)
}
