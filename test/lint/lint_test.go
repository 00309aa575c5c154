// Package lint proves that the rules of .golangci.yml bite. A rule whose glob
// matches nothing looks exactly like a rule that nobody breaks, so each one gets
// a planted breach in a scratch module.
package lint

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// breach is one line of code in one folder, and what the linter must say of it.
type breach struct {
	dir  string // folder in the scratch module; the rule depends on it
	code string // an import path, or a file body
	want string // part of the complaint; empty for what is allowed
}

// moduleImports need no stub: they are folders of the scratch module.
const moduleImports = "surgicase/"

var imports = []breach{
	// Layers.
	{"domain/pay", "os", "os"},
	{"domain/pay", "os/exec", "os/exec"},
	{"domain/pay", "net/http", "net/http"},
	{"domain/pay", "database/sql", "database/sql"},
	{"domain/pay", "math/rand", "math/rand"},
	{"domain/pay", "surgicase/ports", "surgicase/ports"},
	{"domain/pay", "github.com/google/uuid", "uuid"},
	{"domain/pay", "surgicase/domain/fault", ""},
	{"domain/pay", "strings", ""},
	{"domain/audit", "crypto/ed25519", ""},
	{"domain/audit", "crypto/rand", "crypto/rand"},
	{"ports", "os", "os"},
	{"ports", "surgicase/application/cases", "application"},
	{"ports", "io", ""},
	{"ports", "surgicase/domain/fault", ""},
	{"application/people", "surgicase/application/cases", "shared rule"},
	{"application/people", "surgicase/adapters/logmail", "logmail"},
	{"application/people", "net", "network lives"},
	{"application/people", "net/smtp", "mail lives"},
	{"application/people", "net/http", "HTTP lives"},
	{"application/people", "net/http/httputil", "HTTP lives"},
	{"application/people", "database/sql", "SQL lives"},
	{"application/people", "os/exec", "processes"},
	{"application/people", "log/slog", "ports.Events"},
	{"application/people", "github.com/google/uuid", "uuid"},
	{"application/people", "surgicase/ports", ""},
	{"application/people", "net/url", ""},
	{"adapters/httpapi", "surgicase/adapters/logmail", "do not know"},
	{"adapters/httpapi", "surgicase/ports", "driven side"},
	{"adapters/httpapi", "surgicase/migrations", "schema belongs"},
	{"adapters/httpapi", "surgicase/application/cases", ""},
	{"adapters/cli", "surgicase/adapters/clickup", "do not know"},
	{"adapters/cli", "surgicase/adapters/httpapi/page", "do not know"},
	{"adapters/cli", "surgicase/application/cases", ""},
	{"adapters/cron", "surgicase/adapters/logmail", "do not know"},
	{"adapters/cron", "surgicase/application/cases", ""},
	{"adapters/smtpmail", "surgicase/application/cases", "drive the application"},
	{"adapters/smtpmail", "surgicase/adapters/logmail", "do not know"},
	{"adapters/smtpmail", "surgicase/adapters/cli", "do not know"},
	{"adapters/smtpmail", "surgicase/ports", ""},
	{"migrations", "surgicase/domain/fault", "domain/fault"},
	{"migrations", "embed", ""},
	{".", "surgicase/domain/fault", "domain/fault"},
	{".", "surgicase/bootstrap", ""},
	{"bootstrap", "surgicase/adapters/logmail", ""},

	// Inward only.
	{"adapters/cli", "surgicase/bootstrap", "wiring flows inward"},
	{"adapters/sqlstore", "surgicase/test/given", "test code"},
	{"bootstrap", "surgicase/test/given", "test code"},
	{"bootstrap", "testing", "test code"},
	{"adapters/sqlstore", "pgregory.net/rapid", "test library"},
	{"test/given", "pgregory.net/rapid", ""},
	{"test/api", "surgicase/bootstrap", ""},

	// Homes: once next door, once at home.
	{"bootstrap", "github.com/gin-gonic/gin", "Gin only"},
	{"adapters/httpapi", "github.com/gin-gonic/gin", ""},
	{"adapters/cli", "github.com/danielgtaylor/huma", "huma only"},
	{"adapters/httpapi", "github.com/danielgtaylor/huma", ""},
	{"bootstrap", "github.com/swaggest/swgui", "docs page"},
	{"adapters/httpapi", "github.com/golang-jwt/jwt", "tokens of others"},
	{"adapters/httpapi", "github.com/coreos/go-oidc", "tokens of others"},
	{"bootstrap", "github.com/go-jose/go-jose", "tokens of others"},
	{"adapters/oidcauth", "github.com/coreos/go-oidc", ""},
	{"adapters/oidcauth", "github.com/go-jose/go-jose", ""},
	{"test/given", "github.com/go-jose/go-jose", ""},
	{"adapters/cli", "golang.org/x/time/rate", "rate limits"},
	{"bootstrap", "github.com/spf13/cobra", "cobra only"},
	{"adapters/cli", "github.com/spf13/cobra", ""},
	{"bootstrap", "github.com/go-co-op/gocron", "gocron only"},
	{"adapters/cron", "github.com/go-co-op/gocron", ""},
	{"bootstrap", "gorm.io/gorm", "GORM only"},
	{"bootstrap", "github.com/pressly/goose", "goose only"},
	{"bootstrap", "github.com/mattn/go-sqlite3", "drivers only"},
	{"bootstrap", "github.com/go-sql-driver/mysql", "drivers only"},
	{"adapters/sqlstore", "gorm.io/gorm", ""},
	{"adapters/reference", "github.com/go-sql-driver/mysql", ""},
	{"adapters/reference", "database/sql", ""},
	{"adapters/reference", "gorm.io/gorm", "GORM only"},
	{"adapters/sqlstore", "github.com/pressly/goose", ""},
	{"test/given", "github.com/go-sql-driver/mysql", ""},
	{"adapters/httpapi", "database/sql", "SQL lives"},
	{"bootstrap", "database/sql", ""},
	{"adapters/cli", "go.uber.org/fx", "fx only"},
	{"adapters/cli", "go.uber.org/dig", "fx only"},
	{"adapters/httpapi", "go.uber.org/zap", "zap only"},
	{"adapters/cli", "github.com/caarlos0/env", "read in bootstrap"},
	{"adapters/cli", "github.com/shirou/gopsutil", "system gauges"},
	{"bootstrap", "go.uber.org/fx", ""},
	{"bootstrap", "go.uber.org/zap", ""},
	{"adapters/sqlstore", "github.com/prometheus/client_golang", "Prometheus only"},
	{"adapters/httpapi", "github.com/prometheus/client_golang", ""},
	{"bootstrap", "github.com/prometheus/client_golang", ""},
	{"adapters/envsecrets", "github.com/tink-crypto/tink-go", "tink only"},
	{"adapters/sqlstore", "github.com/tink-crypto/tink-go", ""},
	{"bootstrap", "filippo.io/age", "age only"},
	{"adapters/agevault", "filippo.io/age", ""},
	{"adapters/fileblob", "github.com/aws/aws-sdk-go-v2", "AWS SDK"},
	{"adapters/sesmail", "github.com/aws/aws-sdk-go-v2", ""},
	{"adapters/s3blob", "github.com/minio/minio-go", "minio-go only"},
	{"adapters/minioblob", "github.com/minio/minio-go", ""},
	{"adapters/sesmail", "github.com/wneessen/go-mail", "go-mail only"},
	{"adapters/smtpmail", "github.com/wneessen/go-mail", ""},
	{"adapters/quickbooks", "codeberg.org/go-pdf/fpdf", "PDF libraries"},
	{"adapters/quickbooks", "github.com/pdfcpu/pdfcpu", "PDF libraries"},
	{"adapters/quickbooks", "golang.org/x/image/font", "fonts and logos"},
	{"adapters/httpapi", "golang.org/x/image/draw", "scans in"},
	{"adapters/imageshrink", "golang.org/x/image/draw", ""},
	{"adapters/pdfreport", "codeberg.org/go-pdf/fpdf", ""},
	{"adapters/httpapi", "github.com/sony/gobreaker", "somebody else's API"},
	{"adapters/httpapi", "github.com/hashicorp/go-retryablehttp", "somebody else's API"},
	{"adapters/clickup", "github.com/sony/gobreaker", ""},
}

