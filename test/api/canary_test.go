package api

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"surgicase/domain/directory"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/contract"
	"surgicase/test/given"
)

// canaries are what a patient and a provider would not want to find anywhere: names, a birth date,
// names of files, a tax id.
var canaries = []string{"Qxfirst", "Qxlast", "1931-07-13", "qxdemo.pdf", "qxnote.pdf", "qxlicence.pdf", "914257886", "914-25-7886"}

// singsTo says which endpoints may show canaries, and to whom: everything else must keep silent.
// Source: spec/decisions.md 2.6 and 9.4.
var singsTo = map[string][]string{
	"get-case":                {"dr-canary", "case-admin", "user-admin", "global-admin", "system-admin"},
	"filter-cases":            {"dr-canary", "case-admin", "user-admin", "global-admin", "system-admin"},
	"cases-by-status":         {"case-admin", "user-admin", "global-admin", "system-admin"},
	"group-cases":             {"dr-canary"},
	"change-case":             {"dr-canary", "case-admin", "user-admin", "global-admin", "system-admin"},
	"get-user":                {"dr-canary", "case-admin", "user-admin", "global-admin", "system-admin"},
	"list-case-files":         {"dr-canary", "case-admin", "user-admin", "global-admin", "system-admin"},
	"list-case-file-versions": {"dr-canary", "case-admin", "user-admin", "global-admin", "system-admin"},
	"list-user-files":         {"dr-canary", "case-admin", "user-admin", "global-admin", "system-admin"},
	"list-users":              {"case-admin", "user-admin", "global-admin", "system-admin"},
	"user-environment": {
		"dr-canary", "case-admin", "user-admin", "global-admin", "system-admin",
	},
	"export-cases":     {"case-admin", "user-admin", "global-admin", "system-admin"},
	"export-cases-csv": {"case-admin", "user-admin", "global-admin", "system-admin"},
	"change-user":      {"dr-canary", "user-admin", "global-admin", "system-admin"},
}

func TestTheCanarySingsOnlyWhereItMay(t *testing.T) {
	oneByOne(t)
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			s := stageForAbuse(start(t, db.url(t), map[string]string{"LOG_LEVEL": "DEBUG"}))
			s.plantCanary()
			callers := []string{"", "nobody", "dr-canary", "dr-a"}
			for _, r := range roles {
				callers = append(callers, r.name)
			}
			for _, op := range s.described().operations(t) {
				for _, caller := range callers {
					s.listen(op, caller)
				}
			}
			s.panicWithCanary()
			s.listenBehind(t)
		})
	}
}

// plantCanary puts a provider and a case full of canaries on the stage, through the API as clients
// do.
func (s *abused) plantCanary() {
	s.t.Helper()
	at := s.person("dr-canary", permission.Provider, 1)
	s.inTx(func(ctx context.Context, r ports.Repos) error {
		u, err := r.Users.Get(ctx, "dr-canary")
		if err != nil {
			return err
		}
		u.TaxID = surgical.NewPHI("914257886")
		name := surgical.NewPHI("qxlicence.pdf")
		u.Documents = []directory.UserDocument{{Type: "Medical License", Name: name, Key: directory.DocumentKey(u.ID, name)}}
		return r.Users.Save(ctx, u)
	})
	s.send(http.MethodPost, "/case", "dr-canary", caseOf("c-canary", "dr-canary", at, "patient_dob", "1931-07-13", "demo_file", "qxdemo.pdf", "note_file", "qxnote.pdf",
		"procedure_codes", []string{"Z9001"}, "patient", map[string]any{"first": "Qxfirst", "last": "Qxlast", "ins_provider": "Example Health Plan"})).is(201)
}

