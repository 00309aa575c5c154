package chaos

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"surgicase/test/given"
)

// Two instances behind a proxy are stopped and started again, one after the other, while cases are recorded
// and read: no request fails. The instance that stops says so first (DRAIN_SECONDS).
func TestARollingUpdateFailsNoRequest(t *testing.T) {
	t.Parallel()
	one := install(t, given.MariaDB(t))
	one.env = append(one.env, "DRAIN_SECONDS=1")
	instances := []*process{one, one.beside()}
	proxy := startBalancer(t, len(instances))
	for i, p := range instances {
		p.start()
		proxy.at(i, p.base)
	}
	at := one.stage()
	for i := range instances {
		proxy.wait(t, i)
	}
	client := &process{t: t, base: proxy.url(), client: &http.Client{Timeout: patience}}
	var answered, failed atomic.Int64
	stop := make(chan struct{})
	var busy sync.WaitGroup
	for writer := range 6 {
		busy.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				id := fmt.Sprintf("w%d-%04d", writer, i)
				for method, want := range map[string]int{http.MethodPost: http.StatusCreated, http.MethodGet: http.StatusOK} {
					path, body := "/case_filter?limit=1", any(nil)
					if method == http.MethodPost {
						path, body = "/case", caseOf(id, at)
					}
					status, a, err := client.send(method, path, provider, body)
					answered.Add(1)
					if err != nil || status != want {
						failed.Add(1)
						t.Errorf("%s %s: %d, %v, %v", method, path, status, a.body["code"], err)
					}
				}
			}
		})
	}
	began := time.Now()
	for round := range 2 {
		for i, p := range instances {
			p.stop()
			p.start()
			proxy.at(i, p.base)
			proxy.wait(t, i)
			t.Logf("round %d: instance %d is back, %d requests answered so far", round+1, i+1, answered.Load())
		}
	}
	close(stop)
	busy.Wait()
	client.client.CloseIdleConnections()
	for _, p := range instances {
		p.stop()
	}
	if answered.Load() < 100 {
		t.Errorf("only %d requests: was there any load?", answered.Load())
	}
	t.Logf("4 restarts of 2 instances in %v under load: %d requests, %d failed", time.Since(began).Round(100*time.Millisecond), answered.Load(), failed.Load())
}
