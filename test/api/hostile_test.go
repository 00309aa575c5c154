package api

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"surgicase/domain/permission"
)

func TestAMethodThatAPathDoesNotTakeIsRefused(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		d := p.described()
		d.operations(p.t)
		for path, methods := range d.Paths {
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "BREW"} {
				if methods[strings.ToLower(method)] != nil {
					continue
				}
				refused := p.send(method, strings.ReplaceAll(path, "{group_id}", "1"), root, nil).is(405)
				for _, known := range sorted(methods) {
					if allow := refused.header.Get("Allow"); !strings.Contains(allow, strings.ToUpper(known)) {
						p.t.Errorf("%s %s is refused without naming %s: Allow is %q", method, path, known, allow)
					}
				}
				if method != "HEAD" {
					refused.refused(405, "method_not_allowed")
				}
			}
		}
	})
}

func TestAPathThatIsNotThereIsRefused(t *testing.T) {
	everywhere(t, func(p *program) {
		for _, path := range []string{
			"/case/", "//case", "/CASE", "/case%00", "/case%2f", "/%2e%2e/case", "/../../etc/passwd", "/..%5c..%5cboot.ini", "/case;v=1", "/case?%zz", "/.git/config",
			"/admin", "/groups/", "/groups//members", "/groups/1/", "/groups/1/members/1", "/" + strings.Repeat("a", 8000), "/%F0%9F%AB%80", "/case_filter/..", "/docs/../case",
		} {
			a := p.get(path, "")
			if !slices.Contains([]int{400, 401, 404, 405}, a.status) {
				p.t.Errorf("%.60s is answered %d: %.200s", path, a.status, a.raw)
			}
			a.lacks("passwd", "goroutine", "/work", "/tmp")
		}
	})
}

func TestARequestIDThatIsNotPlainIsReplaced(t *testing.T) {
	everywhere(t, func(p *program) {
		for _, given := range []string{canary + "\"}", canary + "<script>", canary + " x", strings.Repeat("a", 65), "é" + canary, canary + "\xff"} {
			refused := p.get("/case?case_id=x", "", "X-Request-ID", given).refused(401, "no_caller").lacks(canary)
			if got := refused.header.Get("X-Request-ID"); got == "" || got == given || refused.at("instance") != got {
				p.t.Errorf("the request id %q became %q, instance %v", given, got, refused.at("instance"))
			}
		}
		p.get("/case?case_id=x", "", "X-Request-ID", "abc-1.2_3").refused(401, "no_caller").has("instance", "abc-1.2_3")
	})
}

func TestACallerThatIsNoIdIsNobody(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		for what, text := range hostileTexts {
			if strings.ContainsFunc(text, func(c rune) bool { return c < ' ' && c != '\t' }) || strings.TrimSpace(text) == "" {
				continue
			}
			if a := p.get("/permissions", text).is(401).lacks(canary); a.header.Get("WWW-Authenticate") == "" {
				p.t.Errorf("%s: no WWW-Authenticate", what)
			}
			p.get("/permissions?user_id="+q(text), "").is(401).lacks(canary)
		}
		p.get("/permissions", "Provider").refused(401, "unknown_caller") // ids are compared byte for byte
		p.get("/permissions", "provider ").is(200)                       // HTTP itself trims header values
		p.get("/permissions", "providér").is(401)
	})
}

func TestRequestsThroughAProxyOrToAnotherHostAreRefused(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Anything"} {
			p.get("/permissions", root, name, "for=10.0.0.1").refused(403, "not_local")
		}
		for _, host := range []string{"evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.1", "[2001:db8::1]", "localhost.evil.example"} {
			req, err := http.NewRequest(http.MethodGet, p.server.URL+"/permissions", nil)
			if err != nil {
				p.t.Fatal(err)
			}
			req.Host = host
			req.Header.Set("X-User-ID", root)
			res, err := p.server.Client().Do(req)
			if err != nil {
				p.t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusForbidden {
				p.t.Errorf("a request to %s is answered %d", host, res.StatusCode)
			}
		}
	})
}

// kept are the hostile texts that a line of text may hold: they must come back as they went in.
var kept = []string{
	"the canary alone", "combining marks", "SQL with a quote", "SQL that drops", "wildcards", "shell", "a formula", "another formula", "HTML",
	"a template", "null", "true", "minus one", "full-width digits", "an array", "an object", "a Windows path", "a path up",
}

