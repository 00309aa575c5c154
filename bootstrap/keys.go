package bootstrap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/fx"

	"surgicase/adapters/awssecrets"
	"surgicase/adapters/cli"
	"surgicase/adapters/envsecrets"
	"surgicase/adapters/sqlstore"
	"surgicase/application/operations"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// keysPause is how often an instance looks for a changed key set. With the five minutes for which
// secrets are cached it makes up most of operations.KeyLearning.
const keysPause = time.Minute

// openSecrets opens the configured provider.
func openSecrets(c Config, env environment) (ports.Secrets, error) {
	return secretProviders[string(c.SecretsProvider)](c, env)
}

// openAWSSecrets takes the credentials from the environment if they are there, as AWS's own tools do.
func openAWSSecrets(c Config, env environment) (ports.Secrets, error) {
	return awssecrets.Open(context.Background(), awssecrets.Config{
		Region: c.AWSRegion, Endpoint: cmp.Or(env["AWS_ENDPOINT_URL_SECRETS_MANAGER"], env["AWS_ENDPOINT_URL"]),
		KeyID: env["AWS_ACCESS_KEY_ID"], KeySecret: env["AWS_SECRET_ACCESS_KEY"], SessionToken: env["AWS_SESSION_TOKEN"],
		Now: c.present,
	})
}

// secretOrMade returns a secret. It is made when there is none, the database is SQLite and the provider
// keeps files: development needs no setup, production never gets new keys by accident. Nothing is made
// beside a database that the lost key belongs to.
func secretOrMade(ctx context.Context, c Config, secrets ports.Secrets, name string, fresh func() ([]byte, error)) ([]byte, error) {
	secret, err := secrets.Get(ctx, name)
	maker, ok := secrets.(*envsecrets.Secrets)
	if !ok || !errors.Is(err, fault.NotFound) || c.DatabaseURL.scheme() != "sqlite" {
		return secret, err
	}
	if err := refuseLostKey(ctx, c, secrets, name); err != nil {
		return nil, err
	}
	if err := c.makeDataDir(); err != nil {
		return nil, err
	}
	return maker.Make(ctx, name, fresh)
}

// refuseLostKey returns an error if a secret that is missing was lost: a new one would read nothing of
// what is there, and whatever is written with it could not be told from what a stranger wrote.
func refuseLostKey(ctx context.Context, c Config, secrets ports.Secrets, name string) error {
	held, err := sqlstore.HeldBySQLite(ctx, c.DatabaseURL.url)
	if err != nil {
		return err
	}
	lost := ""
	_, err = secrets.Get(ctx, ports.KeySetSecret)
	switch {
	case errors.Is(err, fault.NotFound) && held.Encrypted:
		lost, name = "encrypted values", ports.KeySetSecret // whatever was asked for: no key is made before
	case errors.Is(err, fault.NotFound) && held.Entries:
		lost, name = "an audit log", ports.KeySetSecret
	case name == ports.CheckpointKeySecret && (held.Checkpoints || c.hasCheckpointFiles()):
		lost = "signed checkpoints of an audit log"
	}
	if lost == "" {
		return nil
	}
	return ConfigFaults{fmt.Sprintf("the secret %s is missing, and the database holds %s: put the key back in place (%s). No new key is made beside existing data.",
		name, lost, secrets.Origin(name))}
}

// hasCheckpointFiles reports whether checkpoints were kept in files; one that cannot be read counts.
func (c Config) hasCheckpointFiles() bool {
	all, err := c.checkpointFolder().Checkpoints()
	return err != nil || len(all) > 0
}

// refuseUnknownKeys returns an error if the key set at hand belongs to another database, or to an earlier
// time of this one.
func refuseUnknownKeys(ctx context.Context, store *sqlstore.Store, secrets ports.Secrets) error {
	id, lost, err := store.LostKey(ctx)
	if err != nil || !lost {
		return err
	}
	return ConfigFaults{fmt.Sprintf("values in the database are encrypted with key %d, which the key set does not hold: put the right key set in place (%s)",
		id, secrets.Origin(ports.KeySetSecret))}
}

