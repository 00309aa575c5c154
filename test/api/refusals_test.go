package api

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// refusalsFile is what every refused input of the exhaustive walk was answered with: clients read the status, the
// code and the locations, so that they stay as they are whatever the code that gives them is called.
const refusalsFile = "testdata/refusals.txt"

var writeRefusals = flag.Bool("refusals", false, "write "+refusalsFile)

// refusals counts the answers to spoiled requests by operation, subject, status, code and locations.
type refusals struct {
	mu     sync.Mutex
	counts map[string]int
	walked map[string]bool // operations
}

func newRefusals() *refusals {
	return &refusals{counts: map[string]int{}, walked: map[string]bool{}}
}

func (r *refusals) record(op *operation, bad spoiled, a answer) {
	subject, _, _ := strings.Cut(bad.what, ": ")
	locations := []string{}
	list, _ := a.body["errors"].([]any)
	for _, e := range list {
		entry, _ := e.(map[string]any)
		locations = append(locations, fmt.Sprint(entry["location"]))
	}
	code, _ := a.body["code"].(string)
	if a.status < 400 {
		code, locations = "granted", nil
	}
	slices.Sort(locations)
	line := fmt.Sprintf("%s\t%s\t%d %s\t%s", op, subject, a.status, code, strings.Join(slices.Compact(locations), " "))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[line]++
	r.walked[op.String()] = true
}

// lines are what was recorded, as the file has it.
func (r *refusals) lines() []string {
	lines := []string{}
	for line, n := range r.counts {
		lines = append(lines, fmt.Sprintf("%s\t%d", line, n))
	}
	slices.Sort(lines)
	return lines
}

// compare fails for every answer that is not that of the file, and after an exhaustive walk for those that are missing.
func (r *refusals) compare(t *testing.T) {
	t.Helper()
	got := r.lines()
	if *writeRefusals {
		if !*exhaustive {
			t.Fatal("a sample is no " + refusalsFile + ": add -exhaustive")
		}
		if err := os.WriteFile(refusalsFile, []byte(strings.Join(got, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	raw, err := os.ReadFile(refusalsFile)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(raw)), "\n")
	if !*exhaustive {
		r.compareSample(t, want)
		return
	}
	report := func(what string, lines, others []string) {
		for _, line := range lines {
			op, _, _ := strings.Cut(line, "\t")
			if _, found := slices.BinarySearch(others, line); !found && r.walked[op] {
				t.Errorf("%s: %s", what, line)
			}
		}
	}
	report("no longer answered", want, got)
	report("not in "+refusalsFile, got, want)
}

// compareSample fails for every answer that the file does not have, however often. What is found and what is not depends
// on what the requests before have made.
func (r *refusals) compareSample(t *testing.T, want []string) {
	t.Helper()
	known := map[string]bool{}
	for _, line := range want {
		known[line[:strings.LastIndex(line, "\t")]] = true
	}
	for line := range r.counts {
		if !known[line] && !strings.Contains(line, "\t404 ") && !strings.Contains(line, " granted\t") {
			t.Errorf("not in %s: %s", refusalsFile, line)
		}
	}
}

// leaks are words of the inside that no answer may hold.
func leaks(databaseURL string) []string {
	words := []string{
		"sql", "gorm", "maria", "sqlite", "goroutine", "panic", ".go:", "/tmp/", "/work", "/root", "/home", "strconv", "json:", "unmarshal", "danielgtaylor",
		"insert into", "constraint", "deadlock", "transaction", "nil pointer", "0x",
	}
	if u, err := url.Parse(databaseURL); err == nil {
		words = append(words, strings.ToLower(strings.Trim(u.Path, "/")))
	}
	return words
}
