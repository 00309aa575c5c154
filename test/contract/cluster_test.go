package contract_test

import (
	"context"
	"flag"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"surgicase/adapters/sqlstore"
	"surgicase/domain/audit"
	"surgicase/ports"
	"surgicase/test/contract"
	"surgicase/test/given"
)

// onCluster holds the store to its contract on a Galera cluster instead: every transaction goes to another
// node than the one before, as those of several instances do. make verify sets it.
var onCluster = flag.Bool("cluster", false, "run the suites of the store on a Galera cluster of three nodes")

// nodes are the stores of one database on all nodes of the cluster; database hands work to them in turn.
type nodes struct {
	stores []*sqlstore.Store
	turn   atomic.Int64
}

func (n *nodes) next(first *sqlstore.Store) *sqlstore.Store {
	if n == nil {
		return first
	}
	return n.stores[int(n.turn.Add(1))%len(n.stores)]
}

// Nodes is on how many nodes the database is.
func (d *database) Nodes() int {
	if d.nodes == nil {
		return 1
	}
	return len(d.nodes.stores)
}

func (d *database) InTx(ctx context.Context, fn func(context.Context, ports.Repos) error) error {
	return d.nodes.next(d.Store).InTx(ctx, fn)
}

func (d *database) View(ctx context.Context, fn func(context.Context, ports.Repos) error) error {
	return d.nodes.next(d.Store).View(ctx, fn)
}

func (d *database) Logged(ctx context.Context, entries ...audit.Entry) error {
	return d.nodes.next(d.Store).Logged(ctx, entries...)
}

// onGalera runs a suite on the cluster.
func onGalera(t *testing.T, suite func(*testing.T, func(*testing.T) ports.Store)) {
	t.Helper()
	cluster := given.SharedGalera(t)
	t.Run("Galera", func(t *testing.T) {
		suite(t, func(t *testing.T) ports.Store { return clustered(t, cluster) })
	})
}

// clustered makes a fresh database on the cluster, with a store on each node. All of them have one key
// set, as instances do.
func clustered(t *testing.T, cluster *given.Cluster) *database {
	t.Helper()
	fresh := cluster.Nodes[0].Database(t)
	u, err := url.Parse(fresh)
	if err != nil {
		t.Fatal(err)
	}
	keys := keyring(t)
	n := &nodes{}
	for _, node := range cluster.Nodes {
		given.Rows(t, node.URL("mysql"), "SELECT COUNT(*) FROM information_schema.SCHEMATA") // waits until the node has it, too
		store, err := sqlstore.OpenMySQL(sqlstore.Config{
			URL: node.URL(u.Path[1:]), Keys: keys, PoolSize: 15, PoolOverflow: 10, PoolTimeout: 10 * time.Second,
			OnStatement: func(ctx context.Context, _ sqlstore.Statement) { contract.HeardStatement(ctx) },
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		n.stores = append(n.stores, store)
	}
	db := &database{Store: n.stores[0], url: fresh, nodes: n}
	db.build(t)
	if err := db.FitCluster(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}
