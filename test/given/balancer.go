package given

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// Balancer is a TCP load balancer in front of servers: it hands each connection to the first of them that
// takes it, and drops those of a server that died.
type Balancer struct {
	Addr string

	servers []string
}

// StartBalancer balances between servers, given as host:port in the order of preference, until the test
// ends.
func StartBalancer(t testing.TB, servers ...string) *Balancer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &Balancer{Addr: listener.Addr().String(), servers: servers}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				go b.serve(client)
			}
		}
	}()
	return b
}

// connectPatience is how long a server may take to answer before the next one is tried.
const connectPatience = time.Second

func (b *Balancer) serve(client net.Conn) {
	defer client.Close()
	server := b.connect()
	if server == nil {
		return
	}
	defer server.Close()
	done := make(chan struct{}, 2)
	carry := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		done <- struct{}{}
	}
	go carry(server, client)
	go carry(client, server)
	<-done // when one side ends, so does the other
}

func (b *Balancer) connect() net.Conn {
	for _, address := range b.servers {
		if server, err := net.DialTimeout("tcp", address, connectPatience); err == nil {
			return server
		}
	}
	return nil
}