const (
	now    = `import "time"; var _ = time.Now`
	env    = `import "os"; var _ = os.Getenv`
	say    = `import "fmt"; var _ = fmt.Println`
	reveal = `import "surgicase/domain/surgical"; func f(p surgical.PHI) string { return p.Reveal() }; var _ = f`
	// A PHI promoted through a struct is still a PHI.
	embedded = `import "surgicase/domain/surgical"
type row struct { in struct{ surgical.PHI } }
func f(r row) string { return r.in.Reveal() }
var _ = f`
)

var calls = []breach{
	{"application/people", now, "ports.Clock"},
	{"domain/pay", `import clock "time"; var _ = clock.Since`, "ports.Clock"},
	{"bootstrap", now, ""},
	{"test/api", now, ""},
	{"adapters/sqlstore", env, "read in bootstrap"},
	{"bootstrap", env, ""},
	{"adapters/httpapi", say, "ports.Events"},
	{"bootstrap", say, "ports.Events"},
	{"adapters/cli", say, ""},
	{"test/api", say, ""},
	{"application/people", reveal, "patient data"},
	{"application/people", embedded, "patient data"},
	{"bootstrap", reveal, "patient data"},
	{"adapters/smtpmail", reveal, "patient data"},
	{"adapters/httpapi", reveal, ""},
	{"adapters/sqlstore", reveal, ""},
	{"adapters/pdfreport", reveal, ""},
	{"adapters/quickbooks", reveal, ""},
	{"adapters/spreadsheet", reveal, ""},
	{"test/api", reveal, ""},
	{"application/people", "func Bare() {}", "exported"},
	{"application/people", "func long() {" + strings.Repeat("\n_ = 1", 61) + "\n}\nvar _ = long", "too long"},
	{"application/people", strings.Repeat("\n", 400), "file length"},
	{"test/api", strings.Repeat("\n", 400), "file length"},
	{"test/api", "func Bare() {}", "exported"},
	{"test/api", "func long() {" + strings.Repeat("\n_ = 1", 61) + "\n}\nvar _ = long", ""},
}

