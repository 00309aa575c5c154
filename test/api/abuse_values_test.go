package api

import (
	"encoding/json"
	"strings"
)

// canary is in every hostile text; an answer that refuses one must not hold it.
const canary = "Qzcanary"

// hostileTexts are sent wherever text can be sent.
var hostileTexts = map[string]string{
	"empty": "", "blanks": "   ", "the canary alone": canary, "ten thousand characters": strings.Repeat(canary+"x", 1112),
	"combining marks": canary + strings.Repeat("e\u0301\u0323", 60), "right to left": "\u202e" + canary + "\u202c شارع", "emoji": canary + "🫀👩‍👩‍👧‍👦",
	"NUL": canary + "\x00x", "control characters": canary + "\r\n\t\x1b[31m", "line separators": canary + "\u2028\u2029", "a byte order mark": "\ufeff" + canary,
	"SQL with a quote": canary + "' OR '1'='1' -- ", "SQL that drops": canary + `"; DROP TABLE cases; --`, "wildcards": "%" + canary + "_!\\",
	"shell": "$(touch " + canary + ") `id` | cat /etc/passwd", "a formula": "=HYPERLINK(\"http://" + canary + "\")", "another formula": "@SUM(" + canary + ")",
	"a path up": "../../../etc/" + canary, "a Windows path": `..\..\` + canary, "an absolute path": "/etc/" + canary, "HTML": "<script>" + canary + "</script>",
	"a template": "{{7*7}}${7*7}" + canary, "null": "null", "true": "true", "minus one": "-1", "zero": "0", "a fraction": "1.5", "a huge number": "99999999999999999999",
	"a huge exponent": "1e400", "hexadecimal": "0x10", "full-width digits": "１２３４５", "not a number": "NaN", "a day that is not": "2026-02-30",
	"the year zero": "0000-00-00", "the last year": "9999-12-31", "a month that is not": "2026-13-01", "an array": `["` + canary + `"]`, "an object": `{"a":"` + canary + `"}`,
}

// hostileMembers are sent for every member of a body beside the texts: as they stand in JSON.
var hostileMembers = map[string]string{
	"null": "null", "true": "true", "false": "false", "zero": "0", "minus one": "-1", "a fraction": "1.5", "minus zero": "-0.0", "an exponent": "1e2",
	"a huge exponent": "1e400", "a huge number": "123456789012345678901234567890", "the largest whole number": "9223372036854775807",
	"half a surrogate pair": `"` + canary + `\ud800"`, "an empty array": "[]", "an array": `["` + canary + `"]`, "an array of nulls": "[null, null]",
	"an array in an array": `[["` + canary + `"]]`, "an empty object": "{}", "an object": `{"surprise":"` + canary + `"}`,
	"a deep array": strings.Repeat("[", 500) + strings.Repeat("]", 500),
}

// inexact are the values that the JSON decoder refuses before it knows where they stand.
var inexact = map[string]bool{"a huge exponent": true, "an exponent": true, "minus zero": true, "a huge number": true, "the largest whole number": true}

// hostileBodies are sent instead of a body; good stands for a valid one.
func hostileBodies(good string) map[string]string {
	return map[string]string{
		"nothing": "", "null": "null", "true": "true", "a number": "42", "a text": `"` + canary + `"`, "an array": "[]", "the body in an array": "[" + good + "]",
		"half the body": good[:len(good)/2], "the body without its end": good[:len(good)-1], "the body twice": good + good, "text behind the body": good + canary,
		"a comma too many": good[:len(good)-1] + ",}", "single quotes": strings.ReplaceAll(good, `"`, `'`), "a byte order mark": "\ufeff" + good,
		"bytes that are not UTF-8": "{\"\xff\xfe\": \"\xc3\x28" + canary + "\"}", "not a number": `{"a": NaN}`, "ten thousand arrays": strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000),
		"ten thousand objects": strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000), "ten thousand open arrays": strings.Repeat("[", 10_000),
		"a deep member":       good[:len(good)-1] + `,"surprise":` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000) + "}",
		"another letter case": strings.Replace(good, `":`, `X":`, 1), "XML": "<a>" + canary + "</a>", "a form": "case_id=" + canary,
	}
}

// contentTypes do not fit JSON.
var contentTypes = []string{"text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/octet-stream", "text/html", canary, "/", ";;"}

// member is a place in a body.
type member struct {
	steps []any // names and indexes
	array bool
}

// location is how problem documents name the place.
func (m member) location() string {
	at := "body"
	for _, step := range m.steps {
		if name, ok := step.(string); ok {
			at += "." + name
			continue
		}
		at += "[0]"
	}
	return at
}

func (m member) name() string {
	name, _ := m.steps[len(m.steps)-1].(string)
	return name
}

// index is 1 for an element of an array: without it the array is what is wrong.
func (m member) index() int {
	if m.name() == "" {
		return 1
	}
	return 0
}

// members finds every place in bodies of a schema, at every depth.
func members(d *description, schema map[string]any, at ...any) []member {
	schema = d.resolve(schema)
	var found []member
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range sorted(properties) {
		steps := append(append([]any{}, at...), name)
		child := d.resolve(properties[name].(map[string]any))
		found = append(found, member{steps, child["items"] != nil})
		found = append(found, members(d, child, steps...)...)
	}
	if items, ok := schema["items"].(map[string]any); ok {
		steps := append(append([]any{}, at...), 0)
		found = append(found, member{steps: steps})
		found = append(found, members(d, items, steps...)...)
	}
	return found
}

// gone stands for a member that is left out.
var gone = json.RawMessage("gone")

// with gives a copy of a body with another value at a place.
func with(body any, steps []any, value json.RawMessage) any {
	if len(steps) == 0 {
		return value
	}
	if name, ok := steps[0].(string); ok {
		object, _ := body.(map[string]any)
		copied := map[string]any{}
		for k, v := range object {
			copied[k] = v
		}
		if len(steps) == 1 && string(value) == string(gone) {
			delete(copied, name)
		} else {
			copied[name] = with(copied[name], steps[1:], value)
		}
		return copied
	}
	array, _ := body.([]any)
	if len(steps) == 1 && string(value) == string(gone) {
		return []any{}
	}
	first := any(nil)
	if len(array) > 0 {
		first = array[0]
	}
	return append([]any{with(first, steps[1:], value)}, array[min(1, len(array)):]...)
}

func quoted(text string) json.RawMessage {
	raw, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return raw
}
