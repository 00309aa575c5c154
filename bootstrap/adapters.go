package bootstrap

import (
	"context"
	"crypto/rand"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"surgicase/adapters/cmsnpi"
	"surgicase/adapters/envsecrets"
	"surgicase/adapters/npifolder"
	"surgicase/adapters/oidcauth"
	"surgicase/adapters/sqlstore"
	"surgicase/adapters/stubnpi"
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
	secretProviders = map[string]func(Config, environment) (ports.Secrets, error){
		"env": func(c Config, env environment) (ports.Secrets, error) {
			folder := filepath.Join(c.DataDir, "keys")
			if c.looking {
				return envsecrets.OpenReadOnly(env, folder), nil
			}
			return envsecrets.Open(env, folder), nil
		},
		"aws": openAWSSecrets,
	}
	blobStores = map[string]func(context.Context, Config, environment, ports.Secrets) (ports.Blobs, error){
		"file":  openFileBlobs,
		"minio": openMinIOBlobs,
		"s3":    openS3Blobs,
	}
	verifiers = map[string]func(Config, ports.Clock) ports.Verifier{
		verifyOIDC: func(c Config, clock ports.Clock) ports.Verifier { return newOIDC(c, clock) },
		verifyNone: func(Config, ports.Clock) ports.Verifier { return oidcauth.None{} },
	}
	registries = map[string]func(Config, ports.Store, ports.Clock) (ports.Registry, error){
		registryStub: func(Config, ports.Store, ports.Clock) (ports.Registry, error) {
			return stubnpi.Open(stubnpi.Invented()...), nil
		},
		"local": func(_ Config, store ports.Store, _ ports.Clock) (ports.Registry, error) {
			return sqlstore.OpenRegistry(store), nil
		},
		"cms": func(c Config, _ ports.Store, clock ports.Clock) (ports.Registry, error) {
			return cmsnpi.OpenRegistry(cmsnpi.Config{URL: string(c.NPIURL), Now: clock.Now})
		},
	}
	trackers = map[string]func(context.Context, Config, ports.Secrets) (ports.BugTracker, error){
		"none":    openNoBugs,
		"clickup": openClickUp,
	}
	npiFiles = map[string]func(Config) (ports.NPIFiles, error){
		"cms": func(c Config) (ports.NPIFiles, error) {
			return cmsnpi.OpenFiles(cmsnpi.FilesConfig{URL: string(c.NPIFiles), Folder: filepath.Join(c.DataDir, "npi")})
		},
		"folder": func(c Config) (ports.NPIFiles, error) {
			return npifolder.Open(strings.TrimPrefix(string(c.NPIFiles), "file://")), nil
		},
	}
	mailers = map[string]func(context.Context, post) (ports.Mailer, error){
		"log":  openLogMail,
		"smtp": openSMTP,
		"ses":  openSES,
	}
)

// StoreAdapters names the adapters of ports.Store.
func StoreAdapters() []string { return names(stores) }

// BlobAdapters names the adapters of ports.Blobs.
func BlobAdapters() []string { return names(blobStores) }

// VerifierAdapters names the adapters of ports.Verifier.
func VerifierAdapters() []string { return names(verifiers) }

// RegistryAdapters names the adapters of ports.Registry.
func RegistryAdapters() []string { return names(registries) }

// TrackerAdapters names the adapters of ports.BugTracker.
func TrackerAdapters() []string { return names(trackers) }

// NPIFilesAdapters names the adapters of ports.NPIFiles.
func NPIFilesAdapters() []string { return names(npiFiles) }

// MailAdapters names the adapters of ports.Mailer.
func MailAdapters() []string { return names(mailers) }

// SecretsAdapters names the adapters of ports.Secrets.
func SecretsAdapters() []string { return names(secretProviders) }

func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

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

// openStore opens the configured database with its keys. A key set is made when there is none and
// the database is SQLite: development needs no setup, production never loses keys by accident.
func openStore(ctx context.Context, c Config, secrets ports.Secrets, heard hearing) (*sqlstore.Store, error) {
	if c.DatabaseURL.url == c.ownDatabase() {
		if err := c.makeDataDir(); err != nil {
			return nil, err
		}
	}
	keys, err := keyring(ctx, c, secrets)
	if err != nil {
		return nil, err
	}
	config, err := c.store(ctx, secrets, keys, heard)
	if err != nil {
		return nil, err
	}
	return stores[c.DatabaseURL.scheme()](config)
}

// hearing is who hears of the database.
type hearing struct {
	statement func(context.Context, sqlstore.Statement)
	away      func(error)
}

func (c Config) store(ctx context.Context, secrets ports.Secrets, keys *sqlstore.Keyring, heard hearing) (sqlstore.Config, error) {
	url, logins, err := c.DatabaseURL.resolve(ctx, secrets)
	return sqlstore.Config{
		URL: url, Logins: logins, Keys: keys, PoolSize: int(c.PoolSize), PoolOverflow: int(c.PoolOverflow),
		PoolTimeout: c.PoolTimeout.duration(), OnStatement: heard.statement, OnAway: heard.away,
	}, err
}
