package bootstrap

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"surgicase/adapters/agevault"
	"surgicase/adapters/cli"
	"surgicase/adapters/sqlstore"
	"surgicase/application/backups"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// newVault opens the keys of the backups. The private one is missing where backups are only made, and
// is made on SQLite, so that development needs no setup.
func newVault(c Config, secrets ports.Secrets) (ports.Vault, error) {
	var identity []byte
	var err error
	if c.BackupRecipient == "" {
		identity, err = secretOrMade(context.Background(), c, secrets, ports.BackupKeySecret, func() ([]byte, error) {
			text, err := agevault.NewIdentity()
			return []byte(text + "\n"), err
		})
	} else {
		identity, err = secrets.Get(context.Background(), ports.BackupKeySecret)
	}
	if err != nil && !errors.Is(err, fault.NotFound) {
		return nil, err
	}
	return agevault.Open(c.BackupRecipient, string(identity))
}

func newBackups(store *sqlstore.Store, blobs ports.Blobs, vault ports.Vault, clock ports.Clock, events ports.Events) *backups.Service {
	return backups.New(store, backups.Outside{Blobs: blobs, Vault: vault, Clock: clock, Events: events, Program: version})
}

const day = 24 * time.Hour

// keptFor is how long backups are kept.
func (c Config) keptFor() time.Duration { return time.Duration(c.BackupDays) * day }

// MakeBackup stores a backup and removes those that are too old.
func (p *program) MakeBackup(ctx context.Context) (made backups.Backup, removed []string, err error) {
	err = p.withBackups(ctx, func(ctx context.Context, c Config, service *backups.Service, _ *sqlstore.Store) (err error) {
		if made, err = service.Make(ctx, permission.System("cli")); err != nil {
			return err
		}
		removed, err = service.Prune(ctx, permission.System("cli"), c.keptFor())
		return err
	})
	return made, removed, err
}

// ListBackups lists the backups, newest first.
func (p *program) ListBackups(ctx context.Context) (list []cli.StoredBackup, err error) {
	err = p.withBackups(ctx, func(ctx context.Context, _ Config, service *backups.Service, _ *sqlstore.Store) error {
		objects, err := service.List(ctx, permission.System("cli"))
		for _, o := range objects {
			list = append(list, cli.StoredBackup{Key: o.Key, Bytes: o.Size})
		}
		return err
	})
	return list, err
}

// VerifyBackup tries a backup in a scratch database.
func (p *program) VerifyBackup(ctx context.Context, key string) (v backups.Verified, err error) {
	err = p.withBackups(ctx, func(ctx context.Context, c Config, service *backups.Service, _ *sqlstore.Store) (err error) {
		v, err = p.tryBackup(ctx, c, service, key)
		return err
	})
	return v, err
}

func (p *program) tryBackup(ctx context.Context, c Config, service *backups.Service, key string) (backups.Verified, error) {
	who := permission.System("cli")
	key, err := newestUnless(ctx, service, who, key)
	if err != nil {
		return backups.Verified{}, err
	}
	found, err := service.Peek(ctx, who, key)
	if err != nil {
		return backups.Verified{}, err
	}
	scratch, remove, err := p.scratch(ctx, c, found.Schema)
	if err != nil {
		return backups.Verified{}, err
	}
	defer remove()
	keys, err := p.publicKeys(ctx, c, nil)
	if err != nil {
		return backups.Verified{}, err
	}
	return service.Verify(ctx, who, key, scratch, keys)
}

func newestUnless(ctx context.Context, service *backups.Service, who permission.Actor, key string) (string, error) {
	if key != "" {
		return key, nil
	}
	return service.Latest(ctx, who)
}

// scratch makes an empty SQLite database with the keys of the configured one.
func (p *program) scratch(ctx context.Context, c Config, schema int64) (*sqlstore.Store, func(), error) {
	secrets, err := openSecrets(c, p.env)
	if err != nil {
		return nil, nil, err
	}
	keys, err := keyring(ctx, c, secrets)
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp(c.DataDir, "verify-")
	if err != nil {
		return nil, nil, err
	}
	remove := func() { _ = os.RemoveAll(dir) }
	store, err := sqlstore.OpenSQLite(sqlstore.Config{URL: sqlstore.SQLiteScheme + filepath.Join(dir, "scratch.db"), Keys: keys})
	if err == nil {
		if err = store.MigrateTo(ctx, schema); err != nil {
			_ = store.Close()
		}
	}
	if err != nil {
		remove()
		return nil, nil, err
	}
	return store, func() { _ = store.Close(); remove() }, nil
}

// RestoreBackup puts a backup into the configured database. One without a schema gets that of the
// backup first and is then brought up to date, so that old backups fit, too.
func (p *program) RestoreBackup(ctx context.Context, key string) (done backups.Backup, err error) {
	err = p.withBackups(ctx, func(ctx context.Context, _ Config, service *backups.Service, store *sqlstore.Store) error {
		who := permission.System("cli")
		if key, err = newestUnless(ctx, service, who, key); err != nil {
			return err
		}
		found, err := service.Peek(ctx, who, key)
		if err != nil {
			return err
		}
		have, err := store.SchemaVersion(ctx)
		if err == nil && have == 0 {
			err = store.MigrateTo(ctx, found.Schema)
		}
		if err != nil {
			return err
		}
		if done, err = service.Restore(ctx, who, key); err != nil {
			return err
		}
		_, err = store.MigrateUp(ctx)
		return err
	})
	return done, err
}

func (p *program) withBackups(ctx context.Context, do func(context.Context, Config, *backups.Service, *sqlstore.Store) error) error {
	var service *backups.Service
	var store *sqlstore.Store
	var c Config
	return p.run(ctx, []any{&service, &store, &c}, func(ctx context.Context) error { return do(ctx, c, service, store) })
}
