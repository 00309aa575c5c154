package bootstrap

import (
	"bytes"
	"context"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"
	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/mem"

	"surgicase/adapters/httpapi"
	"surgicase/adapters/sqlstore"
	"surgicase/application/operations"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// scrapePatience is how long reading the figures may take. A scrape gives up after ten seconds.
const scrapePatience = 5 * time.Second

// expose adds what is measured when somebody asks.
func (m *metrics) expose(c Config, store *sqlstore.Store, figures *operations.Figures, secrets func() ports.SecretsCache, machine *machine, jobs operations.JobList, chain *operations.ChainWatch) {
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("surgicase_build_info", "Always 1; the labels say what runs.", prometheus.Labels{"version": version, "go_version": runtime.Version(), "database": c.DatabaseURL.scheme()}, func() float64 { return 1 }),
		gauge("database_connections_active", "Connections to the database in use.", nil, func() float64 {
			return float64(poolOf(store).ActiveConnections)
		}),
		gauge("database_connections_max", "The most connections there may be.", nil, func() float64 { return float64(poolOf(store).MostConnections) }),
		gauge("database_wal_bytes", "Size of the write-ahead log of SQLite; 0 on MySQL.", nil, func() float64 { return float64(store.WALBytes()) }),
		newReportCollector(figures, jobs), machine,
		gauge("audit_chain_stalled", "1 if the newest entry of the audit log that this instance saw a minute ago has no seal.", nil, func() float64 { return boolean(chain.Stalled()) }),
		gauge("secrets_cached", "Secrets in the cache; 0 if the provider needs none.", nil, func() float64 { return float64(secrets().Secrets) }),
		gauge("secrets_cache_age_seconds", "Since the oldest of them was read.", nil, func() float64 { return secrets().Oldest.Seconds() }),
		gauge("secrets_provider_failing", "1 while the provider does not answer and the cache is served.", nil, func() float64 { return boolean(secrets().Failing) }),
	)
	if c.TLSCert != "" {
		m.registry.MustRegister(gauge("tls_certificate_expiry_timestamp_seconds", "When the certificate that HTTPS is served with expires.", nil, func() float64 { return expiryOf(c.TLSCert, c.TLSKey) }))
	}
	for name, pool := range store.Pools() {
		m.registry.MustRegister(collectors.NewDBStatsCollector(pool, name))
	}
}

func boolean(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func gauge(name, help string, labels prometheus.Labels, read func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, read)
}

// exposition gives all metrics in the text format. What cannot be read now is left out, the rest is not.
func (m *metrics) exposition() ([]byte, error) {
	families, err := m.registry.Gather()
	if len(families) == 0 && err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}

// poolOf sums up the pools of connections; on SQLite there are two.
func poolOf(store *sqlstore.Store) httpapi.PoolFigures {
	var sum httpapi.PoolFigures
	for _, pool := range store.Pools() {
		s := pool.Stats()
		sum.ActiveConnections += s.InUse
		sum.IdleConnections += s.Idle
		sum.MostConnections += s.MaxOpenConnections
		sum.Waited += s.WaitCount
		sum.WaitedSeconds += s.WaitDuration.Seconds()
	}
	return sum
}

// reportCollector exposes the figures of the practice. When the database is away they are missing
// rather than old.
type reportCollector struct {
	figures *operations.Figures
	gauges  []reportGauge
	up      *prometheus.Desc
}

// reportGauge is a metric with the values that a report gives it, by label.
type reportGauge struct {
	desc *prometheus.Desc
	read func(operations.Report) map[string]float64
}

func one(v float64) map[string]float64 { return map[string]float64{"": v} }

