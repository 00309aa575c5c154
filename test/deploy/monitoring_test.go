package deploy

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"gopkg.in/yaml.v3"

	"surgicase/bootstrap"
	"surgicase/test/given"
)

const monitoring = "../../deploy/monitoring"

// ofOthers are metrics that Prometheus makes itself, and those that are there only with a certificate.
var ofOthers = []string{"up", "tls_certificate_expiry_timestamp_seconds"}

type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

// live gives the metrics of a running program, and what it logs.
func live(t *testing.T) (map[string]*dto.MetricFamily, string) {
	t.Helper()
	log := &lines{}
	running, err := bootstrap.Open(context.Background(), map[string]string{
		"AUTH_MODE": "trusted", "DATABASE_URL": given.TempSQLite(t), "DATA_DIR": t.TempDir(), "SURGICASE_KEYS": given.KeySet(t), "LOG_LEVEL": "DEBUG",
	}, bootstrap.Parts{Log: log})
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
	ask("/user?user_id=nobody") // a statement, an event and a line
	text := expfmt.NewTextParser(model.UTF8Validation)
	families, err := text.TextToMetricFamilies(strings.NewReader(ask("/metrics")))
	if err != nil {
		t.Fatal(err)
	}
	return families, log.text.String()
}

// resolves demands that an expression is PromQL and asks for metrics and labels that there are.
func resolves(t *testing.T, where, expr string, families map[string]*dto.MetricFamily) {
	t.Helper()
	parsed, err := parser.ParseExpr(expr)
	if err != nil {
		t.Errorf("%s: %v: %s", where, err, expr)
		return
	}
	selectors := parser.ExtractSelectors(parsed)
	if len(selectors) == 0 && where != "Watchdog" {
		t.Errorf("%s asks for no metric: %s", where, expr)
	}
	for _, matchers := range selectors {
		name, labels := "", []string{}
		for _, m := range matchers {
			if m.Name == "__name__" {
				name = m.Value
			} else {
				labels = append(labels, m.Name)
			}
		}
		if slices.Contains(ofOthers, name) {
			continue
		}
		family := families[name]
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if base, cut := strings.CutSuffix(name, suffix); cut && family == nil {
				family = families[base]
			}
		}
		if family == nil {
			t.Errorf("%s asks for %s, which there is not: %s", where, name, expr)
			continue
		}
		for _, label := range labels {
			if !hasLabel(family, label) {
				t.Errorf("%s asks for the label %s, which %s has not: %s", where, label, name, expr)
			}
		}
	}
}

func hasLabel(f *dto.MetricFamily, name string) bool {
	return slices.ContainsFunc(f.GetMetric(), func(m *dto.Metric) bool {
		return slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool { return l.GetName() == name })
	})
}

type dashboard struct {
	UID       string `json:"uid"`
	Title     string `json:"title"`
	Dashboard any    `json:"dashboard"` // the form of the HTTP interface, which files must not have
	Panels    []struct {
		Title      string `json:"title"`
		Datasource struct{ Type, UID string }
		Targets    []struct{ Expr string }
	} `json:"panels"`
}

func TestEveryPanelAndEveryAlertFindsItsMetrics(t *testing.T) {
	t.Parallel()
	families, log := live(t)
	files, _ := filepath.Glob(monitoring + "/grafana/dashboards/*.json")
	if len(files) != 3 {
		t.Fatalf("the dashboards are %v", files)
	}
	asked := 0
	for _, file := range files {
		var d dashboard
		read(t, file, func(text []byte) error { return json.Unmarshal(text, &d) })
		if d.UID == "" || d.Title == "" || d.Dashboard != nil || len(d.Panels) < 5 {
			t.Errorf("%s is not a dashboard as files have it", file)
		}
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				if p.Datasource.Type == "prometheus" {
					asked++
					resolves(t, filepath.Base(file)+": "+p.Title, target.Expr, families)
				}
			}
		}
	}
	if asked < 30 {
		t.Errorf("only %d expressions in the dashboards", asked)
	}
	for _, rule := range alerts(t) {
		resolves(t, rule.Alert, rule.Expr, families)
	}
	for _, label := range []string{"level", "event"} {
		var agent string
		read(t, monitoring+"/fluent-bit.yaml", func(text []byte) error { agent = string(text); return nil })
		if !strings.Contains(agent, "$"+label) || !strings.Contains(log, `"`+label+`":"`) {
			t.Errorf("the label %s is in the agent or in our lines only: %.300s", label, log)
		}
	}
}

type alertRule struct{ Alert, Expr string }

func alerts(t *testing.T) (all []alertRule) {
	t.Helper()
	var file struct{ Groups []struct{ Rules []alertRule } }
	read(t, monitoring+"/alerts.yml", func(text []byte) error { return yaml.Unmarshal(text, &file) })
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	if len(all) < 15 {
		t.Fatalf("only %d alerts", len(all))
	}
	return all
}

func TestEveryAlertIsTestedAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	var tests struct {
		Tests []struct {
			Rules []struct {
				Name   string `yaml:"alertname"`
				Alerts []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	read(t, monitoring+"/alerts_test.yml", func(text []byte) error { return yaml.Unmarshal(text, &tests) })
	fires := map[string]bool{}
	for _, test := range tests.Tests {
		for _, rule := range test.Rules {
			fires[rule.Name] = fires[rule.Name] || len(rule.Alerts) > 0
		}
	}
	var page string
	read(t, "../../docs/monitoring.md", func(text []byte) error { page = string(text); return nil })
	for _, rule := range alerts(t) {
		if !fires[rule.Alert] {
			t.Errorf("no test has %s fire", rule.Alert)
		}
		if !strings.Contains(page, "| `"+rule.Alert+"` |") {
			t.Errorf("docs/monitoring.md does not say what to do about %s", rule.Alert)
		}
	}
}

func read(t *testing.T, path string, take func([]byte) error) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = take(text)
	}
	if err != nil {
		t.Errorf("%s: %v", path, err)
	}
}

func TestEveryFileIsWhatItsNameSays(t *testing.T) {
	t.Parallel()
	seen := 0
	err := filepath.WalkDir("../../deploy", func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		var content any
		switch filepath.Ext(path) {
		case ".yml", ".yaml":
			seen++
			read(t, path, func(text []byte) error { return yaml.Unmarshal(text, &content) })
		case ".json":
			seen++
			read(t, path, func(text []byte) error { return json.Unmarshal(text, &content) })
		}
		return nil
	})
	if err != nil || seen < 10 {
		t.Errorf("%d files, %v", seen, err)
	}
}

// Where promtool is installed its word counts here already; make verify installs it.
func TestPromtoolFindsNoFault(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Skip("promtool is not installed; make verify has it")
	}
	for _, arguments := range [][]string{{"check", "rules", "alerts.yml"}, {"test", "rules", "alerts_test.yml"}, {"check", "config", "--syntax-only", "prometheus.yml"}} {
		c := exec.CommandContext(t.Context(), "promtool", arguments...)
		c.Dir = monitoring
		if said, err := c.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", arguments, err, said)
		}
	}
}

// exposure is how much systemd thinks a unit is exposed, of 10; lower is better.
const exposure = 2.0

// Where systemd is installed it judges the units: that they are right, and how much of the machine they see.
func TestSystemdApprovesOfTheUnits(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	for _, unit := range []string{"surgicase.service", "surgicase-scheduler.service"} {
		path := filepath.Join(t.TempDir(), unit)
		read(t, "../../deploy/systemd/"+unit, func(text []byte) error { // the program is not installed here
			return os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "/usr/local/bin/surgicase", "/bin/true")), 0o600)
		})
		if said, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", path).CombinedOutput(); err != nil || strings.Contains(string(said), unit+":") {
			t.Errorf("%s: %v\n%s", unit, err, said)
		}
		said, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=true", path).Output()
		if err != nil {
			t.Logf("systemd-analyze security: %v: this systemd is too old", err)
			continue
		}
		_, level, found := strings.Cut(string(said), unit+": ")
		grade, err := strconv.ParseFloat(strings.Fields(level + " none")[0], 64)
		if !found || err != nil || grade > exposure {
			t.Errorf("%s: exposure %v, at most %v: %v", unit, grade, exposure, err)
		}
	}
}

func TestAnInstanceIsRegistered(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	read(t, monitoring+"/register-instance.sh", func(text []byte) error { return os.WriteFile(dir+"/register-instance.sh", text, 0o700) })
	call := func(arguments ...string) error {
		return exec.CommandContext(t.Context(), dir+"/register-instance.sh", arguments...).Run()
	}
	for range 2 { // twice is once
		if err := call("10.0.0.7", "8000", "production"); err != nil {
			t.Fatal(err)
		}
	}
	var targets []struct {
		Targets []string
		Labels  map[string]string
	}
	read(t, dir+"/targets/10_0_0_7-8000.json", func(text []byte) error { return json.Unmarshal(text, &targets) })
	if len(targets) != 1 || !slices.Equal(targets[0].Targets, []string{"10.0.0.7:8000"}) || targets[0].Labels["environment"] != "production" {
		t.Errorf("the targets are %+v", targets)
	}
	for _, bad := range [][]string{{}, {"10.0.0.7; rm -rf /"}, {`1"2`}, {"10.0.0.7", "80a"}, {"10.0.0.7", "80", `a"b`}, {"../../etc"}, {"--remove"}, {"10.0.0.7", "80", "-x"}, {"10.0.0.7", "80", "--removed"}, {"10.0.0.7", "80", "production", "more"}} {
		if call(bad...) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	for _, gone := range [][]string{{"10.0.0.7", "8000", "production", "--remove"}, {"10.0.0.7", "8000", "--remove"}, {"10.0.0.7", "--remove"}} {
		if err := call("10.0.0.7"); err != nil {
			t.Error(err)
		}
		if err := call(gone...); err != nil {
			t.Errorf("%q: %v", gone, err)
		}
		if left, _ := os.ReadDir(dir + "/targets"); len(left) != 0 {
			t.Errorf("%q leaves %v", gone, left)
		}
	}
}
