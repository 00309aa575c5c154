package bench

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"surgicase/test/given"
)

// openingTime is what a payment run of ten thousand cases may take to open.
const openingTime = 3 * time.Second

// TestAPaymentRun opens and settles a large run, and times how soon the program answers beside so many cases.
func TestAPaymentRun(t *testing.T) {
	cases := 1_000
	if *full {
		cases = 10_000
	}
	binary := build(t, "../..")
	for _, database := range []struct {
		name string
		url  func(testing.TB) string
	}{{"SQLite", given.TempSQLite}, {"MariaDB", given.MariaDB}} {
		t.Run(database.name, func(t *testing.T) {
			p := newPractice(t, database.url(t))
			p.grow(t, cases)
			began := time.Now()
			s := p.ours(t, binary)
			s.once(t, call{method: http.MethodGet, path: "/health/ready", status: http.StatusOK})
			started := time.Since(began)
			found("Start-up", "From the start of the program to its first answer, the schema being up to date; memory after that.", []string{"database", "cases", "milliseconds", "resident"},
				database.name, cases, started.Milliseconds(), fmt.Sprintf("%d MB", residentPeak(s.pid)>>20))
			next := p.bulk()
			for range cases / 1_000 {
				s.once(t, next(0))
			}
			_, opened := s.once(t, call{method: http.MethodPost, path: "/payment_runs", as: administrator, body: []byte("{}"), status: http.StatusCreated})
			answer, settled := s.once(t, call{method: http.MethodPost, path: "/payment_runs/1/settle", as: administrator, status: http.StatusOK})
			found("Payment runs", "Each of one transaction, over HTTP.", []string{"database", "cases", "seconds to open", "seconds to settle", "resident at most"},
				database.name, cases, fmt.Sprintf("%.2f", opened.Seconds()), fmt.Sprintf("%.2f", settled.Seconds()), fmt.Sprintf("%d MB", residentPeak(s.pid)>>20))
			t.Logf("%s: first answer after %v; %d cases opened in %v and settled in %v", database.name, started, cases, opened, settled)
			if *full {
				aim(t, opened <= openingTime, fmt.Sprintf("opening a run of %d cases, %s", cases, database.name), openingTime, opened.Round(time.Millisecond))
			}
			if want := fmt.Sprintf(`"total_updated":%d`, cases); !strings.Contains(answer, want) {
				t.Errorf("not %s: %.300s", want, answer)
			}
		})
	}
}

// once sends one call, times it, and gives the answer.
func (s *server) once(t *testing.T, c call) (string, time.Duration) {
	t.Helper()
	var answer strings.Builder
	began := time.Now()
	if wrong := s.send(http.DefaultClient, c, &answer); wrong != "" {
		t.Fatalf("%s: %s", s.name, wrong)
	}
	return answer.String(), time.Since(began)
}
