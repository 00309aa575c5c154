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
	"sync"
	"syscall"

	"surgicase/domain/fault"
)

// Secrets is a ports.Secrets. The secret surgicase/keys is the variable SURGICASE_KEYS or the file
// surgicase-keys.json in its folder.
type Secrets struct {
	environment map[string]string
	dir         string
	made        *sync.Map // of OpenReadOnly: what Make made
}

// Open makes the provider.
func Open(environment map[string]string, dir string) *Secrets {
	return &Secrets{environment: environment, dir: dir}
}

// OpenReadOnly makes a provider that leaves the disk alone: what Make makes lives in memory.
func OpenReadOnly(environment map[string]string, dir string) *Secrets {
	return &Secrets{environment: environment, dir: dir, made: &sync.Map{}}
}

// IsMade reports whether a read-only provider made the secret, because there is none.
func (s *Secrets) IsMade(name string) bool {
	_, made := s.inMemory(name)
	return made
}

func (s *Secrets) inMemory(name string) (value []byte, made bool) {
	if s.made == nil {
		return nil, false
	}
	v, made := s.made.Load(name)
	value, _ = v.([]byte)
	return value, made
}

// Get implements ports.Secrets.
func (s *Secrets) Get(_ context.Context, name string) ([]byte, error) {
	if s.inEnvironment(name) {
		return []byte(s.environment[variable(name)]), nil
	}
	value, err := os.ReadFile(s.file(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if made, ok := s.inMemory(name); ok {
			return made, nil
		}
		return nil, fault.New(fault.NotFound, "secret_not_found", "there is no secret %s: set %s", name, variable(name))
	case err != nil:
		return nil, fault.New(fault.Unavailable, "secret_unreadable", "the secret %s cannot be read", name).Because(err)
	}
	return value, nil
}

// Fresh implements ports.Secrets. Nothing is cached here; the variables of a process never change.
func (s *Secrets) Fresh(ctx context.Context, name string) ([]byte, error) { return s.Get(ctx, name) }

// Origin implements ports.Secrets.
func (s *Secrets) Origin(name string) string {
	if s.inEnvironment(name) {
		return "the environment variable " + variable(name)
	}
	return "the file " + s.file(name)
}

// InFile says whether the secret comes from a file, as development's does.
func (s *Secrets) InFile(name string) bool { return !s.inEnvironment(name) }

// Make writes a new secret to its file unless another process was faster, and gives what is there.
// Only this user can read the file.
func (s *Secrets) Make(ctx context.Context, name string, fresh func() ([]byte, error)) ([]byte, error) {
	value, err := fresh()
	if err != nil {
		return nil, err
	}
	if s.made != nil {
		s.made.LoadOrStore(name, value)
		return s.Get(ctx, name)
	}
	err = s.write(name, value, func(draft string) error {
		err := os.Link(draft, s.file(name)) // a link never replaces a key set that is there
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.Get(ctx, name)
}

// Put implements ports.Secrets: what it replaces stays beside the file, under the time it was
// written at. Readers find the old file or the new one, never half of either.
func (s *Secrets) Put(_ context.Context, name string, value []byte) error {
	if s.inEnvironment(name) {
		return fault.New(fault.Conflict, "secret_read_only", "the secret %s comes from %s, which a program cannot change", name, s.Origin(name))
	}
	present, err := os.Stat(s.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.NotFound, "secret_not_found", "there is no secret %s: set %s", name, variable(name))
	}
	if err != nil {
		return unwritable(name, err)
	}
	return s.write(name, value, func(draft string) error {
		err := os.Link(s.file(name), s.copyOf(name, present))
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return os.Rename(draft, s.file(name))
	})
}

// write brings a value to the disk as a draft that only this user can read, and has it placed.
func (s *Secrets) write(name string, value []byte, place func(draft string) error) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return unwritable(name, err)
	}
	draft, err := os.CreateTemp(s.dir, ".draft-*") // CreateTemp makes it readable for this user only
	if err != nil {
		return unwritable(name, err)
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	_, err = draft.Write(value)
	if err = errors.Join(err, draft.Sync(), draft.Close()); err == nil {
		err = errors.Join(place(draft.Name()), syncFolder(s.dir))
	}
	if err != nil {
		return unwritable(name, err)
	}
	return nil
}

// syncFolder makes new names in a folder survive a power cut.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// unwritable tells places that are read-only by intent, such as mounted secrets, from failures.
func unwritable(name string, cause error) error {
	if errors.Is(cause, fs.ErrPermission) || errors.Is(cause, syscall.EROFS) {
		return fault.New(fault.Conflict, "secret_read_only", "the file of the secret %s cannot be written", name).Because(cause)
	}
	return fault.New(fault.Unavailable, "secret_unwritable", "the secret %s cannot be written", name).Because(cause)
}

func (s *Secrets) inEnvironment(name string) bool { return s.environment[variable(name)] != "" }

func (s *Secrets) file(name string) string {
	return filepath.Join(s.dir, strings.ReplaceAll(name, "/", "-")+".json")
}

// copyOf is where a replaced file is kept: surgicase-keys.2026-11-24T09-30-15.123456Z.json.
func (s *Secrets) copyOf(name string, replaced fs.FileInfo) string {
	return strings.TrimSuffix(s.file(name), ".json") + replaced.ModTime().UTC().Format(".2006-01-02T15-04-05.000000Z") + ".json"
}

func variable(name string) string {
	return strings.ToUpper(strings.NewReplacer("/", "_", "-", "_").Replace(name))
}
