package cmsnpi

import (
	"sync"
	"time"

	"surgicase/domain/npi"
)

// How long answers count, and how many are kept.
const (
	keepFound   = 24 * time.Hour
	keepMissing = time.Hour
	mostKept    = 10_000
)

func (a answer) fresh(now time.Time) bool {
	keep := keepMissing
	if a.known {
		keep = keepFound
	}
	return now.Sub(a.at) < keep
}

// memory keeps answers. When it is full it forgets an arbitrary one.
type memory struct {
	mu      sync.Mutex
	answers map[npi.NPI]answer
}

func newMemory() *memory { return &memory{answers: map[npi.NPI]answer{}} }

func (m *memory) get(number npi.NPI) (answer, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, found := m.answers[number]
	return a, found
}

func (m *memory) put(number npi.NPI, a answer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.answers[number]; !known && len(m.answers) >= mostKept {
		for other := range m.answers {
			delete(m.answers, other)
			break
		}
	}
	m.answers[number] = a
}