func TestEveryRuleReportsItsBreach(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: runs the linter, which may have to be built first")
	}
	scratch := t.TempDir()
	want := plant(t, scratch)
	got := complaints(t, scratch)
	all := strings.Join(slices.Collect(maps.Values(got)), "")
	for _, reason := range reasons(t) {
		if !strings.Contains(all, reason) {
			t.Errorf("no breach is planted for the rule that says %q", reason)
		}
	}
	for file, part := range want {
		said, complained := got[file]
		switch {
		case part == "" && complained:
			t.Errorf("%s: allowed, yet reported: %s", file, said)
		case part != "" && !strings.Contains(said, part):
			t.Errorf("%s: want a complaint with %q, got %q", file, part, said)
		}
		delete(got, file)
	}
	for file, said := range got {
		t.Errorf("%s: unplanned complaint: %s", file, said)
	}
}

// reasons lists what the rules say, so that a new rule needs a row above.
func reasons(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, match := range regexp.MustCompile(`(?:desc|msg): "([^"]+)"`).FindAllStringSubmatch(config(t), -1) {
		found = append(found, match[1])
	}
	if len(found) == 0 {
		t.Fatal("no rules found in .golangci.yml")
	}
	return found
}

func config(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../.golangci.yml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// plant writes the scratch module, one package per breach, and returns what is
// expected of each file.
func plant(t *testing.T, scratch string) map[string]string {
	t.Helper()
	want := map[string]string{}
	stubs := map[string]bool{}
	put := func(b breach, body string) {
		file := filepath.Join(b.dir, fmt.Sprintf("planted%03d", len(want)), "planted.go")
		if b.dir == "." { // the rule for main.go is about the root alone
			file = fmt.Sprintf("planted%03d.go", len(want))
		}
		want[filepath.ToSlash(file)] = b.want
		write(t, filepath.Join(scratch, file), "// Package planted breaks, or keeps, one rule.\npackage planted\n\n"+body+"\n")
	}
	for _, b := range imports {
		put(b, fmt.Sprintf("import _ %q", b.code))
		switch {
		case strings.HasPrefix(b.code, moduleImports):
			stub(t, filepath.Join(scratch, strings.TrimPrefix(b.code, moduleImports)))
		case strings.Contains(b.code, "."):
			stubs[b.code] = true
		}
	}
	for _, b := range calls {
		put(b, b.code)
	}
	write(t, filepath.Join(scratch, "domain/surgical/phi.go"),
		"// Package surgical stands in for the real one.\npackage surgical\n\n"+
			"// PHI is patient data.\ntype PHI struct{ plain string }\n\n"+
			"// Reveal returns the plain text.\nfunc (p PHI) Reveal() string { return p.plain }\n")
	write(t, filepath.Join(scratch, ".golangci.yml"), config(t))
	writeModule(t, scratch, stubs)
	return want
}

// writeModule writes a go.mod whose third parties are empty packages on disk:
// the rules look at import paths only, and nothing has to be fetched.
func writeModule(t *testing.T, scratch string, stubs map[string]bool) {
	t.Helper()
	var mod strings.Builder
	mod.WriteString("module surgicase\n\ngo 1.26.0\n")
	for path := range stubs {
		dir := filepath.Join(scratch, "stubs", path)
		stub(t, dir)
		write(t, filepath.Join(dir, "go.mod"), "module "+path+"\n")
		fmt.Fprintf(&mod, "require %s v0.0.0\nreplace %s => ./stubs/%s\n", path, path, path)
	}
	write(t, filepath.Join(scratch, "go.mod"), mod.String())
}

// complaints runs the pinned linter and returns what it said, per file.
func complaints(t *testing.T, scratch string) map[string]string {
	t.Helper()
	tools, err := filepath.Abs("../../tools/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	linters := []string{"depguard", "forbidigo", "funlen", "revive"} // others have rules of their own
	cmd := exec.CommandContext(t.Context(), "go", "tool", "-modfile="+tools, "golangci-lint", "run",
		"--enable-only="+strings.Join(linters, ","), "--show-stats=false", "--issues-exit-code=0", "--output.json.path=stdout", "./...")
	cmd.Dir = scratch
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("golangci-lint: %v\n%s%s", err, out, stderr.String())
	}
	var report struct {
		Issues []struct {
			FromLinter, Text string
			Pos              struct{ Filename string }
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	said := map[string]string{}
	for _, issue := range report.Issues {
		if !slices.Contains(linters, issue.FromLinter) {
			t.Fatalf("the scratch module is broken: %s: %s", issue.Pos.Filename, issue.Text)
		}
		file := filepath.ToSlash(issue.Pos.Filename)
		said[file] += issue.FromLinter + ": " + issue.Text + "\n"
	}
	return said
}

// stub makes dir an empty package.
func stub(t *testing.T, dir string) {
	t.Helper()
	write(t, filepath.Join(dir, "stub.go"), "// Package stub is empty.\npackage stub\n")
}

func write(t *testing.T, path, body string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
}
