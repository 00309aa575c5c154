package chaos

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// balancer is a small TCP proxy in front of instances: new connections go to those that say they are ready,
// in turn; one that cannot be reached is passed over. It knows nothing of HTTP but where to ask.
type balancer struct {
	listener net.Listener
	turn     atomic.Int64

	mu    sync.Mutex
	nodes []node
}

type node struct {
	address string
	ready   bool
}

// askEvery is how often instances are asked whether they are ready.
const askEvery = 50 * time.Millisecond

func startBalancer(t *testing.T, instances int) *balancer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{listener: listener, nodes: make([]node, instances)}
	stop := make(chan struct{})
	t.Cleanup(func() {
		close(stop)
		_ = listener.Close()
	})
	go b.serve()
	go b.watch(stop)
	return b
}

func (b *balancer) url() string { return "http://" + b.listener.Addr().String() }

// at says where an instance is now.
func (b *balancer) at(i int, base string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nodes[i] = node{address: strings.TrimPrefix(base, "http://")}
}

// wait returns when an instance is taken in.
func (b *balancer) wait(t *testing.T, i int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(askEvery) {
		b.mu.Lock()
		ready := b.nodes[i].ready
		b.mu.Unlock()
		if ready {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("instance %d is never ready", i)
		}
	}
}

func (b *balancer) watch(stop chan struct{}) {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		select {
		case <-stop:
			return
		case <-time.After(askEvery):
		}
		for i := range b.nodes {
			b.mu.Lock()
			address := b.nodes[i].address
			b.mu.Unlock()
			if address == "" {
				continue
			}
			answer, err := client.Get("http://" + address + "/health/ready")
			ready := err == nil && answer.StatusCode == http.StatusOK
			if err == nil {
				_ = answer.Body.Close()
			}
			b.mu.Lock()
			if b.nodes[i].address == address {
				b.nodes[i].ready = ready
			}
			b.mu.Unlock()
		}
	}
}

func (b *balancer) serve() {
	for {
		client, err := b.listener.Accept()
		if err != nil {
			return
		}
		go b.connect(client)
	}
}

// connect joins a client to an instance.
func (b *balancer) connect(client net.Conn) {
	defer func() { _ = client.Close() }()
	for range 2 * len(b.nodes) {
		b.mu.Lock()
		n := b.nodes[int(b.turn.Add(1))%len(b.nodes)]
		b.mu.Unlock()
		if !n.ready {
			continue
		}
		server, err := net.DialTimeout("tcp", n.address, time.Second)
		if err != nil {
			continue
		}
		go func() {
			_, _ = io.Copy(server, client)
			_ = server.(*net.TCPConn).CloseWrite()
		}()
		_, _ = io.Copy(client, server)
		_ = server.Close()
		return
	}
}