// keyring opens the key set, and follows it when it changes.
func keyring(ctx context.Context, c Config, secrets ports.Secrets) (*sqlstore.Keyring, error) {
	if _, err := secretOrMade(ctx, c, secrets, ports.KeySetSecret, sqlstore.NewKeySet); err != nil {
		return nil, err
	}
	keys, err := sqlstore.LoadKeyring(ctx, func(ctx context.Context, fresh bool) ([]byte, error) {
		if fresh {
			return secrets.Fresh(ctx, ports.KeySetSecret)
		}
		return secrets.Get(ctx, ports.KeySetSecret)
	})
	return keys, placed(secrets, ports.KeySetSecret, err)
}

// placed says where the secret is that is not what it should be.
func placed(secrets ports.Secrets, name string, err error) error {
	if errors.Is(err, fault.Invalid) {
		return ConfigFaults{secrets.Origin(name) + ": " + sentence(err)}
	}
	return err
}

// followKeys has a store take up changes of its key set while the app runs.
func followKeys(life fx.Lifecycle, store *sqlstore.Store, events ports.Events) {
	loop{name: "keys", pause: keysPause, work: func(ctx context.Context) error {
		changed, err := store.RefreshKeys(ctx)
		if changed {
			events.Happened(ctx, ports.Event{Name: "keys.refreshed"})
		}
		return err
	}}.run(life, events)
}

func newKeys(store *sqlstore.Store, secrets ports.Secrets, clock ports.Clock, ids ports.IDs, events ports.Events) *operations.Keys {
	return operations.NewKeys(store, secrets, clock, ids, events)
}

// NewKeySet makes a key set that no installation has yet.
func (p *program) NewKeySet() ([]byte, error) { return sqlstore.NewKeySet() }

// KeysStatus says how the keys of the encrypted columns stand.
func (p *program) KeysStatus(ctx context.Context) (status operations.KeysStatus, err error) {
	err = p.withKeys(ctx, func(ctx context.Context, keys *operations.Keys) (err error) {
		status, err = keys.Status(ctx, permission.System("cli"))
		return err
	})
	return status, err
}

// RotateKeys makes a new key and encrypts everything with it.
func (p *program) RotateKeys(ctx context.Context, how operations.Rotation) (done operations.Rotated, err error) {
	err = p.withAllKeys(ctx, func(ctx context.Context, keys *operations.Keys) (err error) {
		done, err = keys.Rotate(ctx, permission.System("cli"), how)
		return err
	})
	return done, err
}

// RetireKeys drops old keys that nothing is encrypted with.
func (p *program) RetireKeys(ctx context.Context, learning time.Duration) (done operations.Retired, err error) {
	err = p.withAllKeys(ctx, func(ctx context.Context, keys *operations.Keys) (err error) {
		done, err = keys.Retire(ctx, permission.System("cli"), learning)
		return err
	})
	return done, err
}

// AddChainKey adds a key of the audit chain.
func (p *program) AddChainKey(ctx context.Context) (added operations.ChainKeyAdded, err error) {
	err = p.withKeys(ctx, func(ctx context.Context, keys *operations.Keys) (err error) {
		added, err = keys.AddChainKey(ctx, permission.System("cli"))
		return err
	})
	return added, err
}

func (p *program) withKeys(ctx context.Context, do func(context.Context, *operations.Keys) error) error {
	var keys *operations.Keys
	return p.run(ctx, []any{&keys}, func(ctx context.Context) error { return do(ctx, keys) })
}

// withAllKeys is withKeys for work that must know every encrypted column: of those that a newer program has added, an
// older one would leave out the values, and drop the keys that they are encrypted with.
func (p *program) withAllKeys(ctx context.Context, do func(context.Context, *operations.Keys) error) error {
	var keys *operations.Keys
	var store *sqlstore.Store
	return p.run(ctx, []any{&keys, &store}, func(ctx context.Context) error {
		if err := store.CheckKnown(ctx); err != nil {
			return err
		}
		return do(ctx, keys)
	})
}

// keySetFinding says where the key set is, and warns of a production that lives on the file that
// development makes for itself.
func keySetFinding(c Config, secrets ports.Secrets, err error) cli.Finding {
	f := found("key set", "from provider "+string(c.SecretsProvider)+": "+secrets.Origin(ports.KeySetSecret), err)
	f = c.orMissing(f, secrets, ports.KeySetSecret)
	if files, ok := secrets.(*envsecrets.Secrets); ok && f.OK && c.production() && files.InFile(ports.KeySetSecret) {
		f.Warn = true
		f.Detail += "; that is where development keeps its keys: production takes them from SURGICASE_KEYS or SECRETS_PROVIDER=aws"
	}
	return f
}
