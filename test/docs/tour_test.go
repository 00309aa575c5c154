package docs

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestTheTourWorksWordForWord runs the README's tour against the built program with demonstration
// data, and looks for what the README says each command answers.
func TestTheTourWorksWordForWord(t *testing.T) {
	runWordForWord(t, "tour", serveDemo(t, io.Discard), t.TempDir())
}

// TestAPaymentWeekTakesFiveCommands runs the README's payment week and looks at what it leaves.
func TestAPaymentWeekTakesFiveCommands(t *testing.T) {
	t.Parallel()
	var log journal
	address, folder := serveDemo(t, &log), t.TempDir()
	out := runWordForWord(t, "week", address, folder)
	_, afterwards, _ := strings.Cut(out, "Payment run settled")
	previewed, settled := between(out, `"opened_total":`, ","), between(afterwards, `"settled_total":`, ",")
	if previewed == "" || previewed == "0.00" || previewed != settled {
		t.Errorf("%q was previewed and %q settled", previewed, settled)
	}
	for name, begins := range map[string]string{"report.pdf": "%PDF-", "vendors.csv": "Name,Company,", "bills.iif": "!"} {
		raw, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || !strings.HasPrefix(string(raw), begins) {
			t.Errorf("%s begins %.20q (%v)", name, raw, err)
		}
	}
	mailed := 0
	for since := time.Now(); mailed < 3 && time.Since(since) < 20*time.Second; time.Sleep(50 * time.Millisecond) {
		mailed = strings.Count(log.String(), `"event":"mail.logged"`)
	}
	if mailed != 3 {
		t.Errorf("%d letters in the log, want one for each of the three providers", mailed)
	}
	if said := log.String(); strings.Contains(said, "Rosalind") || strings.Contains(said, "password") {
		t.Error("the log names a patient or a password")
	}
}

// between is what stands between two texts, "" if it does not.
func between(text, before, after string) string {
	_, rest, _ := strings.Cut(text, before)
	found, _, ok := strings.Cut(rest, after)
	if !ok {
		return ""
	}
	return found
}

// journal keeps what a process writes while it runs.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

// String gives all of it.
func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// runWordForWord runs a block of the README against a program, checks its promises and gives what it said.
func runWordForWord(t *testing.T, block, address, folder string) string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "<!-- "+block+":")
	_, rest, opened := strings.Cut(rest, "```bash\n")
	text, _, closed := strings.Cut(rest, "```")
	if !found || !opened || !closed {
		t.Fatalf("the README has no %s", block)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "bash", "-c", "set -euo pipefail\n"+strings.ReplaceAll(marked(text), "127.0.0.1:8000", address))
	command.Dir = folder
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("the %s fails: %v\n%s", block, err, out)
	}
	checkPromises(t, text, string(out))
	return string(out)
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

// built gives the path of the program, which is built once.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "surgicase-docs-*")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "surgicase")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "../..").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return binary, nil
})

// program is the built program.
func program(t *testing.T) string {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// TestMain removes the built program.
func TestMain(m *testing.M) {
	code := m.Run()
	if binary, err := built(); err == nil {
		_ = os.RemoveAll(filepath.Dir(binary))
	}
	os.Exit(code)
}

// serveDemo serves the demonstration on a free port, with its log as given, and gives
// the address.
func serveDemo(t *testing.T, log io.Writer) string {
	t.Helper()
	dir := t.TempDir()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	command := exec.Command(program(t), "serve", "--demo")
	command.Env = append(os.Environ(), "AUTH_MODE=trusted", "HTTP_ADDR="+address, "DATA_DIR="+filepath.Join(dir, "data"), "LOG_LEVEL=INFO")
	command.Stdout = log
	var said strings.Builder
	command.Stderr = &said
	started := time.Now()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, command, &said) })
	for time.Since(started) < 20*time.Second {
		res, err := http.Get("http://" + address + "/health/ready") // bounded by the loop
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
