package bench

import (
	"bufio"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// write asks for docs/benchmarks.md to be written from what was measured.
var write = flag.Bool("write", false, "write docs/benchmarks.md")

// table is a table of docs/benchmarks.md.
type table struct {
	title, remark string
	columns       []string
	rows          [][]string
}

// tables are what a run has found so far, by title.
var tables = struct {
	sync.Mutex
	found map[string]*table
}{found: map[string]*table{}}

// found adds a row to a table of docs/benchmarks.md. The first row of a table says its columns.
func found(title, remark string, columns []string, cells ...any) {
	tables.Lock()
	defer tables.Unlock()
	t := tables.found[title]
	if t == nil {
		t = &table{title: title, remark: remark, columns: columns}
		tables.found[title] = t
	}
	row := make([]string, len(cells))
	for i, cell := range cells {
		row[i] = fmt.Sprint(cell)
	}
	t.rows = append(t.rows, row)
}

const (
	promises       = "Promises"
	promisesRemark = "A must that is missed fails the run. An aim does not: it is what we work towards."
)

var promisesColumns = []string{"", "what", "limit", "measured", ""}

// must notes a promise of the product, which fails the run when it is missed.
func must(t *testing.T, held bool, what string, limit, measured any) {
	t.Helper()
	promise(t, "must", held, what, limit, measured)
	if !held {
		t.Errorf("%s: %v, must be %v", what, measured, limit)
	}
}

// aim notes what we work towards.
func aim(t *testing.T, held bool, what string, limit, measured any) {
	t.Helper()
	promise(t, "aim", held, what, limit, measured)
	if !held {
		t.Logf("aim missed: %s: %v, not %v", what, measured, limit)
	}
}

func promise(t *testing.T, kind string, held bool, what string, limit, measured any) {
	t.Helper()
	verdict := "held"
	if !held {
		verdict = fmt.Sprintf("**missed: %v**", measured)
	}
	found(promises, promisesRemark, promisesColumns, kind, what, limit, measured, verdict)
}

func TestMain(m *testing.M) {
	flag.Parse()
	began := time.Now()
	code := m.Run()
	if *full && *write {
		if err := writePage("../../docs/benchmarks.md", time.Since(began)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func writePage(path string, took time.Duration) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Benchmarks\n\nWritten by `make bench` (`go test ./test/bench -v -count=1 -args -full -write`) on %s, in %v. Figures of a shared machine: trust ratios, not single times.\n\n", time.Now().UTC().Format(time.DateOnly), took.Round(time.Second))
	fmt.Fprintf(&b, "- %s, %d processors, %s, %s\n- %s, SurgiCase %s, SQLite with `synchronous=FULL`\n", processor(), runtime.NumCPU(), system(), runtime.Version(),
		firstLine("mariadbd", "--version"), firstLine("git", "describe", "--tags", "--always", "--dirty"))
	for _, title := range slices.Sorted(maps.Keys(tables.found)) {
		t := tables.found[title]
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| %s |\n|%s\n", t.title, t.remark, strings.Join(t.columns, " | "), strings.Repeat("---|", len(t.columns)))
		for _, row := range t.rows {
			fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		}
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func system() string { return "Linux " + firstLine("uname", "-r") }

// firstLine is the first line that a program prints, or its name if it is not there.
func firstLine(program string, arguments ...string) string {
	command := exec.Command(program, arguments...)
	command.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin")
	out, err := command.Output()
	if err != nil {
		return program
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}
