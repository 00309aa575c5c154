package bootstrap

import (
	"crypto/tls"
	"os"
	"sync"
	"time"

	"surgicase/domain/fault"
)

// certificate serves the key pair from its files and takes up a new one when they change, so that
// renewing needs no restart.
type certificate struct {
	certFile, keyFile string
	now               func() time.Time

	mu      sync.Mutex
	pair    *tls.Certificate
	stamp   time.Time // of the newer file, as loaded
	checked time.Time
}

// certificateCheck is how often the files are looked at.
const certificateCheck = 10 * time.Second

// newCertificate loads the pair. Invalid "invalid_certificate" if the files do not go together.
func newCertificate(certFile, keyFile string, now func() time.Time) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, now: now}
	if err := c.load(); err != nil {
		return nil, fault.New(fault.Invalid, "invalid_certificate", "TLS_CERT_FILE and TLS_KEY_FILE hold no certificate with its key").Because(err)
	}
	return c, nil
}

// checkTLS says what is wrong with the certificate to serve with.
func (c Config) checkTLS() ConfigFaults {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return ConfigFaults{"TLS_CERT_FILE and TLS_KEY_FILE go together: set both or neither"}
	}
	if c.TLSCert == "" {
		return nil
	}
	if _, err := newCertificate(c.TLSCert, c.TLSKey, time.Now); err != nil {
		return ConfigFaults{sentence(err)}
	}
	return nil
}

func (c *certificate) load() error {
	stamp := newer(c.certFile, c.keyFile)
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err == nil {
		c.pair, c.stamp = &pair, stamp
	}
	return err
}

// expiryOf is when the certificate in a file expires, in seconds since 1970; 0 if it cannot be read.
func expiryOf(certFile, keyFile string) float64 {
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil || pair.Leaf == nil {
		return 0
	}
	return float64(pair.Leaf.NotAfter.Unix())
}

func newer(files ...string) time.Time {
	var latest time.Time
	for _, name := range files {
		if stat, err := os.Stat(name); err == nil && stat.ModTime().After(latest) {
			latest = stat.ModTime()
		}
	}
	return latest
}

// get is a tls.Config.GetCertificate. A half-written pair is not taken up; the old one serves on.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.checked) >= certificateCheck {
		c.checked = now
		if newer(c.certFile, c.keyFile).After(c.stamp) {
			_ = c.load()
		}
	}
	return c.pair, nil
}

// config is the TLS of the server: 1.2 and later, with Go's own choice of ciphers.
func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get, NextProtos: []string{"h2", "http/1.1"}}
}
