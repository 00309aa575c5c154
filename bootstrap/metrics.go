package bootstrap

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"surgicase/adapters/httpapi"
	"surgicase/adapters/sqlstore"
	"surgicase/domain/dryrun"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// metrics counts what happens. Names, types and labels are those of the old product where it had them
// (reference-rules.md 11.1); labels are route templates and enumerations, never ids, so that nobody
// outside can make new series.
type metrics struct {
	registry   *prometheus.Registry
	requests   *prometheus.CounterVec
	durations  *prometheus.HistogramVec
	operations map[string]*prometheus.CounterVec // by entity
	creation   prometheus.Summary
	statements *prometheus.HistogramVec
	away       prometheus.Counter
	events     *prometheus.CounterVec
	refused    *prometheus.CounterVec
	failures   *prometheus.CounterVec
}

// newMetrics registers what is counted. What is measured when somebody asks comes with expose.
func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewPedanticRegistry(),
		requests: counters("http_requests_total", "Requests answered; error from code 400 up.", "method", "endpoint", "status", "code"),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_request_duration_seconds", Help: "How long answers took.", Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"method", "endpoint"}),
		operations: map[string]*prometheus.CounterVec{},
		creation:   prometheus.NewSummary(prometheus.SummaryOpts{Name: "case_creation_duration_seconds", Help: "How long it took to record a case, successfully, over HTTP."}),
		statements: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "database_query_duration_seconds", Help: "How long statements took, by what they do and the first table they name.",
			Buckets: []float64{.001, .01, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"operation", "table"}),
		away: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "database_connection_errors_total", Help: "Transactions that failed because the database was not there or no connection was free.",
		}),
		events:   counters("business_events_total", "What happened, also outside of HTTP; the names are those of the log lines.", "event", "outcome"),
		refused:  counters("callers_refused_total", "Requests without a caller or with a bad credential.", "reason"),
		failures: counters("background_failures_total", "Rounds of background work that failed; what became of single letters, tasks and jobs is business_events_total.", "work"),
	}
	for _, entity := range []string{"case", "user", "facility", "surgeon"} {
		m.operations[entity] = counters(entity+"_operations_total", "Operations over HTTP on this kind of thing, by their outcome.", "operation", "status")
		m.registry.MustRegister(m.operations[entity])
	}
	m.registry.MustRegister(m.requests, m.durations, m.creation, m.statements, m.away, m.events, m.refused, m.failures)
	m.zero()
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

// zero creates the counters whose labels are enumerations: a rate over a counter that appears with its
// first error misses that error.
func (m *metrics) zero() {
	for _, op := range operationsOfEntities {
		for _, status := range statusesOf[op.operation] {
			m.operations[op.entity].WithLabelValues(op.operation, status)
		}
	}
	for _, reason := range refusals {
		m.refused.WithLabelValues(reason)
	}
	for _, work := range backgroundWork {
		m.failures.WithLabelValues(work)
	}
	for _, event := range eventNames {
		for _, outcome := range eventOutcomes {
			m.events.WithLabelValues(event, outcome)
		}
	}
}

// expect creates the series of the endpoints that there are.
func (m *metrics) expect(endpoints []httpapi.Endpoint) {
	for _, e := range append(endpoints, httpapi.Endpoint{Method: "GET", Path: unmatched}) {
		m.durations.WithLabelValues(e.Method, e.Path)
		for _, code := range []int{max(e.Status, 200), 500, 502, 503} {
			m.requests.WithLabelValues(e.Method, e.Path, statusOf(code), strconv.Itoa(code))
		}
	}
}

// unmatched is the endpoint of requests for paths that there are not.
const unmatched = "unmatched"

// methods are those that any endpoint takes; others count as one.
var methods = map[string]bool{"GET": true, "POST": true, "PATCH": true, "PUT": true, "DELETE": true, "HEAD": true, "OPTIONS": true}

func statusOf(code int) string {
	if code < 400 {
		return "success"
	}
	return "error"
}

// request counts an answered request, once.
func (m *metrics) request(a httpapi.Access) {
	endpoint, method := a.Route, a.Method
	if endpoint == "" {
		endpoint = unmatched
	}
	if !methods[method] || endpoint == unmatched {
		method = "OTHER"
		if a.Method == "GET" {
			method = "GET"
		}
	}
	m.requests.WithLabelValues(method, endpoint, statusOf(a.Status), strconv.Itoa(a.Status)).Inc()
	m.durations.WithLabelValues(method, endpoint).Observe(a.Took.Seconds())
	op, known := operationsOfEntities[a.Operation]
	if !known {
		return
	}
	m.operations[op.entity].WithLabelValues(op.operation, outcomeOfOperation(a, op.operation)).Inc()
	if a.Operation == "create-case" && a.Status == 201 {
		m.creation.Observe(a.Took.Seconds())
	}
}

// statement counts a statement.
func (m *metrics) statement(s sqlstore.Statement) {
	m.statements.WithLabelValues(s.Operation, s.Table).Observe(s.Took.Seconds())
}

// event counts what happened. The names of events are constants of the code.
func (m *metrics) event(e ports.Event) {
	if e.Name == callerRefused {
		m.refused.WithLabelValues(knownOr(fault.CodeOf(e.Err), refusals, "other")).Inc()
		return
	}
	if e.Name == ports.BackgroundFailed {
		for _, v := range e.Values {
			if v.Name == "work" {
				m.failures.WithLabelValues(v.Text).Inc()
			}
		}
		return
	}
	m.events.WithLabelValues(e.Name, coarse(e)).Inc()
}

func knownOr(name string, names []string, otherwise string) string {
	for _, n := range names {
		if n == name {
			return n
		}
	}
	return otherwise
}

// observer is the ear of the program: it writes log lines and counts.
type observer struct {
	eventLog
	metrics *metrics
	now     func() time.Time
}

func newObserver(log *zap.Logger, m *metrics, clock ports.Clock) observer {
	return observer{eventLog{log}, m, clock.Now}
}

// hearing is the ear for the database; a test may listen, too.
func (o observer) hearing(also func(context.Context, time.Duration, error)) hearing {
	return hearing{
		away: func(error) { o.metrics.away.Inc() },
		statement: func(ctx context.Context, s sqlstore.Statement) {
			o.metrics.statement(s)
			if s.Took >= slowStatement {
				o.log.Warn("statement.slow", zap.String("statement", s.Name()), zap.String("request_id", requestOf(ctx)), zap.String("operation", s.Operation), zap.String("table", s.Table), zap.Duration("took", s.Took))
			}
			if also != nil {
				also(ctx, s.Took, s.Err)
			}
		},
	}
}

// Happened implements ports.Events. What a dry run tries has not happened.
func (o observer) Happened(ctx context.Context, e ports.Event) {
	if dryrun.Is(ctx) {
		return
	}
	o.metrics.event(e)
	o.eventLog.Happened(ctx, e)
}

// request hears of an answered request.
func (o observer) request(ctx context.Context, a httpapi.Access) {
	o.metrics.request(a)
	accessLog(o.log)(ctx, a)
}

func requestOf(ctx context.Context) string {
	id, _ := httpapi.RequestOf(ctx)
	return id
}

// slowStatement is from when on a statement is worth a line.
const slowStatement = 200 * time.Millisecond
