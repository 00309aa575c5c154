package bootstrap

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"surgicase/adapters/sqlstore"
	"surgicase/application/operations"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// serving is what load balancers may know: whether to send us requests.
type serving struct {
	readiness *operations.Readiness
	log       *zap.Logger
	draining  *atomic.Bool
}

func newServing(readiness *operations.Readiness, log *zap.Logger) serving {
	return serving{readiness, log, &atomic.Bool{}}
}

// newReadiness returns what knows whether this instance can read and write.
func newReadiness(store *sqlstore.Store, clock ports.Clock) *operations.Readiness {
	instance := randomIDs{}.Unique()
	r := operations.NewReadiness(clock, store.Ping, func(ctx context.Context) error { return store.ProbeWrite(ctx, instance) })
	store.OnRefused(r.Suspect)
	return r
}

// ready says whether to send us requests. Unavailable if the database cannot be read or written, or we are about to stop.
func (s serving) ready(ctx context.Context) error {
	if s.draining.Load() {
		return fault.New(fault.Unavailable, "draining", "the server is about to stop")
	}
	return s.readiness.Check(ctx)
}

// asking has every answer of a server that is about to stop ask its client to come again on another
// connection. Closing idle ones at once would meet requests that are on their way.
func (s serving) asking(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		handler.ServeHTTP(w, r)
	})
}

// drain goes on answering for a while, so that load balancers look elsewhere before the door closes.
func (s serving) drain(ctx context.Context, pause time.Duration) {
	s.draining.Store(true)
	if pause == 0 {
		return
	}
	s.log.Info("server.draining", zap.Duration("for", pause))
	select {
	case <-time.After(pause):
	case <-ctx.Done():
	}
}
