package bench

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"surgicase/test/given"
)

// server is a program that is measured from outside.
type server struct {
	name string
	pid  int
	base string
	stop func()
}

// ours starts the product on the practice.
func (p *practice) ours(t *testing.T, binary string) *server {
	c := exec.Command(binary, "serve")
	c.Env = os.Environ()
	for name, value := range p.env {
		c.Env = append(c.Env, name+"="+value)
	}
	return startServer(t, "ours", c)
}

// floor starts the bare program on the same database.
func (p *practice) floor(t *testing.T, binary string) *server {
	u, err := url.Parse(p.env["DATABASE_URL"])
	if err != nil {
		t.Fatal(err)
	}
	database := u.Path
	if u.Scheme == "mysql" {
		password, _ := u.User.Password()
		database = fmt.Sprintf("%s:%s@tcp(%s)%s?interpolateParams=true&collation=utf8mb4_bin", u.User.Username(), password, u.Host, u.Path)
	}
	return startServer(t, "floor", exec.Command(binary, "-database", database))
}

func startServer(t *testing.T, name string, c *exec.Cmd) *server {
	t.Helper()
	base, ended := given.Serve(t, c)
	s := &server{name: name, pid: c.Process.Pid, base: base}
	stopped := false
	s.stop = func() {
		if stopped {
			return
		}
		stopped = true
		_ = c.Process.Signal(os.Interrupt)
		_ = c.Wait()
		_ = ended()
	}
	t.Cleanup(s.stop)
	return s
}

// cpu is the processor time of the program so far. Linux counts it in ticks of 10 ms.
func (s *server) cpu(t *testing.T) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, errUser := strconv.Atoi(fields[11])
	system, errSystem := strconv.Atoi(fields[12])
	if errUser != nil || errSystem != nil {
		t.Fatalf("no processor time in %q", stat)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// told are numbers that a program tells of itself; 0 what it does not tell.
type told struct{ mallocs, statements float64 }

// tells asks for them.
func (s *server) tells() (so told) {
	for _, path := range []string{"/mallocs", "/metrics"} {
		res, err := http.Get(s.base + path)
		if err != nil {
			continue
		}
		text, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			n, _ := strconv.ParseFloat(value, 64)
			switch series, _, _ := strings.Cut(name, "{"); series {
			case "go_memstats_mallocs_total":
				so.mallocs = n
			case "database_query_duration_seconds_count":
				so.statements += n
			}
		}
	}
	return so
}

// call is a request to send.
type call struct {
	method, path, as string
	body             []byte
	status           int // what must be answered
}

// rate is what a load did.
type rate struct {
	requests    int
	took        time.Duration
	cpu         time.Duration
	told        told
	slow, usual time.Duration // p99 and p50
	each        []time.Duration
}

// and is what two loads did together.
func (r rate) and(other rate) rate {
	sum := rate{
		took: r.took + other.took, cpu: r.cpu + other.cpu,
		told: told{r.told.mallocs + other.told.mallocs, r.told.statements + other.told.statements},
		each: slices.Concat(r.each, other.each),
	}
	sum.count()
	return sum
}

// count counts what is in each.
func (r *rate) count() {
	slices.Sort(r.each)
	if r.requests = len(r.each); r.requests > 0 {
		r.usual, r.slow = r.each[len(r.each)/2], r.each[len(r.each)*99/100]
	}
}

func (r rate) perSecond() float64 { return float64(r.requests) / r.took.Seconds() }

func (r rate) cpuEach() time.Duration { return r.cpu / time.Duration(max(r.requests, 1)) }

func (r rate) mallocsEach() float64 { return r.told.mallocs / float64(max(r.requests, 1)) }

func (r rate) statementsEach() float64 { return r.told.statements / float64(max(r.requests, 1)) }

// load sends calls over some connections for a while, after a tenth of it to warm up.
func (s *server) load(t *testing.T, connections int, lasts time.Duration, next func(n int64) call) rate {
	t.Helper()
	s.drive(t, connections, lasts/10, next)
	before := s.tells() // asking costs processor time, so it stays outside of what is measured
	cpu := s.cpu(t)
	r := s.drive(t, connections, lasts, next)
	r.cpu = s.cpu(t) - cpu
	after := s.tells()
	r.told = told{after.mallocs - before.mallocs, after.statements - before.statements}
	return r
}

var sent atomic.Int64 // numbers calls over all loads, so that none is made twice

func (s *server) drive(t *testing.T, connections int, lasts time.Duration, next func(n int64) call) rate {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}, Timeout: time.Minute}
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	times := make([][]time.Duration, connections)
	failed := make(chan string, connections)
	began := time.Now()
	for i := range connections {
		all.Go(func() {
			for time.Since(began) < lasts {
				c := next(sent.Add(1))
				if c.method == "" {
					return
				}
				at := time.Now()
				if wrong := s.send(client, c, io.Discard); wrong != "" {
					failed <- wrong
					return
				}
				times[i] = append(times[i], time.Since(at))
			}
		})
	}
	all.Wait()
	r := rate{took: time.Since(began)}
	select {
	case wrong := <-failed:
		t.Fatalf("%s: %s", s.name, wrong)
	default:
	}
	r.each = slices.Concat(times...)
	r.count()
	return r
}

func (s *server) send(client *http.Client, c call, into io.Writer) (wrong string) {
	req, err := http.NewRequest(c.method, s.base+c.path, bytes.NewReader(c.body))
	if err != nil {
		return err.Error()
	}
	req.Header.Set("X-User-ID", c.as)
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := client.Do(req)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != c.status {
		text, _ := io.ReadAll(res.Body)
		return fmt.Sprintf("%s %s: %d %.300s", c.method, c.path, res.StatusCode, text)
	}
	if _, err := io.Copy(into, res.Body); err != nil {
		return err.Error()
	}
	return ""
}
