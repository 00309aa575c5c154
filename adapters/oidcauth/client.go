package oidcauth

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// Bounds of what the provider may take and give.
const (
	fetchTimeout = 5 * time.Second
	largestBody  = 512 << 10
	mostHeaders  = 64 << 10
	mostHops     = 3
)

// newClient makes a client for one provider. It follows no redirect to another host, reads no endless
// body, and reaches private addresses only if the configured issuer is one: what the provider's
// documents name must not become a way into the practice's network.
func newClient(issuer string) *http.Client {
	host := ""
	if u, err := url.Parse(issuer); err == nil {
		host = u.Hostname()
	}
	transport := &http.Transport{
		DialContext: dialer(host), ForceAttemptHTTP2: true, TLSHandshakeTimeout: fetchTimeout, ResponseHeaderTimeout: fetchTimeout,
		MaxResponseHeaderBytes: mostHeaders, MaxIdleConns: 2, IdleConnTimeout: time.Minute,
	}
	return &http.Client{Timeout: fetchTimeout, Transport: bounded{transport}, CheckRedirect: sameHost}
}

func dialer(issuer string) func(context.Context, string, string) (net.Conn, error) {
	open := &net.Dialer{Timeout: fetchTimeout}
	guarded := &net.Dialer{Timeout: fetchTimeout, Control: refusePrivate}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, _, err := net.SplitHostPort(address); err == nil && host == issuer {
			return open.DialContext(ctx, network, address)
		}
		return guarded.DialContext(ctx, network, address)
	}
}

// refusePrivate sees the address after the name was resolved.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := at.Addr().Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return errors.New("the provider's documents name a private address")
	}
	return nil
}

func sameHost(req *http.Request, via []*http.Request) error {
	if first := via[0].URL; req.URL.Host != first.Host || req.URL.Scheme != first.Scheme || len(via) > mostHops {
		return errors.New("the provider redirects to another host")
	}
	return nil
}

// bounded cuts bodies off.
type bounded struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(req)
	if err == nil {
		res.Body = http.MaxBytesReader(nil, res.Body, largestBody)
	}
	return res, err
}
