package httpapi

import (
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"
)

// After allowedFailures without a quiet minute between them, each further one closes the door for
// twice as long as the one before.
const (
	allowedFailures = 10
	failuresForget  = time.Minute
	firstClosed     = time.Second
	longestClosed   = 5 * time.Minute

	// mostStrikes bounds the memory that strangers can fill.
	mostStrikes = 20_000
)

// door delays those who come with one bad credential after the other. One that is repeated counts once against
// its address and then against itself: a forgotten program with an old token costs its neighbours nothing. Good
// credentials never wait. Each instance keeps its own.
type door struct {
	mu      sync.Mutex
	strikes map[string]*strike
	swept   time.Time
}

type strike struct {
	count int
	last  time.Time
	until time.Time // closed until then
}

func newDoor() *door {
	return &door{strikes: map[string]*strike{}}
}

// wait says how long a bad credential from an address must wait; 0 means that it is answered as what it is.
func (d *door) wait(address, credential string, now time.Time) time.Duration {
	address = subnet(address)
	key := credentialKey(address, credential)
	d.mu.Lock()
	defer d.mu.Unlock()
	return max(d.closed(key, now), d.closed(address, now), 0)
}

func (d *door) closed(key string, now time.Time) time.Duration {
	if s, known := d.strikes[key]; known {
		return s.until.Sub(now)
	}
	return 0
}

// failed notes that a credential was bad.
func (d *door) failed(address, credential string, now time.Time) {
	address = subnet(address)
	key := credentialKey(address, credential)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sweep(now)
	if d.strike(key, now) == 1 {
		d.strike(address, now)
	}
}

func (d *door) strike(key string, now time.Time) int {
	s, known := d.strikes[key]
	if !known {
		makeRoom(d.strikes, mostStrikes)
		s = &strike{}
		d.strikes[key] = s
	}
	if s.forgotten(now) {
		*s = strike{}
	}
	s.count++
	s.last = now
	if over := s.count - allowedFailures; over >= 0 {
		s.until = now.Add(min(firstClosed<<min(over, 20), longestClosed))
	}
	return s.count
}

func (s *strike) forgotten(now time.Time) bool {
	return now.Sub(s.last) > failuresForget && now.Sub(s.until) > failuresForget
}

func (d *door) sweep(now time.Time) {
	if now.Sub(d.swept) < failuresForget {
		return
	}
	d.swept = now
	for key, s := range d.strikes {
		if s.forgotten(now) {
			delete(d.strikes, key)
		}
	}
}

// makeRoom forgets some key of a full map, whichever comes first.
func makeRoom[V any](m map[string]V, most int) {
	for key := range m {
		if len(m) < most {
			return
		}
		delete(m, key)
	}
}

func credentialKey(address, credential string) string {
	sum := sha256.Sum256([]byte(address + "\x00" + credential))
	return string(sum[:])
}

// subnet is what one person commands: an IPv4 address, or a /64 of IPv6.
func subnet(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Is4() {
		return address
	}
	network, err := ip.Prefix(64)
	if err != nil {
		return address
	}
	return network.String()
}
