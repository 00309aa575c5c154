// Package mutants breaks the domain on purpose, one line at a time, and sees whether its tests notice:
// what they do not notice, nothing holds. The mutants are in pay.txt, permission.txt and surgical.txt,
// one file for each package of the domain that decides about money and rights. `make verify` tries all
// of them, `make test` one of each file.
package mutants

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// mutant is one change of one file.
type mutant struct {
	pkg      string // of the domain
	file     string
	why      string
	old, new []string // lines
}

func (m *mutant) String() string { return fmt.Sprintf("%s/%s: %s", m.pkg, m.file, m.why) }

func folder(pkg string) string { return filepath.Join("..", "..", "domain", pkg) }

// changed gives the file with the change made. The old text must be there exactly once: a mutant that no
// longer fits the code proves nothing.
func (m *mutant) changed() (string, error) {
	source, err := os.ReadFile(filepath.Join(folder(m.pkg), m.file))
	if err != nil {
		return "", err
	}
	old := strings.Join(m.old, "\n")
	if n := strings.Count(string(source), old); n != 1 {
		return "", fmt.Errorf("%s: its old text is there %d times:\n%s", m, n, old)
	}
	return strings.Replace(string(source), old, strings.Join(m.new, "\n"), 1), nil
}

// read reads the mutants of a package.
func read(file string) ([]*mutant, error) {
	source, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = source.Close() }()
	var all []*mutant
	lines := bufio.NewScanner(source)
	for n := 1; lines.Scan(); n++ {
		mark, rest, _ := strings.Cut(lines.Text(), " ")
		switch {
		case mark == "" || mark == "#":
		case mark == "==":
			name, why, _ := strings.Cut(rest, ": ")
			all = append(all, &mutant{pkg: strings.TrimSuffix(filepath.Base(file), ".txt"), file: name, why: why})
		case mark == "-" && len(all) > 0:
			all[len(all)-1].old = append(all[len(all)-1].old, rest)
		case mark == "+" && len(all) > 0:
			all[len(all)-1].new = append(all[len(all)-1].new, rest)
		default:
			return nil, fmt.Errorf("%s:%d: no mutant begins or goes on with %q", file, n, mark)
		}
	}
	for _, m := range all {
		if m.file == "" || m.why == "" || m.old == nil || m.new == nil {
			return nil, cmp.Or(lines.Err(), fmt.Errorf("%s is not whole", m))
		}
	}
	return all, lines.Err()
}
