package api

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// description is the OpenAPI document, as far as tests are made of it.
type description struct {
	Paths      map[string]map[string]*operation `json:"paths"`
	Components struct {
		Schemas map[string]map[string]any `json:"schemas"`
	} `json:"components"`
}

// operation is an endpoint of it.
type operation struct {
	ID          string                `json:"operationId"`
	Parameters  []parameter           `json:"parameters"`
	RequestBody *requestBody          `json:"requestBody"`
	Responses   map[string]any        `json:"responses"`
	Security    []map[string][]string `json:"security"`
	Deprecated  bool                  `json:"deprecated"`
	method      string
	path        string
}

type parameter struct {
	Name     string `json:"name"`
	In       string `json:"in"`
	Required bool   `json:"required"`
}

type requestBody struct {
	Content map[string]struct {
		Schema map[string]any `json:"schema"`
	} `json:"content"`
}

// described reads the description of the running program.
func (p *program) described() *description {
	p.t.Helper()
	served := p.get("/openapi.json", "").is(200)
	d := &description{}
	if err := json.Unmarshal(served.raw, d); err != nil {
		p.t.Fatal(err)
	}
	return d
}

// operations lists the endpoints by path and method.
func (d *description) operations(t *testing.T) []*operation {
	t.Helper()
	var all []*operation
	for path, methods := range d.Paths {
		for method, op := range methods {
			op.method, op.path = strings.ToUpper(method), path
			all = append(all, op)
		}
	}
	slices.SortFunc(all, func(a, b *operation) int { return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.method, b.method)) })
	if len(all) < 40 {
		t.Fatalf("only %d operations are described", len(all))
	}
	return all
}

// base is the id without the mark of an alias: aliases do what the route does.
func (o *operation) base() string {
	base, _, _ := strings.Cut(o.ID, "-alias-")
	return base
}

func (o *operation) alias() bool { return o.base() != o.ID }

// open says whether the endpoint needs no caller.
func (o *operation) open() bool { return o.Security != nil && len(o.Security) == 0 }

func (o *operation) takes(name string) bool {
	return slices.ContainsFunc(o.Parameters, func(p parameter) bool { return p.Name == name })
}

func (o *operation) String() string { return o.method + " " + o.path }

// schema is that of the body, nil if the endpoint takes none.
func (o *operation) schema() map[string]any {
	if o.RequestBody == nil {
		return nil
	}
	return o.RequestBody.Content["application/json"].Schema
}

// resolve follows a reference.
func (d *description) resolve(schema map[string]any) map[string]any {
	if ref, ok := schema["$ref"].(string); ok {
		return d.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
	}
	return schema
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
