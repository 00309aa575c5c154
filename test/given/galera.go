package given

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Cluster is a MariaDB Galera cluster on loopback ports: each of its nodes is a server that takes writes,
// and a write is acknowledged when all have it.
type Cluster struct {
	Nodes []*Server
	base  []int // of each node, the first of the ports by which nodes talk
}

// galeraLibrary is where distributions put it.
var galeraLibrary = []string{"/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so"}

// StartGalera returns a cluster of so many nodes, removed with the test. The nodes get the data of the
// first one, so it takes some seconds for each.
func StartGalera(t testing.TB, nodes int) *Cluster {
	t.Helper()
	needMariaDB(t)
	c, err := newCluster(nodes)
	t.Cleanup(func() {
		for _, node := range c.Nodes {
			if err := node.remove(); err != nil {
				t.Errorf("removing a node: %v", err)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// SharedGalera returns a cluster of three nodes that all tests of a process share; nobody has to stop it,
// see guard.
func SharedGalera(t testing.TB) *Cluster {
	t.Helper()
	needMariaDB(t)
	c, err := sharedCluster()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var sharedCluster = sync.OnceValues(func() (*Cluster, error) { return newCluster(3) })

func newCluster(nodes int) (*Cluster, error) {
	c := &Cluster{}
	library, err := findGalera()
	if err != nil {
		return c, err
	}
	for range nodes {
		base, err := freePorts()
		if err != nil {
			return c, err
		}
		c.base = append(c.base, base)
	}
	for i := range nodes {
		node, err := c.newNode(i, library)
		if err != nil {
			return c, err
		}
		c.Nodes = append(c.Nodes, node)
	}
	for i, node := range c.Nodes { // from here on each joins the others
		node.options = c.options(i, library, true)
	}
	return c, nil
}

func findGalera() (string, error) {
	if _, err := findProgram("rsync"); err != nil {
		return "", errors.New("needs rsync: apt-get install rsync")
	}
	for _, path := range galeraLibrary {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", errors.New("needs Galera: apt-get install galera-4")
}

func (c *Cluster) newNode(i int, library string) (*Server, error) {
	dir, err := os.MkdirTemp("", "surgicase-galera-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, password: "galera", options: c.options(i, library, i > 0)}
	if s.guard, err = startGuard(dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err = s.install(); err == nil {
		if s.port, err = freePort(); err == nil {
			err = s.start()
		}
	}
	if err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return s, nil
}

// options are those that the servers of one cluster have in common with what sets a node apart. A node
// that joins has its accounts from the others.
func (c *Cluster) options(i int, library string, joins bool) []string {
	at := func(node, port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.base[node]+port)) }
	peers := []string{}
	for node := range c.base {
		if joins {
			peers = append(peers, at(node, 0))
		}
	}
	options := []string{
		"--binlog-format=ROW", "--innodb-autoinc-lock-mode=2", "--wsrep-on=ON", "--wsrep-provider=" + library,
		"--wsrep-cluster-name=surgicase-" + strconv.Itoa(c.base[0]), "--wsrep-cluster-address=gcomm://" + strings.Join(peers, ","),
		"--wsrep-node-address=" + at(i, 0), "--wsrep-node-name=node" + strconv.Itoa(i), "--wsrep-sst-method=rsync", "--wsrep-sst-receive-address=" + at(i, 4),
		"--wsrep-sync-wait=7", // what a client was told on one node, he finds on the others
		fmt.Sprintf("--wsrep-provider-options=gmcast.listen_addr=tcp://%s;ist.recv_addr=%s;base_port=%d", at(i, 0), at(i, 2), c.base[i]),
	}
	if joins {
		options = append(options, "--init-file=")
	}
	return options
}

// Synced waits until a node takes part again.
func (c *Cluster) Synced(t testing.TB, node int, patience time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		state := Rows(t, c.Nodes[node].URL("information_schema"), "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'WSREP_LOCAL_STATE_COMMENT'")
		if slices.Equal(state, []string{"Synced"}) {
			return
		}
	}
	t.Fatalf("node %d does not come back within %v:\n%v", node, patience, c.Nodes[node].failure("it says"))
}

// freePorts gives the first of five loopback ports in a row.
func freePorts() (int, error) {
	for range 50 {
		first, err := freePort()
		if err != nil {
			return 0, err
		}
		if allFree(first, 5) {
			return first, nil
		}
	}
	return 0, errors.New("no five free loopback ports in a row")
}

func allFree(first, n int) bool {
	for port := first; port < first+n; port++ {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return false
		}
		_ = listener.Close()
	}
	return true
}
