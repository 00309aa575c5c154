package chaos

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"surgicase/test/given"
)

// soakFor is how long the program is soaked; `make soak` asks for 20 minutes.
var soakFor = flag.Duration("soak", 6*time.Second, "how long to soak the program")

// soak is a practice at work on two instances, one of which is killed now and then.
type soak struct {
	*process // the instance that lives through it
	two      *process
	at       place
	stop     chan struct{}
	busy     sync.WaitGroup

	mu           sync.Mutex
	bases        [2]string // where the instances serve
	acknowledged []string
	answered     map[int]int // answers by status
	failed       atomic.Int64
	cut          atomic.Int64 // requests given up on purpose
	kills        int
}

// people of the soak, beside the provider and the operator of the stage.
var soakers = map[string]string{"group-admin": "7", "case-admin": "10", "user-admin": "20", "global-admin": "100"}

// TestSoak has all roles work on two instances on MariaDB, with slow clients, clients that go away and
// kills, and looks at what grows, at what was acknowledged, at the trail and at the ledger.
func TestSoak(t *testing.T) {
	t.Parallel()
	one := install(t, given.MariaDB(t))
	for id, kind := range soakers {
		one.command("user", "create", "--id", id, "--type", kind, "--email", id+"@example.com", "--first", "Sam", "--last", "Soaker")
	}
	s := &soak{process: one, two: one.beside(), stop: make(chan struct{}), answered: map[int]int{}}
	s.start()
	s.begin()
	s.at = s.stage()
	s.work()
	samples := s.watch(*soakFor)
	close(s.stop)
	s.busy.Wait()
	s.two.stop()
	s.judge(samples)
	s.process.stop()
	s.sealed()
	s.whole("after the soak")
}

// work starts everybody.
func (s *soak) work() {
	for writer := range 3 {
		s.every(2*time.Millisecond, func(n int) { s.record(fmt.Sprintf("soak-%d-%06d", writer, n)) })
	}
	for range 2 {
		s.every(time.Millisecond, func(int) { s.read() })
	}
	s.every(50*time.Millisecond, func(int) { s.advance("case-admin", 10) })
	s.every(100*time.Millisecond, func(int) { s.advance("global-admin", 15) })
	s.every(100*time.Millisecond, func(int) { s.advance("global-admin", 20) })
	s.every(20*time.Millisecond, func(int) { s.goAway() })
	s.every(100*time.Millisecond, func(int) { s.dawdle() })
}

// every does something again and again until the soak ends.
func (s *soak) every(pause time.Duration, do func(n int)) {
	s.busy.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-s.stop:
				return
			case <-time.After(pause):
				do(n)
			}
		}
	})
}

// either is one of the instances.
func (s *soak) either() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bases[rand.IntN(len(s.bases))]
}

// begin starts the second instance, again after a kill.
func (s *soak) begin() {
	s.two.start()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bases = [2]string{s.base, s.two.base}
}

func (s *soak) ask(method, path, as string, body any) (int, answer) {
	status, a, err := (&process{t: s.t, base: s.either(), client: s.client}).send(method, path, as, body)
	if err != nil {
		s.failed.Add(1) // an instance was killed
		return 0, a
	}
	s.mu.Lock()
	s.answered[status]++
	s.mu.Unlock()
	return status, a
}

func (s *soak) record(id string) {
	if status, _ := s.ask(http.MethodPost, "/case", provider, caseOf(id, s.at)); status != http.StatusCreated {
		return
	}
	s.mu.Lock()
	s.acknowledged = append(s.acknowledged, id)
	s.mu.Unlock()
	s.ask(http.MethodPatch, "/case", provider, map[string]any{"case_id": id, "procedure_codes": []string{"Z9001"}})
}

// some is a case that was acknowledged.
func (s *soak) some() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.acknowledged) == 0 {
		return "not-there"
	}
	return s.acknowledged[rand.IntN(len(s.acknowledged))]
}

// read asks for one of the things that the roles look at all day, and for some they may not see.
func (s *soak) read() {
	reads := []struct{ path, as string }{
		{"/case?case_id=" + s.some(), provider},
		{"/case?case_id=" + s.some(), "case-admin"},
		{"/case?case_id=" + s.some(), "user-admin"},
		{"/case?case_id=" + s.some(), "group-admin"},
		{"/case_filter?limit=100", provider},
		{"/group_cases?limit=100", "group-admin"},
		{"/cases_by_status?limit=100", "case-admin"},
		{"/case_dashboard_data", "case-admin"},
		{"/users", "user-admin"},
		{"/audit_log?limit=50", "global-admin"},
		{"/case_pay?case_id=" + s.some(), provider},
		{"/case_history?case_id=" + s.some(), provider},
	}
	r := reads[rand.IntN(len(reads))]
	s.ask(http.MethodGet, r.path, r.as, nil)
}

// advance moves some cases on, as far as the table of moves allows.
func (s *soak) advance(as string, to int) {
	ids := make([]string, 20)
	for i := range ids {
		ids[i] = s.some()
	}
	s.ask(http.MethodPatch, "/bulk_update_case_status", as, map[string]any{"case_ids": ids, "new_status": to})
}

