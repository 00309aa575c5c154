package bootstrap

import (
	"cmp"
	"context"
	"net"
	"net/url"
	"strings"

	"surgicase/adapters/cli"
	"surgicase/adapters/envsecrets"
	"surgicase/adapters/sqlstore"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// Warnings of the start are faults of nobody, yet lines that an operator should see: Upstream makes them so.
var (
	errInClearText   = fault.New(fault.Upstream, "in_clear_text", "A connection off this machine is not encrypted.")
	errChainNotKeyed = fault.New(fault.Upstream, "chain_not_keyed", "The key set has no key of the audit chain.")
)

const (
	tlsAdvice = "set TLS_CERT_FILE and TLS_KEY_FILE, or let a proxy on this machine end TLS"

	chainAdvice = "the key set has no key of the audit chain: who can write to the database can make the chain anew; " +
		"once every instance knows the keyed chain, run surgicase keys add-chain-key"
)

// warnAtStart tells once of what works and should not stay so.
func warnAtStart(
	ctx context.Context, c Config, env environment, secrets ports.Secrets, store *sqlstore.Store, events ports.Events,
) {
	for _, line := range c.inClearText(ctx, env, secrets) {
		named := []ports.Value{{Name: "connection", Text: line}}
		events.Happened(ctx, ports.Event{Name: "connection.in_clear_text", Err: errInClearText, Values: named})
	}
	if _, keyed := store.ChainKey(""); !keyed {
		advice := []ports.Value{{Name: "detail", Text: chainAdvice}}
		events.Happened(ctx, ports.Event{Name: "audit.chain_not_keyed", Err: errChainNotKeyed, Values: advice})
	}
}

// inClearText names the connections that leave this machine in clear text, each with its variable and what to do. What
// cannot be found out is named by others.
func (c Config) inClearText(ctx context.Context, env environment, secrets ports.Secrets) (lines []string) {
	if address, how := c.openDatabase(ctx, secrets); address != "" {
		lines = append(lines, "DATABASE_URL: MySQL at "+address+" "+how+" in clear text: add ?tls=true")
	}
	if address, advice := c.openStorage(ctx, env, secrets); address != "" {
		lines = append(lines, "STORAGE_URL: "+address+" is reached in clear text: "+advice)
	}
	if !c.HTTPAddr.loopback() && c.TLSCert == "" {
		lines = append(lines, "HTTP_ADDR: "+string(c.HTTPAddr)+" is served in clear text: "+tlsAdvice)
	}
	aws := func(service string) string { return cmp.Or(env["AWS_ENDPOINT_URL_"+service], env["AWS_ENDPOINT_URL"]) }
	for _, x := range []struct {
		variable, address string
		isUsed            bool
	}{
		{"NPI_REGISTRY_URL", string(c.NPIURL), c.registry() == "cms"},
		{"NPI_FILES_URL", string(c.NPIFiles), true},
		{"CLICKUP_API_URL", string(c.ClickAPI), c.BugTracker == "clickup"},
		{"SECRETS_PROVIDER", aws("SECRETS_MANAGER"), c.SecretsProvider == "aws"},
		{"EMAIL_URL", aws("SESV2"), c.EmailURL.scheme() == "ses"},
	} {
		if host := openHost(x.address); x.isUsed && host != "" {
			lines = append(lines, x.variable+": "+host+" is reached in clear text: use https")
		}
	}
	return lines
}

// openDatabase returns the server of the database if the connection to it is not encrypted, or not surely so.
func (c Config) openDatabase(ctx context.Context, secrets ports.Secrets) (address, how string) {
	if c.DatabaseURL.scheme() != "mysql" {
		return "", ""
	}
	text, _, err := c.DatabaseURL.resolve(ctx, secrets)
	u, wrong := url.Parse(text)
	if err != nil || wrong != nil || onThisHost(u.Hostname()) {
		return "", ""
	}
	address = net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "3306"))
	switch u.Query().Get("tls") {
	case "", "false":
		return address, "is reached"
	case "preferred":
		return address, "may be reached"
	}
	return "", ""
}

// openStorage returns the server of the documents if the connection to it is not encrypted.
func (c Config) openStorage(ctx context.Context, env environment, secrets ports.Secrets) (address, advice string) {
	u := c.StorageURL
	if u.url == storageFromSecret {
		text, err := secrets.Get(ctx, storageSecret)
		if err != nil || u.fromSecret(text) != nil {
			return "", ""
		}
	}
	switch u.scheme() {
	case "minio":
		if host := (&url.URL{Host: u.host}).Hostname(); u.with("tls") != "true" && !onThisHost(host) {
			return u.host, "add ?tls=true"
		}
	case "s3":
		return openHost(cmp.Or(u.with("endpoint"), env["AWS_ENDPOINT_URL_S3"], env["AWS_ENDPOINT_URL"])), "use https"
	}
	return "", ""
}

// openHost returns the host of an http URL that leads off this machine.
func openHost(address string) string {
	u, err := url.Parse(address)
	if err != nil || !strings.EqualFold(u.Scheme, "http") || onThisHost(u.Hostname()) {
		return ""
	}
	return u.Host
}

func onThisHost(host string) bool { return Address(net.JoinHostPort(host, "0")).loopback() }

// warningFindings are the warnings of the start as check shows them.
func (c Config) warningFindings(ctx context.Context, env environment, secrets ports.Secrets) []cli.Finding {
	var findings []cli.Finding
	for _, line := range c.inClearText(ctx, env, secrets) {
		findings = append(findings, cli.Finding{What: "clear text", OK: true, Warn: true, Detail: line})
	}
	return findings
}

// chainFinding warns of a key set without a key of the audit chain. On SQLite the start adds one to a key set
// in a file.
func (c Config) chainFinding(store *sqlstore.Store, secrets ports.Secrets) []cli.Finding {
	files, inFiles := secrets.(*envsecrets.Secrets)
	_, keyed := store.ChainKey("")
	if keyed || store.Dialect() == "sqlite" && inFiles && files.InFile(ports.KeySetSecret) {
		return nil
	}
	return []cli.Finding{{What: "audit chain", OK: true, Warn: true, Detail: chainAdvice}}
}
