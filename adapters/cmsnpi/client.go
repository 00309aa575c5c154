// Package cmsnpi speaks with CMS: its NPI registry, and the pages from which its files are fetched.
package cmsnpi

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Pauses between attempts; each is drawn between them and grows.
const (
	attempts   = 2 // beyond the first
	firstPause = 150 * time.Millisecond
	longPause  = time.Second
)

// newClient gives a client that asks again after transport errors, 5xx and pages that are no JSON where
// JSON is expected, follows redirects on the same host only, and reaches private addresses only if the
// address was configured, not if CMS's name suddenly leads there.
func newClient(base *url.URL, configured, expectJSON bool) *retryablehttp.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	if !configured {
		dialer.Control = onlyPublic
	}
	c := retryablehttp.NewClient()
	c.Logger = nil
	c.RetryMax, c.RetryWaitMin, c.RetryWaitMax = attempts, firstPause, longPause
	c.Backoff = retryablehttp.LinearJitterBackoff
	c.ErrorHandler = retryablehttp.PassthroughErrorHandler
	c.CheckRetry = func(ctx context.Context, res *http.Response, err error) (bool, error) {
		if err == nil && expectJSON && res.StatusCode == http.StatusOK && !isJSON(res) {
			return ctx.Err() == nil, ctx.Err()
		}
		return retryablehttp.DefaultRetryPolicy(ctx, res, err)
	}
	c.HTTPClient = &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 5 * time.Second,
			ResponseHeaderTimeout: 15 * time.Second, MaxIdleConns: 4, IdleConnTimeout: time.Minute,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if req.URL.Host != base.Host || req.URL.Scheme != base.Scheme || len(via) > 3 {
				return errors.New("redirected to another host")
			}
			return nil
		},
	}
	return c
}

func isJSON(res *http.Response) bool {
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

// onlyPublic refuses addresses that are not on the internet, after the name was resolved.
func onlyPublic(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	ip := net.ParseIP(host)
	if ip == nil || ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() || ip.IsMulticast() {
		return fmt.Errorf("%s is not a public address", host)
	}
	return nil
}
