package httpapi

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// mostElements is how many elements an array in a body may have: the longest list that an endpoint
// takes has 20,000. Without it a small body of wrong elements would cost an error for each of them.
const mostElements = 20_000

// jsonFormat reads and writes JSON.
var jsonFormat = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, v any) error {
		tree, ok := v.(*any)
		if !ok {
			return decode(onlyKnown(data, reflect.TypeOf(v).Elem()), v)
		}
		err := json.Unmarshal(data, v)
		if err == nil && tooLong(*tree) {
			err = errors.New("an array has too many elements")
		}
		return err
	},
}

// onlyKnown drops the members that an object lets pass because it does not know them. The schema, which has
// been checked by now, knows a name by its very spelling; json.Unmarshal would take any for it.
func onlyKnown(data []byte, t reflect.Type) []byte {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if !open(t) {
		return data
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil || members == nil {
		return data
	}
	known := map[string]json.RawMessage{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if raw, sent := members[name]; sent {
			known[name] = onlyKnown(raw, f.Type)
		}
	}
	data, _ = json.Marshal(known) // it was read from JSON
	return data
}

// open says whether objects of a type let members pass that they do not know.
func open(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	f, ok := t.FieldByName("_")
	return ok && f.Tag.Get("additionalProperties") == "true"
}

// tooLong says whether there is an array with too many elements anywhere in a value.
func tooLong(v any) bool {
	switch v := v.(type) {
	case []any:
		if len(v) > mostElements {
			return true
		}
		for _, element := range v {
			if tooLong(element) {
				return true
			}
		}
	case map[string]any:
		for _, member := range v {
			if tooLong(member) {
				return true
			}
		}
	}
	return false
}
