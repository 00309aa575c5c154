package given

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// NPM gives a folder in which packages of npm are installed, once for all tests of this user. Scripts
// of the packages do not run. Without npm the test is skipped, on a developer's machine only.
func NPM(t testing.TB, packages ...string) string {
	t.Helper()
	dir, err := installNPM(packages)
	if err != nil {
		reason := "needs Node.js, npm and its registry: " + err.Error()
		if os.Getenv("CI") == "true" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	return dir
}

func installNPM(packages []string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	parent := filepath.Join(cache, "surgicase-tests")
	dir := filepath.Join(parent, strings.ReplaceAll(strings.Join(packages, "+"), "/", "-"))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", err
	}
	draft, err := os.MkdirTemp(parent, "draft-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(draft) }()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	arguments := append([]string{"install", "--prefix", draft, "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"}, packages...)
	install := exec.CommandContext(ctx, "npm", arguments...)
	install.Dir = draft
	if said, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm: %w: %.500s", err, said)
	}
	if err := os.Rename(draft, dir); err != nil && !os.IsExist(err) { // another process may have been faster
		return "", err
	}
	return dir, nil
}
