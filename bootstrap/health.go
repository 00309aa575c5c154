package bootstrap

import (
	"context"
	"errors"
	"time"

	"surgicase/application/operations"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// How long parts of the program may take to answer before they count as slow, and as away.
const (
	soon    = 500 * time.Millisecond
	patient = 2 * time.Second
	distant = 5 * time.Second // on the network
)

// mailEvery is how often the mail server is asked: each time we log in.
const mailEvery = time.Minute

// backends are what stands outside of the program and may be away.
type backends struct {
	readiness *operations.Readiness
	blobs     ports.Blobs
	secrets   ports.Secrets
	mail      ports.Mailer
	npis      ports.Registry
}

func newBackends(readiness *operations.Readiness, blobs ports.Blobs, secrets ports.Secrets, mail ports.Mailer, npis ports.Registry) backends {
	return backends{readiness, blobs, secrets, mail, npis}
}

// cachedSecrets is a provider that serves from a cache while it cannot be reached.
type cachedSecrets interface{ Cache() ports.SecretsCache }

// newProbes looks at the parts of the program.
func newProbes(c Config, b backends, m *machine, jobs *operations.Jobs, list operations.JobList, chain *operations.ChainWatch) []operations.Probe {
	return []operations.Probe{
		{Name: "database", Adapter: c.DatabaseURL.scheme(), Critical: true, Slow: soon, Patience: patient, Look: databaseProbe(b.readiness)},
		{Name: "secrets", Adapter: string(c.SecretsProvider), Critical: true, Slow: distant, Patience: 2 * distant, Look: secretsProbe(b.secrets)},
		{Name: "storage", Adapter: c.StorageURL.scheme(), Slow: time.Second, Patience: distant, Look: storageProbe(b.blobs, c.space())},
		{Name: "mail", Adapter: c.EmailURL.scheme(), Patience: distant, Every: mailEvery, Look: mailProbe(b.mail)},
		{Name: "npi_registry", Adapter: c.registry(), Patience: patient, Look: registryProbe(b.npis)},
		{Name: "scheduler", Adapter: c.scheduler(), Patience: patient, Look: schedulerProbe(jobs, list, bool(c.EnableScheduler))},
		{Name: "audit_log", Adapter: c.DatabaseURL.scheme(), Patience: patient, Look: chain.Probe},
		{Name: "system", Adapter: "host", Patience: patient, Look: m.probe},
	}
}

// databaseProbe looks whether the database can be read and written.
func databaseProbe(readiness *operations.Readiness) func(context.Context) (operations.Finding, error) {
	return func(ctx context.Context) (operations.Finding, error) {
		return operations.Finding{Details: "answers"}, readiness.Check(ctx)
	}
}

// secretsProbe asks for the secret without which nothing can be read. While the provider is down it is
// served from the cache: then the component says so.
func secretsProbe(secrets ports.Secrets) func(context.Context) (operations.Finding, error) {
	return func(ctx context.Context) (operations.Finding, error) {
		_, err := secrets.Get(ctx, ports.KeySetSecret)
		found := operations.Finding{Details: "gives the key set"}
		if cached, ok := secrets.(cachedSecrets); ok && err == nil && cached.Cache().Failing {
			found.State, found.Details = operations.Degraded, "serves from its cache; the provider does not answer"
		}
		return found, err
	}
}

// storageProbe looks for an object that there is not: who says so answers.
func storageProbe(blobs ports.Blobs, space ports.Space) func(context.Context) (operations.Finding, error) {
	return func(ctx context.Context) (operations.Finding, error) {
		_, err := blobs.Stat(ctx, "exports/health")
		if errors.Is(err, fault.NotFound) {
			err = nil
		}
		if low := space.Check(ctx, 0); err == nil && low != nil {
			return operations.Finding{State: operations.Degraded, Details: "has less room than its reserve; uploads are refused"}, nil
		}
		return operations.Finding{Details: "answers"}, err
	}
}

// registryProbe says how the registry answered last, if it is listened to.
func registryProbe(npis ports.Registry) func(context.Context) (operations.Finding, error) {
	if counted, ok := npis.(*countedRegistry); ok {
		return counted.probe
	}
	return func(context.Context) (operations.Finding, error) {
		return operations.Finding{State: operations.Unknown}, nil
	}
}

// mailProbe asks the mail server to let us in.
func mailProbe(mail ports.Mailer) func(context.Context) (operations.Finding, error) {
	if counted, ok := mail.(countedMailer); ok {
		mail = counted.Mailer
	}
	there, ok := mail.(interface{ Ping(context.Context) error })
	if !ok {
		return func(context.Context) (operations.Finding, error) {
			return operations.Finding{Details: "is not sent; each letter leaves a log line"}, nil
		}
	}
	return func(ctx context.Context) (operations.Finding, error) {
		return operations.Finding{Details: "lets us in"}, there.Ping(ctx)
	}
}

// Use of memory and disk from which on it is a warning, and critical.
const (
	muchUsed    = 80
	nearlyFull  = 90
	levelOK     = "healthy"
	levelHigh   = "warning"
	levelUrgent = "critical"
)

func levelOf(percent float64) string {
	switch {
	case percent > nearlyFull:
		return levelUrgent
	case percent > muchUsed:
		return levelHigh
	}
	return levelOK
}

// probe judges the machine: memory and disk count, the processor does not. Source: reference-rules.md 11.5.
func (s *machine) probe(ctx context.Context) (operations.Finding, error) {
	f, err := s.look(ctx)
	if err != nil {
		return operations.Finding{}, err
	}
	memory, disk := levelOf(f.MemoryPercent), levelOf(f.DiskPercent)
	found := operations.Finding{Details: "has room", Figures: map[string]any{
		"cpu_percent": f.CPUPercent,
		"memory":      map[string]any{"percent": f.MemoryPercent, "available_gb": f.MemoryAvailableGB, "status": memory},
		"disk":        map[string]any{"percent": f.DiskPercent, "free_gb": f.DiskFreeGB, "status": disk},
	}}
	if memory != levelOK || disk != levelOK {
		found.State, found.Details = operations.Warning, "memory or disk is getting full"
	}
	return found, nil
}
