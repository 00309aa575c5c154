package verify

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// openBrowser opens a tab that tells the listener what it does. It is closed with the test.
func openBrowser(t *testing.T, listen func(any)) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	ctx, closeTab := chromedp.NewContext(ctx, chromedp.WithListener(listen), chromedp.WithAllocatorOptions(
		chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-sync", true)))
	t.Cleanup(func() {
		closeTab()
		cancel()
	})
	return ctx
}

// TestTheDocsPageNeedsNothingFromOutside opens /docs in a real browser: the operations appear, and no
// request leaves the machine.
func TestTheDocsPageNeedsNothingFromOutside(t *testing.T) {
	judges(t, "chromium")
	base := serveDemo(t)
	var mu sync.Mutex
	var asked []string
	listen := func(event any) {
		if sent, ok := event.(*network.EventRequestWillBeSent); ok {
			mu.Lock()
			asked = append(asked, sent.Request.URL)
			mu.Unlock()
		}
	}
	ctx := openBrowser(t, listen)
	if err := chromedp.Do(ctx, chromedp.Navigate(base+"/docs"), chromedp.WaitVisible(chromedp.CSS(".opblock-summary-path"))); err != nil {
		t.Fatal(err)
	}
	operations, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.querySelectorAll(".opblock").length`))
	if err != nil || operations < 50 {
		t.Errorf("the page shows %d operations, %v", operations, err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, address := range asked {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "data" && "http://"+u.Host != base {
			t.Errorf("the page asks for %s", address)
		}
	}
	if len(asked) == 0 {
		t.Error("no request was seen")
	}
	t.Logf("%d operations, %d requests, all of them to the server itself", operations, len(asked))
}
