package docs

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"surgicase/bootstrap"
	"surgicase/domain/mail"
	"surgicase/domain/permission"
	"surgicase/test/given"
)

// An alert on the increase of a counter misses the first event if the counter appears only with it.
func TestEverythingThatCanHappenIsCountedFromZero(t *testing.T) {
	t.Parallel()
	code := readCode(t)
	known := map[string][]string{
		"run.Job": jobs(t), "p.Status": slices.DeleteFunc(texts(mail.Statuses), func(s string) bool { return s == string(mail.Queued) }),
		"task.Topic": code.arguments("Put", 1, "Outbox"), "s.entity": {"surgeon", "facility"}, "l.name": code.loops(),
	}
	events, works := code.events(known), code.arguments("WorkFailed", 0, "ports")
	if len(events) < 50 || len(works) < 3 {
		t.Fatalf("%d names of events and %d of work: the code is not understood", len(events), len(works))
	}
	parsed := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parsed.TextToMetricFamilies(strings.NewReader(answered(t, "/metrics")))
	if err != nil {
		t.Fatal(err)
	}
	counted := func(family, label string) map[string]bool {
		names := map[string]bool{}
		for _, m := range families[family].GetMetric() {
			for _, l := range m.GetLabel() {
				names[l.GetValue()] = names[l.GetValue()] || l.GetName() == label
			}
		}
		return names
	}
	same(t, "events", events, counted("business_events_total", "event"), "caller.refused", "background.failed") // which have counters of their own
	same(t, "background work", append(works, code.loops()...), counted("background_failures_total", "work"))
}

// same compares what the code says with what is counted, but for what is counted elsewhere.
func same(t *testing.T, what string, said []string, counted map[string]bool, elsewhere ...string) {
	t.Helper()
	for _, name := range said {
		if !counted[name] && !slices.Contains(elsewhere, name) {
			t.Errorf("%s: %s is not counted from zero: bootstrap/metricnames.go", what, name)
		}
	}
	for name, is := range counted {
		if is && !slices.Contains(said, name) {
			t.Errorf("%s: %s is counted and never happens", what, name)
		}
	}
}

func texts[T ~string](all []T) []string {
	plain := make([]string, len(all))
	for i, one := range all {
		plain[i] = string(one)
	}
	return plain
}

