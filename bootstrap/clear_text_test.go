package bootstrap

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/fx"

	"surgicase/ports"
)

// TestClearText is about connections that leave this machine in clear text.
func TestClearText(t *testing.T) {
	t.Parallel()
	const mysql, minio = "mysql://u:s3cret@db.example.com:3306/practice", "minio://key:s3cret@minio.example.com:9000/bucket"
	for name, x := range map[string]struct {
		env  environment
		want string // a part of the one line; nothing: no line
	}{
		"development":             {nil, ""},
		"MySQL":                   {environment{"DATABASE_URL": mysql}, "DATABASE_URL: MySQL at db.example.com:3306 is reached in clear text: add ?tls=true"},
		"MySQL, tls=false":        {environment{"DATABASE_URL": mysql + "?tls=false"}, "MySQL at db.example.com:3306 is reached"},
		"MySQL, tls=preferred":    {environment{"DATABASE_URL": mysql + "?tls=preferred"}, "MySQL at db.example.com:3306 may be reached in clear text"},
		"MySQL, tls=true":         {environment{"DATABASE_URL": mysql + "?tls=true"}, ""},
		"MySQL here":              {environment{"DATABASE_URL": "mysql://u:p@127.0.0.1/practice"}, ""},
		"MySQL here by name":      {environment{"DATABASE_URL": "mysql://u:p@localhost:3306/practice"}, ""},
		"MySQL here by IPv6":      {environment{"DATABASE_URL": "mysql://u:p@[::1]:3306/practice"}, ""},
		"MySQL in a secret":       {environment{"DATABASE_URL": "secret", "SURGICASE_DATABASE": `{"host": "10.1.2.3", "database": "d", "user": "u", "password": "s3cret"}`}, "MySQL at 10.1.2.3:3306 is reached"},
		"MySQL in a secret, tls":  {environment{"DATABASE_URL": "secret?tls=true", "SURGICASE_DATABASE": `{"host": "10.1.2.3", "database": "d", "user": "u"}`}, ""},
		"MinIO":                   {environment{"STORAGE_URL": minio}, "STORAGE_URL: minio.example.com:9000 is reached in clear text: add ?tls=true"},
		"MinIO, tls":              {environment{"STORAGE_URL": minio + "?tls=true"}, ""},
		"MinIO here":              {environment{"STORAGE_URL": "minio://key:secret@localhost:9000/bucket"}, ""},
		"S3 at http":              {environment{"STORAGE_URL": "s3://bucket?endpoint=http://store.example.com"}, "STORAGE_URL: store.example.com is reached in clear text: use https"},
		"S3 at http, environment": {environment{"STORAGE_URL": "s3://bucket", "AWS_ENDPOINT_URL": "http://store.example.com"}, "STORAGE_URL: store.example.com"},
		"S3 at http here":         {environment{"STORAGE_URL": "s3://bucket?endpoint=http://127.0.0.1:9000"}, ""},
		"S3 in a secret": {environment{
			"STORAGE_URL": "secret", "SURGICASE_S3_USER_REPORTS": `{"bucket_name": "b", "region": "r", "endpoint": "http://10.1.2.3:9000"}`,
		}, "STORAGE_URL: 10.1.2.3:9000"},
		"S3 at Amazon":         {environment{"STORAGE_URL": "s3://bucket"}, ""},
		"HTTP":                 {environment{"HTTP_ADDR": "0.0.0.0:8000"}, "HTTP_ADDR: 0.0.0.0:8000 is served in clear text: set TLS_CERT_FILE and TLS_KEY_FILE, or let a proxy on this machine end TLS"},
		"HTTPS":                {environment{"HTTP_ADDR": "0.0.0.0:8000", "TLS_CERT_FILE": "cert.pem", "TLS_KEY_FILE": "key.pem"}, ""},
		"the registry":         {environment{"NPI_REGISTRY": "cms", "NPI_REGISTRY_URL": "http://npi.example.com/api"}, "NPI_REGISTRY_URL: npi.example.com"},
		"another registry":     {environment{"NPI_REGISTRY": "local", "NPI_REGISTRY_URL": "http://npi.example.com/api"}, ""},
		"files of NPPES":       {environment{"NPI_FILES_URL": "http://npi.example.com/files.html"}, "NPI_FILES_URL: npi.example.com"},
		"the bug tracker":      {environment{"BUG_TRACKER": "clickup", "CLICKUP_API_URL": "http://bugs.example.com"}, "CLICKUP_API_URL: bugs.example.com"},
		"secrets":              {environment{"SECRETS_PROVIDER": "aws", "AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://secrets.example.com"}, "SECRETS_PROVIDER: secrets.example.com"},
		"mail by SES":          {environment{"EMAIL_URL": "ses://", "EMAIL_FROM": "a@example.com", "AWS_ENDPOINT_URL": "http://ses.example.com"}, "EMAIL_URL: ses.example.com"},
		"an endpoint not used": {environment{"AWS_ENDPOINT_URL": "http://aws.example.com"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := environment{"DATA_DIR": t.TempDir()}
			maps.Copy(env, x.env)
			c, err := LoadConfig(env, false)
			if err != nil {
				t.Fatal(err)
			}
			c.looking = true
			secrets, err := openSecrets(c, env)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(c.inClearText(t.Context(), env, secrets), "\n")
			if (got == "") != (x.want == "") || !strings.Contains(got, x.want) || strings.Contains(got, "\n") || strings.Contains(got, "s3cret") {
				t.Errorf("got %q, want %q", got, x.want)
			}
		})
	}
}

