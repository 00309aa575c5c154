package bootstrap

import (
	"errors"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"surgicase/adapters/cli"
	"surgicase/adapters/sqlstore"
)

// wrongly says whether the exit code would be 2.
func wrongly(err error) bool {
	var faults ConfigFaults
	return errors.As(err, &faults) || errors.Is(err, cli.ErrUsage)
}

// TestWrongConfigurationIsNamed starts with one setting that is wrong: the exit code is 2, and a line says which one.
func TestWrongConfigurationIsNamed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("geheim"), 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := sqlstore.NewKeySet()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		env  environment
		line string
		want string
	}{
		{environment{"DATABASE_URL": "mysql://u:geheim@h"}, "migrate status", "DATABASE_URL holds"},
		{environment{"DATABASE_URL": "mysql:///surgicase"}, "migrate status", "DATABASE_URL holds"},
		{environment{"DATABASE_URL": "mysql://u:geheim%@h/db"}, "migrate status", "DATABASE_URL holds"},
		{environment{"DATABASE_URL": "mysql://u:geheim@h/db?tls=yes"}, "migrate status", "DATABASE_URL holds"},
		{environment{"DATABASE_URL": "mysql://u:geheim@h/db?ssl=true"}, "migrate status", "DATABASE_URL holds"},
		{environment{"DATABASE_URL": "mysql://u:geheim@h:99999/db"}, "migrate status", "DATABASE_URL holds"},
		{environment{"DATABASE_URL": "secret?tls=yes"}, "migrate status", "DATABASE_URL holds"},
		{environment{"DATABASE_URL": "secret", "SURGICASE_KEYS": string(keys)}, "migrate status", "SURGICASE_DATABASE"},
		{environment{"DATABASE_URL": "mysql://u:geheim@127.0.0.1:1/db"}, "migrate status", "SURGICASE_KEYS"},
		{nil, "import-reference", "--from or REFERENCE_URL"},
		{nil, "import-reference --from geheim", "--from holds"},
		{environment{"REFERENCE_URL": "geheim"}, "import-reference", "REFERENCE_URL holds"},
		{environment{"SURGICASE_KEYS": "geheim"}, "migrate status", "SURGICASE_KEYS"},
		{environment{"SURGICASE_CHECKPOINT_KEY": "geheim"}, "audit checkpoint", "SURGICASE_CHECKPOINT_KEY"},
		{environment{"SURGICASE_CHECKPOINT_KEY": "geheim"}, "serve", "SURGICASE_CHECKPOINT_KEY"},
		{environment{"SURGICASE_CHECKPOINT_KEY": `{"seed": "Z2VoZWlt"}`}, "audit verify", "SURGICASE_CHECKPOINT_KEY"},
		{environment{"DATA_DIR": file}, "migrate status", "DATA_DIR holds"},
		{environment{"DATA_DIR": filepath.Join(file, "data")}, "serve", "DATA_DIR holds"},
		{environment{"HTTP_ADDR": "127.0.0.1:99999"}, "serve", "HTTP_ADDR holds"},
		{environment{"HTTP_ADDR": "127.0.0.1:http"}, "serve", "HTTP_ADDR holds"},
		{environment{"TLS_CERT_FILE": "/no/such.pem", "TLS_KEY_FILE": "/no/such.key"}, "serve", "TLS_CERT_FILE"},
		{environment{"TLS_CERT_FILE": file, "TLS_KEY_FILE": file}, "serve", "TLS_CERT_FILE"},
	} {
		t.Run(test.want+" "+test.line, func(t *testing.T) {
			t.Parallel()
			env := environment{"DATA_DIR": t.TempDir(), "LOG_LEVEL": "ERROR", "AUTH_MODE": "trusted", "HTTP_ADDR": "127.0.0.1:0"}
			maps.Copy(env, test.env)
			_, err := command(t, env, strings.Fields(test.line)...)
			if err == nil || !wrongly(err) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v: want exit code 2 and %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "geheim") {
				t.Errorf("it shows what may be a password: %v", err)
			}
		})
	}
}

// TestATakenPortIsNamed is no wrong configuration: whoever holds the port may be about to let it go.
func TestATakenPortIsNamed(t *testing.T) {
	t.Parallel()
	other, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	env := environment{"DATA_DIR": t.TempDir(), "LOG_LEVEL": "ERROR", "AUTH_MODE": "trusted", "HTTP_ADDR": other.Addr().String()}
	if _, err := command(t, env, "serve"); err == nil || wrongly(err) || !strings.Contains(err.Error(), "HTTP_ADDR holds") {
		t.Errorf("got %v", err)
	}
}
