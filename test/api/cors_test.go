package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"surgicase/test/given"
)

// listed says whether a header lists a name, in whatever case.
func listed(header, name string) bool {
	return slices.ContainsFunc(strings.Split(header, ", "), func(one string) bool { return strings.EqualFold(one, name) })
}

// A page of the practice uploads by link to where documents lie in files: before it does, its browser asks whether it
// may, with the headers that the link wants, and without any caller.
func TestABrowserMayUseLinksFromItsPage(t *testing.T) {
	t.Parallel()
	const ours, foreign = "https://app.example.com", "https://evil.example.com"
	p := start(t, given.TempSQLite(t), map[string]string{"CORS_ORIGINS": ours})
	p.drafts(root, p.cast()[root], "c-1")
	made := p.send(http.MethodPost, "/case_files/presign", root, planned(map[string]any{"case_id": "c-1", "kind": "demo"})).is(200)
	link := made.at("link.url").(string)

	asked := p.send(http.MethodOptions, link, "", nil, "Origin", ours, "Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "content-type,x-content-sha256").is(204)
	if got := asked.header.Get("Access-Control-Allow-Origin"); got != ours || asked.header.Get("Vary") != "Origin" {
		t.Errorf("for %q", got)
	}
	if !listed(asked.header.Get("Access-Control-Allow-Methods"), "PUT") {
		t.Error("no PUT")
	}
	for name := range made.at("link.headers").(map[string]any) {
		if name != "Content-Length" && !listed(asked.header.Get("Access-Control-Allow-Headers"), name) { // browsers set that one
			t.Errorf("the link wants %s, and a page must not send it", name)
		}
	}
	denied := p.send(http.MethodOptions, link, "", nil, "Origin", foreign, "Access-Control-Request-Method", "PUT")
	if denied.status < 400 || denied.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another page: %d %v", denied.status, denied.header)
	}

	if got := p.follow(made, somePDF, "Origin", ours).is(200).header.Get("Access-Control-Allow-Origin"); got != ours {
		t.Errorf("the upload is for %q", got)
	}
	p.send(http.MethodPost, "/case_files/complete", root, map[string]any{"case_id": "c-1", "kind": "demo", "key": made.at("key"), "file_name": "scan.pdf"}).is(201)
	many := "bytes=" + strings.Repeat("0-0,", 7000) + "0-0" // more than MAX_RANGES get the whole document
	p.send(http.MethodGet, "/file_links/"+p.linkToken("c-1"), "", nil, "Range", many).is(200)
	read := p.send(http.MethodGet, "/file_links/"+p.linkToken("c-1"), "", nil, "Origin", ours, "Range", "bytes=0-3").is(206)
	for _, name := range []string{"Content-Range", "Content-Disposition", "ETag"} {
		if read.header.Get(name) != "" && !listed(read.header.Get("Access-Control-Expose-Headers"), name) {
			t.Errorf("a page must not read %s", name)
		}
	}
	if !listed(read.header.Get("Access-Control-Expose-Headers"), "Content-Range") {
		t.Error("a page must not read which part it got")
	}
}

// An origin that only begins, ends or is spelled like ours is another one.
func TestOriginsAreComparedWhole(t *testing.T) {
	t.Parallel()
	const ours = "https://app.example.com"
	p := start(t, given.TempSQLite(t), map[string]string{"CORS_ORIGINS": ours})
	p.cast()
	allowed := func(origin string) string {
		asked := p.send(http.MethodOptions, "/case", "", nil, "Origin", origin, "Access-Control-Request-Method", "POST").header.Get("Access-Control-Allow-Origin")
		got := p.send(http.MethodGet, "/user_environment", root, nil, "Origin", origin).header.Get("Access-Control-Allow-Origin")
		if asked != got {
			t.Errorf("%s is answered %q before, and %q by the request", origin, asked, got)
		}
		return got
	}
	if got := allowed(ours); got != ours {
		t.Errorf("ours is answered %q", got)
	}
	for _, origin := range []string{
		ours + ".evil.net", ours + ":8443", ours + "/", ours + ".", "http://app.example.com", "https://evil-app.example.com", "https://x.app.example.com",
		"https://app.example.co", "https://APP.example.com", "https://appXexample.com", "https://evil.net/" + ours, "null", "*",
	} {
		if got := allowed(origin); got != "" {
			t.Errorf("%s is answered %q", origin, got)
		}
	}
}
