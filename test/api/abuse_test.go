package api

import (
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// spoiled is a request with something wrong in it.
type spoiled struct {
	what     string
	location string // where a 422 must say that it is; "" if that cannot be said
	shared   bool   // in a parameter that many endpoints have, and one piece of code reads
	path     map[string]string
	query    url.Values
	headers  []string
	body     any
}

// exhaustive has all spoiled requests sent, and the matrix tried in every mode on both databases: `make verify`.
var exhaustive = flag.Bool("exhaustive", false, "try everything, not a sample")

// oneIn is how many of the spoiled requests share one that is tried. Exhaustively, all of them are on SQLite, where every
// answer is followed by a look at the database.
func oneIn(database string) int {
	sample := map[string]int{"SQLite": 1, "MariaDB": 17}[database]
	if !*exhaustive {
		sample *= 5
	}
	return sample
}

// mostProblems of an endpoint are told, not all of them.
const mostProblems = 8

// shards run beside each other, each with a program of its own.
const shards = 4

func TestNoInputBreaksAnEndpoint(t *testing.T) {
	oneByOne(t)
	t.Parallel()
	recorded := newRefusals()
	t.Cleanup(func() {
		recorded.compare(t)
	})
	for _, db := range databases {
		for shard := range shards {
			t.Run(fmt.Sprintf("%s part %d", db.name, shard+1), func(t *testing.T) {
				t.Parallel()
				s := stageForAbuse(start(t, db.url(t), nil))
				d, judge := s.described(), &judge{db: s.database(), words: leaks(s.databaseURL)}
				if db.name == "SQLite" {
					judge.refusals = recorded
				}
				judge.db.watch(strings.TrimPrefix(s.databaseURL, "sqlite://"))
				sent := 0
				for _, op := range d.operations(t) {
					// An operation stays in its shard whatever operations there are beside it.
					if i := int(crc32.ChecksumIEEE([]byte(op.String()))); i%shards == shard {
						sent += s.abuse(d, op, judge, oneIn(db.name), i)
					}
				}
				t.Logf("%d spoiled requests", sent)
			})
		}
	}
}

func stageForAbuse(p *program) *abused {
	p.t.Helper()
	own := p.cast()[root]
	p.prices()
	return &abused{program: p, at: p.person("dr-a", 1, 1), own: own}
}

// abuse sends every spoiled form of the example, or one in so many, and judges the answers. The offset
// has each endpoint leave out others.
func (s *abused) abuse(d *description, op *operation, j *judge, oneIn, offset int) int {
	s.t.Helper()
	good := s.exampleOf(op)
	if a := s.sendSpoiled(op, good.whole()); a.status < 200 || a.status > 299 || op.Responses[fmt.Sprint(a.status)] == nil {
		s.t.Fatalf("the example of %s is answered %d: %s", op, a.status, a.raw)
	}
	good = s.exampleOf(op)
	j.remember()
	j.problems = 0
	sent := 0
	if op.alias() {
		oneIn *= 7
	}
	for i, spoil := range spoils(d, op, good) {
		bad := spoil(good)
		every := oneIn
		if bad.shared {
			every *= 4
		}
		if (i+offset)%every != 0 && (bad.shared || !delicate(bad.what)) {
			continue
		}
		sent++
		a := s.sendSpoiled(op, bad)
		if j.refusals != nil {
			j.refusals.record(op, bad, a)
		}
		if !j.refused(s.t, op, bad, a) {
			good = s.exampleOf(op)
			j.remember()
		}
		if j.problems >= mostProblems {
			s.t.Logf("%s is left alone now", op)
			break
		}
	}
	return sent
}

// delicate is what no sample leaves out: texts that databases differ about, and broken bodies.
func delicate(what string) bool {
	if strings.HasPrefix(what, "the body") {
		return true
	}
	return slices.ContainsFunc([]string{"not UTF-8", ": NUL", ": emoji", ": ten thousand characters", ": combining marks", ": half a surrogate pair"},
		func(text string) bool { return strings.HasSuffix(what, text) })
}

// whole is the example as it is.
func (e example) whole() spoiled {
	r := spoiled{path: e.path, query: url.Values{}}
	for name, value := range e.query {
		r.query.Set(name, value)
	}
	if e.body != nil {
		r.body = e.body
	}
	if e.text != "" {
		r.body, r.headers = e.text, []string{"Content-Type", "application/pdf"}
	}
	return r
}

func (s *abused) sendSpoiled(op *operation, r spoiled) answer {
	s.t.Helper()
	return s.send(op.method, pathOf(op, r), root, r.body, r.headers...)
}

func pathOf(op *operation, r spoiled) string {
	path := op.path
	for name, value := range r.path {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	return path + "?" + r.query.Encode()
}

// sharedParameters are read by one piece of code for all the endpoints that take them.
var sharedParameters = []string{"user_id", "requesting_user_id", "limit", "cursor", "count", "If-Match"}

// spoils are the ways to spoil a request to an operation.
func spoils(d *description, op *operation, good example) []func(example) spoiled {
	var ways []func(example) spoiled
	for _, p := range op.Parameters {
		ways = append(ways, spoilParameter(p, good)...)
	}
	if op.RequestBody != nil && op.schema() != nil {
		for _, m := range members(d, op.schema()) {
			ways = append(ways, spoilMember(m)...)
		}
		ways = append(ways, spoilBody(good)...)
	}
	return ways
}

func spoilParameter(p parameter, good example) []func(example) spoiled {
	var ways []func(example) spoiled
	add := func(what, location string, set func(*spoiled)) {
		ways = append(ways, func(e example) spoiled {
			r := e.whole()
			r.path = maps.Clone(r.path)
			r.what, r.location, r.shared = p.In+" "+p.Name+": "+what, location, slices.Contains(sharedParameters, p.Name)
			set(&r)
			return r
		})
	}
	at := p.In + "." + p.Name
	for _, what := range sorted(hostileTexts) {
		text := hostileTexts[what]
		switch p.In {
		case "query":
			add(what, at, func(r *spoiled) { r.query.Set(p.Name, text) })
		case "path":
			if text != "" {
				add(what, at, func(r *spoiled) { r.path[p.Name] = text })
			}
		case "header":
			if !strings.ContainsFunc(text, func(c rune) bool { return c < ' ' && c != '\t' }) {
				add(what, at, func(r *spoiled) { r.headers = []string{p.Name, text} })
			}
		}
	}
	switch p.In {
	case "query":
		add("bytes that are not UTF-8", at, func(r *spoiled) { r.query.Set(p.Name, canary+"\xff\xfe\xc3\x28") })
		add("twice", at, func(r *spoiled) { r.query.Add(p.Name, canary); r.query.Add(p.Name, good.query[p.Name]) })
		add("as an array", at, func(r *spoiled) { r.query.Set(p.Name+"[]", canary); r.query.Del(p.Name) })
		add("missing", at, func(r *spoiled) { r.query.Del(p.Name) })
	case "header":
		add("bytes that are not UTF-8", at, func(r *spoiled) { r.headers = []string{p.Name, canary + "\xff\xfe\xc3\x28"} })
	case "path":
		add("bytes that are not UTF-8", at, func(r *spoiled) { r.path[p.Name] = canary + "\xff\xfe" })
	}
	return ways
}

func spoilMember(m member) []func(example) spoiled {
	var ways []func(example) spoiled
	put := func(what, location string, raw json.RawMessage) {
		ways = append(ways, func(e example) spoiled {
			r := e.whole()
			r.what, r.location, r.body = m.location()+": "+what, location, with(e.body, m.steps, raw)
			return r
		})
	}
	put("missing", member{steps: m.steps[:max(1, len(m.steps)-m.index())]}.location(), gone)
	for _, what := range sorted(hostileTexts) {
		put(what, m.location(), quoted(hostileTexts[what]))
	}
	for _, what := range sorted(hostileMembers) {
		location := m.location()
		if inexact[what] {
			location = "body"
		}
		put(what, location, json.RawMessage(hostileMembers[what]))
	}
	if m.array {
		put("thousands of texts", m.location(), json.RawMessage(`["`+strings.Repeat(canary+`","`, 2000)+`"]`))
		put("thousands of numbers", "body", json.RawMessage("["+strings.Repeat("0,", 25_000)+"0]"))
	}
	if name := m.name(); name != "" {
		ways = append(ways, func(e example) spoiled {
			raw, err := json.Marshal(with(e.body, m.steps, json.RawMessage(`"@@"`)))
			if err != nil {
				panic(err)
			}
			r := e.whole()
			r.what = m.location() + ": twice"
			r.body = strings.Replace(string(raw), fmt.Sprintf("%q:\"@@\"", name), fmt.Sprintf("%q:%q,%q:1", name, canary, name), 1)
			return r
		})
		ways = append(ways, func(e example) spoiled {
			r := e.whole()
			sibling := append(slices.Clone(m.steps[:len(m.steps)-1]), "surprise")
			r.what, r.location = m.location()+": an unknown member beside it", member{steps: sibling}.location()
			r.body = with(e.body, sibling, quoted(canary))
			return r
		})
	}
	return ways
}

func spoilBody(good example) []func(example) spoiled {
	var ways []func(example) spoiled
	text := func(e example) string {
		raw, err := json.Marshal(e.body)
		if err != nil {
			panic(err)
		}
		return string(raw)
	}
	for _, what := range sorted(hostileBodies(text(good))) {
		ways = append(ways, func(e example) spoiled {
			r := e.whole()
			r.what, r.body = "the body is "+what, hostileBodies(text(e))[what]
			return r
		})
	}
	for _, kind := range contentTypes {
		ways = append(ways, func(e example) spoiled {
			r := e.whole()
			r.what, r.headers = "the body comes as "+kind, []string{"Content-Type", kind}
			return r
		})
	}
	return append(ways, func(e example) spoiled {
		r := e.whole()
		r.what, r.body = "the body is too large", text(e)+strings.Repeat(" ", max(e.limit, 1<<20))
		return r
	})
}

// judge looks at answers and at what they left behind.
type judge struct {
	db     *database
	words  []string
	before map[string]string

	refusals *refusals // nil for a sample

	problems int // of the present endpoint
}

func (j *judge) remember() { j.before = j.db.print() }

// refused judges an answer and says whether it was a refusal. Refusals change nothing, and nor do
// reads that were granted.
func (j *judge) refused(t *testing.T, op *operation, bad spoiled, a answer) bool {
	t.Helper()
	problem := func(format string, args ...any) {
		t.Helper()
		j.problems++
		t.Errorf("%s with %s: %s; status %d: %.400s", op, bad.what, fmt.Sprintf(format, args...), a.status, a.raw)
	}
	if a.status >= 500 || a.status < 200 || (a.status >= 300 && a.status < 400) {
		problem("no such answer is wanted")
		return false
	}
	if op.Responses[fmt.Sprint(a.status)] == nil {
		problem("this status is not described")
	}
	if a.status < 300 && op.method != http.MethodGet {
		return false
	}
	if a.status >= 400 {
		j.document(problem, bad, a)
	}
	if len(a.raw) > 64<<10 && a.status >= 400 {
		problem("the refusal has %d bytes", len(a.raw))
	}
	tables := changed(j.before, j.db.print())
	if a.status < 300 && len(tables) > 0 {
		j.remember()
		tables = slices.DeleteFunc(tables, func(table string) bool { return slices.Contains(storing[op.base()], table) })
	}
	if len(tables) > 0 && op.ID != "user-environment" {
		problem("%v changed", tables)
		j.remember()
	}
	return true
}

// storing are the tables into which granted reads write: reports are stored (decisions 7.1), and a password is
// made when it is first asked for.
var storing = map[string][]string{
	"payment-report": {"generated_files", "report_passwords"}, "summary-report": {"generated_files", "report_passwords"}, "report-password": {"report_passwords"},
	"individual-reports": {"generated_files", "report_passwords"}, "my-report": {"generated_files", "report_passwords"},
	"quickbooks-vendors": {"generated_files", "vendor_names"}, "quickbooks-transactions": {"generated_files", "vendor_names"},
}

// document looks at a problem document.
func (j *judge) document(problem func(string, ...any), bad spoiled, a answer) {
	if a.header.Get("Content-Type") != "application/problem+json" {
		problem("it is %s", a.header.Get("Content-Type"))
		return
	}
	for _, name := range []string{"type", "title", "detail", "code", "instance"} {
		if text, ok := a.body[name].(string); !ok || text == "" {
			problem("it has no %s", name)
		}
	}
	if a.body["status"] != float64(a.status) || a.body["instance"] != a.header.Get("X-Request-ID") {
		problem("status and instance are %v and %v", a.body["status"], a.body["instance"])
	}
	text := ""
	for name, value := range a.body {
		if a.status == http.StatusUnprocessableEntity || !strings.HasSuffix(name, "_id") { // members that name the thing
			text += strings.ToLower(fmt.Sprint(value)) + "\n"
		}
	}
	for _, word := range j.words {
		if strings.Contains(text, word) {
			problem("it says %q", word)
		}
	}
	if strings.Contains(text, strings.ToLower(canary)) {
		problem("it repeats the value")
	}
	if a.status == http.StatusUnprocessableEntity && !a.names(bad.location) {
		problem("it does not name %s", bad.location)
	}
}

// names says whether one of the errors is about a location, or about something in it.
func (a answer) names(location string) bool {
	errors, _ := a.body["errors"].([]any)
	for _, e := range errors {
		entry, _ := e.(map[string]any)
		at, _ := entry["location"].(string)
		message, _ := entry["message"].(string)
		if message != "" && (at == location || strings.HasPrefix(at, location+".") || strings.HasPrefix(at, location+"[") || (location == "" && at != "")) {
			return true
		}
	}
	return false
}
