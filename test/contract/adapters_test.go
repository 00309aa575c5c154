package contract_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"surgicase/adapters/envsecrets"
	"surgicase/adapters/oidcauth"
	"surgicase/adapters/sqlstore"
	"surgicase/bootstrap"
	"surgicase/ports"
	"surgicase/test/contract"
	"surgicase/test/given"
)

// stores are the adapters of ports.Store. SQLite in memory is not among them: each of its connections
// would have a database of its own, and with a shared cache readers and writers block each other.
var stores = map[string]func(*testing.T) *database{
	"SQLite":  func(t *testing.T) *database { return opened(t, given.TempSQLite(t), sqlstore.OpenSQLite) },
	"MariaDB": func(t *testing.T) *database { return opened(t, given.MariaDB(t), sqlstore.OpenMySQL) },
}

// database is a store together with where it is, for tests that look behind the port.
type database struct {
	*sqlstore.Store
	url   string
	nodes *nodes // of a cluster; nil for one database
}

// opened gives a store with a fresh schema, closed with the test.
func opened(t *testing.T, url string, open func(sqlstore.Config) (*sqlstore.Store, error)) *database {
	t.Helper()
	db := unmigrated(t, url, open)
	db.build(t)
	return db
}

func unmigrated(t *testing.T, url string, open func(sqlstore.Config) (*sqlstore.Store, error)) *database {
	t.Helper()
	store, err := open(sqlstore.Config{
		URL: url, Keys: keyring(t), PoolSize: 15, PoolOverflow: 10, PoolTimeout: 10 * time.Second,
		OnStatement: func(ctx context.Context, _ sqlstore.Statement) { contract.HeardStatement(ctx) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return &database{Store: store, url: url}
}

func keyring(t *testing.T) *sqlstore.Keyring {
	t.Helper()
	secret, err := sqlstore.NewKeySet()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := sqlstore.OpenKeyring(secret)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// onEach runs a suite on every adapter.
func onEach(t *testing.T, suite func(*testing.T, func(*testing.T) ports.Store)) {
	t.Helper()
	if *onCluster {
		onGalera(t, suite)
		return
	}
	t.Parallel()
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // one computes while the other waits for its disk
			suite(t, func(t *testing.T) ports.Store { return open(t) })
		})
	}
}

func TestStore(t *testing.T)      { onEach(t, contract.Store) }
func TestCases(t *testing.T)      { onEach(t, contract.Cases) }
func TestDocuments(t *testing.T)  { onEach(t, contract.Documents) }
func TestTwins(t *testing.T)      { onEach(t, contract.Twins) }
func TestCaseSets(t *testing.T)   { onEach(t, contract.CaseSets) }
func TestCasebook(t *testing.T)   { onEach(t, contract.Casebook) }
func TestUsers(t *testing.T)      { onEach(t, contract.Users) }
func TestRosters(t *testing.T)    { onEach(t, contract.Rosters) }
func TestSurgeons(t *testing.T)   { onEach(t, contract.Surgeons) }
func TestFacilities(t *testing.T) { onEach(t, contract.Facilities) }
func TestGroups(t *testing.T)     { onEach(t, contract.Groups) }
func TestTokens(t *testing.T)     { onEach(t, contract.Tokens) }
func TestStatements(t *testing.T) { onEach(t, contract.Statements) }
func TestLedger(t *testing.T)     { onEach(t, contract.Ledger) }
func TestJobs(t *testing.T)       { onEach(t, contract.Jobs) }
func TestRetention(t *testing.T)  { onEach(t, contract.Retention) }
func TestPrices(t *testing.T)     { onEach(t, contract.Prices) }
func TestCodes(t *testing.T)      { onEach(t, contract.Codes) }
func TestLists(t *testing.T)      { onEach(t, contract.Lists) }
func TestOutbox(t *testing.T)     { onEach(t, contract.Outbox) }
func TestRequests(t *testing.T)   { onEach(t, contract.Requests) }
func TestSeals(t *testing.T)      { onEach(t, contract.Seals) }
func TestFigures(t *testing.T)    { onEach(t, contract.Figures) }
func TestArrivals(t *testing.T)   { onEach(t, contract.Arrivals) }
func TestAuditLog(t *testing.T)   { onEach(t, contract.AuditLog) }

func TestNPIDirectory(t *testing.T) { onEach(t, contract.NPIDirectory) }
func TestNPIFindings(t *testing.T)  { onEach(t, contract.NPIFindings) }

func TestRuns(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) ports.Store) { contract.Runs(t, open, carried) })
}

// TestRunsWhateverTheServerIsSetTo is for hosts of databases that set READ COMMITTED.
func TestRunsWhateverTheServerIsSetTo(t *testing.T) {
	t.Parallel()
	server := given.StartMariaDB(t, "--transaction-isolation=READ-COMMITTED")
	contract.Runs(t, func(t *testing.T) ports.Store { return opened(t, server.Database(t), sqlstore.OpenMySQL) }, carried)
}

func TestAudit(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) ports.Store) { contract.Audit(t, open, trail) })
}

// secretProviders are the adapters of ports.Secrets, each with the secrets given.
var secretProviders = map[string]contract.OpenSecrets{
	"env": func(t *testing.T, given map[string]string) ports.Secrets {
		environment := map[string]string{}
		for name, value := range given {
			environment[strings.ToUpper(strings.ReplaceAll(name, "/", "_"))] = value
		}
		return envsecrets.Open(environment, t.TempDir())
	},
	"files": func(t *testing.T, given map[string]string) ports.Secrets {
		dir := t.TempDir()
		for name, value := range given {
			if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(name, "/", "-")+".json"), []byte(value), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return envsecrets.Open(nil, dir)
	},
	"aws": func(t *testing.T, secrets map[string]string) ports.Secrets {
		return awsSecrets(t, given.StartSecretsManager(t, secrets), time.Now)
	},
}

func TestSecrets(t *testing.T) {
	for name, open := range secretProviders {
		t.Run(name, func(t *testing.T) { contract.Secrets(t, open) })
	}
}

// tried says under which names the adapters of the program are tried here.
var tried = map[string]bool{
	"sqlite": stores["SQLite"] != nil, "mysql": stores["MariaDB"] != nil, "env": secretProviders["env"] != nil && secretProviders["files"] != nil,
	"aws": secretProviders["aws"] != nil, "file": blobStores["file"] != nil, "minio": blobStores["minio"] != nil, "s3": blobStores["s3"] != nil,
}

func TestNoAdapterSkipsItsContract(t *testing.T) {
	for _, name := range slices.Concat(bootstrap.StoreAdapters(), bootstrap.SecretsAdapters(), bootstrap.BlobAdapters()) {
		if !tried[name] {
			t.Errorf("adapter %s is not held to the contract of its port", name)
		}
	}
}

func TestVerifier(t *testing.T) {
	t.Run("oidc", func(t *testing.T) {
		contract.Verifier(t, func(_ *testing.T, issuer, claim string, clock *given.Clock) ports.Verifier {
			return oidcauth.Open(oidcauth.Config{Issuer: issuer, Audience: given.Audience, UserClaim: claim, Now: clock.Now})
		})
	})
	t.Run("none", func(t *testing.T) { contract.NoVerifier(t, oidcauth.None{}) })
}
