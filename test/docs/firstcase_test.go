package docs

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFirstCaseWorksWordForWord runs the blocks of docs/first-case.md in an empty folder.
func TestFirstCaseWorksWordForWord(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/first-case.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "<!-- first-case:")
	var script strings.Builder
	for {
		_, after, found := strings.Cut(rest, "```bash\n")
		if !found {
			break
		}
		var block string
		block, rest, _ = strings.Cut(after, "```")
		script.WriteString(block)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "bash", "-c", "set -euo pipefail\ntrap 'kill $(jobs -p)' EXIT\n"+strings.ReplaceAll(script.String(), "127.0.0.1:8002", address))
	command.Dir = t.TempDir()
	command.Env = append(os.Environ(), "PATH="+filepath.Dir(program(t))+":"+os.Getenv("PATH"))
	command.WaitDelay = 5 * time.Second
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, promise := range []string{`"pay_amount":250.00`, `"opened_total":250.00`, "Payment run settled", `"case_status":20`} {
		if !strings.Contains(string(out), promise) {
			t.Errorf("no answer holds %s:\n%s", promise, out)
		}
	}
}
