package docs

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

const apiNamesFile = "testdata/api_names.txt"

// TestOpenAPI_keepsItsNames: paths, operation ids, parameters, schemas and their members are what generated clients
// are made of. A name that goes or changes breaks them, so that names are only added to the file.
func TestOpenAPI_keepsItsNames(t *testing.T) {
	got := apiNames(t)
	raw, err := os.ReadFile(apiNamesFile)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(raw)), "\n")
	if *write {
		want = append(want, got...)
		slices.Sort(want)
		want = slices.Compact(want)
		if err := os.WriteFile(apiNamesFile, []byte(strings.Join(want, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range want {
		if _, found := slices.BinarySearch(got, name); !found {
			t.Errorf("the document has no longer: %s", name)
		}
	}
	for _, name := range got {
		if _, found := slices.BinarySearch(want, name); !found {
			t.Errorf("new, `make docs` adds it: %s", name)
		}
	}
}

func apiNames(t *testing.T) []string {
	t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string
			Parameters  []struct{ In, Name string }
			Responses   map[string]any
		}
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any
				Enum       []any
			}
		}
	}
	if err := json.Unmarshal([]byte(openAPI(t)), &document); err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for path, methods := range document.Paths {
		for method, op := range methods {
			at := strings.ToUpper(method) + " " + path
			names = append(names, at+" operation "+op.OperationID)
			for _, p := range op.Parameters {
				names = append(names, at+" "+p.In+" "+p.Name)
			}
			for status := range op.Responses {
				names = append(names, at+" answers "+status)
			}
		}
	}
	for name, schema := range document.Components.Schemas {
		names = append(names, "schema "+name)
		for member := range schema.Properties {
			names = append(names, "schema "+name+" member "+member)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
