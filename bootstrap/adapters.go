package bootstrap

import (
	"context"
	"crypto/rand"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"surgicase/adapters/envsecrets"
	"surgicase/adapters/sqlstore"
	"surgicase/domain/ident"
	"surgicase/ports"
)

// The adapters of each port by the name that chooses them. These maps are the list of adapters: the
// contract suite compares its own with them.
var (
	stores = map[string]func(sqlstore.Config) (*sqlstore.Store, error){
		"sqlite": sqlstore.OpenSQLite,
		"mysql":  sqlstore.OpenMySQL,
	}
	secretProviders = map[string]func(Config, map[string]string) ports.Secrets{
		"env": func(c Config, environment map[string]string) ports.Secrets {
			return envsecrets.Open(environment, filepath.Join(c.DataDir, "keys"))
		},
	}
)

// StoreAdapters names the adapters of ports.Store.
func StoreAdapters() []string { return names(stores) }

// SecretsAdapters names the adapters of ports.Secrets.
func SecretsAdapters() []string { return names(secretProviders) }

func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func userIDs(texts []string) []ident.UserID {
	ids := make([]ident.UserID, len(texts))
	for i, text := range texts {
		ids[i] = ident.UserID(text)
	}
	return ids
}

// systemClock is the real time, cut to microseconds.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// randomIDs makes UUIDv7 and random keys.
type randomIDs struct{}

func (randomIDs) CaseID() ident.CaseID { return ident.CaseID(randomIDs{}.Unique()) }

func (randomIDs) Unique() string { return uuid.Must(uuid.NewV7()).String() }

func (randomIDs) Key() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails, by its contract
	return key
}

// KeySetSecret is the secret that holds the key set of the encrypted columns.
const KeySetSecret = "surgicase/keys" //nolint:gosec // the name of a secret, not a secret

// openStore opens the configured database with its keys. A key set is made when there is none and
// the database is SQLite: development needs no setup, production never loses keys by accident.
func openStore(ctx context.Context, c Config, secrets ports.Secrets, heard func(context.Context, time.Duration, error)) (*sqlstore.Store, error) {
	keys, err := keyring(ctx, c, secrets)
	if err != nil {
		return nil, err
	}
	return stores[c.DatabaseURL.scheme()](sqlstore.Config{
		URL: c.DatabaseURL.url, Keys: keys, PoolSize: int(c.PoolSize), PoolOverflow: int(c.PoolOverflow),
		PoolTimeout: c.PoolTimeout.duration(), OnStatement: heard,
	})
}

func keyring(ctx context.Context, c Config, secrets ports.Secrets) (*sqlstore.Keyring, error) {
	secret, err := secrets.Get(ctx, KeySetSecret)
	if maker, ok := secrets.(*envsecrets.Secrets); ok && err != nil && c.DatabaseURL.scheme() == "sqlite" {
		secret, err = maker.Make(ctx, KeySetSecret, sqlstore.NewKeySet)
	}
	if err != nil {
		return nil, err
	}
	return sqlstore.OpenKeyring(secret)
}