func TestHostileTextIsStoredAndComesBackUnharmed(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", permission.Provider, 1)
		for i, what := range kept {
			text, id := strings.TrimSpace(hostileTexts[what]), fmt.Sprint("c-", i)
			body := caseOf(id, "dr-a", at, "patient", map[string]any{"first": text, "last": text + "-" + id, "ins_provider": text}, "demo_file", "Zoe\u0308 🫀 $(x) ' \".pdf")
			p.send(http.MethodPost, "/case", "dr-a", body).is(201)
			want := norm.NFC.String(text)
			p.get("/case?case_id="+id, "dr-a").is(200).
				has("case.patient_first", want, "case.patient_last", want+"-"+id, "case.ins_provider", want, "case.demo_file", "Zoë 🫀 $(x) ' \".pdf")
			p.send(http.MethodPatch, "/case", "dr-a", map[string]any{"case_id": id, "patient_first": text, "ins_provider": text}).is(200).has("version", 1)
		}
		if list := p.get("/case_filter", "dr-a").is(200).at("cases").([]any); len(list) != len(kept) {
			p.t.Errorf("%d of %d cases are listed", len(list), len(kept))
		}
	})
}

func TestEveryMediaTypeThatIsDescribedIsTakenAndNoOther(t *testing.T) {
	everywhere(t, func(p *program) {
		s := stageForAbuse(p)
		for _, op := range p.described().operations(p.t) {
			if op.RequestBody == nil || op.schema() == nil { // documents: what they are is told by their content
				continue
			}
			want := []string{"application/json"}
			if op.method == http.MethodPatch {
				want = append(want, "application/merge-patch+json")
			}
			if got := sorted(op.RequestBody.Content); !slices.Equal(got, want) {
				p.t.Errorf("%s is described as taking %v, want %v", op, got, want)
			}
			for _, kind := range append(want, "application/json; charset=utf-8") {
				r := s.exampleOf(op).whole()
				r.headers = []string{"Content-Type", kind}
				if a := s.sendSpoiled(op, r); a.status > 299 {
					p.t.Errorf("%s as %s is answered %d: %.200s", op, kind, a.status, a.raw)
				}
			}
		}
	})
}

// withCursor are lists and a caller who has two pages of them.
var withCursor = []string{"/case_filter?user_id=dr-a", "/cases_by_status?", "/group_cases?", "/users?", "/surgeons?user_id=dr-a", "/facilities?user_id=dr-a", "/groups?", "/pay_tiers?"}

func TestForgedCursorsAreRefusedOrHarmless(t *testing.T) {
	everywhere(t, func(p *program) {
		s := stageForAbuse(p)
		p.join(root, true, "dr-a", false)
		p.join(root, true, "provider", false)
		for range 3 {
			s.draft()
			for _, kind := range []string{"surgeon", "facility"} {
				s.send(http.MethodPost, "/"+kind, root, examples["create-"+kind](s).body).is(201)
			}
		}
		judge := &judge{db: p.database(), words: leaks(p.databaseURL)}
		for _, list := range withCursor {
			first := p.get(list+"&limit=1", root).is(200)
			next, err := url.Parse(nextOf(first))
			if err != nil || next.Query().Get("cursor") == "" {
				p.t.Fatalf("%s has no second page: %s", list, first.raw)
			}
			for _, other := range withCursor {
				if other != list {
					p.get(other+"&cursor="+q(next.Query().Get("cursor")), root).refused(422, "invalid_input").has("errors.0.location", "query.cursor")
				}
			}
			for _, forged := range forgeries(p.t, next.Query().Get("cursor")) {
				a := p.get(list+"&limit=1&cursor="+q(forged), root)
				if a.status >= 500 {
					p.t.Errorf("%s with cursor %.120s: %d", list, forged, a.status)
				}
				if a.status >= 400 {
					judge.document(p.t.Errorf, spoiled{location: "query.cursor"}, a)
				}
			}
		}
	})
}

// forgeries gives cursors with hostile values in every place of a real one.
func forgeries(t *testing.T, cursor string) []string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	var content map[string]any
	if err == nil {
		err = json.Unmarshal(raw, &content)
	}
	if err != nil {
		t.Fatalf("%s is no cursor: %v", cursor, err)
	}
	forged := []string{cursor[1:], cursor + "A", cursor + "=", "A", "e30", base64.RawURLEncoding.EncodeToString([]byte("null"))}
	keys, _ := content["k"].(map[string]any)
	for name := range keys {
		for _, values := range []map[string]string{hostileTexts, hostileMembers} {
			for what, text := range values {
				value := quoted(text)
				if _, member := hostileMembers[what]; member && text == hostileMembers[what] {
					value = json.RawMessage(text)
				}
				if bad, err := json.Marshal(with(content, []any{"k", name}, value)); err == nil && len(bad) < 700 {
					forged = append(forged, base64.RawURLEncoding.EncodeToString(bad))
				}
			}
		}
	}
	return slices.Compact(forged)
}
