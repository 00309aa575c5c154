package httpapi

import (
	"context"
	"time"
)

// SecretsFigures is how the cache of secrets stands.
type SecretsFigures struct {
	Secrets        int
	Oldest, Newest time.Duration
	Region         string
}

// secretsCapacity is the number of secrets that the old product reckoned with.
const secretsCapacity = 20

type secretsCacheAnswer struct {
	Body struct {
		Secrets    int            `json:"cached_secrets_count" example:"4"`
		Entries    int            `json:"total_cache_entries" doc:"A value and a time for each." example:"8"`
		Oldest     float64        `json:"oldest_cache_age_seconds" example:"211.4"`
		Newest     float64        `json:"newest_cache_age_seconds" example:"3.1"`
		Region     string         `json:"region" example:"us-east-1"`
		Efficiency efficiencyBody `json:"cache_efficiency"`
		Timestamp  float64        `json:"timestamp" doc:"Seconds since 1970."`
		TookMS     float64        `json:"request_duration_ms" example:"0.1"`
	}
}

type efficiencyBody struct {
	AverageAge  float64 `json:"avg_cache_age_seconds" example:"107.2"`
	Utilization float64 `json:"cache_utilization_percent" doc:"Of 20." example:"20"`
	Status      string  `json:"cache_status" enum:"empty,very_fresh,healthy,aging,stale" example:"healthy"`
}

func (a *API) secretsRoutes() {
	watchRoute(a, "/secrets_cache_stats", "secrets-cache-stats", "How old the cached secrets are", a.secretsCache)
}

func (a *API) secretsCache(context.Context) (*secretsCacheAnswer, error) {
	start := a.settings.Now()
	figures, out := a.settings.Watch.Secrets(), &secretsCacheAnswer{}
	out.Body.Secrets, out.Body.Entries, out.Body.Region = figures.Secrets, 2*figures.Secrets, figures.Region
	out.Body.Oldest, out.Body.Newest = figures.Oldest.Seconds(), figures.Newest.Seconds()
	average := (figures.Oldest + figures.Newest) / 2
	out.Body.Efficiency = efficiencyBody{average.Seconds(), float64(figures.Secrets) * 100 / secretsCapacity, cacheStatus(figures.Secrets, average)}
	out.Body.Timestamp = float64(start.UnixMicro()) / 1e6
	out.Body.TookMS = milliseconds(a.settings.Now().Sub(start))
	return out, nil
}

// cacheStatus is the word of the old product for an age. Source: reference-rules.md 12.
func cacheStatus(secrets int, age time.Duration) string {
	switch {
	case secrets == 0:
		return "empty"
	case age < time.Minute:
		return "very_fresh"
	case age < 3*time.Minute:
		return "healthy"
	case age < 5*time.Minute:
		return "aging"
	}
	return "stale"
}
