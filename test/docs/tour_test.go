package docs

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTheTourWorksWordForWord runs the README's tour against the built program with demonstration
// data, and looks for what the README says each command answers.
func TestTheTourWorksWordForWord(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "<!-- tour:")
	_, rest, opened := strings.Cut(rest, "```bash\n")
	tour, _, closed := strings.Cut(rest, "```")
	if !found || !opened || !closed {
		t.Fatal("the README has no tour")
	}
	address := serveDemo(t)
	script := "set -euo pipefail\n" + strings.ReplaceAll(marked(tour), "127.0.0.1:8000", address)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "bash", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("the tour fails: %v\n%s", err, out)
	}
	checkPromises(t, tour, string(out))
}

const step = "=== step "

// marked puts a numbered line into the output before each promise, so that every promise is looked
// for in the answer it stands under.
func marked(tour string) string {
	n := 0
	var lines []string
	for line := range strings.Lines(tour) {
		lines = append(lines, line)
		if strings.HasPrefix(line, "# → ") {
			n++
			lines = append(lines, fmt.Sprintf("echo; echo '%s%d'\n", step, n))
		}
	}
	return strings.Join(lines, "")
}

func checkPromises(t *testing.T, tour, out string) {
	t.Helper()
	answers := strings.Split(out, step)
	n := 0
	for line := range strings.Lines(tour) {
		promise, ok := strings.CutPrefix(strings.TrimSpace(line), "# → ")
		if !ok {
			continue
		}
		if n >= len(answers) || !strings.Contains(answers[n], promise) {
			t.Errorf("the README promises %s, the answer was %s", promise, answers[min(n, len(answers)-1)])
		}
		n++
	}
	if n < 5 {
		t.Errorf("the tour promises only %d things", n)
	}
}

// serveDemo builds the program, serves the demonstration on a free port and gives the address.
func serveDemo(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	binary := filepath.Join(dir, "surgicase")
	if out, err := exec.Command("go", "build", "-o", binary, "../..").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	command := exec.Command(binary, "serve", "--demo")
	command.Env = append(os.Environ(), "AUTH_MODE=trusted", "HTTP_ADDR="+address, "DATA_DIR="+filepath.Join(dir, "data"), "LOG_LEVEL=ERROR")
	var said strings.Builder
	command.Stderr = &said
	started := time.Now()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, command, &said) })
	for time.Since(started) < 20*time.Second {
		res, err := http.Get("http://" + address + "/health/ready") //nolint:noctx // bounded by the loop
		if err == nil {
			_ = res.Body.Close()
			t.Logf("ready after %v", time.Since(started).Round(time.Millisecond))
			return address
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("the program does not start: %s", said.String())
	return ""
}

// stop ends the program as an operator does, and demands that it goes quietly and has introduced the
// demonstration users.
func stop(t *testing.T, command *exec.Cmd, said *strings.Builder) {
	t.Helper()
	_ = command.Process.Signal(os.Interrupt)
	if err := command.Wait(); err != nil {
		t.Errorf("the program does not stop well: %v\n%s", err, said.String())
	}
	for _, word := range []string{"serves http://", "/docs", "demo-provider", "demo-system-admin"} {
		if !strings.Contains(said.String(), word) {
			t.Errorf("the start says nothing of %s:\n%s", word, said.String())
		}
	}
}
