package given

import (
	"os/exec"
	"syscall"
	"testing"
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
