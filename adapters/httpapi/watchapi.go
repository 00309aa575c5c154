package httpapi

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"surgicase/application/operations"
	"surgicase/domain/fault"
)

const tagOperations = "Operations"

// Watch is what operators can look at, beside the use cases.
type Watch struct {
	Token      func(context.Context) (string, error) // who sends it as a bearer token may look; "" if there is none
	Local      bool                                  // only programs on this machine reach us: without a token they may look
	Figures    *operations.Figures
	Health     *operations.Health
	Exposition func() ([]byte, error) // all metrics in the text format of Prometheus
	System     func(context.Context) (SystemFigures, error)
	Pool       func() (PoolFigures, error)
	Traffic    func() (Traffic, error)
	Secrets    func() SecretsFigures
}

// SystemFigures is how the machine stands.
type SystemFigures struct {
	CPUPercent        float64   `json:"cpu_percent" example:"12.5"`
	MemoryPercent     float64   `json:"memory_percent" example:"41.2"`
	MemoryAvailableGB float64   `json:"memory_available_gb" example:"6.3"`
	DiskPercent       float64   `json:"disk_percent" doc:"Of the disk that holds DATA_DIR." example:"55.1"`
	DiskFreeGB        float64   `json:"disk_free_gb" example:"80.4"`
	Timestamp         time.Time `json:"timestamp"`
}

// PoolFigures is how the connections to the database stand.
type PoolFigures struct {
	ActiveConnections int       `json:"active_connections" doc:"In use." example:"2"`
	IdleConnections   int       `json:"idle_connections" example:"13"`
	MostConnections   int       `json:"max_connections" example:"25"`
	Waited            int64     `json:"waited" doc:"How often somebody waited for a connection since the start." example:"0"`
	WaitedSeconds     float64   `json:"waited_seconds" doc:"How long, altogether." example:"0"`
	Timestamp         time.Time `json:"timestamp"`
}

// Traffic is what was answered since the start.
type Traffic struct {
	TotalRequests       int64           `json:"total_requests" example:"1200"`
	AverageResponseTime float64         `json:"average_response_time" doc:"Seconds." example:"0.012"`
	ErrorRate           float64         `json:"error_rate" doc:"Part of the requests that were answered with 400 or above." example:"0.02"`
	MostUsed            []EndpointUsage `json:"most_used_endpoints" nullable:"false" doc:"At most ten."`
	Slowest             []EndpointUsage `json:"slowest_endpoints" nullable:"false" doc:"At most ten, by average."`
	Timestamp           time.Time       `json:"timestamp"`
}

// EndpointUsage is the traffic of an endpoint.
type EndpointUsage struct {
	Method              string  `json:"method" example:"GET"`
	Endpoint            string  `json:"endpoint" doc:"The path as documented, without values." example:"/case"`
	Requests            int64   `json:"requests" example:"320"`
	Errors              int64   `json:"errors" example:"3"`
	AverageResponseTime float64 `json:"average_response_time" doc:"Seconds." example:"0.008"`
}

// watching says whether a request may look without being anybody: it has the token, or there is none
// and it comes from this machine, under its name and without the mark of a proxy.
func (a *API) watching(hc huma.Context) bool {
	watch := a.settings.Watch
	token, err := watch.Token(hc.Context())
	if err != nil {
		return false
	}
	if token == "" {
		return watch.Local && isLoopback(hc.Host()) && !passedOn(humagin.Unwrap(hc).Request.Header)
	}
	sent, ok := bearer(hc)
	want, got := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(sent))
	return ok && subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// watched is an endpoint for those who may watch the operations.
func watched[I, O any](a *API, handle func(context.Context, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		if !callOf(ctx).watching {
			if err := a.settings.Watch.Figures.May(ctx, actorOf(ctx)); err != nil {
				return nil, err
			}
		}
		return handle(ctx, in)
	}
}

const whoWatches = "For Global Admins, and for who sends METRICS_TOKEN as a bearer token; open to programs on this machine when there is no such token and the service listens on loopback."

func watchRoute[O any](a *API, path, id, summary string, handle func(context.Context) (*O, error)) {
	r := route{method: http.MethodGet, path: path, id: id, tag: tagOperations, watch: true, summary: summary, description: whoWatches}
	if reflect.TypeFor[O]() == reflect.TypeFor[expositionAnswer]() {
		r.produces = []string{"text/plain"}
	}
	register(a, r, watched(a, func(ctx context.Context, _ *OnlyCaller) (*O, error) { return handle(ctx) }))
}

func (a *API) watchRoutes() {
	watchRoute(a, "/metrics", "metrics", "Read all metrics in the text format of Prometheus", a.exposition)
	watchRoute(a, "/metrics/summary", "metrics-summary", "Read the main figures as JSON", a.metricsSummary)
	watchRoute(a, "/metrics/health", "metrics-health", "Can the metrics be produced?", a.metricsHealth)
	watchRoute(a, "/metrics/system", "metrics-system", "How the machine stands", a.metricsSystem)
	watchRoute(a, "/metrics/database", "metrics-database", "How the connections to the database stand", a.metricsDatabase)
	watchRoute(a, "/metrics/business", "metrics-business", "Read the figures of the practice", a.metricsBusiness)
	watchRoute(a, "/metrics/endpoints", "metrics-endpoints", "Read how often and how fast endpoints are answered", a.metricsEndpoints)
	watchRoute(a, "/metrics/self", "metrics-self", "List the endpoints for metrics", a.metricsSelf)
}