// The warning is a line of the log, once at the start, and a line of check.
func TestClearText_isTold(t *testing.T) {
	t.Parallel()
	env := environment{"DATA_DIR": t.TempDir(), "HTTP_ADDR": "0.0.0.0:8000", "NPI_REGISTRY": "local", "LOG_LEVEL": "ERROR"}
	must(t, env, "migrate", "up")
	out, _ := command(t, env, "check")
	wantWords(t, out, `clear text +warning +HTTP_ADDR: 0\.0\.0\.0:8000 is served in clear text`)
	if told := toldAtStart(t, env); !slices.Equal(told, []string{"connection.in_clear_text HTTP_ADDR: 0.0.0.0:8000 is served in clear text: " + tlsAdvice}) {
		t.Errorf("told at the start: %q", told)
	}
}

// TestUnkeyedChain is about a key set on MySQL that nobody has added a chain key to.
func TestUnkeyedChain(t *testing.T) {
	t.Parallel()
	onRelease6d206b5(t, func(t *testing.T, env environment) {
		must(t, env, "migrate", "up")
		const line = `audit chain +warning +the key set has no key of the audit chain.*surgicase keys add-chain-key`
		out, _ := command(t, env, "check")
		told := toldAtStart(t, env)
		warned := slices.ContainsFunc(told, func(s string) bool { return strings.HasPrefix(s, "audit.chain_not_keyed") })
		if env["DATABASE_URL"] == "" {
			if warned || strings.Contains(out, "audit chain") {
				t.Errorf("on SQLite the program adds the key itself, and warns: %q\n%s", told, out)
			}
			return
		}
		wantWords(t, out, line)
		if !warned {
			t.Errorf("told at the start: %q", told)
		}
		out = must(t, env, "keys", "add-chain-key", "--out", t.TempDir())
		set, err := os.ReadFile(strings.TrimRight(strings.Fields(out[strings.Index(out, "/"):])[0], ".,:"))
		if err != nil {
			t.Fatal(err)
		}
		env["SURGICASE_KEYS"] = string(set)
		if told := toldAtStart(t, env); slices.ContainsFunc(told, func(s string) bool { return strings.HasPrefix(s, "audit.chain_not_keyed") }) {
			t.Errorf("with a chain key: %q", told)
		}
	})
}

// toldAtStart prepares the start as serve does and returns the warnings that were told.
func toldAtStart(t *testing.T, env environment) []string {
	t.Helper()
	c, err := LoadConfig(env, false)
	if err != nil {
		t.Fatal(err)
	}
	var heard warningsHeard
	app := fx.New(core(c, env, Parts{Events: &heard}), fx.Invoke(prepareSchema(t.Context())))
	if err := app.Err(); err != nil {
		t.Fatal(root(err))
	}
	if err := app.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(heard, func(s string) bool { return strings.HasPrefix(s, "keys.") })
}

// warningsHeard are the events of the start with their first value.
type warningsHeard []string

// Happened implements ports.Events.
func (w *warningsHeard) Happened(_ context.Context, e ports.Event) {
	text := e.Name
	if len(e.Values) > 0 {
		text += " " + e.Values[0].Text
	}
	*w = append(*w, text)
}
