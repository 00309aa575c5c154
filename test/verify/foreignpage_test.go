package verify

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestAForeignPageInABrowserMovesNoMoney has pages of another origin do what they can, in a real browser, to a program
// in trusted mode, and then our own page.
func TestAForeignPageInABrowserMovesNoMoney(t *testing.T) {
	judges(t, "chromium")
	base := serveDemo(t)
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<title>A page</title><iframe name="hidden"></iframe>`)
	}))
	defer foreign.Close()
	runs := func() string {
		res, err := http.Get(base + "/payment_runs?user_id=demo-global-admin")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		text, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%d %s %v", res.StatusCode, text, err)
		}
		return string(text)
	}
	before := runs()
	ctx := openBrowser(t, func(any) {})
	for _, page := range []string{foreign.URL, strings.Replace(foreign.URL, "127.0.0.1", "localhost", 1)} { // same site, and another
		attack := `(async () => {
			const as = "?user_id=demo-global-admin", simple = {method: "POST", mode: "no-cors"}
			const sent = await fetch(BASE + "/payment_runs" + as, {...simple, body: new Blob(["{}"])})
			await fetch(BASE + "/payment_runs/1/settle" + as, simple)
			const form = document.createElement("form")
			Object.assign(form, {method: "post", target: "hidden", action: BASE + "/payment_runs/2/settle" + as})
			document.body.append(form)
			const loaded = new Promise(done => document.querySelector("iframe").onload = done)
			form.submit()
			await loaded
			return sent.type
		})()`
		attack = strings.ReplaceAll(attack, "BASE", `"`+base+`"`)
		if err := chromedp.Do(ctx, chromedp.Navigate(page)); err != nil {
			t.Fatal(err)
		}
		// An opaque answer: the request went out, and the page cannot see what became of it.
		if sent, err := chromedp.Run(ctx, chromedp.Evaluate[string](attack, chromedp.EvalAwaitPromise)); err != nil || sent != "opaque" {
			t.Fatalf("%s: %q, %v", page, sent, err)
		}
		if after := runs(); after != before {
			t.Fatalf("%s: the runs were\n%s\nand are\n%s", page, before, after)
		}
	}
	own := `fetch("/payment_runs", {method: "POST", headers: {"X-User-ID": "demo-global-admin", "Content-Type": "application/json"}, body: "{}"})
		.then(() => fetch("/payment_runs?user_id=demo-global-admin")).then(read => read.status)`
	if err := chromedp.Do(ctx, chromedp.Navigate(base+"/docs")); err != nil {
		t.Fatal(err)
	}
	if status, err := chromedp.Run(ctx, chromedp.Evaluate[int](own, chromedp.EvalAwaitPromise)); err != nil || status != http.StatusOK || runs() == before {
		t.Errorf("our own page gets %d, %v, and has opened no run", status, err)
	}
}
