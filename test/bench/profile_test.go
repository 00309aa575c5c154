package bench

import (
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"surgicase/bootstrap"
	"surgicase/test/given"
)

// BenchmarkRequests sends requests through the whole program without a network, for profiles:
//
//	go test ./test/bench -run - -bench 'Requests/GET_/case$' -cpuprofile cpu.out
func BenchmarkRequests(b *testing.B) {
	for _, op := range operations[:4] {
		b.Run(strings.ReplaceAll(op.name, ",", ""), func(b *testing.B) {
			p := newPractice(b, given.TempSQLite(b))
			p.grow(b, 1_000)
			program, err := bootstrap.Open(context.Background(), p.env, bootstrap.Parts{Log: io.Discard})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = program.Close() })
			next, handler := op.next(p), program.API.Handler()
			b.ReportAllocs()
			b.ResetTimer()
			const callers = 16
			var all sync.WaitGroup
			for caller := range callers {
				all.Go(func() {
					for i := caller; i < b.N; i += callers {
						c := next(sent.Add(1))
						req := httptest.NewRequest(c.method, "http://127.0.0.1"+c.path, bytes.NewReader(c.body))
						req.RemoteAddr = "127.0.0.1:5000"
						req.Header.Set("X-User-ID", c.as)
						req.Header.Set("Content-Type", "application/json")
						answer := httptest.NewRecorder()
						if handler.ServeHTTP(answer, req); answer.Code != c.status {
							b.Errorf("%s: %d %s", op.name, answer.Code, answer.Body)
						}
					}
				})
			}
			all.Wait()
		})
	}
}
