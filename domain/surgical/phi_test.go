package surgical_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	"surgicase/domain/surgical"

	"pgregory.net/rapid"
)

// canary is a name that occurs nowhere else, and how it would look in the usual encodings.
const canary = "Quillon"

var disguises = []string{
	canary, strings.ToLower(canary), fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary),
	fmt.Sprintf("% x", canary), "81 117 105", "0x51, 0x75", "UXVpbGxvb",
}

// silent fails at the first telling text: one leak looks like all the others.
func silent(t *testing.T, how, text string) {
	t.Helper()
	for _, d := range disguises {
		if strings.Contains(text, d) {
			t.Fatalf("%s tells the name: %s", how, text)
		}
	}
}

type holder struct {
	Name    surgical.PHI
	Pointer *surgical.PHI
	Deep    struct{ Patient surgical.Patient }
	Far     *surgical.Patient
	Case    *surgical.Case
	Sheet   surgical.Sheet
	List    []surgical.PHI
	Cases   []*surgical.Case
	Array   [2]surgical.PHI
	Map     map[string]surgical.PHI
	Any     any
	Changes surgical.Changes
	surgical.File
}

// everyHolder holds the canary in every shape that a program may print by mistake.
func everyHolder(t *testing.T) map[string]any {
	t.Helper()
	name := surgical.NewPHI(canary)
	patient := surgical.Patient{First: name, Last: name, Born: name}
	c := complete(t, surgical.Submitted)
	c.Patient = patient
	c.Files[surgical.MiscFile] = surgical.File{Name: name, Key: surgical.KeyFor(owner, name)}
	h := holder{
		Name: name, Pointer: &name, Far: &patient, Case: c, Sheet: surgical.Sheet{Case: *c}, List: []surgical.PHI{name},
		Cases: []*surgical.Case{c}, Array: [2]surgical.PHI{name, name}, Map: map[string]surgical.PHI{"name": name},
		Any: name, File: c.Files[surgical.MiscFile],
		Changes: surgical.Changes{First: &name, Files: map[surgical.FileKind]surgical.PHI{surgical.NoteFile: name}},
	}
	h.Deep.Patient = patient
	return map[string]any{
		"a PHI": name, "a pointer": &name, "a pointer to a pointer": &h.Pointer, "a patient": patient, "a case": *c,
		"a pointer to a case": c, "cases": h.Cases, "a slice": h.List, "an array": h.Array, "a map": h.Map,
		"a struct": h, "a pointer to a struct": &h, "a slice of pointers": []*surgical.PHI{&name},
		"a map of slices": map[string][]surgical.PHI{"x": {name}}, "an interface": any(name),
		"an anonymous struct with a pointer": struct{ P *surgical.Patient }{&patient}, "a page": surgical.Page{Cases: []surgical.Sheet{h.Sheet}},
		"an unexported field": struct{ name surgical.PHI }{name},
	}
}

// TestPHIIsNeverPrinted tries the wrong verbs, too: fmt asks no method of what it reports as
// %!w(T=...), nor of anything inside, so the text must not lie in the value where fmt would find it.
func TestPHIIsNeverPrinted(t *testing.T) {
	verbs := "vTtbcdoOqxXUeEfFgGspwzZ!"
	for what, thing := range everyHolder(t) {
		t.Run(what+" with every verb and flag", func(t *testing.T) {
			for _, verb := range verbs {
				for _, flag := range []string{"", "+", "#", "-9", "09", ".3", " ", "+#.2"} {
					format := "%" + flag + string(verb)
					silent(t, format, fmt.Sprintf(format, thing))
				}
				silent(t, "Errorf", fmt.Errorf("%"+string(verb), thing).Error())
			}
		})
		t.Run(what+" without verbs", func(t *testing.T) {
			silent(t, "Sprint", fmt.Sprint(thing))
			silent(t, "Sprintln", fmt.Sprintln(thing, thing))
			silent(t, "surplus arguments", fmt.Sprintf("%s", append([]any{"x"}, thing)...))
			silent(t, "a panic", fmt.Sprint(errors.New(fmt.Sprint(thing))))
		})
		t.Run(what+" in a template and in logs", func(t *testing.T) {
			var out bytes.Buffer
			_ = template.Must(template.New("").Parse("{{.}} {{printf \"%s\" .}}")).Execute(&out, thing)
			slog.New(slog.NewTextHandler(&out, nil)).Info("x", "thing", thing)
			slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "thing", thing)
			silent(t, "the output", out.String())
		})
		t.Run(what+" as JSON", func(t *testing.T) {
			text, err := json.Marshal(thing)
			if err != nil {
				t.Fatal(err)
			}
			silent(t, "JSON", string(text))
		})
	}
}

func TestPHIMarks(t *testing.T) {
	name := surgical.NewPHI(canary)
	const mark = "[protected]"
	t.Run("it prints as a mark", func(t *testing.T) {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
			equal(t, format, fmt.Sprintf(format, name), mark)
		}
		equal(t, "String", name.String(), mark)
		equal(t, "GoString", name.GoString(), mark)
		equal(t, "in a patient", fmt.Sprintf("%v", surgical.Patient{First: name}), "{"+mark+" "+mark+" "+mark+"}")
	})
	t.Run("it marshals as a mark", func(t *testing.T) {
		text, err := json.Marshal(map[string]any{"a": name, "b": &name})
		equal(t, "error", err, nil)
		equal(t, "JSON", string(text), `{"a":"[protected]","b":"[protected]"}`)
		text, err = xml.Marshal(surgical.Patient{First: name})
		equal(t, "error", err, nil)
		silent(t, "XML", string(text))
	})
	t.Run("an empty one looks like a full one", func(t *testing.T) {
		equal(t, "text", fmt.Sprint(surgical.PHI{}), mark)
		equal(t, "empty", surgical.PHI{}.IsEmpty(), true)
		equal(t, "empty", surgical.NewPHI("").IsEmpty(), true)
		equal(t, "equal", surgical.NewPHI("").Equal(surgical.PHI{}), true)
	})
}

func TestPHIParts(t *testing.T) {
	id := surgical.NewPHI("123456789")
	for n, want := range map[int]string{0: "", 4: "6789", 8: "23456789", 9: "", 10: ""} {
		t.Run(fmt.Sprintf("the last %d characters of nine are %q", n, want), func(t *testing.T) { equal(t, "ending", id.Ending(n), want) })
	}
	t.Run("of an empty text there is no ending", func(t *testing.T) { equal(t, "ending", surgical.PHI{}.Ending(4), "") })
	t.Run("a name in a folder is protected like the name", func(t *testing.T) {
		key := surgical.NewPHI(canary).Under("private/")
		equal(t, "key", key.Reveal(), "private/"+canary)
		silent(t, "the key", fmt.Sprint(key))
		equal(t, "folder", surgical.PHI{}.Under("private/").Reveal(), "private/")
	})
}

func TestPHIKeepsItsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		key, other := []byte("k1"), []byte("k2")
		p, q := surgical.NewPHI(a), surgical.NewPHI(b)
		if p.Reveal() != a || p.IsEmpty() != (a == "") {
			t.Fatal("the text changed")
		}
		if p.Equal(q) != (a == b) || bytes.Equal(p.Digest(key), q.Digest(key)) != (a == b) {
			t.Fatal("equal and digest do not tell equal from different")
		}
		if !bytes.Equal(p.Digest(key), surgical.NewPHI(a).Digest(key)) || bytes.Equal(p.Digest(key), p.Digest(other)) || len(p.Digest(key)) != 32 {
			t.Fatal("a digest depends on text and key, and on nothing else")
		}
	})
}
