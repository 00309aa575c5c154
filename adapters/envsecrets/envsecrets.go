// Package envsecrets gives secrets from environment variables and, failing that, from files: for
// development, and for places that mount secrets as files.
package envsecrets

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"surgicase/domain/fault"
)

// Secrets is a ports.Secrets. The secret surgicase/keys is the variable SURGICASE_KEYS or the file
// surgicase-keys.json in its folder.
type Secrets struct {
	environment map[string]string
	dir         string
}

// Open makes the provider.
func Open(environment map[string]string, dir string) *Secrets {
	return &Secrets{environment: environment, dir: dir}
}

// Get implements ports.Secrets.
func (s *Secrets) Get(_ context.Context, name string) ([]byte, error) {
	if value := s.environment[variable(name)]; value != "" {
		return []byte(value), nil
	}
	value, err := os.ReadFile(s.file(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.NotFound, "secret_not_found", "there is no secret %s: set %s", name, variable(name))
	case err != nil:
		return nil, fault.New(fault.Unavailable, "secret_unreadable", "the secret %s cannot be read", name).Because(err)
	}
	return value, nil
}

// Make writes a new secret to its file unless another process was faster, and gives what is there.
// Only this user can read the file.
func (s *Secrets) Make(ctx context.Context, name string, fresh func() ([]byte, error)) ([]byte, error) {
	value, err := fresh()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fault.New(fault.Unavailable, "secret_unwritable", "the folder for keys cannot be made").Because(err)
	}
	draft, err := os.CreateTemp(s.dir, ".draft-*") // CreateTemp makes it readable for this user only
	if err != nil {
		return nil, fault.New(fault.Unavailable, "secret_unwritable", "the secret %s cannot be written", name).Because(err)
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	_, err = draft.Write(value)
	if err = errors.Join(err, draft.Sync(), draft.Close()); err == nil {
		err = os.Link(draft.Name(), s.file(name)) // a link never replaces a key set that is there
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fault.New(fault.Unavailable, "secret_unwritable", "the secret %s cannot be written", name).Because(err)
	}
	return s.Get(ctx, name)
}

func (s *Secrets) file(name string) string {
	return filepath.Join(s.dir, strings.ReplaceAll(name, "/", "-")+".json")
}

func variable(name string) string {
	return strings.ToUpper(strings.NewReplacer("/", "_", "-", "_").Replace(name))
}
