package httpapi

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// The framework describes an endpoint by its types. What it leaves out or gets wrong is put right here.

// describeBodies says which media types bodies come in: only JSON, also where the framework has noted
// that a handler looks at the raw bytes, and for changes also as merge patches (RFC 7396); and that
// problems have members of their own (RFC 9457).
func describeBodies(description *huma.OpenAPI) {
	problems := description.Components.Schemas.Map()["Problem"]
	problems.AdditionalProperties = true // members that name the thing, such as case_id
	for _, path := range description.Paths {
		for _, op := range []*huma.Operation{path.Post, path.Put, path.Patch, path.Delete} {
			if op == nil || op.RequestBody == nil {
				continue
			}
			content := op.RequestBody.Content
			delete(content, "application/octet-stream")
			if op == path.Patch {
				content["application/merge-patch+json"] = content["application/json"]
			}
		}
	}
}

// describeAnswer puts the description of a successful answer right: what is raw bytes comes in the media
// types that the route names, and what is a pointer in Go may be null.
func (a *API) describeAnswer(r route, path string, output reflect.Type) {
	op := operationOf(a.huma.OpenAPI().Paths[path], r.method)
	response := op.Responses[strconv.Itoa(op.DefaultStatus)]
	body, has := output.FieldByName("Body")
	switch {
	case response == nil || !has:
	case len(r.produces) > 0:
		response.Content = rawContent(r.produces)
	case response.Content["application/json"] != nil:
		a.admitNulls(body.Type, response.Content["application/json"].Schema, map[*huma.Schema]bool{})
	}
	if r.dryRun {
		a.describeDryRun(op)
	}
	if r.unwell {
		op.Responses[strconv.Itoa(http.StatusServiceUnavailable)] = &huma.Response{Description: "Not well; the body says where.", Content: response.Content}
	}
}

// rawContent describes bodies that are no JSON.
func rawContent(media []string) map[string]*huma.MediaType {
	content := make(map[string]*huma.MediaType, len(media))
	for _, m := range media {
		schema := &huma.Schema{Type: huma.TypeString}
		if !strings.HasPrefix(m, "text/") {
			schema.Format = "binary"
		}
		content[m] = &huma.MediaType{Schema: schema}
	}
	return content
}

func operationOf(item *huma.PathItem, method string) *huma.Operation {
	return map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete}[method]
}

// admitNulls goes through a type and its schema side by side.
func (a *API) admitNulls(t reflect.Type, s *huma.Schema, seen map[*huma.Schema]bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if s != nil && s.Ref != "" {
		s = a.huma.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
	}
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	switch t.Kind() { //nolint:exhaustive // the others hold nothing
	case reflect.Slice, reflect.Array:
		a.admitNulls(t.Elem(), s.Items, seen)
	case reflect.Map:
		values, _ := s.AdditionalProperties.(*huma.Schema)
		a.admitNulls(t.Elem(), values, seen)
	case reflect.Struct:
		for _, field := range reflect.VisibleFields(t) {
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			if member := s.Properties[name]; member != nil {
				a.admitNulls(field.Type, member, seen)
				if field.Type.Kind() == reflect.Pointer && !strings.Contains(options, "omitempty") {
					s.Properties[name] = orNull(member)
				}
			}
		}
	}
}

// orNull is a schema that null meets, too.
func orNull(s *huma.Schema) *huma.Schema {
	if s.Ref != "" {
		return &huma.Schema{AnyOf: []*huma.Schema{s, {Type: "null"}}, Description: s.Description}
	}
	if len(s.AnyOf) > 0 {
		return s // it was met before
	}
	s.Nullable = true
	for _, value := range s.Enum {
		if value == nil {
			return s
		}
	}
	if len(s.Enum) > 0 {
		s.Enum = append(s.Enum, nil)
	}
	return s
}
