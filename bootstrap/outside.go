package bootstrap

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/fx"

	"surgicase/application/operations"
	"surgicase/domain/fault"
	"surgicase/domain/mail"
	"surgicase/domain/npi"
	"surgicase/ports"
)

// calls counts what we ask of others.
type calls struct {
	total    *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

// outsideOperations are what we ask, by service: the counters exist from the start.
var outsideOperations = map[string][]string{
	"storage":      {"put", "get", "stat", "remove", "link"},
	"mail":         {"send"},
	"npi_registry": {"look_up"},
}

var outsideOutcomes = []string{"success", "not_found", "refused", "failed"}

func newCalls(m *metrics) *calls {
	c := &calls{
		total: counters("external_calls_total", "What was asked of the object storage, the mail server and the NPI registry, by how it went.", "service", "operation", "outcome"),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "external_call_duration_seconds", Help: "How long they took to answer.", Buckets: []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"service", "operation"}),
	}
	m.registry.MustRegister(c.total, c.duration)
	for service, operations := range outsideOperations {
		for _, operation := range operations {
			c.duration.WithLabelValues(service, operation)
			for _, outcome := range outsideOutcomes {
				c.total.WithLabelValues(service, operation, outcome)
			}
		}
	}
	return c
}

// begin starts the clock; what it gives back is to be called with how it went.
func (c *calls) begin(service, operation string) func(error) {
	start := time.Now()
	return func(err error) {
		c.duration.WithLabelValues(service, operation).Observe(time.Since(start).Seconds())
		c.total.WithLabelValues(service, operation, outsideOutcome(err)).Inc()
	}
}

func outsideOutcome(err error) string {
	switch {
	case err == nil:
		return "success"
	case errors.Is(err, fault.NotFound):
		return "not_found"
	case errors.Is(err, fault.Unavailable), errors.Is(err, fault.Upstream), fault.CodeOf(err) == "":
		return "failed"
	}
	return "refused"
}

// counting puts an ear on the ports behind which others stand.
func counting() fx.Option {
	return fx.Options(
		fx.Provide(newCalls),
		fx.Decorate(func(b ports.Blobs, c *calls) ports.Blobs { return countedBlobs{b, c} }),
		fx.Decorate(func(m ports.Mailer, c *calls) ports.Mailer { return countedMailer{m, c} }),
		fx.Decorate(func(r ports.Registry, c *calls) ports.Registry { return &countedRegistry{Registry: r, calls: c} }),
	)
}

// countedBlobs is a ports.Blobs that is listened to.
type countedBlobs struct {
	ports.Blobs
	*calls
}

// Put implements ports.Blobs.
func (b countedBlobs) Put(ctx context.Context, object ports.Object, content io.Reader) (ports.Object, error) {
	done := b.begin("storage", "put")
	stored, err := b.Blobs.Put(ctx, object, content)
	done(err)
	return stored, err
}

// Get implements ports.Blobs.
func (b countedBlobs) Get(ctx context.Context, key string, span ports.Span) (io.ReadCloser, ports.Object, error) {
	done := b.begin("storage", "get")
	body, object, err := b.Blobs.Get(ctx, key, span)
	done(err)
	return body, object, err
}

// Stat implements ports.Blobs.
func (b countedBlobs) Stat(ctx context.Context, key string) (ports.Object, error) {
	done := b.begin("storage", "stat")
	object, err := b.Blobs.Stat(ctx, key)
	done(err)
	return object, err
}

// Remove implements ports.Blobs.
func (b countedBlobs) Remove(ctx context.Context, key string) error {
	done := b.begin("storage", "remove")
	err := b.Blobs.Remove(ctx, key)
	done(err)
	return err
}

// Link implements ports.Blobs.
func (b countedBlobs) Link(ctx context.Context, use ports.LinkUse, object ports.Object, valid time.Duration) (ports.Link, error) {
	done := b.begin("storage", "link")
	link, err := b.Blobs.Link(ctx, use, object, valid)
	done(err)
	return link, err
}

// countedMailer is a ports.Mailer that is listened to.
type countedMailer struct {
	ports.Mailer
	*calls
}

// Send implements ports.Mailer.
func (m countedMailer) Send(ctx context.Context, letter mail.Letter) error {
	done := m.begin("mail", "send")
	err := m.Mailer.Send(ctx, letter)
	if fault.CodeOf(err) == mail.NotDelivered {
		done(nil)
		return err
	}
	done(err)
	return err
}

// countedRegistry is a ports.Registry that is listened to, and remembers how it went last: nobody asks a
// registry on the other side of the world only to know whether it is there.
type countedRegistry struct {
	ports.Registry
	*calls
	last atomic.Pointer[error]
}

// LookUp implements ports.Registry.
func (r *countedRegistry) LookUp(ctx context.Context, number npi.NPI) (npi.Record, time.Duration, error) {
	done := r.begin("npi_registry", "look_up")
	record, age, err := r.Registry.LookUp(ctx, number)
	done(err)
	if outsideOutcome(err) != "failed" {
		r.last.Store(new(error))
	} else {
		r.last.Store(&err)
	}
	return record, age, err
}

// probe says how the registry answered last.
func (r *countedRegistry) probe(context.Context) (operations.Finding, error) {
	switch last := r.last.Load(); {
	case last == nil:
		return operations.Finding{State: operations.Unknown, Details: "was not asked yet"}, nil
	case *last != nil:
		return operations.Finding{}, *last
	}
	return operations.Finding{Details: "answered when it was last asked"}, nil
}
