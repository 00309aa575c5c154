package docs

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	rulesPage     = "docs/rules.md"
	decisionsMap  = "docs/decisions-map.md"
	decisionsFile = "testdata/decisions.txt"
)

// TestRules_headings: a comment cites a heading up to the next full stop, comma or semicolon, so headings have none,
// and each name leads to one place.
func TestRules_headings(t *testing.T) {
	headings := ruleHeadings(t)
	if len(headings) < 40 {
		t.Errorf("%s has %d headings, want at least 40", rulesPage, len(headings))
	}
	for i, heading := range headings {
		if strings.ContainsAny(heading, ".,;:()|`") {
			t.Errorf("heading %q holds punctuation; comments could not cite it", heading)
		}
		if slices.Contains(headings[:i], heading) {
			t.Errorf("heading %q is there twice", heading)
		}
	}
}

// TestRules_decisionsMap: each number of the decisions leads to headings that exist. The decisions lie outside the
// repository, so the list of their numbers is kept here.
func TestRules_decisionsMap(t *testing.T) {
	headings := ruleHeadings(t)
	rows := map[string]string{}
	page := readPage(t, decisionsMap)
	for _, row := range regexp.MustCompile(`(?m)^\| (\d[\d.a-z]*) \|.*\| ([^|]*) \|$`).FindAllStringSubmatch(page, -1) {
		number, explained := row[1], row[2]
		if _, twice := rows[number]; twice {
			t.Errorf("%s has two rows for %s", decisionsMap, number)
		}
		rows[number] = explained
		for heading := range strings.SplitSeq(explained, ";") {
			if heading = strings.TrimSpace(heading); !slices.Contains(headings, heading) {
				t.Errorf("%s, %s: %s has no heading %q", decisionsMap, number, rulesPage, heading)
			}
		}
	}
	raw, err := os.ReadFile(decisionsFile)
	if err != nil {
		t.Fatal(err)
	}
	numbers := strings.Fields(string(raw))
	for _, number := range numbers {
		if _, found := rows[number]; !found {
			t.Errorf("%s has no row for %s", decisionsMap, number)
		}
	}
	for number := range rows {
		if !slices.Contains(numbers, number) {
			t.Errorf("%s has a row for %s, which is not in test/docs/%s", decisionsMap, number, decisionsFile)
		}
	}
}

// TestRules_commentsCiteHeadings looks for the heading behind each citation in the comments of the Go code.
func TestRules_commentsCiteHeadings(t *testing.T) {
	headings, cited := ruleHeadings(t), 0
	for path, comments := range commentsNaming(t, rulesPage) {
		for _, comment := range comments {
			for _, heading := range citedHeadings(comment) {
				if cited++; !slices.Contains(headings, heading) {
					t.Errorf("%s: a comment cites %q, which is no heading of %s", path, heading, rulesPage)
				}
			}
		}
	}
	if cited == 0 {
		t.Error("no comment cites a heading")
	}
}

func TestCitedHeadings(t *testing.T) {
	for _, c := range []struct {
		comment string
		want    []string
	}{
		{"X does. Source: docs/rules.md, Payment runs.", []string{"Payment runs"}},
		{"Source: docs/rules.md, Payment\nruns", []string{"Payment runs"}},
		{"Source: docs/rules.md,\nOwn cases. More.", []string{"Own cases"}},
		{"Source: docs/rules.md, Ids; docs/rules.md, Problems.", []string{"Ids", "Problems"}},
		{"Source: RFC 9457; docs/rules.md, Problems.", []string{"Problems"}},
		{"Source: docs/rules.md.", []string{""}},
		{"Source: docs/rules.md", []string{""}},
		{"Read docs/rules.md first.", nil},
	} {
		if got := citedHeadings(c.comment); !slices.Equal(got, c.want) {
			t.Errorf("citedHeadings(%q) = %q, want %q", c.comment, got, c.want)
		}
	}
}

// citation is a source in a comment: the page of the rules, and behind a comma the heading.
var citation = regexp.MustCompile(`(?:Source: |; )docs/rules\.md(?:, ([^.,;:]+))?`)

// citedHeadings returns the headings that a comment cites, an empty one where it names the page alone.
func citedHeadings(comment string) []string {
	var headings []string
	for _, cited := range citation.FindAllStringSubmatch(strings.Join(strings.Fields(comment), " "), -1) {
		headings = append(headings, strings.TrimSpace(cited[1]))
	}
	return headings
}

// commentsNaming returns, by path, the comments of all Go files that hold a text. Test data and this file are left out.
func commentsNaming(t *testing.T, text string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	files := token.NewFileSet()
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "testdata", entry.IsDir() && entry.Name() == ".git":
			return filepath.SkipDir
		case filepath.Ext(path) != ".go", filepath.Base(path) == "rules_test.go":
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(source, []byte(text)) {
			return err
		}
		parsed, err := parser.ParseFile(files, path, source, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, group := range parsed.Comments {
			if comment := group.Text(); strings.Contains(comment, text) {
				found[path] = append(found[path], comment)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// ruleHeadings returns the headings of the page of rules, its title left out.
func ruleHeadings(t *testing.T) []string {
	t.Helper()
	var headings []string
	for _, heading := range regexp.MustCompile(`(?m)^###? (.+)$`).FindAllStringSubmatch(readPage(t, rulesPage), -1) {
		headings = append(headings, heading[1])
	}
	return headings
}

func readPage(t *testing.T, name string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}
