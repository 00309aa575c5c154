// Package once has several processes run the scheduled jobs on one database, kills them at random points
// and looks whether everything happened exactly once. The processes are this test binary: only it can be
// given another clock.
package once

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"surgicase/bootstrap"
	"surgicase/test/given"
)

// asInstance is the variable by which the binary knows that it is to be an instance; it holds the
// environment of that as JSON.
const asInstance = "SURGICASE_TEST_INSTANCE"

// clockFile is the variable that names the file with the clock's offset.
const clockFile = "SURGICASE_TEST_CLOCK"

func TestMain(m *testing.M) {
	if text := os.Getenv(asInstance); text != "" {
		os.Exit(beInstance(text))
	}
	os.Exit(m.Run())
}

// shiftedClock is the real clock, shifted by what a file says.
type shiftedClock struct{ path string }

// Now implements ports.Clock.
func (c shiftedClock) Now() time.Time {
	now := time.Now().UTC().Truncate(time.Microsecond)
	raw, err := os.ReadFile(c.path)
	if err != nil {
		return now
	}
	shift, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return now
	}
	return now.Add(time.Duration(shift)).Truncate(time.Microsecond)
}

// set has the clock show a time from now on.
func (c shiftedClock) set(t *testing.T, to time.Time) {
	t.Helper()
	draft := c.path + ".new"
	err := os.WriteFile(draft, []byte(strconv.FormatInt(int64(time.Until(to)), 10)), 0o600)
	if err == nil {
		err = os.Rename(draft, c.path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The pace of an instance: far quicker than in production, so that a round takes seconds.
const (
	lease = time.Second
	pause = 10 * time.Millisecond
)

// parts are what an instance and the test itself exchange.
func parts(clock string) bootstrap.Parts {
	return bootstrap.Parts{Clock: shiftedClock{clock}, Lease: lease, Log: io.Discard}
}

// beInstance does what an instance with the scheduler on does beside answering HTTP, until it is killed.
func beInstance(text string) int {
	env := map[string]string{}
	if err := json.Unmarshal([]byte(text), &env); err != nil {
		return 2
	}
	ctx := context.Background()
	running, err := bootstrap.Open(ctx, env, parts(env[clockFile]))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for _, work := range []func(context.Context) error{running.Outbox.Work, running.Courier.Mail.Work, running.Jobs.Sweep} {
		go func() {
			for {
				_ = work(ctx) // a database that is busy or gone is looked at again
				time.Sleep(pause)
			}
		}()
	}
	select {}
}

// instance is a process that runs jobs.
type instance struct {
	cmd   *exec.Cmd
	ended func() error
}

func startInstance(t *testing.T, env map[string]string) *instance {
	t.Helper()
	raw, err := json.Marshal(env)
	if err != nil {
		t.Fatal(err)
	}
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	i := &instance{cmd: exec.Command(self)}
	i.cmd.Env = append(os.Environ(), asInstance+"="+string(raw))
	i.cmd.Stderr = os.Stderr
	if i.ended, err = given.Process(t, i.cmd); err != nil {
		t.Fatal(err)
	}
	return i
}

// kill ends it as a power cut would.
func (i *instance) kill(t *testing.T) {
	t.Helper()
	if err := i.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = i.cmd.Wait()
	if err := i.ended(); err != nil {
		t.Error(err)
	}
}
