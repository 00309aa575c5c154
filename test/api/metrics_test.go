package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"surgicase/domain/pay"
	"surgicase/domain/permission"
)

// scrape reads all metrics the way Prometheus does.
func (p *program) scrape() map[string]*dto.MetricFamily {
	p.t.Helper()
	text := p.get("/metrics", "", bearerOf(metricsToken)...).is(200)
	if kind := text.header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain; version=0.0.4") {
		p.t.Errorf("the metrics are of type %q", kind)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(text.raw)))
	if err != nil {
		p.t.Fatal(err)
	}
	return families
}

// metric gives the value of a series, by labels in order: "status", "error". A histogram or summary gives
// its count.
func metric(families map[string]*dto.MetricFamily, name string, labels ...string) (float64, bool) {
	for _, m := range families[name].GetMetric() {
		fits := true
		for i := 0; i+1 < len(labels); i += 2 {
			fits = fits && slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool { return l.GetName() == labels[i] && l.GetValue() == labels[i+1] })
		}
		if fits {
			return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount()) + float64(m.GetSummary().GetSampleCount()), true
		}
	}
	return 0, false
}

// counts demands the value of a series.
func (p *program) counts(want float64, name string, labels ...string) {
	p.t.Helper()
	if got, there := metric(p.scrape(), name, labels...); !there || got != want {
		p.t.Errorf("%s%v is %v (there: %v), want %v", name, labels, got, there, want)
	}
}

func series(families map[string]*dto.MetricFamily) (n int) {
	for _, f := range families {
		n += len(f.GetMetric())
	}
	return n
}

func TestMetricsMeanWhatTheySay(t *testing.T) {
	everywhere(t, func(p *program) {
		p.prices()
		at := p.person("dr-a", permission.Provider, 1)
		p.cast()
		for _, zero := range [][]string{
			{"http_requests_total", "endpoint", "/case", "method", "POST", "status", "success", "code", "201"},
			{"http_requests_total", "endpoint", "/case", "method", "POST", "status", "error", "code", "500"},
			{"case_operations_total", "operation", "create", "status", "duplicate"},
			{"database_connection_errors_total"},
			{"callers_refused_total", "reason", "unknown_caller"},
			{"case_creation_duration_seconds"},
			{"cases_in_status", "status", "10"},
			{"external_calls_total", "service", "storage", "operation", "put", "outcome", "failed"},
			{"cases_held", "reason", "no_npi"},
			{"payment_amount_dollars", "state", "open"},
		} {
			p.counts(0, zero[0], zero[1:]...)
		}
		body := caseOf("c-1", "dr-a", at)
		p.send(http.MethodPost, "/case", "dr-a", body).is(201)
		p.send(http.MethodPost, "/case", "dr-a", body).is(409)
		p.send(http.MethodPatch, "/case", "dr-a", map[string]any{"case_id": "c-1", "case_date": body["case_date"]}).is(200)
		p.get("/case?case_id=c-1", "dr-a").is(200)
		p.get("/case?case_id=nothing", "dr-a").is(404)
		p.get("/case?case_id=c-1", "nobody").is(401)
		p.get("/casefilter", "dr-a").is(200)
		p.drafts("dr-a", at, "c-2", "c-3")
		p.allMove("case-admin", 10, []string{"c-2", "c-3"})
		p.move("case-admin", 10, []string{"c-2"}).is(200)
		for want, series := range map[float64][][]string{
			1: {
				{"case_operations_total", "operation", "create", "status", "success"},
				{"case_operations_total", "operation", "create", "status", "duplicate"},
				{"case_operations_total", "operation", "update", "status", "no_changes"},
				{"case_operations_total", "operation", "read", "status", "not_found"},
				{"case_operations_total", "operation", "read", "status", "error"},
				{"case_operations_total", "operation", "filter", "status", "success"},
				{"case_operations_total", "operation", "bulk_update_status", "status", "partial_failure"},
				{"case_creation_duration_seconds"},
				{"http_requests_total", "endpoint", "/casefilter", "code", "200"},
				{"http_requests_total", "endpoint", "/case", "code", "201"},
				{"callers_refused_total", "reason", "unknown_caller"},
				{"business_events_total", "event", "case.created", "outcome", "success"},
			},
			2: {{"business_events_total", "event", "case.bulk_moved", "outcome", "success"}, {"http_request_duration_seconds", "method", "POST", "endpoint", "/case"}},
		} {
			for _, s := range series {
				p.counts(want, s[0], s[1:]...)
			}
		}
	})
}

