package bootstrap

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"
)

// healthTimeout is how long the health command waits. Readiness answers within two seconds.
const healthTimeout = 4 * time.Second

// Health asks the server of this configuration, on this machine, whether it is ready. It is for containers without a
// shell and opens neither the database nor the keys.
func (p *program) Health(ctx context.Context) error {
	c, err := LoadConfig(p.env, false)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+c.HTTPAddr.local()+"/health/ready", nil)
	if err != nil {
		return err
	}
	// No proxy, no redirect. The certificate is for the name that clients use; nothing secret is sent or believed.
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, //nolint:gosec // see above
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("not ready: %w", err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: /health/ready answers %s", answer.Status)
	}
	return nil
}

// local returns the address by which a program on this machine reaches the listener.
func (a Address) local() string {
	host, port, _ := net.SplitHostPort(string(a))
	switch ip := net.ParseIP(host); {
	case host == "" || ip != nil && ip.IsUnspecified() && ip.To4() != nil:
		host = "127.0.0.1"
	case ip != nil && ip.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}
