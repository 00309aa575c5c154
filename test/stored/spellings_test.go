// Package stored holds what is stored, hashed, signed or promised to its spelling (decisions 11.18),
// whatever the code calls it.
package stored

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"surgicase/adapters/cli"
	"surgicase/bootstrap"
	"surgicase/domain/permission"
)

const golden = "testdata/spellings.txt"

var write = flag.Bool("write", false, "add new spellings to the golden list; it removes none")

func TestSpellingsStay(t *testing.T) {
	found := map[string]bool{}
	note := func(kind, value string) { found[kind+"\t"+value] = true }
	for _, scope := range permission.AllTokenScopes {
		note("token scope", string(scope))
	}
	noteVariables(reflect.TypeFor[bootstrap.Config](), note)
	noteColumns(t, note)
	noteLiterals(t, note)
	noteCommands(cli.New(struct{ cli.Program }{}, "test"), note)
	noteMetrics(t, note)
	holdGolden(t, golden, found)
}

// holdGolden compares lines with those of a file. With -write it adds to the file, and removes nothing.
func holdGolden(t *testing.T, path string, found map[string]bool) {
	t.Helper()
	listed := map[string]bool{}
	text, err := os.ReadFile(path)
	if err != nil && !*write {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		listed[line] = true
		if !found[line] {
			t.Errorf("%q is gone or spelled differently: what is stored keeps its spelling", line)
		}
	}
	for line := range found {
		if !listed[line] && !*write {
			t.Errorf("%q is not listed: if it is new, run go test ./test/stored -args -write", line)
		}
		listed[line] = true
	}
	if !*write {
		return
	}
	lines := slices.Sorted(maps.Keys(listed))
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func noteVariables(config reflect.Type, note func(kind, value string)) {
	for i := range config.NumField() {
		field := config.Field(i)
		if name := field.Tag.Get("env"); name != "" {
			note("environment variable", name)
		}
		if field.Anonymous && field.Type.Kind() == reflect.Struct {
			noteVariables(field.Type, note)
		}
	}
}

var (
	compound = regexp.MustCompile(`^/?[a-z][a-z0-9]*([._:/-][a-z0-9]*)+$`)
	word     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9 ]{1,40}$`)
	ours     = regexp.MustCompile(`(?i)^surgicase[ ._/-]`)
)

// noteLiterals notes texts that name something: those of several parts (events, actions, codes, jobs,
// topics, routes, secrets, prefixes), those that begin with our name, and constants of one word.
func noteLiterals(t *testing.T, note func(kind, value string)) {
	for _, part := range []string{"domain", "application", "ports", "adapters", "bootstrap"} {
		err := filepath.WalkDir("../../"+part, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			file.Imports, file.Decls = nil, slices.DeleteFunc(file.Decls, func(d ast.Decl) bool {
				g, ok := d.(*ast.GenDecl)
				return ok && g.Tok == token.IMPORT
			})
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.GenDecl:
					noteConstants(n, part, note)
				case *ast.BasicLit:
					if value, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && (compound.MatchString(value) || ours.MatchString(value) && !strings.Contains(value, "\n")) {
						note("text of "+part, value)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func noteConstants(decl *ast.GenDecl, part string, note func(kind, value string)) {
	if decl.Tok != token.CONST {
		return
	}
	for _, spec := range decl.Specs {
		for _, value := range spec.(*ast.ValueSpec).Values {
			if lit, ok := value.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil && word.MatchString(text) {
					note("constant of "+part, text)
				}
			}
		}
	}
}
