package given

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// buildPatience is how long the longest of the tools takes to build on a busy machine, and more.
const buildPatience = 25 * time.Minute

// tool gives the path of a program that tests use and nobody ships. It is built once into a folder of
// the user's cache: surgicase-tools/NAME. Whoever puts it there beforehand saves the wait.
func tool(name, module string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "surgicase-tools")
	path := filepath.Join(folder, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close() // and with it the lock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err == nil {
		return path, nil // another process was faster
	}
	return path, install(folder, name, module)
}

// install builds beside the folder's other tools and puts the result there whole.
func install(folder, name, module string) (err error) {
	draft, err := os.MkdirTemp(folder, ".build-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(draft)) }()
	ctx, cancel := context.WithTimeout(context.Background(), buildPatience)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "install", module)
	build.Dir = draft // no go.mod above it counts
	build.Env = append(os.Environ(), "GOBIN="+draft, "GOFLAGS=", "CGO_ENABLED=0", "GOTOOLCHAIN=auto")
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s from %s: %w\n%s", name, module, err, said)
	}
	return os.Rename(filepath.Join(draft, name), filepath.Join(folder, name))
}
