package chaos

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

// sample is what a process holds at a moment.
type sample struct{ resident, files, goroutines, connections int }

func (s *soak) sample() sample {
	s.t.Helper()
	pid := s.running.Process.Pid
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		s.t.Fatal(err)
	}
	var kilobytes int
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	_, _ = fmt.Sscan(rest, &kilobytes)
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		s.t.Fatal(err)
	}
	connections := s.query("SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE()")
	out := sample{resident: kilobytes, files: len(files), goroutines: s.metric("go_goroutines")}
	_, _ = fmt.Sscan(connections[0], &out.connections)
	return out
}

// metric is the value of a series without labels.
func (s *soak) metric(name string) int {
	s.t.Helper()
	res, err := http.Get(s.base + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var value float64
		if rest, found := strings.CutPrefix(line, name+" "); found {
			_, _ = fmt.Sscan(rest, &value)
			return int(value)
		}
	}
	s.t.Fatalf("no metric %s: %d", name, res.StatusCode)
	return 0
}

// flat demands that nothing is much higher in the last third than in the second.
func flat(t *testing.T, samples []sample) {
	t.Helper()
	third := len(samples) / 3
	for _, what := range []struct {
		name  string
		of    func(sample) int
		slack int // what may come and go anyway
	}{
		{"KB resident", func(s sample) int { return s.resident }, 30_000},
		{"open files", func(s sample) int { return s.files }, 60},
		{"goroutines", func(s sample) int { return s.goroutines }, 100},
		{"database connections", func(s sample) int { return s.connections }, 30},
	} {
		values := make([]int, len(samples))
		for i, s := range samples {
			values[i] = what.of(s)
		}
		before, after := median(values[third:2*third]), median(values[2*third:])
		t.Logf("%s: median %d in the second third, %d in the last, %d at most", what.name, before, after, slices.Max(values))
		if after > before+before/5+what.slack {
			t.Errorf("%s grow: %d, then %d", what.name, before, after)
		}
	}
}

func median(values []int) int {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
