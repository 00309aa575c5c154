package api

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"surgicase/test/given"
)

// part is a piece of a form: a file if it has a name.
type part struct{ field, file, content string }

// formOf writes a form of parts in this order.
func formOf(parts ...part) (body, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		if p.file == "" {
			_ = w.WriteField(p.field, p.content)
			continue
		}
		to, _ := w.CreateFormFile(p.field, p.file)
		_, _ = to.Write([]byte(p.content))
	}
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}

// TestWhereAnAnswerLeadsTheCallerComesAlong: whom only the parameter names is named in Link and Location.
func TestWhereAnAnswerLeadsTheCallerComesAlong(t *testing.T) {
	everywhere(t, func(p *program) {
		places := p.cast()
		p.prices()
		p.drafts("provider", places["provider"], "c-1", "c-2")
		next := func(a answer) string {
			p.t.Helper()
			link, _, found := strings.Cut(strings.TrimPrefix(a.is(200).header.Get("Link"), "<"), ">")
			if !found {
				p.t.Fatalf("there is no next page: %v", a.header)
			}
			return link
		}
		for _, list := range []string{"/cases_by_status?limit=1", "/users?limit=1", "/pay_tiers?limit=1", "/audit_log?limit=1", "/case_filter?limit=1"} {
			who := map[bool]string{true: "provider", false: "global-admin"}[strings.HasPrefix(list, "/case_filter")]
			p.get(next(p.get(list+"&user_id="+who, "")), "").is(200)
			if link := next(p.get(list, who)); strings.HasPrefix(list, "/case_filter") == false && strings.Contains(link, "user_id") {
				p.t.Errorf("a caller whom the header names is in %s", link)
			}
		}
		made := p.send(http.MethodPost, "/case?user_id=provider", "", caseOf("c-3", "provider", places["provider"])).is(201)
		p.get(made.header.Get("Location"), "").is(200).has("case.case_id", "c-3")
		made = p.send(http.MethodPost, "/tokens?user_id=provider", "", map[string]any{"name": "x", "scopes": []string{"cases:read"}}).is(201)
		p.get(made.header.Get("Location"), "").is(200)
	})
}

// TestAFormSaysEachThingOnce: what a form holds beside one file and its fields is not passed over.
func TestAFormSaysEachThingOnce(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", 1, 1)
		p.drafts("dr-a", at, "c-1")
		file, second := part{"file", "one.pdf", somePDF}, part{"file", "two.pdf", somePDF}
		of, kind := part{"case_id", "", "c-1"}, part{"kind", "", "demo"}
		for what, try := range map[string]struct {
			query string
			parts []part
			field string
		}{
			"two files":           {"", []part{of, kind, file, second}, "body.file"},
			"a field behind":      {"", []part{of, kind, file, kind}, "body.kind"},
			"a stranger behind":   {"", []part{of, kind, file, {"surprise", "", "x"}}, "body"},
			"another kind twice":  {"", []part{of, kind, {"kind", "", "note"}, file}, "body.kind"},
			"the same twice":      {"", []part{of, kind, of, file}, "body.case_id"},
			"another case asked":  {"?case_id=c-2", []part{of, kind, file}, "body.case_id"},
			"another kind asked":  {"?kind=note", []part{of, kind, file}, "body.kind"},
			"another name asked":  {"?file_name=other.pdf", []part{of, kind, file}, "query.file_name"},
			"two files, asked by": {"?case_id=c-1&kind=demo", []part{file, second}, "body.file"},
		} {
			body, form := formOf(try.parts...)
			a := p.send(http.MethodPost, "/case_files"+try.query, "dr-a", body, "Content-Type", form)
			if a.status != 422 || !a.names(try.field) {
				p.t.Errorf("%s: %d %s", what, a.status, a.raw)
			}
		}
		if files := p.get("/case_files?case_id=c-1", "dr-a").is(200); strings.Contains(string(files.raw), `"pending":false`) || len(p.objects()) != 0 {
			p.t.Errorf("something was stored: %s, %v", files.raw, p.objects())
		}
		body, form := formOf(part{"user_id", "", "dr-a"}, part{"document_type", "", "License"}, file)
		p.send(http.MethodPost, "/user_files?document_type=Other", "dr-a", body, "Content-Type", form).refused(422, "invalid_input").has("errors.0.location", "body.document_type")
		p.send(http.MethodPost, "/user_files?user_id=dr-a&document_type=License", "dr-a", body, "Content-Type", form).is(201)
		body, form = formOf(of, kind, file)
		p.send(http.MethodPost, "/case_files?case_id=c-1&kind=demo&file_name=one.pdf", "dr-a", body, "Content-Type", form).is(201)
	})
}