func TestTheFiguresOfThePractice(t *testing.T) {
	everywhere(t, func(p *program) {
		p.prices()
		at := p.person("dr-a", permission.Provider, 1)
		p.person("system-admin", permission.SystemAdmin, 1)
		p.drafts("dr-a", at, "draft")
		p.standing(10, "dr-a", at, "ready")
		p.standing(15, "dr-a", at, "pending")
		p.standing(20, "dr-a", at, "paid")
		p.withoutNPI("dr-a")
		p.clock.Advance(patience)
		for name, want := range map[string]float64{"active_cases_total": 4, "cases_unpriced": 0, "active_users_total": 1, "database_up": 1, "outbox_oldest_age_seconds": 0} {
			p.counts(want, name)
		}
		p.counts(1, "cases_in_status", "status", "15")
		p.counts(1, "cases_held", "reason", string(pay.HeldNoNPI))
		p.counts(1000, "payment_amount_dollars", "state", "open")
		p.counts(1, "payment_runs", "state", "open")
		p.counts(1, "payment_runs", "state", "closed")
		if lag, _ := metric(p.scrape(), "audit_seal_lag_seconds"); lag < patience.Seconds() {
			t.Errorf("nobody seals here, and yet the lag is %v", lag)
		}
		p.get("/metrics/business", "system-admin").is(200).has("status", "success", "data.active_cases", 4, "data.held_cases.no_npi", 1,
			"data.payments.open_amount", 1000.0, "data.payments.settled_amount", 1000.0)
		p.get("/metrics/database", "system-admin").is(200)
		p.get("/metrics/summary", "system-admin").is(200)
		p.get("/metrics/self", "system-admin").is(200)
		p.get("/metrics/health", "system-admin").is(200).has("status", "healthy")
		if cpu := p.get("/metrics/system", "system-admin").is(200); cpu.at("data.memory_percent").(float64) <= 0 || cpu.at("data.disk_percent").(float64) <= 0 {
			t.Errorf("the machine: %s", cpu.raw)
		}
		top := p.get("/metrics/endpoints", "system-admin").is(200).at("data.most_used_endpoints").([]any)
		if len(top) == 0 || len(top) > 10 {
			t.Errorf("the most used endpoints: %v", top)
		}
	})
}

func TestMadeUpPathsMakeNoSeries(t *testing.T) {
	t.Parallel()
	p := start(t, databases[0].url(t), nil)
	p.get("/nothing", "").is(404)
	p.send("BREW", "/nothing", "", nil)
	p.send("BREW", "/case", "", nil).is(405)
	p.scrape()
	before := series(p.scrape())
	for i := range 1000 {
		method, path := http.MethodGet, fmt.Sprintf("/made-up/%d?user_id=u-%[1]d", i)
		if i%3 == 0 {
			method = "BREW" + strconv.Itoa(i)
		}
		req := httptest.NewRequest(method, path, nil)
		req.Host = "127.0.0.1"
		p.API.Handler().ServeHTTP(httptest.NewRecorder(), req)
	}
	if after := series(p.scrape()); after != before {
		t.Errorf("%d series before, %d after a thousand made-up paths", before, after)
	}
	p.counts(1, "http_requests_total", "endpoint", "unmatched", "method", "OTHER", "code", "405")
}

func TestWhoMaySeeTheMetrics(t *testing.T) {
	t.Parallel()
	url := databases[0].url(t)
	open := start(t, url, map[string]string{"METRICS_TOKEN": ""})
	open.get("/metrics", "").is(200)
	open.get("/metrics/business", "").is(200)
	open.get("/metrics", "", "X-Forwarded-For", "203.0.113.7").is(403)
	closed := start(t, databases[0].url(t), nil)
	closed.get("/metrics", "").refused(401, "no_caller")
	closed.get("/metrics", "", bearerOf("a token that is not the right one......")...).refused(401, "no_caller")
	closed.get("/metrics", "", bearerOf(metricsToken)...).is(200)
	reachable := start(t, databases[0].url(t), map[string]string{"METRICS_TOKEN": "", "HTTP_ADDR": "0.0.0.0:8000", "AUTH_MODE": "token"})
	reachable.get("/metrics", "").refused(401, "no_caller")
}
