package given

import (
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// guard sees to it that no server and no data outlive the test process, however
// it ends: return, os.Exit, panic, timeout or kill -9. It is a shell reading from
// a pipe that only this process holds open; when the pipe closes, it kills what
// it was told about and removes the directory. That makes it the ordinary way to
// clean up as well, so it is tried on every run and no TestMain has to remember.
//
// Not Pdeathsig: that follows the thread that forked, not the process, exists on
// Linux only, and leaves the data behind.
type guard struct {
	shell *exec.Cmd
	pipe  io.WriteCloser
}

// The second rm is for files that a dying server wrote during the first.
const guardScript = `
pid=
while read -r line; do pid=$line; done
[ -z "$pid" ] || kill -s KILL -- "-$pid" 2>/dev/null
rm -rf -- "$1" 2>/dev/null || { sleep 1; rm -rf -- "$1"; }`

func startGuard(dir string) (*guard, error) {
	shell := exec.Command("sh", "-c", guardScript, "guard", dir)
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // out of reach of Ctrl-C
	pipe, err := shell.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := shell.Start(); err != nil {
		return nil, fmt.Errorf("starting the guard: %w", err)
	}
	return &guard{shell: shell, pipe: pipe}, nil
}

// watch names the process group to kill at the end, in place of the one before.
func (g *guard) watch(pid int) error {
	_, err := fmt.Fprintln(g.pipe, pid)
	return err
}

// forget is called when the process has ended, before its number is used again.
func (g *guard) forget() error {
	_, err := fmt.Fprintln(g.pipe)
	return err
}

// close does what the end of this process would do, and waits for it.
func (g *guard) close() error {
	if err := g.pipe.Close(); err != nil {
		return err
	}
	return g.shell.Wait()
}