// TestNumbersAreTakenAsJSONHasThem: 1.0 is a whole number, and what is none is told by its place.
func TestNumbersAreTakenAsJSONHasThem(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		prices := func(amount string) answer {
			return p.send(http.MethodPost, "/pay_tiers", "global-admin", `{"rows": [{"user_tier": 1, "procedure_code": "Z9001", "code_pay_amount": 1},
				{"user_tier": 2.0, "procedure_code": "Z9001", "code_pay_amount": `+amount+`}]}`)
		}
		for _, amount := range []string{"1.005", "1e-3", "0.001"} {
			prices(amount).refused(422, "invalid_input").has("errors.0.location", "body.rows[1].code_pay_amount").lacks(amount)
		}
		prices("10.50").is(201)
		prices("1e3").is(201)
		prices("1.000").is(201)
		p.send(http.MethodPost, "/case", "provider", fmt.Sprintf(`{"case_id": "c-1", "case_date": "2026-02-20", "surgeon_id": %d.0, "facility_id": %d.00,
			"patient": {"first": "Rosalind", "last": "Example"}, "note_file": "a 1.0 and 2.50.pdf"}`, at.surgeon, at.facility)).is(201)
		p.get("/case?case_id=c-1", "provider").is(200).has("case.surgeon_id", int(at.surgeon), "case.note_file", "a 1.0 and 2.50.pdf")
		p.send(http.MethodPatch, "/bulk_update_case_status", "case-admin", `{"case_ids": ["c-1"], "new_status": 1.0, "force": false}`).is(200).has("total_updated", 1)
		p.send(http.MethodPost, "/surgeon", "provider", `{"first_name": "A", "last_name": "B", "surgeon_npi": 1234567893.0,
			"surgeon_addr": "1 Sample Plaza", "surgeon_city": "Portland", "surgeon_state": "OR", "surgeon_zip": "97201"}`).is(201)
		p.send(http.MethodPatch, "/bugs", "system-admin", `{"bug_id": 1e30, "title": "x"}`).refused(422, "invalid_input").has("errors.0.location", "body.bug_id")
		p.send(http.MethodPatch, "/case", "provider", `{"case_id": "c-1", "surgeon_id": 1.5}`).refused(422, "invalid_input").has("errors.0.location", "body.surgeon_id")
	})
}

// TestMediaTypesAreComparedAsRFC9110Says: whatever their case, with blanks around the semicolon.
func TestMediaTypesAreComparedAsRFC9110Says(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), nil)
	at := p.person("dr-a", 1, 1)
	for i, kind := range []string{"application/json", "APPLICATION/JSON", "application/json ; charset=utf-8", "application/json;charset=UTF-8", " Application/Json;"} {
		id := fmt.Sprint("c-", i)
		p.send(http.MethodPost, "/case", "dr-a", caseOf(id, "dr-a", at), "Content-Type", kind).is(201)
	}
	for _, kind := range []string{"application/merge-patch+json", "Application/Merge-Patch+JSON ; charset=utf-8"} {
		p.send(http.MethodPatch, "/case", "dr-a", map[string]any{"case_id": "c-0", "ins_provider": kind}, "Content-Type", kind).is(200)
	}
	for _, kind := range []string{"text/plain", "application/jsonx", "application/xml; x=application/json"} {
		p.send(http.MethodPost, "/case", "dr-a", caseOf("c-9", "dr-a", at), "Content-Type", kind).refused(415, "unsupported_media_type")
	}
	body, form := formOf(part{"case_id", "", "c-0"}, part{"kind", "", "demo"}, part{"file", "one.pdf", somePDF})
	form = strings.Replace(strings.Replace(form, "multipart/form-data", "Multipart/Form-Data ", 1), "boundary", "Boundary", 1)
	p.send(http.MethodPost, "/case_files", "dr-a", body, "Content-Type", form).is(201)
}

