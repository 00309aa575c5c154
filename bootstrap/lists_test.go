package bootstrap

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"surgicase/domain/ident"
)

// TestListsMayHaveSpaces is about the blank after the comma: with it an account that is never paid was paid.
func TestListsMayHaveSpaces(t *testing.T) {
	t.Parallel()
	c, err := LoadConfig(map[string]string{
		"EXCLUDED_ACCOUNTS": "load-test, dr.trial ,,\tada@example.org,", "CORS_ORIGINS": "https://app.example.com, http://localhost:5173",
		"JOB_FAILURE_RECIPIENTS": "ops@example.com, more@example.com", "TRUSTED_PROXIES": "10.0.0.7, 10.1.0.0/16",
		"BACKUP_RECIPIENT": recipient + ", " + recipient,
	}, false)
	if err != nil {
		t.Fatal(err)
	}
	if want := []ident.UserID{"load-test", "dr.trial", "ada@example.org"}; !slices.Equal(c.rules().Excluded, want) {
		t.Errorf("never paid are %q, not %q", c.rules().Excluded, want)
	}
	if want := []string{"https://app.example.com", "http://localhost:5173"}; !slices.Equal(c.Origins, want) {
		t.Errorf("origins are %q, not %q", c.Origins, want)
	}
	if len(c.FailureRecipients) != 2 || len(c.TrustedProxies.list) != 2 {
		t.Errorf("got %q and %v", c.FailureRecipients, c.TrustedProxies.list)
	}
}

// recipient is a public key of age, of which nobody has the private one.
const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

func TestAWrongListGetsItsLine(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]string{
		"EXCLUDED_ACCOUNTS": {"load test", "load-test;other", "..", "load-test,\"other\"", "load-test\u200b,other"},
		"CORS_ORIGINS": {
			"example.com", "example.com:8080", "https://app.example.com/", "https://app.example.com/path", "https://user@app.example.com", "*", "null",
			"https://*.example.com", "https://App.example.com", "https://app.example.com:443", "https://", "//app.example.com", "https://a.example?q", "https://a.example#f", "https://a b",
		},
	} {
		for _, value := range values {
			_, err := LoadConfig(map[string]string{name: value}, false)
			var faults ConfigFaults
			if !errors.As(err, &faults) || len(faults) != 1 || !strings.HasPrefix(faults[0], name+" holds ") || !strings.Contains(faults[0], "it may hold") {
				t.Errorf("%s=%q: %v", name, value, err)
			}
		}
	}
}
