package verify

import (
	"flag"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

var verifying = flag.Bool("verify", false, "run the outside judges; make verify sets it")

// judges skips unless the judges were asked for. Then every program that a test needs must be there:
// see tools.sh.
func judges(t *testing.T, programs ...string) {
	t.Helper()
	if !*verifying {
		t.Skip("an outside judge: make verify")
	}
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is not installed: test/verify/tools.sh installs it", program)
		}
	}
}

// run runs a program and gives what it says.
func run(t *testing.T, program string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Env = slices.DeleteFunc(os.Environ(), func(line string) bool { return strings.HasPrefix(line, "AWS_") }) // this machine's own settings
	said, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", program, arguments, err, said)
	}
	return string(said)
}

// refuses runs a program that must fail.
func refuses(t *testing.T, program string, arguments ...string) {
	t.Helper()
	if said, err := exec.CommandContext(t.Context(), program, arguments...).CombinedOutput(); err == nil {
		t.Errorf("%s %q did not refuse: %s", program, arguments, said)
	}
}
