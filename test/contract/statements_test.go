package contract_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"surgicase/migrations"
)

// We test on MariaDB and SQLite, and promise MySQL from 5.7 on: what that cannot do must not be in
// our SQL. Nor may locks that do not reach across a cluster, or columns that are not named.
var beyondMySQL57 = map[string]*regexp.Regexp{
	"a common table expression":  regexp.MustCompile(`\bWITH\s+(RECURSIVE\s+)?\w+\s*(\([^)]*\)\s*)?AS\b`),
	"a window function":          regexp.MustCompile(`\bOVER\s*\(`),
	"RETURNING":                  regexp.MustCompile(`\bRETURNING\b`),
	"SKIP LOCKED or NOWAIT":      regexp.MustCompile(`\b(SKIP\s+LOCKED|NOWAIT)\b`),
	"a lock on rows":             regexp.MustCompile(`\bFOR\s+(UPDATE|SHARE)\b`),
	"a lock of one node":         regexp.MustCompile(`\bGET_LOCK\s*\(|\bLOCK\s+TABLES?\b`),
	"CHECK":                      regexp.MustCompile(`\bCHECK\s*\(`),
	"a key on an expression":     regexp.MustCompile(`\b(KEY|INDEX)\s+\w+\s*(ON\s+\w+\s*)?\([^)]*\(`),
	"a partial index":            regexp.MustCompile(`\bCREATE\s+(UNIQUE\s+)?INDEX\b[^;]*\bWHERE\b`),
	"a default that is computed": regexp.MustCompile(`\bDEFAULT\s*\(`),
	"LATERAL":                    regexp.MustCompile(`\bLATERAL\b`),
	"EXCEPT or INTERSECT":        regexp.MustCompile(`\b(EXCEPT|INTERSECT)\b`),
	"an outer join of both":      regexp.MustCompile(`\bFULL\s+(OUTER\s+)?JOIN\b`),
	"JSON_TABLE":                 regexp.MustCompile(`\bJSON_TABLE\b`),
	"a list of values as table":  regexp.MustCompile(`\bVALUES\s+ROW\b|\(\s*VALUES\b`),
	"an upsert of one dialect":   regexp.MustCompile(`\bON\s+(CONFLICT|DUPLICATE)\b|\bINSERT\s+(OR|IGNORE)\b|\bREPLACE\s+INTO\b`),
	"columns without names":      regexp.MustCompile(`\bSELECT\s+(DISTINCT\s+)?(\w+\.)?\*`),
}

func complaints(sql string) []string {
	var found []string
	for what, pattern := range beyondMySQL57 {
		if pattern.MatchString(strings.ToUpper(sql)) {
			found = append(found, what)
		}
	}
	return found
}

func TestStatementsStayWithinMySQL57(t *testing.T) {
	scanned := 0
	for where, sql := range allSQL(t) {
		scanned++
		for _, what := range complaints(sql) {
			if what == "a lock on rows" && strings.Contains(where, "sqlstore/locks.go") {
				continue // they only order the transactions of one node; what opens a run compares versions as well
			}
			if what == "a lock of one node" && strings.Contains(where, "sqlstore/migrate.go") {
				continue // of several `migrate up` on one server the second waits; across nodes one fails and is repeated
			}
			t.Errorf("%s has %s: %.200s", where, what, sql)
		}
	}
	if scanned < 50 {
		t.Errorf("only %d texts were scanned", scanned)
	}
}

