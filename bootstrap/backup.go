package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"surgicase/adapters/agevault"
	"surgicase/adapters/cli"
	"surgicase/adapters/sqlstore"
	"surgicase/application/backups"
	"surgicase/application/operations"
	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// lazyVault reads the keys of the backups when they are needed: a server that makes none, or may not see
// the secret, starts all the same.
type lazyVault struct {
	c       Config
	secrets ports.Secrets
	blobs   ports.Blobs
}

func newVault(c Config, secrets ports.Secrets, blobs ports.Blobs) ports.Vault {
	return lazyVault{c, secrets, blobs}
}

// Seal implements ports.Vault. The private key is made on SQLite if there is none, so that development
// needs no setup.
func (l lazyVault) Seal(to io.Writer) (io.WriteCloser, error) {
	if l.c.BackupRecipient != "" {
		v, err := agevault.Open(string(l.c.BackupRecipient), "")
		if err != nil {
			return nil, err
		}
		return v.Seal(to)
	}
	v, err := l.withIdentity(secretOrMade(context.Background(), l.c, l.secrets, ports.BackupKeySecret, func() ([]byte, error) {
		if err := refuseExisting(context.Background(), l.blobs, backups.Prefix, ports.BackupKeySecret, l.secrets); err != nil {
			return nil, err
		}
		text, err := agevault.NewIdentity()
		return []byte(text + "\n"), err
	}))
	if err != nil {
		return nil, err
	}
	return v.Seal(to)
}

// Unseal implements ports.Vault.
func (l lazyVault) Unseal(from io.Reader) (io.Reader, error) {
	v, err := l.withIdentity(l.secrets.Get(context.Background(), ports.BackupKeySecret))
	if err != nil {
		return nil, err
	}
	return v.Unseal(from)
}

// withIdentity opens a vault with the private key, or one that says that there is none.
func (lazyVault) withIdentity(identity []byte, err error) (*agevault.Vault, error) {
	if err != nil && !errors.Is(err, fault.NotFound) {
		return nil, err
	}
	return agevault.Open("", string(identity))
}

// refuseExisting returns an error if there are objects that were made with a secret which is missing.
func refuseExisting(ctx context.Context, blobs ports.Blobs, prefix, name string, secrets ports.Secrets) error {
	if blobs == nil {
		return nil // nothing is going to be stored
	}
	for _, err := range blobs.List(ctx, prefix) {
		if err != nil {
			return err
		}
		return ConfigFaults{fmt.Sprintf("the secret %s is missing, and the storage holds %s made with it: put the key back in place (%s). No new key is made beside existing data.",
			name, prefix, secrets.Origin(name))}
	}
	return nil
}

// signingKeys returns the source of the keys by which backups are signed and verified. BACKUP_VERIFY_KEYS counts alone if it
// is set: whoever can write the secret must not make backups of their own valid.
func signingKeys(c Config, secrets ports.Secrets, blobs ports.Blobs, ids ports.IDs) backups.KeySource {
	return func(ctx context.Context, isSigning bool) (keys backups.SigningKeys, err error) {
		secret, err := secrets.Get(ctx, ports.BackupSigningKeySecret)
		if isSigning {
			secret, err = secretOrMade(ctx, c, secrets, ports.BackupSigningKeySecret, func() ([]byte, error) {
				if err := refuseExisting(ctx, blobs, backups.SignaturePrefix, ports.BackupSigningKeySecret, secrets); err != nil {
					return nil, err
				}
				return operations.NewCheckpointKey(ids)
			})
		}
		if err == nil {
			var signer audit.Signer
			signer, keys.Public, err = operations.ReadCheckpointKey(secret)
			keys.Signer = &signer
		}
		if err != nil && !errors.Is(err, fault.NotFound) {
			return backups.SigningKeys{}, placed(secrets, ports.BackupSigningKeySecret, err)
		}
		if len(c.BackupVerifyKeys) > 0 {
			keys.Public = c.BackupVerifyKeys
		}
		return keys, nil
	}
}

// backUp is the daily job. Run again after a crash it makes another backup, which does no harm.
func backUp(ctx context.Context, service *backups.Service, who permission.Actor, keep time.Duration) (string, error) {
	made, err := service.Make(ctx, who)
	if err != nil {
		return "", err
	}
	removed, err := service.Prune(ctx, who, keep)
	return fmt.Sprintf("%s, %s: %d rows, %d bytes; %d old ones removed", made.Key, made.Signature, made.Rows(), made.Size, len(removed)), err
}

