package api

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// promises holds every answer that any test of this package gets against the description of the API:
// its status, its media type and its body.
type promises struct {
	routes   []promised
	document any

	mu      sync.Mutex
	schemas map[string]*jsonschema.Schema // by the place in the document
}

// promised is an operation of the description.
type promised struct {
	method    string
	path      string
	segments  []string
	responses map[string]any
}

// promisesOf reads the description once for all programs: only how callers are identified differs.
func promisesOf(p *program) *promises {
	readPromises.Do(func() {
		text, err := p.API.OpenAPI()
		if err == nil {
			thePromises, err = newPromises(text)
		}
		if err != nil {
			p.t.Errorf("the description cannot be read: %v", err)
		}
	})
	return thePromises
}

var (
	readPromises sync.Once
	thePromises  *promises
)

func newPromises(text []byte) (*promises, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	s := &promises{document: document, schemas: map[string]*jsonschema.Schema{}}
	paths, _ := document.(map[string]any)["paths"].(map[string]any)
	for path, item := range paths {
		for method, op := range item.(map[string]any) {
			responses, _ := op.(map[string]any)["responses"].(map[string]any)
			s.routes = append(s.routes, promised{strings.ToUpper(method), path, strings.Split(path, "/"), responses})
		}
	}
	return s, nil
}

// route finds the operation of a request; nil for paths and methods that are not described.
func (s *promises) route(method, path string) *promised {
	segments := strings.Split(path, "/")
	for i, r := range s.routes {
		if r.method != method || len(r.segments) != len(segments) {
			continue
		}
		same := true
		for n, segment := range r.segments {
			same = same && (strings.HasPrefix(segment, "{") || segment == segments[n])
		}
		if same {
			return &s.routes[i]
		}
	}
	return nil
}

// check says how an answer breaks what is described, "" if it does not.
func (s *promises) check(req *http.Request, status int, header http.Header, body []byte) string {
	r := s.route(req.Method, req.URL.Path)
	if r == nil || status == http.StatusMethodNotAllowed {
		return ""
	}
	code := fmt.Sprint(status)
	response, described := r.responses[code].(map[string]any)
	if !described {
		if code = "default"; r.responses[code] == nil {
			return fmt.Sprintf("status %d is not described", status)
		}
		response = r.responses[code].(map[string]any)
	}
	content, _ := response["content"].(map[string]any)
	if len(content) == 0 || len(body) == 0 {
		return ""
	}
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || content[kind] == nil {
		return fmt.Sprintf("status %d comes as %q, which is not described", status, header.Get("Content-Type"))
	}
	if !strings.HasSuffix(kind, "/json") && !strings.HasSuffix(kind, "+json") { // x-ndjson is many documents
		return ""
	}
	schema, err := s.schema("/paths/" + pointer(r.path) + "/" + strings.ToLower(r.method) + "/responses/" + code + "/content/" + pointer(kind) + "/schema")
	if err != nil {
		return err.Error()
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err == nil {
		err = schema.Validate(value)
	}
	if err != nil {
		return fmt.Sprintf("status %d: %v", status, err)
	}
	return ""
}

func pointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

func (s *promises) schema(at string) (*jsonschema.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.schemas[at]; known != nil {
		return known, nil
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("openapi.json", s.document); err != nil {
		return nil, err
	}
	schema, err := compiler.Compile("openapi.json#" + at)
	s.schemas[at] = schema
	return schema, err
}

// conforms complains about an answer that breaks what is described.
func (p *program) conforms(req *http.Request, a answer) {
	if underRace {
		return
	}
	if wrong := promisesOf(p).check(req, a.status, a.header, a.raw); wrong != "" {
		p.t.Errorf("%s %s breaks its description: %s: %.300s", req.Method, req.URL.Path, wrong, a.raw)
	}
}

// A validator that finds nothing in anything would look just the same.
func TestABrokenPromiseIsNoticed(t *testing.T) {
	t.Parallel()
	p := start(t, databases[0].url(t), nil)
	s := promisesOf(p)
	req, err := http.NewRequest(http.MethodGet, "http://127.0.0.1/health/ready", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	jsonHeader := http.Header{"Content-Type": {"application/json"}}
	for name, x := range map[string]struct {
		status int
		header http.Header
		body   string
		broken bool
	}{
		"as described":       {http.StatusOK, jsonHeader, `{"status": "ready"}`, false},
		"another type":       {http.StatusOK, jsonHeader, `{"status": 7}`, true},
		"a member too many":  {http.StatusOK, jsonHeader, `{"status": "ready", "more": 1}`, true},
		"a member missing":   {http.StatusOK, jsonHeader, `{}`, true},
		"another media type": {http.StatusOK, http.Header{"Content-Type": {"text/html"}}, `<html>`, true},
		"another status":     {http.StatusTeapot, jsonHeader, `{"status": "ready"}`, true},
	} {
		if wrong := s.check(req, x.status, x.header, []byte(x.body)); (wrong != "") != x.broken {
			t.Errorf("%s: %q", name, wrong)
		}
	}
}