func jobs(t *testing.T) []string {
	t.Helper()
	running, err := bootstrap.Open(context.Background(), map[string]string{
		"AUTH_MODE": "trusted", "DATABASE_URL": given.TempSQLite(t), "DATA_DIR": t.TempDir(), "SURGICASE_KEYS": given.KeySet(t), "LOG_LEVEL": "ERROR",
	}, bootstrap.Parts{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = running.Close() }()
	var names []string
	all, err := running.Jobs.List(context.Background(), permission.System("test"))
	for _, j := range all {
		names = append(names, j.Name)
	}
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	return names
}

// sources are what is said in Go, without tests.
type sources struct {
	t     *testing.T
	funcs []function
}

// function is a function with the folder it is in.
type function struct {
	*ast.FuncDecl
	folder string
	consts map[string]string // of the folder, and those of ports with "ports."
}

func readCode(t *testing.T) sources {
	t.Helper()
	c, consts := sources{t: t}, map[string]map[string]string{}
	for _, root := range []string{"ports", "application", "adapters", "bootstrap"} {
		err := filepath.WalkDir(filepath.Join("..", "..", root), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			folder := filepath.Dir(path)
			if consts[folder] == nil {
				consts[folder] = map[string]string{}
			}
			for _, d := range file.Decls {
				if f, is := d.(*ast.FuncDecl); is && f.Body != nil {
					c.funcs = append(c.funcs, function{f, folder, consts[folder]})
				}
				maps.Copy(consts[folder], constants(d))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, of := range consts {
		for name, value := range consts[filepath.Join("..", "..", "ports")] {
			of["ports."+name] = value
		}
	}
	return c
}

func constants(d ast.Decl) map[string]string {
	found := map[string]string{}
	g, is := d.(*ast.GenDecl)
	if !is || g.Tok != token.CONST {
		return found
	}
	for _, s := range g.Specs {
		v := s.(*ast.ValueSpec)
		for i, name := range v.Names {
			if i < len(v.Values) {
				if text, is := literal(v.Values[i]); is {
					found[name.Name] = text
				}
			}
		}
	}
	return found
}

func literal(e ast.Expr) (string, bool) {
	l, is := e.(*ast.BasicLit)
	if !is || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}

// events are the names that a ports.Event can have.
func (c sources) events(known map[string][]string) []string {
	return c.members("Event", "Name", known)
}

// loops are the names of background work that is done in rounds.
func (c sources) loops() []string { return c.members("loop", "name", nil) }

func (c sources) members(kind, member string, known map[string][]string) []string {
	var all []string
	for _, f := range c.funcs {
		ast.Inspect(f.Body, func(n ast.Node) bool {
			l, is := n.(*ast.CompositeLit)
			if !is || l.Type == nil || strings.TrimPrefix(types.ExprString(l.Type), "ports.") != kind {
				return true
			}
			for _, e := range l.Elts {
				if kv, is := e.(*ast.KeyValueExpr); is && types.ExprString(kv.Key) == member {
					all = append(all, c.values(f, kv.Value, known)...)
				}
			}
			return true
		})
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// arguments are the constant values that calls of a function give as the i-th argument but the context, where
// on ends what the function is called on.
func (c sources) arguments(name string, i int, on string) []string {
	var all []string
	for _, f := range c.funcs {
		ast.Inspect(f.Body, func(n ast.Node) bool {
			call, is := n.(*ast.CallExpr)
			if is && strings.HasSuffix("."+types.ExprString(call.Fun), "."+on+"."+name) {
				if text, is := literal(call.Args[i]); is {
					all = append(all, text)
				} else if text, is := f.consts[types.ExprString(call.Args[i])]; is {
					all = append(all, text)
				}
			}
			return true
		})
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// values are what an expression can be in a function. Parameters are looked up where the function is called.
func (c sources) values(f function, e ast.Expr, known map[string][]string) []string {
	if text, is := literal(e); is {
		return []string{text}
	}
	said := types.ExprString(e)
	if text, is := f.consts[said]; is {
		return []string{text}
	}
	if all, is := known[said]; is {
		return all
	}
	switch e := e.(type) {
	case *ast.BinaryExpr:
		var all []string
		for _, left := range c.values(f, e.X, known) {
			for _, right := range c.values(f, e.Y, known) {
				all = append(all, left+right)
			}
		}
		return all
	case *ast.CallExpr:
		if types.ExprString(e.Fun) == "string" {
			return c.values(f, e.Args[0], known)
		}
	case *ast.Ident:
		if i := parameter(f, e.Name); i >= 0 {
			return c.given(f, i, known)
		}
	}
	c.t.Errorf("%s, %s: what may %s be? Say it in this test", f.folder, f.Name.Name, said)
	return nil
}

// given is what a function is called with as its i-th argument.
func (c sources) given(called function, i int, known map[string][]string) []string {
	var all []string
	for _, f := range c.funcs {
		if f.folder != called.folder {
			continue
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if call, is := n.(*ast.CallExpr); is && strings.HasSuffix("."+types.ExprString(call.Fun), "."+called.Name.Name) && len(call.Args) >= required(called) {
				all = append(all, c.values(f, call.Args[i], known)...)
			}
			return true
		})
	}
	return all
}

// required is how many arguments a call has at least, which tells functions of one name apart.
func required(f function) int {
	n := f.Type.Params.NumFields()
	if n > 0 {
		if _, more := f.Type.Params.List[len(f.Type.Params.List)-1].Type.(*ast.Ellipsis); more {
			n--
		}
	}
	return n
}

func parameter(f function, name string) int {
	i := 0
	for _, field := range f.Type.Params.List {
		for _, n := range field.Names {
			if n.Name == name {
				return i
			}
			i++
		}
	}
	return -1
}
