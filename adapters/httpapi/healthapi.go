package httpapi

import (
	"context"
	"net/http"
	"time"

	"surgicase/application/operations"
	"surgicase/domain/fault"
)

const tagHealth = "Health"

// HealthBody is how the service stands. Only who may watch the operations is shown the components.
type HealthBody struct {
	Status         string                   `json:"status" enum:"healthy,degraded,unhealthy" example:"healthy"`
	Timestamp      time.Time                `json:"timestamp" doc:"When it was looked at, up to ten seconds ago."`
	ResponseTimeMS float64                  `json:"response_time_ms" doc:"How long the look took." example:"3.2"`
	Summary        healthSummaryBody        `json:"summary"`
	Components     map[string]ComponentBody `json:"components,omitempty"`
	Version        string                   `json:"version" example:"v1.0.0"`
	Service        string                   `json:"service" example:"surgicase-api"`
}

type healthSummaryBody struct {
	Total     int `json:"total_services" example:"7"`
	Healthy   int `json:"healthy" example:"7"`
	Degraded  int `json:"degraded" example:"0"`
	Unhealthy int `json:"unhealthy" example:"0"`
}

// ComponentBody is how a component stands.
type ComponentBody struct {
	Status         string         `json:"status" enum:"healthy,degraded,unhealthy,warning,unknown,disabled" example:"healthy"`
	Adapter        string         `json:"adapter" doc:"What stands behind it here." example:"sqlite"`
	Critical       bool           `json:"critical" doc:"Whether nothing works without it." example:"true"`
	ResponseTimeMS float64        `json:"response_time_ms" example:"0.4"`
	Details        string         `json:"details" example:"answers"`
	Error          string         `json:"error,omitempty" doc:"A stable word for why it is not healthy." example:"timeout"`
	Figures        map[string]any `json:"figures,omitempty" doc:"Numbers that belong to it."`
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func healthBodyOf(r operations.HealthReport, version string, components bool) HealthBody {
	b := HealthBody{
		Status: string(r.State), Timestamp: r.At, ResponseTimeMS: milliseconds(r.Took), Version: version, Service: "surgicase-api",
		Summary: healthSummaryBody{
			Total: len(r.Components) - r.Count(operations.Unknown) - r.Count(operations.Disabled), Healthy: r.Count(operations.Healthy),
			Degraded: r.Count(operations.Degraded), Unhealthy: r.Count(operations.Unhealthy),
		},
	}
	if !components {
		return b
	}
	b.Components = map[string]ComponentBody{}
	for _, c := range r.Components {
		b.Components[c.Name] = ComponentBody{string(c.State), c.Adapter, c.Critical, milliseconds(c.Took), c.Details, c.Code, c.Figures}
	}
	return b
}

// healthAnswer has its own body with a 503, too: who asks wants to know what is wrong.
type healthAnswer struct {
	Status int
	Body   HealthBody
}

// looksClosely says whether the caller is shown the components. Nobody is refused because of that.
func (a *API) looksClosely(ctx context.Context) bool {
	c := callOf(ctx)
	return c.watching || (c.actor.User != "" && a.settings.Watch.Figures.Allowed(c.actor))
}

func (a *API) health(ctx context.Context, components bool) *healthAnswer {
	report := a.settings.Watch.Health.Report(ctx)
	out := &healthAnswer{http.StatusOK, healthBodyOf(report, a.settings.Version, components)}
	if report.State == operations.Unhealthy {
		out.Status = http.StatusServiceUnavailable
	}
	return out
}

func (a *API) healthRoutes() {
	down := []int{http.StatusServiceUnavailable}
	register(a, route{
		method: http.MethodGet, path: "/health", id: "health", tag: tagHealth, open: true, curious: true, unwell: true, faults: []int{http.StatusUnprocessableEntity},
		summary: "How are all its parts?", description: "Looks at all parts at once, at most every ten seconds, and answers within two seconds. Without its critical parts the status is 503, with the same body. The components are shown to Global Admins, to who sends METRICS_TOKEN as a bearer token, and on loopback when there is no such token.",
	}, func(ctx context.Context, _ *OnlyCaller) (*healthAnswer, error) {
		return a.health(ctx, a.looksClosely(ctx)), nil
	})
	register(a, route{
		method: http.MethodGet, path: "/health/system", id: "health-system", tag: tagHealth, open: true, unwell: true,
		summary: "How is it altogether?", description: "As /health, without the components.",
	}, func(ctx context.Context, _ *struct{}) (*healthAnswer, error) { return a.health(ctx, false), nil })
	register(a, route{
		method: http.MethodGet, path: "/health/live", id: "health-live", tag: tagHealth, open: true,
		summary: "Is the process alive?", description: "Answers as long as the process runs. For restarting it.",
	}, func(context.Context, *struct{}) (*aliveAnswer, error) {
		out := &aliveAnswer{}
		out.Body.Status, out.Body.Timestamp = "alive", a.settings.Now()
		return out, nil
	})
	register(a, route{
		method: http.MethodGet, path: "/health/simple", id: "health-simple", tag: tagHealth, open: true,
		summary: "A word for simple monitors", description: "Answers healthy as long as the process runs.",
	}, func(context.Context, *struct{}) (*statusAnswer, error) {
		return &statusAnswer{statusBody{"healthy"}}, nil
	})
	register(a, route{
		method: http.MethodGet, path: "/health/ready", id: "health-ready", tag: tagHealth, open: true, faults: down,
		summary: "Can it answer requests?", description: "Reports within two seconds whether the database can be read and written and the service is not about to stop. It writes a row and removes it, at most every ten seconds. For load balancers.",
	}, a.ready)
}

type statusBody struct {
	Status string `json:"status" doc:"How the service is." example:"ready"`
}

type statusAnswer struct{ Body statusBody }

type aliveAnswer struct {
	Body struct {
		Status    string    `json:"status" doc:"Always alive." example:"alive"`
		Timestamp time.Time `json:"timestamp" doc:"The time of the server."`
	}
}

func (a *API) ready(ctx context.Context, _ *struct{}) (*statusAnswer, error) {
	if err := a.settings.Ready(ctx); err != nil {
		return nil, fault.New(fault.Unavailable, "not_ready", "Service not ready").Because(err)
	}
	return &statusAnswer{statusBody{"ready"}}, nil
}
