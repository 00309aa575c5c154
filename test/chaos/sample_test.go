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
	if third == 0 {
		t.Logf("%d samples are too few to compare", len(samples))
		return
	}
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

// median returns the middle value, 0 if there is none.
func median(values []int) int {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// A soak that is short, or on a machine with much to do, has few samples or none.
func TestFlat_fewSamples(t *testing.T) {
	t.Parallel()
	for n := range 7 {
		flat(t, make([]sample, n))
	}
	for want, values := range map[int][]int{0: nil, 5: {5}, 3: {9, 1, 3}, 4: {4, 1, 9, 2}} {
		if got := median(values); got != want {
			t.Errorf("the median of %v is %d, want %d", values, got, want)
		}
	}
}
