package mutants

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var all = flag.Bool("mutants", false, "try all mutants and not only the first of each file; make verify sets it")

// least is how many of a hundred mutants the tests of the domain must notice.
const least = 90

// fate is what became of a mutant.
type fate string

const (
	killed       fate = "killed"
	survived     fate = "survived"
	uncompilable fate = "uncompilable" // proves nothing; write it so that it compiles
)

// judges are the packages whose tests are asked, by the package that was changed: its own, then those
// that decide by it.
var judges = map[string][]string{
	"pay":        {"pay", "surgical", "statement", "accounting"},
	"permission": {"permission", "surgical"},
	"surgical":   {"surgical"},
}

func TestMutants(t *testing.T) {
	t.Parallel()
	tried := loaded(t)
	// What changes nothing must survive: else the tests fail for another reason, and notice nothing.
	if end, said := try(t, &mutant{pkg: "surgical", file: "zero.go", why: "no change", old: []string{"package surgical"}, new: []string{"package surgical"}}); end != survived {
		t.Fatalf("a change of nothing is %s:\n%s", end, said)
	}
	counts, total := map[fate]int{}, len(tried)
	var mu sync.Mutex
	var left []string
	began := time.Now()
	queue := make(chan *mutant)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for m := range queue {
				end, said := try(t, m)
				mu.Lock()
				counts[end]++
				if end != killed {
					left = append(left, string(end)+": "+m.String())
					t.Logf("%s: %s\n%s", end, m, said)
				}
				if done := counts[killed] + counts[survived] + counts[uncompilable]; done%25 == 0 {
					t.Logf("%d of %d mutants, %s", done, total, time.Since(began).Round(time.Second))
				}
				mu.Unlock()
			}
		})
	}
	for _, m := range tried {
		queue <- m
	}
	close(queue)
	workers.Wait()
	t.Logf("%d mutants in %s: %d killed, %d survived, %d uncompilable\n%s", total, time.Since(began).Round(time.Second),
		counts[killed], counts[survived], counts[uncompilable], strings.Join(left, "\n"))
	if counts[uncompilable] > 0 {
		t.Error("mutants that do not compile prove nothing")
	}
	if got := 100 * counts[killed] / max(total, 1); got < least {
		t.Errorf("the tests of the domain notice %d %% of the mutants, and must notice %d %%", got, least)
	}
}

// loaded reads all mutants, holds each against the code, and gives those to try.
func loaded(t *testing.T) []*mutant {
	t.Helper()
	var tried []*mutant
	for pkg := range judges {
		mutants, err := read(pkg + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		touched := map[string]bool{}
		for _, m := range mutants {
			touched[m.file] = true
			if _, err := m.changed(); err != nil {
				t.Error(err)
			}
		}
		for _, file := range sources(t, pkg) {
			if !touched[file] {
				t.Errorf("no mutant is of domain/%s/%s", pkg, file)
			}
		}
		if !*all {
			mutants = mutants[:1]
		}
		tried = append(tried, mutants...)
	}
	if t.Failed() {
		t.FailNow()
	}
	return tried
}

func sources(t *testing.T, pkg string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder(pkg), "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no sources in domain/"+pkg, err)
	}
	var names []string
	for _, path := range paths {
		if !strings.HasSuffix(path, "_test.go") {
			names = append(names, filepath.Base(path))
		}
	}
	return names
}

// try runs the tests of the domain with the mutant laid over the tree, which stays as it is.
func try(t *testing.T, m *mutant) (end fate, said string) {
	t.Helper()
	over, err := overlay(t.TempDir(), m)
	if err != nil {
		t.Error(err)
		return uncompilable, ""
	}
	for _, pkg := range judges[m.pkg] {
		// Without the cache, since property tests draw anew; what goes round in circles is noticed, too.
		command := exec.CommandContext(t.Context(), "go", "test", "-overlay", over, "-count=1", "-vet=off", "-failfast", "-timeout=60s", "./"+pkg)
		command.Dir = folder("")
		// Far from UTC, so that a dependence on the zone shows; and nothing is written beside the tests.
		command.Env = append(os.Environ(), "TZ=Pacific/Auckland", "RAPID_NOFAILFILE=true", "RAPID_SHRINKTIME=1ms")
		output, err := command.CombinedOutput()
		said = string(output)
		switch {
		case err == nil:
			continue
		case strings.Contains(said, "[build failed]") || strings.Contains(said, "[setup failed]"):
			return uncompilable, said
		case strings.Contains(said, "\nFAIL\tsurgicase/domain/"):
			return killed, said
		}
		t.Errorf("%s: %v\n%s", m, err, said)
		return uncompilable, said
	}
	return survived, ""
}

// overlay writes what `go test -overlay` asks for.
func overlay(dir string, m *mutant) (string, error) {
	place, err := filepath.Abs(filepath.Join(folder(m.pkg), m.file))
	if err != nil {
		return "", err
	}
	changed, err := m.changed()
	if err != nil {
		return "", err
	}
	mutated, list := filepath.Join(dir, m.file), filepath.Join(dir, "overlay.json")
	text, err := json.Marshal(map[string]map[string]string{"Replace": {place: mutated}})
	if err != nil {
		return "", err
	}
	return list, errors.Join(os.WriteFile(mutated, []byte(changed), 0o600), os.WriteFile(list, text, 0o600))
}
