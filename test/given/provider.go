package given

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Provider is an identity provider that nobody here wrote: oauth2-mock-server from npm, in a process
// of its own.
type Provider struct {
	URL string

	t     testing.TB
	input io.Writer
	says  *bufio.Scanner
}

//go:embed provider.mjs
var providerScript []byte

// providerPackage runs with every Node.js that is still looked after.
const providerPackage = "oauth2-mock-server@7.2.1"

// NewProvider starts a provider with one RSA key. It ends with the test.
func NewProvider(t testing.TB) *Provider {
	t.Helper()
	dir, err := installedProvider()
	if err != nil {
		reason := "needs Node.js, npm and its registry: " + err.Error()
		if os.Getenv("CI") == "true" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	node := exec.Command("node", filepath.Join(dir, "provider.mjs"))
	node.Stderr = os.Stderr
	p := &Provider{t: t}
	if p.input, err = node.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	output, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	ended, err := Process(t, node)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = node.Process.Kill()
		_ = node.Wait()
		_ = ended()
	})
	p.says = bufio.NewScanner(output)
	p.URL = p.line()
	return p
}

func (p *Provider) line() string {
	p.t.Helper()
	if !p.says.Scan() {
		p.t.Fatalf("the provider ended: %v", p.says.Err())
	}
	return p.says.Text()
}

// AddKey makes one more key; tokens are signed by each in turn from now on.
func (p *Provider) AddKey() {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.input); err != nil {
		p.t.Fatal(err)
	}
	p.line()
}

// Token has the provider issue an access token for a user, as a client would ask for it.
func (p *Provider) Token(user string) string {
	p.t.Helper()
	res, err := http.PostForm(p.URL+"/token", url.Values{"grant_type": {"password"}, "username": {user}, "password": {"x"}, "aud": {Audience}})
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Token == "" {
		p.t.Fatalf("the provider issues no token: %d, %v", res.StatusCode, err)
	}
	return answer.Token
}

// installedProvider gives the folder that the provider is installed in, with the script beside it.
func installedProvider() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	parent := filepath.Join(cache, "surgicase-tests")
	dir := filepath.Join(parent, providerPackage)
	if _, err := os.Stat(dir); err == nil {
		return dir, os.WriteFile(filepath.Join(dir, "provider.mjs"), providerScript, 0o600)
	}
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", err
	}
	draft, err := os.MkdirTemp(parent, "draft-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(draft) }()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	install := exec.CommandContext(ctx, "npm", "install", "--prefix", draft, "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error", providerPackage)
	install.Dir = draft
	if said, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm: %w: %.500s", err, said)
	}
	if err := os.WriteFile(filepath.Join(draft, "provider.mjs"), providerScript, 0o600); err != nil {
		return "", err
	}
	if err := os.Rename(draft, dir); err != nil && !os.IsExist(err) { // another process may have been faster
		return "", err
	}
	return dir, nil
}
