package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"surgicase/application/access"
	"surgicase/ports"
)

func TestOrigin(t *testing.T) {
	for _, x := range []struct {
		trusted, peer, forwarded string
		want                     string
		proxied                  bool
	}{
		{"", "127.0.0.1:5", "203.0.113.9", "127.0.0.1", false},
		{"127.0.0.1/32", "127.0.0.1:5", "", "127.0.0.1", true},
		{"127.0.0.1/32", "127.0.0.1:5", "203.0.113.9", "203.0.113.9", true},
		{"127.0.0.1/32", "127.0.0.1:5", "6.6.6.6, 203.0.113.9", "203.0.113.9", true},
		{"127.0.0.1/32", "127.0.0.1:5", "6.6.6.6|203.0.113.9", "203.0.113.9", true},
		{"127.0.0.1/32 10.0.0.0/8", "127.0.0.1:5", "6.6.6.6, 203.0.113.9, 10.2.3.4", "203.0.113.9", true},
		{"127.0.0.0/8", "127.0.0.1:5", "10.2.3.4, 127.0.0.5", "10.2.3.4", true},
		{"127.0.0.0/8", "127.0.0.1:5", "127.0.0.6, 127.0.0.5", "127.0.0.6", true},
		{"127.0.0.1/32", "127.0.0.1:5", "203.0.113.9:4711", "203.0.113.9", true},
		{"127.0.0.1/32", "127.0.0.1:5", "2001:db8::7", "2001:db8::7", true},
		{"127.0.0.1/32", "127.0.0.1:5", "[2001:db8::7]:80", "2001:db8::7", true},
		{"127.0.0.1/32", "127.0.0.1:5", "::ffff:203.0.113.9", "203.0.113.9", true},
		{"127.0.0.1/32", "127.0.0.1:5", "fe80::1%eth0", "fe80::1", true},
		{"127.0.0.1/32", "127.0.0.1:5", "203.0.113.9, nonsense", "127.0.0.1", true},
		{"127.0.0.1/32", "127.0.0.1:5", "unknown", "127.0.0.1", true},
		{"10.0.0.7/32", "127.0.0.1:5", "10.0.0.7", "127.0.0.1", false},
		{"10.0.0.7/32", "[::ffff:10.0.0.7]:5", "203.0.113.9", "203.0.113.9", true},
		{"2001:db8::/32", "[2001:db8::1]:5", "203.0.113.9", "203.0.113.9", true},
		{"10.0.0.7/32", "@", "203.0.113.9", "", false},
	} {
		var events heard
		a := &API{}
		a.Access = access.New(nil, nil, nil, &events)
		for network := range strings.FieldsSeq(x.trusted) {
			a.settings.Auth.TrustedProxies = append(a.settings.Auth.TrustedProxies, netip.MustParsePrefix(network))
		}
		req := &http.Request{RemoteAddr: x.peer, Header: http.Header{}}
		if x.forwarded != "" {
			req.Header["X-Forwarded-For"] = strings.Split(x.forwarded, "|")
		}
		if address, proxied := a.origin(req); address != x.want || proxied != x.proxied {
			t.Errorf("%s says %q of %s: got %s, proxied %t; want %s, %t", x.peer, x.forwarded, x.trusted, address, proxied, x.want, x.proxied)
		}
		if warned := slices.Contains(events, "proxy.not_trusted"); warned != (x.want != "" && !x.proxied && x.forwarded != "") {
			t.Errorf("%s says %q of %s: warned is %t", x.peer, x.forwarded, x.trusted, warned)
		}
	}
}

// heard are the names of events.
type heard []string

func (h *heard) Happened(_ context.Context, e ports.Event) { *h = append(*h, e.Name) }