func newReportCollector(figures *operations.Figures, jobs operations.JobList) *reportCollector {
	c := &reportCollector{figures: figures, up: prometheus.NewDesc("database_up", "1 if the database answers.", nil, nil)}
	single := func(name, help string, read func(operations.Report) float64) {
		c.gauges = append(c.gauges, reportGauge{prometheus.NewDesc(name, help, nil, nil), func(r operations.Report) map[string]float64 { return one(read(r)) }})
	}
	by := func(name, help, label string, read func(operations.Report) map[string]float64) {
		c.gauges = append(c.gauges, reportGauge{prometheus.NewDesc(name, help, []string{label}, nil), read})
	}
	single("active_cases_total", "Cases that are not deleted.", func(r operations.Report) float64 { return float64(r.ActiveCases()) })
	single("active_users_total", "Active users who called within 30 days.", func(r operations.Report) float64 { return float64(r.ActiveUsers) })
	by("cases_in_status", "Cases that are not deleted, by status.", "status", casesByStatus(func(t surgical.StatusTotal) float64 { return float64(t.Cases) }))
	by("cases_amount_dollars", "What the cases that are not deleted are worth to their providers, by status.", "status",
		casesByStatus(func(t surgical.StatusTotal) float64 { return dollars(pay.Cents(t.Cents)) }))
	single("cases_unpriced", "Cases below 15 without a price.", func(r operations.Report) float64 { return float64(r.Unpriced) })
	by("cases_held", "Cases at 10 that the next payment run would leave out, by reason.", "reason", heldByReason)
	single("cases_created_today", "Cases recorded since midnight UTC.", func(r operations.Report) float64 { return float64(r.CasesToday) })
	single("users_created_today", "Users created since midnight UTC.", func(r operations.Report) float64 { return float64(r.UsersToday) })
	by("payment_amount_dollars", "Payments of all runs, by what became of them; reversed is a part of settled.", "state", paymentsByState)
	by("payment_runs", "Payment runs; open are those with payments neither settled nor cancelled.", "state", func(r operations.Report) map[string]float64 {
		return map[string]float64{"open": float64(r.Ledger.OpenRuns), "closed": float64(r.Ledger.Runs - r.Ledger.OpenRuns)}
	})
	single("payment_run_open_age_seconds", "How long the oldest open payment run has been open; 0 if there is none.", func(r operations.Report) float64 { return r.Since(r.Ledger.OldestOpen).Seconds() })
	by("outbox_tasks", "Tasks that follow a commit and are not done.", "state", func(r operations.Report) map[string]float64 {
		return map[string]float64{"waiting": float64(r.Backlog.Waiting - r.Backlog.Failing), "failing": float64(r.Backlog.Failing)}
	})
	single("outbox_oldest_age_seconds", "How long the oldest task has been due; 0 if none is.", func(r operations.Report) float64 { return r.Since(r.Backlog.OldestDue).Seconds() })
	single("audit_entries_sealed", "Entries of the audit trail that are sealed.", func(r operations.Report) float64 { return float64(r.Seal.Sealed) })
	single("audit_seal_lag_seconds", "How long the oldest entry of the audit trail has waited for its seal; 0 if none waits.", func(r operations.Report) float64 { return r.Since(r.Seal.OldestUnsealed).Seconds() })
	single("audit_checkpoint_age_seconds", "How old the last signed checkpoint of the audit trail is; 0 if there is none yet.", func(r operations.Report) float64 { return r.Since(r.Seal.LastCheckpoint).Seconds() })
	single("audit_trail_broken", "1 if the last verification of the audit trail found it changed; 0 if it was sound, or there was none.", func(r operations.Report) float64 { return boolean(r.Jobs.TrailBroken()) })
	of := func(read func(operations.JobState) float64) func(operations.Report) map[string]float64 {
		return jobStates(jobs, read)
	}
	by("job_last_success_timestamp_seconds", "When a scheduled job last succeeded; 0 if it did not within nine days.", "name", of(func(s operations.JobState) float64 {
		return float64(max(s.Succeeded.Unix(), 0))
	}))
	by("job_failed", "1 if the last run of a scheduled job failed.", "name", of(func(s operations.JobState) float64 { return boolean(s.Failed) }))
	by("job_overdue_seconds", "How long ago a scheduled job was first due that has not succeeded since; one that never ran was due after a scheduler got to know it, or after the database came into use.", "name", of(func(s operations.JobState) float64 { return s.Overdue.Seconds() }))
	return c
}

func jobStates(jobs operations.JobList, read func(operations.JobState) float64) func(operations.Report) map[string]float64 {
	return func(r operations.Report) map[string]float64 {
		values := map[string]float64{}
		for name, j := range jobs.Jobs {
			values[name] = read(r.Jobs.Job(name, j.Schedule))
		}
		return values
	}
}

func dollars(c pay.Cents) float64 { return float64(c) / 100 }