// backupKeys are the keys of backups: to encrypt them, and to sign them.
type backupKeys struct {
	vault   ports.Vault
	signing backups.KeySource
}

func newBackupKeys(c Config, secrets ports.Secrets, blobs ports.Blobs, ids ports.IDs) backupKeys {
	return backupKeys{newVault(c, secrets, blobs), signingKeys(c, secrets, blobs, ids)}
}

func newBackups(store *sqlstore.Store, blobs ports.Blobs, keys backupKeys, clock ports.Clock, events ports.Events) *backups.Service {
	return backups.New(store, backups.Outside{Blobs: blobs, Vault: keys.vault, Clock: clock, Events: events, Program: version, Keys: keys.signing})
}

const day = 24 * time.Hour

// keptFor is how long backups are kept.
func (c Config) keptFor() time.Duration { return time.Duration(c.BackupDays) * day }

// MakeBackup stores a backup and removes those that are too old.
func (p *program) MakeBackup(ctx context.Context, tell func(backups.Progress)) (made backups.Backup, removed []string, err error) {
	err = p.withBackups(ctx, func(ctx context.Context, c Config, service *backups.Service, store *sqlstore.Store) (err error) {
		if err := requireSchema(ctx, store); err != nil {
			return err
		}
		if made, err = service.Telling(tell).Make(ctx, permission.System("cli")); err != nil {
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
func (p *program) VerifyBackup(ctx context.Context, key string, isDeep bool, tell func(backups.Progress)) (v backups.Verified, err error) {
	err = p.withBackups(ctx, func(ctx context.Context, c Config, service *backups.Service, _ *sqlstore.Store) (err error) {
		v, err = p.tryBackup(ctx, c, service.Telling(tell).Deep(isDeep), key)
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
	found, err := service.Unsigned(true).Peek(ctx, who, key)
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
func (p *program) RestoreBackup(ctx context.Context, key string, isUnsigned bool, tell func(backups.Progress)) (done backups.Backup, err error) {
	if err := p.needsKeys(ctx); err != nil {
		return done, err
	}
	err = p.withBackups(ctx, func(ctx context.Context, _ Config, service *backups.Service, store *sqlstore.Store) error {
		service, who := service.Unsigned(isUnsigned), permission.System("cli")
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
		done, err = service.Telling(tell).Restore(ctx, who, key)
		if err != nil && fault.CodeOf(err) != "backup_keys_lost" {
			return err
		}
		_, mend := store.MigrateUp(ctx)
		return errors.Join(err, mend)
	})
	return done, err
}

// needsKeys looks for the key set before one is made as for a new database: that would not read what is restored.
func (p *program) needsKeys(ctx context.Context) error {
	c, err := LoadConfig(p.env, false)
	if err != nil {
		return err
	}
	secrets, err := openSecrets(c, p.env)
	if err != nil {
		return err
	}
	_, err = secrets.Get(ctx, ports.KeySetSecret)
	if errors.Is(err, fault.NotFound) {
		return ConfigFaults{fmt.Sprintf("%s. Put the key set in place that the backup was made with, such as in %s. If it is lost, a new one (`surgicase keys new`) opens all but the encrypted values.",
			sentence(err), secrets.Origin(ports.KeySetSecret))}
	}
	return err
}

func (p *program) withBackups(ctx context.Context, do func(context.Context, Config, *backups.Service, *sqlstore.Store) error) error {
	var service *backups.Service
	var store *sqlstore.Store
	var c Config
	return p.runOnAnySchema(ctx, []any{&service, &store, &c}, func(ctx context.Context) error { return do(ctx, c, service, store) })
}

// BackupKeys returns the public keys by which backups are verified, and with isNew a new secret to sign by. The public keys
// of today's secret stay valid in it.
func (p *program) BackupKeys(ctx context.Context, isNew bool) (public []audit.PublicKey, secret []byte, err error) {
	c, err := LoadConfig(p.env, false)
	if err != nil {
		return nil, nil, err
	}
	secrets, err := openSecrets(c, p.env)
	if err != nil {
		return nil, nil, err
	}
	keys, err := signingKeys(c, secrets, nil, randomIDs{})(ctx, false)
	if err != nil || !isNew {
		return keys.Public, nil, err
	}
	secret, err = operations.NewCheckpointKey(randomIDs{}, keys.Public...)
	if err != nil {
		return nil, nil, err
	}
	_, public, err = operations.ReadCheckpointKey(secret)
	return public, secret, err
}
