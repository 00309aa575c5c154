package given

import (
	"bufio"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Process starts a program that does not outlive the test process, however that ends, see guard. The
// caller waits for the program and then calls ended, before its number is used again.
func Process(t testing.TB, c *exec.Cmd) (ended func() error, err error) {
	t.Helper()
	g, err := startGuard(t.TempDir())
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := g.close(); err != nil {
			t.Errorf("the guard of %s: %v", c.Path, err)
		}
	})
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		return nil, err
	}
	return g.forget, g.watch(c.Process.Pid)
}

// startPatience is how long a program may take until it serves: far longer than on a busy machine.
const startPatience = time.Minute

// Serve starts a program as Process does and returns when it says on standard error where it serves.
func Serve(t testing.TB, c *exec.Cmd) (base string, ended func() error) {
	t.Helper()
	told, err := c.StderrPipe()
	if err == nil {
		ended, err = Process(t, c)
	}
	if err != nil {
		t.Fatal(err)
	}
	address := make(chan string, 2)
	go func() {
		var said strings.Builder
		found := false
		for lines := bufio.NewScanner(told); lines.Scan(); {
			if found {
				continue // what it says later is read, so that it never waits for us
			}
			said.WriteString(lines.Text() + "\n")
			if _, at, serves := strings.Cut(lines.Text(), " serves "); serves {
				found = true
				address <- at
			}
		}
		address <- "nowhere: " + said.String()
	}()
	select {
	case base = <-address:
	case <-time.After(startPatience):
	}
	if !strings.HasPrefix(base, "http") {
		_ = c.Process.Kill()
		_ = c.Wait()
		_ = ended()
		t.Fatalf("%s does not start; it serves %s", c.Path, base)
	}
	return base, ended
}
