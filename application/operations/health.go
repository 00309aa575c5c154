package operations

import (
	"context"
	"sync"
	"time"

	"surgicase/domain/fault"
	"surgicase/ports"
)

// State is how a component stands.
type State string

// The states. A warning tells of something that will become one; it, the unknown and the disabled do not count.
const (
	Healthy   State = "healthy"
	Degraded  State = "degraded"
	Unhealthy State = "unhealthy"
	Warning   State = "warning"
	Unknown   State = "unknown"
	Disabled  State = "disabled" // switched off by the configuration
)

// Probe looks at a component.
type Probe struct {
	Name     string
	Adapter  string        // what stands behind it here, such as "sqlite"
	Critical bool          // without it nothing works
	Slow     time.Duration // an answer that takes longer is degraded; 0 for no bound
	Patience time.Duration // an answer that takes longer is none
	Every    time.Duration // how long a look is good for, at least healthKept
	Look     func(ctx context.Context) (Finding, error)
}

// Finding is what a look has found. The zero Finding is a healthy component with nothing to tell.
type Finding struct {
	State   State
	Details string
	Figures map[string]any // numbers that belong to it, never names of people or hosts
}

// Component is a probe with what it found.
type Component struct {
	Probe
	Finding
	Code string // why it is not healthy
	Took time.Duration
	At   time.Time
}

// HealthReport is how all of it stands.
type HealthReport struct {
	At         time.Time
	Took       time.Duration
	State      State
	Components []Component
}

// Count counts the components in a state.
func (r HealthReport) Count(state State) (n int) {
	for _, c := range r.Components {
		if c.State == state {
			n++
		}
	}
	return n
}

// Health looks at the components, at most once every few seconds, however many ask.
type Health struct {
	clock  ports.Clock
	probes []Probe

	mu   sync.Mutex
	last HealthReport

	late sync.Map // by index of the probe: a Component that was found after its report
}

const (
	healthKept    = 10 * time.Second        // how long a look is good for
	reportTimeout = 1500 * time.Millisecond // how long a report waits for its probes, however patient they are
	lateKept      = time.Minute             // how long a finding counts that came too late for its report
)

// NewHealth makes the service.
func NewHealth(clock ports.Clock, probes []Probe) *Health {
	return &Health{clock: clock, probes: probes}
}

// Report says how all of it stands, perhaps as it was a few seconds ago. It never fails and takes less
// than two seconds: of a probe that takes longer it shows what was found last.
func (s *Health) Report(ctx context.Context) HealthReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	if age := now.Sub(s.last.At); len(s.last.Components) > 0 && age >= 0 && age < healthKept {
		return s.last
	}
	start := time.Now() //nolint:forbidigo // measures the look; no rule depends on it
	report := HealthReport{At: now, Components: make([]Component, len(s.probes))}
	type look struct {
		i int
		Component
	}
	looks, outstanding := make(chan look, len(s.probes)), 0
	for i, probe := range s.probes {
		if old := s.seen(i); old != nil && fresh(*old, now) {
			report.Components[i] = *old
			continue
		}
		outstanding++
		report.Components[i] = s.overdue(i, probe, now)
		go func() {
			c := probe.look(context.WithoutCancel(ctx), now)
			s.late.Store(i, c)
			looks <- look{i, c}
		}()
	}
	for timeout := time.After(reportTimeout); outstanding > 0; outstanding-- {
		select {
		case l := <-looks:
			report.Components[l.i] = l.Component
			continue
		case <-timeout:
		}
		break
	}
	report.Took = time.Since(start) //nolint:forbidigo // as above
	report.State = overall(report.Components)
	s.last = report
	return report
}

// overdue is what a report shows of a probe that does not answer in time.
func (s *Health) overdue(i int, p Probe, now time.Time) Component {
	if found, ok := s.late.Load(i); ok && !p.Critical {
		if c := found.(Component); now.Sub(c.At) >= 0 && now.Sub(c.At) < lateKept {
			return c
		}
	}
	c := Component{Probe: p, At: now, Took: reportTimeout}
	c.judge(context.DeadlineExceeded)
	return c
}

func (s *Health) seen(i int) *Component {
	if i < len(s.last.Components) {
		return &s.last.Components[i]
	}
	return nil
}

func fresh(c Component, now time.Time) bool {
	age := now.Sub(c.At)
	return age >= 0 && age < c.Every && c.State == Healthy
}

// look asks the component and does not wait longer than it may.
func (p Probe) look(ctx context.Context, now time.Time) Component {
	ctx, cancel := context.WithTimeout(ctx, p.Patience)
	defer cancel()
	type answer struct {
		Finding
		err error
	}
	start, answered := time.Now(), make(chan answer, 1) //nolint:forbidigo // measures the look; no rule depends on it
	go func() {
		f, err := p.Look(ctx)
		answered <- answer{f, err}
	}()
	c := Component{Probe: p, At: now}
	select {
	case a := <-answered:
		c.Finding = a.Finding
		c.judge(a.err)
	case <-ctx.Done():
		c.judge(ctx.Err())
	}
	c.Took = time.Since(start) //nolint:forbidigo // as above
	if c.State == Healthy && p.Slow > 0 && c.Took > p.Slow {
		c.State, c.Code = Degraded, "slow"
	}
	return c
}

func (c *Component) judge(err error) {
	if err != nil {
		c.Finding = Finding{Details: "does not answer as it should"}
	}
	switch code := fault.CodeOf(err); {
	case err == nil && c.State == "":
		c.State = Healthy
	case err == nil:
	case code != "":
		c.State, c.Code = Unhealthy, code
	case context.DeadlineExceeded == err: //nolint:errorlint // ours, as it is
		c.State, c.Code = Unhealthy, "timeout"
	default:
		c.State, c.Code = Unhealthy, "failed"
	}
}

// overall is unhealthy if a critical component is, degraded if any is less than healthy.
// Source: reference-rules.md 11.5.
func overall(components []Component) State {
	state := Healthy
	for _, c := range components {
		switch {
		case c.State == Unhealthy && c.Critical:
			return Unhealthy
		case c.State == Unhealthy || c.State == Degraded:
			state = Degraded
		}
	}
	return state
}