// listen asks an endpoint about the canary in every way it takes: with the example's own values, and
// with the canary's ids in them.
func (s *abused) listen(op *operation, caller string) {
	s.t.Helper()
	make, known := examples[op.base()]
	if !known {
		s.t.Errorf("%s has no example", op)
		return
	}
	example := make(s).whole()
	s.hear(op, caller, example)
	if op.method == http.MethodDelete {
		return // the canary shall live
	}
	aimed := example
	for name, id := range map[string]string{"case_id": "c-canary", "user_id": "dr-canary", "target_user_id": "dr-canary"} {
		if aimed.query.Has(name) {
			aimed.query.Set(name, id)
		}
	}
	if body, ok := example.body.(map[string]any); ok {
		body = aimedAt(body)
		aimed.body = body
	}
	s.hear(op, caller, aimed)
}

// aimedAt names the canary's case in a body, and nothing that would change the canary.
func aimedAt(body map[string]any) map[string]any {
	aimed := map[string]any{}
	for name, value := range body {
		switch name {
		case "case_id":
			value = "c-canary"
		case "case_ids":
			value = []any{"c-canary"}
		}
		aimed[name] = value
	}
	return aimed
}

func (s *abused) hear(op *operation, caller string, r spoiled) {
	s.t.Helper()
	path := op.path
	for name, value := range r.path {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	if len(r.query) > 0 {
		path += "?" + r.query.Encode()
	}
	got := s.send(strings.ToUpper(op.method), path, caller, r.body)
	if got.status >= 500 {
		s.t.Errorf("%s as %q: %d", op, caller, got.status)
	}
	if caller == "" {
		caller = r.query.Get("user_id") // in trusted mode it names the caller
	}
	for _, allowed := range singsTo[op.base()] {
		if allowed == caller && got.status < 300 {
			return
		}
	}
	for place, text := range map[string]string{"body": string(got.raw), "headers": headersOf(got.header)} {
		if word := sings(text); word != "" {
			s.t.Errorf("%s tells %q in the %s to %q (%d)", op, word, place, caller, got.status)
		}
	}
}

func headersOf(h http.Header) string {
	var b strings.Builder
	_ = h.Write(&b)
	return b.String()
}

func sings(text string) string {
	for _, word := range canaries {
		if strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
			return word
		}
	}
	return ""
}

// panicWithCanary lets the program panic while it holds the canary's case.
func (s *abused) panicWithCanary() {
	s.t.Helper()
	s.clock.Panic("a panic about Qxfirst Qxlast")
	got := s.get("/case?case_id=c-canary", "dr-canary")
	s.clock.Panic("")
	got.refused(500, "internal_error").lacks(canaries...)
}

// listenBehind looks where no client looks: the log, and the files of the database.
func (s *abused) listenBehind(t *testing.T) {
	t.Helper()
	log := s.log.String()
	if !strings.Contains(log, `"route":"/case"`) || !strings.Contains(log, "stack") {
		t.Errorf("the log is not what it should be: %.300s", log)
	}
	if word := sings(log); word != "" {
		t.Errorf("the log tells %q", word)
	}
	s.listenInTables(t)
	path, isFile := strings.CutPrefix(s.databaseURL, "sqlite://")
	if !isFile {
		return
	}
	files, err := filepath.Glob(filepath.Dir(path) + "/*")
	if err != nil || len(files) < 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		if content, err := os.ReadFile(file); err == nil {
			if word := sings(string(content)); word != "" {
				t.Errorf("%s holds %q", filepath.Base(file), word)
			}
		}
	}
}

// listenInTables looks into every table of either database, and demands that those that are said to be searched here
// have rows at all.
func (s *abused) listenInTables(t *testing.T) {
	t.Helper()
	for table, part := range contract.Parts {
		rows := given.Rows(t, s.databaseURL, "SELECT * FROM "+table)
		if len(rows) == 0 && part.Canary == contract.SearchedByAPI {
			t.Errorf("%s has no rows to search: %s", table, part.Canary)
		}
		if word := sings(strings.Join(rows, "\n")); word != "" {
			t.Errorf("%s holds %q", table, word)
		}
	}
}