type expositionAnswer struct {
	ContentType string `header:"Content-Type"`
	Body        []byte `doc:"Text format 0.0.4 of Prometheus."`
}

func (a *API) exposition(context.Context) (*expositionAnswer, error) {
	text, err := a.settings.Watch.Exposition()
	return &expositionAnswer{"text/plain; version=0.0.4; charset=utf-8", text}, err
}

// figuresAnswer wraps figures the way the reference does.
type figuresAnswer[T any] struct{ Body figuresBody[T] }

type figuresBody[T any] struct {
	Status string `json:"status" example:"success"`
	Data   T      `json:"data"`
}

func figuresOf[T any](data T, err error) (*figuresAnswer[T], error) {
	if err != nil {
		return nil, err
	}
	return &figuresAnswer[T]{figuresBody[T]{"success", data}}, nil
}

func (a *API) metricsSystem(ctx context.Context) (*figuresAnswer[SystemFigures], error) {
	return figuresOf(a.settings.Watch.System(ctx))
}

func (a *API) metricsDatabase(context.Context) (*figuresAnswer[PoolFigures], error) {
	return figuresOf(a.settings.Watch.Pool())
}

func (a *API) metricsEndpoints(context.Context) (*figuresAnswer[Traffic], error) {
	return figuresOf(a.settings.Watch.Traffic())
}

func (a *API) metricsBusiness(ctx context.Context) (*figuresAnswer[BusinessFigures], error) {
	report, err := a.settings.Watch.Figures.Report(ctx)
	return figuresOf(businessOf(report), err)
}

type summaryFigures struct {
	Timestamp   time.Time         `json:"timestamp"`
	Database    PoolFigures       `json:"database"`
	System      SystemFigures     `json:"system"`
	MetricsInfo map[string]string `json:"metrics_info" doc:"What the main metrics mean, by their name in the old product."`
}

// metricsInfo describes the metrics by the words of the reference. Source: reference-wire.md 11.
var metricsInfo = map[string]string{
	"request_count":       "http_requests_total: requests by method, endpoint, success or error, and code",
	"request_duration":    "http_request_duration_seconds: how long answers take, by method and endpoint",
	"case_operations":     "case_operations_total: operations on cases over HTTP, by their outcome",
	"user_operations":     "user_operations_total: operations on users over HTTP, by their outcome",
	"facility_operations": "facility_operations_total: operations on facilities over HTTP, by their outcome",
	"surgeon_operations":  "surgeon_operations_total: operations on surgeons over HTTP, by their outcome",
	"db_query_duration":   "database_query_duration_seconds: how long statements take, by operation and table",
	"db_connections":      "database_connections_active: connections to the database in use",
	"system_resources":    "system_cpu_usage_percent, system_memory_usage_percent, system_disk_usage_percent: the machine",
}

func (a *API) metricsSummary(ctx context.Context) (*figuresAnswer[summaryFigures], error) {
	system, err := a.settings.Watch.System(ctx)
	if err != nil {
		return nil, err
	}
	pool, err := a.settings.Watch.Pool()
	return figuresOf(summaryFigures{a.settings.Now(), pool, system, metricsInfo}, err)
}

type metricsHealthAnswer struct {
	Body struct {
		Status            string    `json:"status" example:"healthy"`
		MetricsGeneration string    `json:"metrics_generation" example:"success"`
		SystemStats       string    `json:"system_stats" example:"success"`
		DatabaseStats     string    `json:"database_stats" example:"success"`
		Timestamp         time.Time `json:"timestamp"`
	}
}

func (a *API) metricsHealth(ctx context.Context) (*metricsHealthAnswer, error) {
	watch := a.settings.Watch
	_, err := watch.Exposition()
	if err == nil {
		_, err = watch.System(ctx)
	}
	if err == nil {
		_, err = watch.Pool()
	}
	if err != nil {
		return nil, fault.New(fault.Unavailable, "metrics_unavailable", "The metrics cannot be produced.").Because(err)
	}
	out := &metricsHealthAnswer{}
	out.Body.Status, out.Body.Timestamp = "healthy", a.settings.Now()
	out.Body.MetricsGeneration, out.Body.SystemStats, out.Body.DatabaseStats = "success", "success", "success"
	return out, nil
}

type selfFigures struct {
	Available   []string  `json:"metrics_endpoints_available" nullable:"false"`
	Prometheus  bool      `json:"prometheus_format_supported" example:"true"`
	JSON        bool      `json:"json_format_supported" example:"true"`
	HealthCheck bool      `json:"health_check_available" example:"true"`
	Timestamp   time.Time `json:"timestamp"`
}

func (a *API) metricsSelf(context.Context) (*figuresAnswer[selfFigures], error) {
	return figuresOf(selfFigures{[]string{
		"/metrics", "/metrics/summary", "/metrics/health", "/metrics/system", "/metrics/database", "/metrics/business", "/metrics/endpoints", "/metrics/self",
	}, true, true, true, a.settings.Now()}, nil)
}
