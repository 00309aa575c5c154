package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"surgicase/adapters/cli"
	"surgicase/adapters/sqlstore"
	"surgicase/application/storage"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// CopyStorage copies every object from one store to another. Each is a URL as STORAGE_URL takes them, or
// env:NAME for one that the environment holds.
func (p *program) CopyStorage(ctx context.Context, from, to string, tell func(storage.Progress)) (done storage.Copied, err error) {
	err = p.withStorage(ctx, func(ctx context.Context, service *storage.Service, c Config, secrets ports.Secrets) error {
		source, target, err := p.ends(c, from, to)
		if err != nil {
			return err
		}
		read, err := openBlobs(ctx, source, p.env, secrets)
		if err != nil {
			return err
		}
		write, err := openBlobs(ctx, target, p.env, secrets)
		if err != nil {
			return errors.Join(err, closed(read))
		}
		done, err = service.Copy(ctx, permission.System("cli"), read, write, tell)
		return errors.Join(err, closed(read), closed(write))
	})
	return done, err
}

// withStorage runs work on storages as the operator. Each opens those it names.
func (p *program) withStorage(ctx context.Context, do func(context.Context, *storage.Service, Config, ports.Secrets) error) error {
	var service *storage.Service
	var store *sqlstore.Store
	var secrets ports.Secrets
	var c Config
	return p.run(ctx, []any{&service, &store, &secrets, &c}, func(ctx context.Context) error {
		if err := store.CheckVersion(ctx); err != nil {
			return err
		}
		return do(ctx, service, c, secrets)
	})
}

// PlanStorage says how the configured storage is set up and how it should be.
func (p *program) PlanStorage(ctx context.Context) ([]storage.Setting, error) {
	return p.setUp(ctx, (*storage.Service).Plan)
}

// ArrangeStorage sets the configured storage up.
func (p *program) ArrangeStorage(ctx context.Context) ([]storage.Setting, error) {
	return p.setUp(ctx, (*storage.Service).Arrange)
}

type settingUp func(*storage.Service, context.Context, permission.Actor, ports.StorageSetup, []string) ([]storage.Setting, error)

func (p *program) setUp(ctx context.Context, do settingUp) (settings []storage.Setting, err error) {
	err = p.withStorage(ctx, func(ctx context.Context, service *storage.Service, c Config, secrets ports.Secrets) error {
		blobs, err := openBlobs(ctx, c, p.env, secrets)
		if err != nil {
			return err
		}
		told, ok := blobs.(ports.StorageSetup)
		if !ok {
			return errors.Join(errors.New("this storage cannot be set up from here"), closed(blobs))
		}
		settings, err = do(service, ctx, permission.System("cli"), told, c.Origins)
		return errors.Join(err, closed(blobs))
	})
	return settings, err
}

// closed closes a store if it is one that is to be closed.
func closed(blobs ports.Blobs) error {
	if closer, ok := blobs.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// ends reads both ends of a copy. A folder that is not there is refused as a source: opening would make it.
func (p *program) ends(c Config, from, to string) (source, target Config, err error) {
	source, target = c, c
	if err := p.storageNamed(&source, "FROM", from); err != nil {
		return source, target, err
	}
	if err := p.storageNamed(&target, "TO", to); err != nil {
		return source, target, err
	}
	a, b := source.StorageURL, target.StorageURL
	switch {
	case a.url == b.url, a.scheme() == "file" && b.scheme() == "file" && (within(a.folder(), b.folder()) || within(b.folder(), a.folder())):
		return source, target, fmt.Errorf("%w: FROM and TO are the same storage, or one lies in the other", cli.ErrUsage)
	case a.scheme() == "file":
		if info, err := os.Stat(a.folder()); err != nil || !info.IsDir() {
			return source, target, fmt.Errorf("%w: FROM names no folder: %s", cli.ErrUsage, a.folder())
		}
	}
	return source, target, nil
}

// storageNamed reads a URL into a configuration. Its text is not repeated: it may hold a key.
func (p *program) storageNamed(c *Config, which, text string) error {
	if name, named := strings.CutPrefix(text, "env:"); named {
		if text = p.env[name]; text == "" {
			return fmt.Errorf("%w: %s: the environment has no %s", cli.ErrUsage, which, name)
		}
	}
	if err := c.StorageURL.UnmarshalText([]byte(text)); err != nil {
		return fmt.Errorf("%w: %s %w", cli.ErrUsage, which, err)
	}
	c.settleStorage()
	return nil
}

// within says whether a folder is another one or lies in it, by their real paths.
func within(inner, outer string) bool {
	inner, outer = realPath(inner), realPath(outer)
	return inner == outer || strings.HasPrefix(inner, strings.TrimSuffix(outer, "/")+"/")
}

// realPath follows links as far as the path exists.
func realPath(path string) string {
	path, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	for rest := ""; ; {
		if target, err := filepath.EvalSymlinks(path); err == nil {
			return filepath.Join(target, rest)
		}
		if path == filepath.Dir(path) {
			return filepath.Join(path, rest)
		}
		rest, path = filepath.Join(filepath.Base(path), rest), filepath.Dir(path)
	}
}