// TestRefusalsSayWhere: each 422 names the place, and says what would be right.
func TestRefusalsSayWhere(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), nil)
	p.cast()
	for path, bodies := range map[string][]string{
		"/export_cases": {`{}`, `{"case_ids": []}`}, "/export_cases_csv": {`{}`, `{"case_ids": []}`}, "/get_case_images": {`{}`, `{"case_ids": []}`},
		"/payment_runs": {`{"case_ids": []}`}, "/case_pay/approve_zero": {`{"case_ids": [], "reason": "x"}`},
	} {
		for _, body := range bodies {
			p.send(http.MethodPost, path, "global-admin", body).refused(422, "invalid_input").has("errors.0.location", "body.case_ids")
		}
	}
	p.send(http.MethodPatch, "/bulk_update_case_status", "global-admin", `{"case_ids": [], "new_status": 10}`).
		refused(422, "invalid_input").has("errors.0.location", "body.case_ids")
	for when, bounds := range map[string]string{"9999-12-31T00:00:00Z": "1990", "0001-01-01T00:00:00Z": "2199", "2199-12-31T00:00:00Z": "366 days"} {
		told := p.send(http.MethodPost, "/tokens", "provider", map[string]any{"name": "x", "scopes": []string{"admin"}, "expires_at": when}).
			refused(422, "invalid_input").has("errors.0.location", "body.expires_at").at("errors.0.message").(string)
		if !strings.Contains(told, bounds) {
			t.Errorf("%s: %s", when, told)
		}
	}
}

// TestWhatIsServedIsWhatWasAskedFor: pages that are not there, parts of documents, and weighed media types.
func TestWhatIsServedIsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), nil)
	at := p.cast()["provider"]
	p.drafts("provider", at, "c-1")
	for _, path := range []string{"/docs/anything", "/docs/../docs/x.js", "/docs/index.html/x", "/docs/static/"} {
		p.get(path, "").refused(404, "route_not_found")
	}
	p.get("/docs", "").is(200).hasHeader("Content-Type", "text/html")
	p.get("/docs/swagger-ui.css", "").is(200)
	body, form := formOf(part{"case_id", "", "c-1"}, part{"kind", "", "demo"}, part{"file", "one.pdf", somePDF})
	p.send(http.MethodPost, "/case_files", "provider", body, "Content-Type", form).is(201)
	parts := p.get("/case_file?case_id=c-1&kind=demo", "provider", "Range", "bytes=0-1,4-5").is(206)
	if kind := parts.header.Get("Content-Type"); !strings.HasPrefix(kind, "multipart/byteranges") {
		t.Errorf("two parts come as %s", kind)
	}
	for accept, want := range map[string]string{
		"": "application/json", "*/*": "application/json", "application/x-ndjson": "application/x-ndjson", "Application/X-NDJSON": "application/x-ndjson",
		"application/x-ndjson;q=0.5, application/json": "application/json", "application/x-ndjson, application/json;q=0.9": "application/x-ndjson",
		"application/x-ndjson; q=0": "application/json", "application/json, application/x-ndjson": "application/x-ndjson",
		"application/x-ndjson, */*;q=0.1": "application/x-ndjson", "application/x-ndjson;q=x": "application/json",
	} {
		a := p.export("/export_cases", map[string]any{"all": true}, "Accept", accept).is(200)
		if got := a.header.Get("Content-Type"); got != want {
			t.Errorf("%q is answered with %s", accept, got)
		}
	}
}
