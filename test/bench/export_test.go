package bench

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"surgicase/bootstrap"
	"surgicase/test/given"
)

// exportHeap is what exporting a hundred thousand cases may hold.
const exportHeap = 150 << 20

// TestExportsStream reads every case of a practice as lines, and looks at the heap meanwhile.
func TestExportsStream(t *testing.T) {
	cases := 2_000
	if *full {
		cases = 100_000
	}
	p := newPractice(t, given.TempSQLite(t))
	p.env["REQUEST_TIMEOUT"], p.env["LOG_LEVEL"] = "300", "ERROR"
	p.grow(t, cases)
	running, err := bootstrap.Open(t.Context(), p.env, bootstrap.Parts{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = running.Close() }()
	server := httptest.NewServer(running.API.Handler())
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/export_cases", strings.NewReader(`{"all": true}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"X-User-ID": administrator, "Content-Type": "application/json", "Accept": "application/x-ndjson"} {
		req.Header.Set(name, value)
	}
	runtime.GC()
	begin := time.Now()
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines, most, last := 0, uint64(0), ""
	for in := bufio.NewScanner(resp.Body); in.Scan(); lines++ {
		if last = in.Text(); lines%500 == 0 {
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			most = max(most, memory.HeapInuse)
		}
	}
	t.Logf("%d cases in %v, heap at most %d MiB", lines-1, time.Since(begin).Round(time.Millisecond), most>>20)
	if resp.StatusCode != http.StatusOK || lines != cases+1 || !strings.HasPrefix(last, `{"summary"`) {
		t.Errorf("status %d, %d lines, the last %.200s", resp.StatusCode, lines, last)
	}
	found("An export of every case", "As lines of JSON, each page on the audit trail before it leaves.", []string{"cases", "seconds", "largest heap"},
		cases, fmt.Sprintf("%.1f", time.Since(begin).Seconds()), fmt.Sprintf("%d MB", most>>20))
	if most > exportHeap {
		t.Errorf("the heap grew to %d MiB", most>>20)
	}
}