func TestTheScanFindsWhatItLooksFor(t *testing.T) {
	for what, sql := range map[string]string{
		"a common table expression":  "with x as (select 1) select a from x",
		"a window function":          "SELECT SUM(a) OVER (PARTITION BY b) FROM t",
		"RETURNING":                  "INSERT INTO t (a) VALUES (1) RETURNING a",
		"SKIP LOCKED or NOWAIT":      "SELECT a FROM t FOR UPDATE SKIP LOCKED",
		"a lock on rows":             "SELECT a FROM t FOR UPDATE",
		"a lock of one node":         "SELECT GET_LOCK('a', 1)",
		"CHECK":                      "CREATE TABLE t (a INT CHECK (a > 0))",
		"a key on an expression":     "KEY by_lower ((LOWER(a)))",
		"a partial index":            "CREATE INDEX i ON t (a) WHERE a IS NOT NULL",
		"a default that is computed": "a BIGINT DEFAULT (1 + 1)",
		"LATERAL":                    "SELECT a FROM t, LATERAL (SELECT b FROM u) v",
		"EXCEPT or INTERSECT":        "SELECT a FROM t EXCEPT SELECT a FROM u",
		"an outer join of both":      "SELECT a FROM t FULL OUTER JOIN u ON 1 = 1",
		"JSON_TABLE":                 "SELECT a FROM JSON_TABLE('[]', '$') x",
		"a list of values as table":  "DELETE FROM t WHERE (a, b) IN (VALUES (1, 2))",
		"an upsert of one dialect":   "INSERT OR IGNORE INTO t (a) VALUES (1)",
		"columns without names":      "SELECT t.* FROM t",
	} {
		found := strings.Join(complaints(sql), ", ")
		if !strings.Contains(found, what) {
			t.Errorf("%s: found %q", what, found)
		}
	}
	for _, fine := range []string{"CREATE TABLE t (a INT) STRICT, WITHOUT ROWID", "SELECT COUNT(*) FROM t", "the schema is checked"} {
		if found := complaints(fine); found != nil {
			t.Errorf("%s: found %v", fine, found)
		}
	}
}

// idle finds columns that are set to themselves.
var idle = regexp.MustCompile(`(?i)\b(?:SET|,)\s+(\w+)\s*=\s*(\w+)(?:\s*,|\s+WHERE\b)`)

// A write that changes nothing locks a row on one node only: the others of a cluster never hear of it.
func TestNoWriteChangesNothing(t *testing.T) {
	for where, sql := range allSQL(t) {
		for _, found := range idle.FindAllStringSubmatch(sql, -1) {
			if strings.EqualFold(found[1], found[2]) {
				t.Errorf("%s sets %s to itself: %.200s", where, found[1], sql)
			}
		}
	}
	if found := idle.FindStringSubmatch("UPDATE t SET a = a WHERE b = ?"); found == nil || found[1] != found[2] {
		t.Error("the scan finds nothing")
	}
}

// allSQL gives the migrations statement by statement and every text in the Go code of the store; what
// is put together with + counts as one text.
func allSQL(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, dialect := range []string{"mysql", "sqlite"} {
		files, err := migrations.For(dialect)
		if err != nil {
			t.Fatal(err)
		}
		names, err := fs.Glob(files, "*.sql")
		if err != nil || len(names) == 0 {
			t.Fatalf("migrations of %s: %v, %v", dialect, names, err)
		}
		for _, name := range names {
			content, err := fs.ReadFile(files, name)
			if err != nil {
				t.Fatal(err)
			}
			for i, statement := range strings.Split(string(content), ";") {
				texts[dialect+"/"+name+" statement "+strconv.Itoa(i+1)] = statement
			}
		}
	}
	sources, err := filepath.Glob("../../adapters/sqlstore/*.go")
	if err != nil || len(sources) == 0 {
		t.Fatalf("sources: %v, %v", sources, err)
	}
	for _, source := range sources {
		if !strings.HasSuffix(source, "_test.go") { // tests hold bad ones on purpose
			goTexts(t, source, texts)
		}
	}
	return texts
}

func goTexts(t *testing.T, source string, into map[string]string) {
	t.Helper()
	content, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, source, content, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(node ast.Node) bool {
		expression, ok := node.(ast.Expr)
		if !ok {
			return true
		}
		text, ok := joined(expression)
		if ok && text != "" {
			into[set.Position(node.Pos()).String()] = text
		}
		return !ok
	})
}

// joined is the text of a string or of strings put together; parts that are no texts are left out.
func joined(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		left, okLeft := joined(e.X)
		right, okRight := joined(e.Y)
		return left + right, okLeft || okRight
	}
	return "", false
}
