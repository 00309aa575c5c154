package bootstrap

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"surgicase/adapters/cli"
)

// command runs a command of the program and gives what it prints to standard output.
func command(t *testing.T, env environment, args ...string) (string, error) {
	t.Helper()
	c := cli.New(&program{env: env}, "test")
	var out, errs bytes.Buffer
	c.SetArgs(args)
	c.SetOut(&out)
	c.SetErr(&errs)
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

// must is command for one that has to succeed.
func must(t *testing.T, env environment, args ...string) string {
	t.Helper()
	out, err := command(t, env, args...)
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
	return out
}

// house gives the settings of an empty installation with an administrator and a provider.
func house(t *testing.T) environment {
	t.Helper()
	env := environment{"DATA_DIR": t.TempDir(), "AUTH_MODE": "token", "LOG_LEVEL": "ERROR"}
	must(t, env, "migrate", "up")
	for name, typ := range map[string]string{"admin": "999", "ann": "1"} {
		must(t, env, "user", "create", "--id", name, "--type", typ, "--email", name+"@example.com", "--first", "A", "--last", "B")
	}
	return env
}

func TestTheOperatorMakesTheFirstToken(t *testing.T) {
	env := house(t)
	text := strings.TrimSpace(must(t, env, "token", "create", "--user", "admin", "--name", "laptop", "--scopes", "cases:read,admin"))
	if !regexp.MustCompile(`^sc_[A-Za-z0-9_-]{43}$`).MatchString(text) {
		t.Fatalf("printed %q", text)
	}
	ask := func() int {
		running, err := Open(context.Background(), env, Parts{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = running.Close() }()
		req := httptest.NewRequest(http.MethodGet, "/user", http.NoBody)
		req.Header.Set("Authorization", "Bearer "+text)
		res := httptest.NewRecorder()
		running.API.Handler().ServeHTTP(res, req)
		return res.Code
	}
	if status := ask(); status != http.StatusOK {
		t.Errorf("the token gives %d", status)
	}
	list := must(t, env, "token", "list", "--user", "admin")
	if !strings.Contains(list, "laptop") || !strings.Contains(list, "cases:read,admin") || strings.Contains(list, text) {
		t.Errorf("the list is %s", list)
	}
	if out := must(t, env, "token", "revoke", "--user", "admin", "1"); out != "token 1 of admin revoked\n" {
		t.Errorf("printed %q", out)
	}
	if status := ask(); status != http.StatusUnauthorized {
		t.Errorf("the revoked token gives %d", status)
	}
	if list := must(t, env, "token", "list", "--user", "admin"); strings.Contains(list, "laptop") {
		t.Errorf("the list is %s", list)
	}
}

func TestWrongTokenCommands(t *testing.T) {
	env := house(t)
	for what, x := range map[string]struct {
		args  []string
		says  string
		usage bool
	}{
		"no scope":        {[]string{"create", "--user", "ann", "--name", "n", "--scopes", ""}, "--scopes must hold at least one of cases:read, cases:write, payments, admin", false},
		"unknown scope":   {[]string{"create", "--user", "ann", "--name", "n", "--scopes", "root"}, "--scopes may hold only cases:read", false},
		"too long a life": {[]string{"create", "--user", "ann", "--name", "n", "--scopes", "admin", "--days", "367"}, "--days must lie at most 366 days ahead", false},
		"no life":         {[]string{"create", "--user", "ann", "--name", "n", "--scopes", "admin", "--days", "0"}, "--days must lie in the future", false},
		"unknown user":    {[]string{"create", "--user", "bob", "--name", "n", "--scopes", "admin"}, "--user is not an active user", false},
		"no name":         {[]string{"create", "--user", "ann", "--name", " ", "--scopes", "admin"}, "--name must not be empty", false},
		"unknown token":   {[]string{"revoke", "--user", "ann", "7"}, "There is no such token.", false},
		"no number":       {[]string{"revoke", "--user", "ann", "seven"}, "the id of a token is a number", true},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := command(t, env, append([]string{"token"}, x.args...)...)
			if err == nil || !strings.Contains(sentence(err), x.says) || errors.Is(err, cli.ErrUsage) != x.usage {
				t.Errorf("got %v", err)
			}
			if byFlag := strings.HasPrefix(x.says, "--"); isUsage(err) != (x.usage || byFlag) { // exit code 2
				t.Errorf("counts as wrong usage: %t, for %v", isUsage(err), err)
			}
		})
	}
}

// A file that is not there is named with what is wrong with it, and ends with exit code 2.
func TestMissingFiles(t *testing.T) {
	t.Parallel()
	env := environment{"DATA_DIR": t.TempDir(), "LOG_LEVEL": "ERROR"}
	for _, line := range []string{
		"audit verify --from no-such-file", "audit verify --checkpoint no-such-file", "pay import no-such-file", "codes import no-such-file", "npi import no-such-file",
	} {
		_, err := command(t, env, strings.Fields(line)...)
		if err == nil || !isUsage(err) || sentence(err) != "no-such-file: file not found" {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestPermissionsAreExplained(t *testing.T) {
	env := house(t)
	out := must(t, env, "permissions", "explain", "ann", "case.read")
	for _, line := range []string{
		"user   ann, type 1", "action case.read: read a case, its history and files", "rule   own from type 1, a group member's from 7, anybody's from 10; an API token needs cases:read",
		"his own", "With his own it is allowed from type 1 on, and he is of type 1.", "refused, not_your_data", "With anybody's it takes type 10, and he is of type 1.",
	} {
		if !strings.Contains(out, line) {
			t.Errorf("no %q in\n%s", line, out)
		}
	}
	out = must(t, env, "permissions", "explain", "admin", "pay.approve_zero")
	if !strings.Contains(out, "refused, own_case") || !strings.Contains(out, "and    nobody for own cases") {
		t.Errorf("got\n%s", out)
	}
	for args, says := range map[string]string{
		"bob case.read": "There is no such user.", "ann case.eat": "action is none of those that `surgicase permissions` lists", "ann case.read c-1": "There is no such case.",
	} {
		if _, err := command(t, env, append([]string{"permissions", "explain"}, strings.Fields(args)...)...); err == nil || !strings.Contains(sentence(err), says) {
			t.Errorf("explain %s: %v", args, err)
		}
	}
	if out := must(t, env, "permissions"); !strings.Contains(out, "TOKEN NEEDS") || !strings.Contains(out, "token.manage") {
		t.Errorf("the matrix is\n%s", out)
	}
}
