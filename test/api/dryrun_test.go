package api

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// withoutDryRun are the writing routes for which a dry run makes no sense. Every other one has it.
var withoutDryRun = []string{
	"complete-case-file", "complete-user-file", "create-token", "export-cases", "export-cases-csv", "get-case-images", "log-request",
	"presign-case-file", "presign-user-file", "upload-by-link", "upload-case-file", "upload-user-file",
}

// TestNothingThatWritesIgnoresItsQuery walks every route that changes something.
func TestNothingThatWritesIgnoresItsQuery(t *testing.T) {
	oneByOne(t)
	everywhere(t, func(p *program) {
		s := stageForAbuse(p)
		db := s.database()
		db.alsoOf("idempotency_keys")
		var walked, refusing []string
		for _, op := range s.described().operations(p.t) {
			if op.method == http.MethodGet {
				continue
			}
			walked = append(walked, op.ID)
			s.misspells(db, op)
			if !s.tries(db, op) && !op.alias() {
				refusing = append(refusing, op.ID)
			}
		}
		slices.Sort(refusing)
		if !slices.Equal(refusing, withoutDryRun) {
			p.t.Errorf("%q refuse dry_run, want %q", refusing, withoutDryRun)
		}
		if len(walked) < 50 {
			p.t.Errorf("only %d routes are walked: %q", len(walked), walked)
		}
	})
}

// misspells sends a valid request with a query, header or body that the route does not understand. All are refused by
// name, and change nothing.
func (s *abused) misspells(db *database, op *operation) {
	s.t.Helper()
	good := s.exampleOf(op).whole()
	good.query.Del("dry_run")
	valid := good.query.Encode()
	before, objects := db.print(), s.objects()
	for extra, location := range map[string]string{
		"nonsense=1": "query.nonsense", "dryrun=1": "query.dryrun", "Dry_run=true": "query.Dry_run", "dry-run=true": "query.dry-run",
		"%20dry_run=true": "query. dry_run", "dry_run%00=true": "query.dry_run\x00", "dry_run=": "query.dry_run", "dry_run=perhaps": "query.dry_run",
		"dry_run=true&dry_run=true": "query.dry_run", "dry_run=false&dry_run=true": "query.dry_run", "dry_run[]=true": "query.dry_run[]",
		"user_id=" + root + "&user_id=" + root: "query.user_id", "dry_run=true;a=b": "query", "a=%zz": "query", "=true": "query.",
	} {
		if strings.HasPrefix(extra, "user_id") && good.query.Has("user_id") {
			extra = "user_id=" + good.query.Get("user_id")
		}
		s.refuses(op, good, strings.Trim(valid+"&"+extra, "&"), location)
	}
	for name := range good.query { // each parameter of its own twice
		s.refuses(op, good, valid+"&"+url.Values{name: good.query[name]}.Encode(), "query."+name)
	}
	for _, name := range []string{"X-Dry-Run", "Dry-Run", "X-DryRun"} {
		asked := good
		asked.headers = append(slices.Clone(good.headers), name, "true")
		s.refuses(op, asked, valid, "header."+http.CanonicalHeaderKey(name))
	}
	if op.RequestBody == nil {
		asked := good
		asked.body = map[string]any{"dry_run": true}
		s.refuses(op, asked, valid, "body")
	}
	if tables := changed(before, db.print()); len(tables) > 0 || !slices.Equal(objects, s.objects()) {
		s.t.Errorf("misspelled requests to %s changed %v, and %d objects became %d", op, tables, len(objects), len(s.objects()))
	}
}

// refuses demands that a request is refused and that the refusal names what was not understood.
func (s *abused) refuses(op *operation, r spoiled, query, location string) {
	s.t.Helper()
	path, _, _ := strings.Cut(pathOf(op, r), "?")
	a := s.send(op.method, path+"?"+query, root, r.body, r.headers...)
	named := slices.ContainsFunc(a.each("errors", "location"), func(at string) bool { return at == location })
	if a.status != http.StatusUnprocessableEntity || !named {
		s.t.Errorf("%s?%s answers %d and not 422 naming %q: %s", op, query, a.status, location, a.raw)
	}
}

// tries asks a route what it would do, and reports whether it says so. It writes nothing, reserves no key, and the
// request itself goes through afterwards.
func (s *abused) tries(db *database, op *operation) bool {
	s.t.Helper()
	good := s.exampleOf(op).whole()
	if op.takes("Idempotency-Key") {
		good.headers = append(good.headers, "Idempotency-Key", s.next("key"))
	}
	asked := good
	asked.query = maps.Clone(good.query)
	asked.query.Set("dry_run", "true")
	before, objects := db.print(), s.objects()
	a := s.sendSpoiled(op, asked)
	if tables := changed(before, db.print()); len(tables) > 0 || !slices.Equal(objects, s.objects()) {
		s.t.Errorf("a dry run of %s changed %v, and %d objects became %d", op, tables, len(objects), len(s.objects()))
	}
	if a.status == http.StatusUnprocessableEntity {
		a.has("errors.0.location", "query.dry_run")
		return false
	}
	a.is(http.StatusOK).has("dry_run", true)
	if a.header.Get("Location") != "" {
		s.t.Errorf("a dry run of %s says where to find what it did not make", op)
	}
	if would, _ := a.at("would_change").([]any); len(would) == 0 {
		s.t.Errorf("a dry run of %s says nothing of what would change: %s", op, a.raw)
	}
	done := s.sendSpoiled(op, good)
	if done.status < 200 || done.status > 299 || done.at("dry_run") == true || done.at("would_change") != nil {
		s.t.Errorf("after its dry run %s answers %d: %s", op, done.status, done.raw)
	}
	if len(changed(before, db.print())) == 0 {
		s.t.Errorf("%s changes nothing: its example does not show that its dry run changes nothing", op)
	}
	if told := membersOf(a); op.ID != "run-job" && !slices.Equal(told, membersOf(done)) { // of a job nothing ran
		s.t.Errorf("a dry run of %s has the members %q, the answer %q", op, told, membersOf(done))
	}
	return true
}

// membersOf are the names in an answer, but for what marks a dry run.
func membersOf(a answer) []string {
	return slices.DeleteFunc(sorted(a.body), func(name string) bool { return name == "dry_run" || name == "would_change" })
}

// alsoOf has fingerprints hold another table.
func (d *database) alsoOf(table string) {
	d.t.Helper()
	d.tables = append(d.tables, table)
	if !d.mysql {
		d.content = d.contentOfAll()
	}
	if _, there := d.print()[table]; !there {
		d.t.Fatal(fmt.Sprint("no table ", table))
	}
}
