// Package npifolder finds the files of the NPI registry in a folder that somebody fills, for
// installations that reach no network.
package npifolder

import (
	"context"
	"errors"
	"os"

	"surgicase/domain/fault"
	"surgicase/ports"
)

// Files is a ports.NPIFiles on a folder.
type Files struct{ folder string }

// Open opens a folder, which need not exist yet.
func Open(folder string) Files { return Files{folder} }

func failed(cause error) error {
	return fault.New(fault.Upstream, "npi_files_failed", "The folder with the files of the NPI registry cannot be read.").Because(cause)
}

// List implements ports.NPIFiles.
func (f Files) List(context.Context) ([]string, error) {
	entries, err := os.ReadDir(f.folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, failed(err)
	}
	names := []string{}
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

type file struct {
	*os.File
	size int64
}

// Size implements ports.NPIFile.
func (f file) Size() int64 { return f.size }

// Fetch implements ports.NPIFiles.
func (f Files) Fetch(_ context.Context, name string, tell func(done, of int64)) (ports.NPIFile, error) {
	root, err := os.OpenRoot(f.folder)
	if err != nil {
		return nil, missing(err)
	}
	defer func() { _ = root.Close() }() // the file stays open
	opened, err := root.Open(name)
	if err != nil {
		return nil, missing(err)
	}
	info, err := opened.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(missing(os.ErrNotExist), opened.Close())
	}
	if tell != nil {
		tell(info.Size(), info.Size())
	}
	return file{opened, info.Size()}, nil
}

func missing(err error) error {
	if errors.Is(err, os.ErrPermission) {
		return failed(err)
	}
	return fault.New(fault.NotFound, "npi_file_not_found", "There is no such file.").Because(err)
}

// Forget implements ports.NPIFiles. The files are somebody else's.
func (Files) Forget(context.Context, string) error { return nil }
