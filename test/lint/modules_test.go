package lint

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestModulesAreTidy holds that go.mod and go.sum name what the code needs, say which of it the code itself
// imports, and nothing else; for the program and for its tools.
func TestModulesAreTidy(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"../..", "../../tools"} {
		t.Run(filepath.Base(filepath.Clean(dir)), func(t *testing.T) {
			t.Parallel()
			if _, err := os.ReadFile(filepath.Join(dir, "go.mod")); err != nil { // that go test sees when it has changed
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "go", "mod", "tidy", "-diff")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GOWORK=off")
			diff, err := cmd.Output()
			switch {
			case len(diff) > 0:
				t.Errorf("run `go mod tidy` there:\n%s", diff)
			case err != nil && os.Getenv("CI") == "true":
				t.Error(reason(err))
			case err != nil: // it asks for modules that building does not, and there may be no network
				t.Skip(reason(err))
			}
		})
	}
}

// reason is what a command that failed has said of it.
func reason(err error) string {
	var failed *exec.ExitError
	if errors.As(err, &failed) && len(failed.Stderr) > 0 {
		return string(failed.Stderr)
	}
	return err.Error()
}
