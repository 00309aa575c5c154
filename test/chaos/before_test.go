package chaos

import (
	"context"
	"flag"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"surgicase/test/given"
)

var withBefore = flag.Bool("before", false, "build the program before the last migration and run it on the schema of today")

// before builds the program that knows all migrations but those that landed last, from the history of the repository.
// It reports which migrations that program brings along.
func before(t *testing.T) (path string, migrations []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	git := func(arguments ...string) string {
		t.Helper()
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", root}, arguments...)...).Output()
		if err != nil {
			t.Skipf("git %s: %v: this needs the history of the repository", strings.Join(arguments, " "), err)
		}
		return strings.TrimSpace(string(out))
	}
	commit := "HEAD"
	if git("status", "--porcelain", "--", "migrations/landed.sha256") == "" {
		commit = git("log", "-n", "1", "--format=%H", "--", "migrations/landed.sha256") + "^"
	}
	git("rev-parse", "--verify", "--quiet", commit+"^{commit}") // a shallow clone ends before it
	source := t.TempDir()
	packed := filepath.Join(t.TempDir(), "source.tar")
	git("archive", "--format=tar", "--output="+packed, commit)
	if out, err := exec.CommandContext(ctx, "tar", "-xf", packed, "-C", source).CombinedOutput(); err != nil {
		t.Fatalf("unpacking %s: %v\n%s", commit, err, out)
	}
	path = filepath.Join(t.TempDir(), "surgicase-before")
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", path, ".")
	build.Dir, build.Env = source, append(os.Environ(), "GOPROXY=off", "CGO_ENABLED=1", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", commit, err, out)
	}
	migrations, err = filepath.Glob(filepath.Join(source, "migrations", "mysql", "*.sql"))
	if err != nil || len(migrations) == 0 {
		t.Fatalf("%s has no migrations: %v", commit, err)
	}
	return path, migrations
}

// The program before serves on the newer schema, and the newer one takes up what it has written
// (docs/rules.md, Stored spellings).
func TestTheProgramBeforeServesOnTheNewerSchema(t *testing.T) {
	if !*withBefore {
		t.Skip("building the program before takes minutes: make verify does it")
	}
	t.Parallel()
	older, migrations := before(t)
	saysOldest := false // whether it can read which program may run
	for _, path := range migrations {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		saysOldest = saysOldest || strings.Contains(string(text), "CREATE TABLE schema_compatibility")
	}
	for name, database := range map[string]func() string{
		"sqlite": func() string { return given.TempSQLite(t) }, "mysql": func() string { return given.MariaDB(t) },
	} {
		t.Run(name, func(t *testing.T) {
			if name == "mysql" && !saysOldest {
				t.Skip("on MySQL the program before wants the very schema version that it knows")
			}
			p := install(t, database())
			newer := p.path
			p.start()
			at := p.stage()
			record := func(id string) {
				t.Helper()
				if status, a, err := p.send(http.MethodPost, "/case", provider, caseOf(id, at)); err != nil || status != http.StatusCreated {
					t.Fatalf("recording %s: %d %v %v", id, status, a.body, err)
				}
			}
			read := func(ids ...string) {
				t.Helper()
				for _, id := range ids {
					status, a, err := p.send(http.MethodGet, "/case?case_id="+id, provider, nil)
					if err != nil || status != http.StatusOK {
						t.Errorf("reading %s: %d %v %v", id, status, a.body, err)
					}
				}
			}
			record("by-the-newer")
			p.stop()

			p.path = older
			p.start()
			record("by-the-older")
			read("by-the-newer", "by-the-older")
			p.stop()
			if saysOldest { // commands of programs from before want the very schema version that they know
				p.command("check")
				p.command("audit", "verify")
			}

			p.path = newer
			p.start()
			record("by-the-newer-again")
			read("by-the-newer", "by-the-older", "by-the-newer-again")
			p.stop()
			p.command("audit", "verify")
		})
	}
}
