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

// TestADocsPageRendersWithoutTheInternet opens /docs in a real browser: the operations appear, and no
// request leaves the machine.
func TestADocsPageRendersWithoutTheInternet(t *testing.T) {
	judges(t, "chromium")
	base := serveDemo(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-sync", true))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	ctx, closeBrowser := chromedp.NewExecAllocator(ctx, options...)
	defer closeBrowser()
	ctx, closeTab := chromedp.NewContext(ctx)
	defer closeTab()
	var mu sync.Mutex
	var asked []string
	chromedp.ListenTarget(ctx, func(event any) {
		if sent, ok := event.(*network.EventRequestWillBeSent); ok {
			mu.Lock()
			asked = append(asked, sent.Request.URL)
			mu.Unlock()
		}
	})
	var operations int
	err := chromedp.Run(ctx, network.Enable(), chromedp.Navigate(base+"/docs"), chromedp.WaitVisible(".opblock-summary-path", chromedp.ByQuery),
		chromedp.Evaluate(`document.querySelectorAll(".opblock").length`, &operations))
	if err != nil {
		t.Fatal(err)
	}
	if operations < 50 {
		t.Errorf("the page shows %d operations", operations)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, address := range asked {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "data" && "http://"+u.Host != base {
			t.Errorf("the page asks for %s", address)
		}
	}
	t.Logf("%d operations, %d requests, all of them to the server itself", operations, len(asked))
}
