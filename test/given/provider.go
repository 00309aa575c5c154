package given

import (
	"bufio"
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
	dir := NPM(t, providerPackage)
	script := filepath.Join(dir, "provider.mjs")
	if err := os.WriteFile(script, providerScript, 0o600); err != nil {
		t.Fatal(err)
	}
	node := exec.Command("node", script)
	node.Stderr = os.Stderr
	p := &Provider{t: t}
	var err error
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
