package given

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Switch is a TCP address that moves from one server to another, as the name of a database does in a failover:
// connections that are open stay where they are, new ones lead to the new server.
type Switch struct {
	Addr string

	mu     sync.Mutex
	target string
	hang   atomic.Bool
}

// StartSwitch leads to a server, given as host:port, until the test ends.
func StartSwitch(t testing.TB, target string) *Switch {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Switch{Addr: listener.Addr().String(), target: target}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				go s.serve(client)
			}
		}
	}()
	return s
}

// Move has new connections lead to another server.
func (s *Switch) Move(target string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.target = target
}

// Hang has every connection carry nothing any more, neither refused nor closed; false ends that.
func (s *Switch) Hang(hang bool) { s.hang.Store(hang) }

func (s *Switch) serve(client net.Conn) {
	defer client.Close()
	s.mu.Lock()
	target := s.target
	s.mu.Unlock()
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	ended := make(chan struct{}, 2)
	carry := func(to, from net.Conn) {
		_, _ = io.Copy(to, hanging{from, &s.hang})
		ended <- struct{}{}
	}
	go carry(server, client)
	go carry(client, server)
	<-ended
}

// hanging keeps what it reads while the switch hangs.
type hanging struct {
	io.Reader
	hang *atomic.Bool
}

// Read implements io.Reader.
func (h hanging) Read(into []byte) (int, error) {
	n, err := h.Reader.Read(into)
	for h.hang.Load() && err == nil {
		time.Sleep(10 * time.Millisecond)
	}
	return n, err
}