// goAway asks for a list and hangs up before it comes.
func (s *soak) goAway() {
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Duration(rand.IntN(8))*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.either()+"/case_filter", http.NoBody)
	if err != nil {
		s.t.Error(err)
		return
	}
	req.Header.Set("X-User-ID", provider)
	if res, err := s.client.Do(req); err == nil {
		_ = res.Body.Close()
	}
	s.cut.Add(1)
}

// dawdle sends half a request and lets the server wait.
func (s *soak) dawdle() {
	u, err := url.Parse(s.either())
	if err != nil {
		s.t.Error(err)
		return
	}
	c, err := net.DialTimeout("tcp", u.Host, time.Second)
	if err != nil {
		return // it is being started again
	}
	_, _ = fmt.Fprintf(c, "POST /case HTTP/1.1\r\nHost: %s\r\nX-User-ID: %s\r\nContent-Length: 1000\r\nContent-Type: application/json\r\n\r\n{", u.Host, provider)
	s.busy.Go(func() {
		select {
		case <-s.stop:
		case <-time.After(time.Duration(rand.IntN(3_000)) * time.Millisecond):
		}
		_ = c.Close()
	})
	s.cut.Add(1)
}

// killings is how many times the second instance is killed over the whole time.
const killings = 6

// watch takes samples of the instance that lives, and kills the other one now and then.
func (s *soak) watch(lasts time.Duration) []sample {
	var samples []sample
	began := time.Now()
	for next := lasts / (killings + 1); time.Since(began) < lasts; {
		time.Sleep(lasts / 60)
		samples = append(samples, s.sample())
		if time.Since(began) > next {
			next += lasts / (killings + 1)
			s.two.kill()
			s.begin()
			s.kills++
		}
	}
	return samples
}

// judge says whether something has grown, was lost, or does not add up.
func (s *soak) judge(samples []sample) {
	s.t.Helper()
	for status, n := range s.answered {
		if status >= http.StatusInternalServerError && status != http.StatusServiceUnavailable {
			s.t.Errorf("%d answers were %d", n, status)
		}
	}
	s.t.Logf("%v: answers by status %v, %d requests failed at a kill, %d given up on purpose, %d kills", *soakFor, s.answered, s.failed.Load(), s.cut.Load(), s.kills)
	flat(s.t, samples)
	stored := map[string]bool{}
	for _, id := range s.query("SELECT case_id FROM cases WHERE active = 1") {
		stored[id] = true
	}
	lost := 0
	for _, id := range s.acknowledged {
		if !stored[id] {
			lost++
		}
	}
	s.t.Logf("%d cases acknowledged, %d stored, %d lost", len(s.acknowledged), len(stored), lost)
	if lost > 0 || len(s.acknowledged) == 0 {
		s.t.Errorf("%d of %d acknowledged cases are lost", lost, len(s.acknowledged))
	}
	s.balanced()
}

// doesNotAddUp are queries for what must never be. Source: spec/decisions.md 5.2 and 5.2a.
var doesNotAddUp = map[string]string{
	"sums of runs": "SELECT r.run_id FROM payment_runs r WHERE r.opened_cents <> r.open_cents + r.settled_cents + r.cancelled_cents" +
		" OR r.opened_cents <> (SELECT COALESCE(SUM(e.amount_cents), 0) FROM payment_entries e WHERE e.run_id = r.run_id AND e.kind = 'payment')" +
		" OR r.settled_cents <> (SELECT COALESCE(SUM(e.amount_cents), 0) FROM payment_entries e WHERE e.run_id = r.run_id AND e.kind = 'payment' AND e.settled_at IS NOT NULL)",
	"paid cases without one settled payment": "SELECT c.case_id FROM cases c WHERE c.case_status >= 20 AND c.pay_status <> 'waived' AND 1 <>" +
		" (SELECT COUNT(*) FROM payment_entries e WHERE e.human_case_id = c.human_case_id AND e.kind = 'payment' AND e.settled_at IS NOT NULL AND e.reversed_at IS NULL)",
	"pending cases without one open payment": "SELECT c.case_id FROM cases c WHERE c.case_status = 15 AND 1 <>" +
		" (SELECT COUNT(*) FROM payment_entries e WHERE e.human_case_id = c.human_case_id AND e.kind = 'payment' AND e.settled_at IS NULL AND e.cancelled_at IS NULL)",
	"payments of cases below 15": "SELECT c.case_id FROM cases c JOIN payment_entries e ON e.human_case_id = c.human_case_id AND e.kind = 'payment'" +
		" AND e.cancelled_at IS NULL AND e.reversed_at IS NULL WHERE c.case_status < 15",
}

func (s *soak) balanced() {
	s.t.Helper()
	for what, query := range doesNotAddUp {
		if found := s.query(query); len(found) > 0 {
			s.t.Errorf("%d %s, such as %s", len(found), what, found[0])
		}
	}
	runs, paid := len(s.query("SELECT run_id FROM payment_runs")), len(s.query("SELECT case_id FROM cases WHERE case_status = 20"))
	s.t.Logf("%d runs, %d cases paid, everything adds up", runs, paid)
}
