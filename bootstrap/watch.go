package bootstrap

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"go.uber.org/fx"

	"surgicase/adapters/httpapi"
	"surgicase/adapters/sqlstore"
	"surgicase/application/operations"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// MetricsTokenName is the secret that opens /metrics when METRICS_TOKEN is not set.
const MetricsTokenName = "surgicase/metrics-token" //nolint:gosec // the name of a secret, not a secret

// watching provides what operators look at.
func watching() fx.Option {
	return fx.Options(counting(), fx.Provide(operations.NewFigures, newReadiness, newMachine, newBackends, newProbes, operations.NewHealth, newWatchers))
}

// watchers are those who look.
type watchers struct {
	figures *operations.Figures
	health  *operations.Health
	machine *machine
	metrics *metrics
	jobs    operations.JobList
}

func newWatchers(figures *operations.Figures, health *operations.Health, machine *machine, metrics *metrics, jobs operations.JobList) watchers {
	return watchers{figures, health, machine, metrics, jobs}
}

// newWatch gathers what operators can look at.
func newWatch(c Config, secrets ports.Secrets, store *sqlstore.Store, w watchers, chain *operations.ChainWatch) httpapi.Watch {
	w.metrics.expose(c, store, w.figures, func() ports.SecretsCache { return cacheOf(secrets) }, w.machine, w.jobs, chain)
	return httpapi.Watch{
		Local: c.HTTPAddr.loopback(), Figures: w.figures, Health: w.health, Exposition: w.metrics.exposition, System: w.machine.look, Traffic: w.metrics.traffic,
		Token:   func(ctx context.Context) (string, error) { return c.metricsToken(ctx, secrets) },
		Secrets: func() httpapi.SecretsFigures { return c.secretsFigures(secrets) },
		Pool: func() (httpapi.PoolFigures, error) {
			pool := poolOf(store)
			pool.Timestamp = systemClock{}.Now()
			return pool, nil
		},
	}
}

// secretsFigures says how the cache of secrets stands; a provider that reads variables and files has none.
func (c Config) secretsFigures(secrets ports.Secrets) httpapi.SecretsFigures {
	cache := cacheOf(secrets)
	return httpapi.SecretsFigures{Secrets: cache.Secrets, Oldest: cache.Oldest, Newest: cache.Newest, Region: c.AWSRegion}
}

func cacheOf(secrets ports.Secrets) (cache ports.SecretsCache) {
	if cached, ok := secrets.(cachedSecrets); ok {
		cache = cached.Cache()
	}
	return cache
}

// metricsToken is what opens /metrics, "" if there is none.
func (c Config) metricsToken(ctx context.Context, secrets ports.Secrets) (string, error) {
	if c.MetricsToken.text != "" {
		return c.MetricsToken.text, nil
	}
	stored, err := secrets.Get(ctx, MetricsTokenName)
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	return strings.TrimSpace(string(stored)), err
}

// mostListed is how many endpoints the traffic lists.
const mostListed = 10

// traffic sums up what was answered.
func (m *metrics) traffic() (httpapi.Traffic, error) {
	families, err := m.registry.Gather()
	if len(families) == 0 && err != nil {
		return httpapi.Traffic{}, err
	}
	type key struct{ method, endpoint string }
	usage := map[key]*httpapi.EndpointUsage{}
	at := func(metric *dto.Metric) *httpapi.EndpointUsage {
		k := key{labelOf(metric, "method"), labelOf(metric, "endpoint")}
		if usage[k] == nil {
			usage[k] = &httpapi.EndpointUsage{Method: k.method, Endpoint: k.endpoint}
		}
		return usage[k]
	}
	t := httpapi.Traffic{Timestamp: systemClock{}.Now()}
	var errs, seconds float64
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			switch family.GetName() {
			case "http_requests_total":
				n := metric.GetCounter().GetValue()
				t.TotalRequests += int64(n)
				at(metric).Requests += int64(n)
				if labelOf(metric, "status") == "error" {
					errs += n
					at(metric).Errors += int64(n)
				}
			case "http_request_duration_seconds":
				h := metric.GetHistogram()
				seconds += h.GetSampleSum()
				at(metric).AverageResponseTime = ratio(h.GetSampleSum(), float64(h.GetSampleCount()))
			}
		}
	}
	t.ErrorRate, t.AverageResponseTime = ratio(errs, float64(t.TotalRequests)), ratio(seconds, float64(t.TotalRequests))
	list := []httpapi.EndpointUsage{}
	for _, u := range usage {
		if u.Requests > 0 {
			list = append(list, *u)
		}
	}
	t.MostUsed = top(list, func(u httpapi.EndpointUsage) float64 { return float64(u.Requests) })
	t.Slowest = top(list, func(u httpapi.EndpointUsage) float64 { return u.AverageResponseTime })
	return t, nil
}

func ratio(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

// top gives the largest few; those that are equal come by name.
func top(list []httpapi.EndpointUsage, size func(httpapi.EndpointUsage) float64) []httpapi.EndpointUsage {
	sorted := slices.SortedFunc(slices.Values(list), func(a, b httpapi.EndpointUsage) int {
		return cmp.Or(cmp.Compare(size(b), size(a)), cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(a.Method, b.Method))
	})
	return append([]httpapi.EndpointUsage{}, sorted[:min(len(sorted), mostListed)]...)
}

func labelOf(m *dto.Metric, name string) string {
	for _, pair := range m.GetLabel() {
		if pair.GetName() == name {
			return pair.GetValue()
		}
	}
	return ""
}
