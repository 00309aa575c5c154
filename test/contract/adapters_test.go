package contract_test

import (
	"context"
	"testing"
	"time"

	"surgicase/adapters/sqlstore"
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
	url string
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
		OnStatement: func(ctx context.Context, _ time.Duration, _ error) { contract.HeardStatement(ctx) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return &database{store, url}
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
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // one computes while the other waits for its disk
			suite(t, func(t *testing.T) ports.Store { return open(t) })
		})
	}
}

func TestStore(t *testing.T)      { onEach(t, contract.Store) }
func TestCases(t *testing.T)      { onEach(t, contract.Cases) }
func TestTwins(t *testing.T)      { onEach(t, contract.Twins) }
func TestCaseSets(t *testing.T)   { onEach(t, contract.CaseSets) }
func TestCasebook(t *testing.T)   { onEach(t, contract.Casebook) }
func TestUsers(t *testing.T)      { onEach(t, contract.Users) }
func TestRosters(t *testing.T)    { onEach(t, contract.Rosters) }
func TestSurgeons(t *testing.T)   { onEach(t, contract.Surgeons) }
func TestFacilities(t *testing.T) { onEach(t, contract.Facilities) }
func TestGroups(t *testing.T)     { onEach(t, contract.Groups) }
func TestPrices(t *testing.T)     { onEach(t, contract.Prices) }
func TestCodes(t *testing.T)      { onEach(t, contract.Codes) }
func TestLists(t *testing.T)      { onEach(t, contract.Lists) }
func TestOutbox(t *testing.T)     { onEach(t, contract.Outbox) }
func TestRequests(t *testing.T)   { onEach(t, contract.Requests) }

func TestRuns(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) ports.Store) { contract.Runs(t, open, carried) })
}

func TestAudit(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) ports.Store) { contract.Audit(t, open, trail) })
}
