package httpapi

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"surgicase/domain/fault"
)

// Limits are how many requests a second are answered; 0 means any number. Each instance counts for
// itself.
type Limits struct {
	Caller  int // for one caller
	Address int // for one network address, whoever calls from there
}

// burstSeconds is how many seconds' worth of requests may come at once.
const burstSeconds = 10

// How long a caller who is quiet is remembered, and how many are remembered at most: past that,
// strangers share one allowance, so that made-up keys cannot fill the memory.
const (
	quietAfter   = time.Minute
	mostLimiters = 50_000
)

// throttle allows each key so many requests a second.
type throttle struct {
	perSecond int
	mu        sync.Mutex
	keys      map[string]*allowance
	crowd     *rate.Limiter
	swept     time.Time
}

type allowance struct {
	*rate.Limiter
	used time.Time
}

func newThrottle(perSecond int) *throttle {
	t := &throttle{perSecond: perSecond, keys: map[string]*allowance{}}
	t.crowd = t.limiter()
	return t
}

func (t *throttle) limiter() *rate.Limiter {
	return rate.NewLimiter(rate.Limit(t.perSecond), burstSeconds*t.perSecond)
}

// wait says how long the key must wait; 0 means that it may go on.
func (t *throttle) wait(key string, now time.Time) time.Duration {
	if t.perSecond == 0 {
		return 0
	}
	r := t.of(key, now).ReserveN(now, 1)
	pause := r.DelayFrom(now)
	if pause > 0 {
		r.CancelAt(now)
	}
	return pause
}

func (t *throttle) of(key string, now time.Time) *rate.Limiter {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.swept) > quietAfter {
		t.sweep(now)
	}
	a, known := t.keys[key]
	if !known {
		if len(t.keys) >= mostLimiters {
			return t.crowd
		}
		a = &allowance{Limiter: t.limiter()}
		t.keys[key] = a
	}
	a.used = now
	return a.Limiter
}

func (t *throttle) sweep(now time.Time) {
	t.swept = now
	for key, a := range t.keys {
		if now.Sub(a.used) > quietAfter {
			delete(t.keys, key)
		}
	}
}

// limitAddress refuses addresses that send too much. Probes and scrapers are exempt.
func (a *API) limitAddress(gc *gin.Context) {
	path := gc.Request.URL.Path
	if path == "/metrics" || path == "/health" || strings.HasPrefix(path, "/health/") {
		return
	}
	c := callOf(gc.Request.Context())
	if pause := a.addresses.wait(subnet(c.address), time.Now()); pause > 0 { //nolint:forbidigo // real seconds, not the practice's time
		writeProblem(gc.Writer, problemOf(gc.Request.Context(), tooMany(pause)))
		gc.Abort()
	}
}

// limitCaller refuses callers who send too much.
func (a *API) limitCaller(hc huma.Context, next func(huma.Context)) {
	actor := actorOf(hc.Context())
	if actor.User != "" {
		if pause := a.callers.wait(string(actor.User), time.Now()); pause > 0 { //nolint:forbidigo // real seconds
			_ = huma.WriteErr(a.huma, hc, http.StatusInternalServerError, unexpected, tooMany(pause))
			return
		}
	}
	next(hc)
}

func tooMany(pause time.Duration) error {
	f := fault.New(fault.Limited, "too_many_requests", "Too many requests. Please wait a moment.")
	f.RetryAfter = pause
	return f
}