// casesByStatus has a value for every status that there is.
func casesByStatus(read func(surgical.StatusTotal) float64) func(operations.Report) map[string]float64 {
	return func(r operations.Report) map[string]float64 {
		values := map[string]float64{}
		for _, status := range surgical.Statuses {
			values[strconv.Itoa(int(status))] = 0
		}
		for _, t := range r.Cases {
			values[strconv.Itoa(int(t.Status))] += read(t)
		}
		return values
	}
}

func heldByReason(r operations.Report) map[string]float64 {
	values := map[string]float64{}
	for _, reason := range []pay.HoldReason{pay.HeldNoNPI, pay.HeldExcluded, pay.HoldReason(pay.Unpriced), pay.HoldReason(pay.NoCodes)} {
		values[string(reason)] = float64(r.Held[reason])
	}
	return values
}

func paymentsByState(r operations.Report) map[string]float64 {
	return map[string]float64{
		"open": dollars(r.Ledger.Open), "settled": dollars(r.Ledger.Settled), "cancelled": dollars(r.Ledger.Cancelled), "reversed": dollars(r.Ledger.Reversed),
	}
}

// Describe implements prometheus.Collector.
func (c *reportCollector) Describe(to chan<- *prometheus.Desc) {
	to <- c.up
	for _, g := range c.gauges {
		to <- g.desc
	}
}

// Collect implements prometheus.Collector.
func (c *reportCollector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapePatience)
	defer cancel()
	report, err := c.figures.Report(ctx)
	if err != nil {
		to <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, 0)
		return
	}
	to <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, 1)
	for _, g := range c.gauges {
		for label, value := range g.read(report) {
			labels := slices.DeleteFunc([]string{label}, func(l string) bool { return l == "" })
			to <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, value, labels...)
		}
	}
}

// machine measures the machine, at most once a second: the processor's share is that since the last look.
type machine struct {
	folder string // whose disk counts
	now    func() time.Time
	descs  [3]*prometheus.Desc

	mu   sync.Mutex
	last httpapi.SystemFigures
	at   time.Time
}

func newMachine(c Config) *machine {
	return &machine{folder: c.DataDir, now: systemClock{}.Now, descs: [3]*prometheus.Desc{
		prometheus.NewDesc("system_cpu_usage_percent", "Use of all processors since the last look.", nil, nil),
		prometheus.NewDesc("system_memory_usage_percent", "Memory in use.", nil, nil),
		prometheus.NewDesc("system_disk_usage_percent", "Use of the disk that holds DATA_DIR.", nil, nil),
	}}
}

const gigabyte = 1 << 30

// look measures.
func (s *machine) look(ctx context.Context) (httpapi.SystemFigures, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.now(); now.Sub(s.at) >= time.Second || now.Before(s.at) {
		figures, err := s.measure(ctx)
		if err != nil {
			return figures, err
		}
		s.last, s.at = figures, now
		s.last.Timestamp = now
	}
	return s.last, nil
}

func (s *machine) measure(ctx context.Context) (f httpapi.SystemFigures, err error) {
	busy, err := cpu.PercentWithContext(ctx, 0, false)
	if err != nil {
		return f, err
	}
	memory, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return f, err
	}
	space, err := disk.UsageWithContext(ctx, s.folder)
	if err != nil {
		if space, err = disk.UsageWithContext(ctx, "/"); err != nil { // nothing has made the folder yet
			return f, err
		}
	}
	if len(busy) > 0 {
		f.CPUPercent = busy[0]
	}
	f.MemoryPercent, f.MemoryAvailableGB = memory.UsedPercent, float64(memory.Available)/gigabyte
	f.DiskPercent, f.DiskFreeGB = space.UsedPercent, float64(space.Free)/gigabyte
	return f, nil
}

// Describe implements prometheus.Collector.
func (s *machine) Describe(to chan<- *prometheus.Desc) {
	for _, d := range s.descs {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (s *machine) Collect(to chan<- prometheus.Metric) {
	figures, err := s.look(context.Background())
	if err != nil {
		return
	}
	for i, value := range []float64{figures.CPUPercent, figures.MemoryPercent, figures.DiskPercent} {
		to <- prometheus.MustNewConstMetric(s.descs[i], prometheus.GaugeValue, value)
	}
}
