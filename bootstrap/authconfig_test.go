package bootstrap

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
)

const longSecret = "0123456789abcdef0123456789abcdef"

// with gives the settings of a mode with others on top; an empty one is as if it were not set.
func with(base map[string]string, pairs ...string) map[string]string {
	env := maps.Clone(base)
	for i := 0; i+1 < len(pairs); i += 2 {
		env[pairs[i]] = pairs[i+1]
	}
	return env
}

var (
	trusted = map[string]string{"AUTH_MODE": "trusted"}
	gateway = map[string]string{"AUTH_MODE": "gateway", "GATEWAY_SECRET": longSecret, "TRUSTED_PROXIES": "10.0.0.7", "DATA_DIR": "/nonexistent"}
	token   = map[string]string{"AUTH_MODE": "token", "AUTH_ISSUER": "https://id.example.com/realms/x", "AUTH_AUDIENCE": "surgicase"}
)

func TestGoodWaysToIdentifyCallers(t *testing.T) {
	for what, env := range map[string]map[string]string{
		"trusted":                          trusted,
		"gateway":                          gateway,
		"gateway, from anywhere":           with(gateway, "HTTP_ADDR", "0.0.0.0:8000", "TRUSTED_PROXIES", "10.0.0.7, 10.1.0.0/16,2001:db8::/32, ::1"),
		"gateway, secret from a variable":  with(gateway, "GATEWAY_SECRET", "", "SURGICASE_GATEWAY_SECRET", longSecret+"\n"),
		"token":                            token,
		"token, from anywhere":             with(token, "HTTP_ADDR", ":8000", "AUTH_SELF_REGISTRATION", "true", "AUTH_USER_CLAIM", "custom:user_id"),
		"token, no provider":               {"AUTH_MODE": "token", "HTTP_ADDR": ":8000"},
		"token, provider on this machine":  with(token, "AUTH_ISSUER", "http://127.0.0.1:8080"),
		"token, provider at localhost":     with(token, "AUTH_ISSUER", "http://localhost:8080/realms/x"),
		"gateway's secret is not asked of": with(trusted, "TRUSTED_PROXIES", "127.0.0.1"),
	} {
		t.Run(what, func(t *testing.T) {
			if _, err := LoadConfig(env, true); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEveryWrongWayToIdentifyCallersGetsItsLine(t *testing.T) {
	for _, x := range []struct {
		env  map[string]string
		line string
	}{
		{with(trusted, "HTTP_ADDR", ":8000"), `HTTP_ADDR holds ":8000"; with AUTH_MODE=trusted it may hold only a loopback address`},
		{with(trusted, "AUTH_MODE", "oidc"), `AUTH_MODE holds "oidc"; it may hold trusted, gateway, token`},
		{with(gateway, "TRUSTED_PROXIES", ""), `TRUSTED_PROXIES holds ""; with AUTH_MODE=gateway it may hold only the addresses or networks of the gateway`},
		{with(gateway, "TRUSTED_PROXIES", "gateway.local"), `TRUSTED_PROXIES holds "gateway.local"; it may hold addresses and networks, such as`},
		{with(gateway, "TRUSTED_PROXIES", "0.0.0.0/0"), `TRUSTED_PROXIES holds "0.0.0.0/0"; it may hold addresses and networks, such as`},
		{with(gateway, "TRUSTED_PROXIES", "10.0.0.7,::/0"), `TRUSTED_PROXIES holds "10.0.0.7,::/0"; it may hold addresses and networks, such as`},
		{with(gateway, "TRUSTED_PROXIES", "10.0.0.0/33"), `TRUSTED_PROXIES holds "10.0.0.0/33"; it may hold`},
		{with(gateway, "GATEWAY_SECRET", ""), `GATEWAY_SECRET holds ""; with AUTH_MODE=gateway it, or the secret surgicase/gateway-secret, may hold only a secret of at least 32 characters`},
		{with(gateway, "GATEWAY_SECRET", "", "SURGICASE_GATEWAY_SECRET", "short"), `GATEWAY_SECRET holds ""; with AUTH_MODE=gateway it, or the secret`},
		{with(gateway, "GATEWAY_SECRET", longSecret[1:]), `GATEWAY_SECRET holds "(31 characters)"; it may hold a secret of at least 32 characters`},
		{with(token, "AUTH_ISSUER", "http://id.example.com"), `AUTH_ISSUER holds "http://id.example.com"; on another machine it may hold only an https URL`},
		{with(token, "AUTH_ISSUER", "id.example.com"), `AUTH_ISSUER holds "(no URL)"; it may hold an https URL, such as`},
		{with(token, "AUTH_ISSUER", "https://me:geheim@id.example.com"), `AUTH_ISSUER holds "https://…"; it may hold an https URL, such as`},
		{with(token, "AUTH_ISSUER", "https://id.example.com?x=1"), `AUTH_ISSUER holds "https://…"; it may hold`},
		{with(token, "AUTH_ISSUER", "https://%zz"), `AUTH_ISSUER holds "https://…"; it may hold`},
		{with(token, "AUTH_AUDIENCE", ""), `AUTH_AUDIENCE holds ""; with AUTH_ISSUER it may hold only the audience of tokens meant for SurgiCase`},
		{with(token, "AUTH_USER_CLAIM", "a claim"), `AUTH_USER_CLAIM holds "a claim"; it may hold the name of a claim, such as sub`},
		{with(token, "AUTH_SELF_REGISTRATION", "yes"), `AUTH_SELF_REGISTRATION holds "yes"; it may hold true or false`},
		{with(token, "AUTH_SELF_REGISTRATION", "true", "AUTH_ISSUER", ""), `AUTH_SELF_REGISTRATION holds "true"; without AUTH_MODE=token and AUTH_ISSUER it may hold only false`},
		{with(gateway, "AUTH_SELF_REGISTRATION", "true"), `AUTH_SELF_REGISTRATION holds "true"; without AUTH_MODE=token and AUTH_ISSUER it may hold only false`},
	} {
		t.Run(x.line, func(t *testing.T) {
			_, err := LoadConfig(x.env, true)
			var faults ConfigFaults
			if !errors.As(err, &faults) || len(faults) != 1 || !strings.HasPrefix(faults[0], x.line) {
				t.Errorf("got %v\nwant one line %s", err, x.line)
			}
			if strings.Contains(fmt.Sprint(err), "geheim") || strings.Contains(fmt.Sprint(err), longSecret[:8]) {
				t.Errorf("a secret is in %v", err)
			}
		})
	}
	t.Run("all at once", func(t *testing.T) {
		_, err := LoadConfig(with(gateway, "GATEWAY_SECRET", "", "TRUSTED_PROXIES", "", "AUTH_USER_CLAIM", "a claim", "AUTH_ISSUER", "x", "AUTH_SELF_REGISTRATION", "x", "LOG_LEVEL", "x"), true)
		var faults ConfigFaults
		if !errors.As(err, &faults) || len(faults) != 6 {
			t.Errorf("got %d lines: %v", len(faults), err)
		}
	})
}

func TestOnlyServingNeedsWhatCallersAreIdentifiedWith(t *testing.T) {
	for what, env := range map[string]map[string]string{
		"gateway without a secret": with(gateway, "GATEWAY_SECRET", "", "TRUSTED_PROXIES", ""), "token without an audience": with(token, "AUTH_AUDIENCE", ""),
	} {
		if _, err := LoadConfig(env, false); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestTheGatewaysSecretIsNeverPrinted(t *testing.T) {
	c, err := LoadConfig(gateway, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%s", "%#v"} {
		if text := fmt.Sprintf(format, c.GatewaySecret); strings.Contains(text, "0123") {
			t.Errorf("%s prints %s", format, text)
		}
		if text := fmt.Sprintf(format, c.AuthConfig); strings.Contains(text, "0123") {
			t.Errorf("%s of all settings prints %s", format, text)
		}
	}
}

func TestEveryVerifierCanBeChosen(t *testing.T) {
	chosen := map[string]bool{}
	for _, env := range []map[string]string{trusted, gateway, token, {"AUTH_MODE": "token"}} {
		c, err := LoadConfig(env, true)
		if err != nil {
			t.Fatal(err)
		}
		if newVerifier(c, systemClock{}) == nil {
			t.Errorf("no verifier for %v", env)
		}
		chosen[c.verifier()] = true
	}
	for _, name := range VerifierAdapters() {
		if !chosen[name] {
			t.Errorf("nothing chooses the verifier %s", name)
		}
	}
}

// The start stops before anything is opened: no folder, no database, no listener.
func TestWrongSettingsStopTheStart(t *testing.T) {
	for what, env := range map[string]environment{
		"trusted on a public address": {"AUTH_MODE": "trusted", "HTTP_ADDR": "0.0.0.0:0"},
		"no mode at all":              {},
		"gateway without anything":    {"AUTH_MODE": "gateway"},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			env["DATA_DIR"] = dir + "/data"
			_, err := command(t, env, "serve")
			var faults ConfigFaults
			if !errors.As(err, &faults) {
				t.Fatalf("got %v", err)
			}
			for _, line := range faults {
				if strings.Contains(line, "\n") || !strings.Contains(line, " holds ") || !strings.Contains(line, " it") {
					t.Errorf("a line says %q", line)
				}
			}
			if _, err := os.Stat(dir + "/data"); !os.IsNotExist(err) {
				t.Errorf("something was made: %v", err)
			}
		})
	}
}
