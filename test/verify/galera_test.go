package verify

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"surgicase/test/given"
)

// Two instances of the program on a Galera cluster of three nodes, each reaching it through a load
// balancer of its own that prefers another node.

// stack is the cluster with the instances on it.
type stack struct {
	t         *testing.T
	cluster   *given.Cluster
	database  string // its name
	binary    string
	env       []string
	instances []*instance
	surgeon   any
	facility  any
}

// instance is a running program.
type instance struct {
	base   string
	client *http.Client
}

func startStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{t: t, cluster: given.StartGalera(t, 3), binary: filepath.Join(t.TempDir(), "surgicase")}
	u, err := url.Parse(s.cluster.Nodes[0].Database(t))
	if err != nil {
		t.Fatal(err)
	}
	s.database = strings.Trim(u.Path, "/")
	run(t, "go", "build", "-buildvcs=false", "-o", s.binary, "surgicase")
	seed := base64.StdEncoding.EncodeToString([]byte(rand.Text() + rand.Text())[:32])
	s.env = append(os.Environ(), "AUTH_MODE=trusted", "HTTP_ADDR=127.0.0.1:0", "LOG_LEVEL=ERROR", "NPI_REGISTRY=stub", "ALLOW_STUBS=true",
		"SURGICASE_KEYS="+given.KeySet(t), `SURGICASE_CHECKPOINT_KEY={"seed": "`+seed+`"}`)
	s.command("migrate", "up")
	s.command("user", "create", "--id", "boss", "--type", "100", "--email", "boss@example.com", "--first", "Ada", "--last", "Boss")
	s.command("user", "create", "--id", "dr-a", "--type", "1", "--email", "dr@example.com", "--first", "Dora", "--last", "Provider", "--npi", "1234567893")
	s.instances = []*instance{s.serve(0), s.serve(1)}
	return s
}

// urlAt is the database on a node.
func (s *stack) urlAt(node int) string { return s.cluster.Nodes[node].URL(s.database) }

func (s *stack) command(arguments ...string) {
	s.t.Helper()
	c := exec.Command(s.binary, arguments...)
	c.Env = append(s.env, "DATABASE_URL="+s.urlAt(0), "DATA_DIR="+s.t.TempDir())
	if said, err := c.CombinedOutput(); err != nil {
		s.t.Fatalf("surgicase %v: %v\n%s", arguments, err, said)
	}
}

// serve starts an instance behind a balancer that prefers a node and then takes the others.
func (s *stack) serve(node int) *instance {
	s.t.Helper()
	u, err := url.Parse(s.urlAt(node))
	if err != nil {
		s.t.Fatal(err)
	}
	var hosts []string
	for i := range s.cluster.Nodes {
		at, err := url.Parse(s.urlAt((node + i) % len(s.cluster.Nodes)))
		if err != nil {
			s.t.Fatal(err)
		}
		hosts = append(hosts, at.Host)
	}
	u.Host = given.StartBalancer(s.t, hosts...).Addr
	c := exec.Command(s.binary, "serve")
	c.Env = append(s.env, "DATABASE_URL="+u.String(), "DATA_DIR="+s.t.TempDir())
	base, ended := given.Serve(s.t, c)
	s.t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		_ = ended()
	})
	return &instance{base: base, client: &http.Client{Timeout: 45 * time.Second}}
}

// send gives the status of an answer and its body; status 0 if there was none.
func (i *instance) send(method, path, as string, body any) (int, map[string]any) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, nil
	}
	request, err := http.NewRequest(method, i.base+path, bytes.NewReader(text))
	if err != nil {
		return 0, nil
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-User-ID", as)
	answer, err := i.client.Do(request)
	if err != nil {
		return 0, nil
	}
	defer answer.Body.Close()
	var said map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		return answer.StatusCode, nil
	}
	return answer.StatusCode, said
}

// must sends what has to succeed.
func (s *stack) must(i *instance, method, path, as string, body any) map[string]any {
	s.t.Helper()
	status, said := i.send(method, path, as, body)
	if status/100 != 2 {
		s.t.Fatalf("%s %s: %d %v", method, path, status, said)
	}
	return said
}

// together sends something n times at once, to the instances in turn, and counts the answers.
func (s *stack) together(n int, send func(*instance, int) (int, map[string]any)) map[string]int {
	tally := map[string]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	start := make(chan struct{})
	for k := range n {
		all.Go(func() {
			<-start
			status, said := send(s.instances[k%len(s.instances)], k)
			mu.Lock()
			defer mu.Unlock()
			tally[strings.TrimSpace(fmt.Sprint(status, " ", orNothing(said["code"])))]++
		})
	}
	close(start)
	all.Wait()
	return tally
}

func orNothing(v any) any {
	if v == nil {
		return ""
	}
	return v
}

func (s *stack) caseOf(id string) map[string]any {
	return map[string]any{
		"case_id": id, "surgeon_id": s.surgeon, "facility_id": s.facility, "user_id": "dr-a", "case_date": "2026-02-20", "procedure_codes": []string{"Z9001"}, "patient": map[string]any{"first": "Pat", "last": "Patient-" + id},
		"demo_file": "demo.pdf", "note_file": "note.pdf",
	}
}

// suite finds the tests that hold every store to its contract.
var suite = regexp.MustCompile(`func (Test\w+)\(t \*testing\.T\)\s*\{\s*onEach\(`)

// TestTheStoreKeepsItsContractOnACluster runs the contract of the store with each transaction on another
// node than the one before.
func TestTheStoreKeepsItsContractOnACluster(t *testing.T) {
	judges(t, "rsync")
	files, err := filepath.Glob("../contract/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var suites []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range suite.FindAllSubmatch(text, -1) {
			suites = append(suites, string(found[1]))
		}
	}
	if len(suites) < 20 {
		t.Fatalf("only %v", suites)
	}
	said := run(t, "go", "test", "surgicase/test/contract", "-run", "^("+strings.Join(suites, "|")+")$", "-count=1", "-v", "-timeout=20m", "-args", "-cluster")
	passed, skipped := strings.Count(said, "\n        --- PASS"), strings.Count(said, "\n        --- SKIP")
	if passed < 200 {
		t.Errorf("only %d tests ran:\n%s", passed, said)
	}
	t.Logf("%d suites, %d tests passed on three nodes in turn, %d that need locks of one node left out", len(suites), passed, skipped)
}

func TestTwoInstancesOnACluster(t *testing.T) {
	judges(t, "rsync")
	s := startStack(t)
	if triggers := given.Rows(t, s.urlAt(2), "SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = DATABASE()"); !slices.Equal(triggers, []string{"0"}) {
		t.Errorf("%v triggers are left on the cluster", triggers)
	}
	s.must(s.instances[0], http.MethodPost, "/pay_tiers", "boss", map[string]any{"rows": []any{
		map[string]any{"user_tier": 1, "procedure_code": "Z9001", "code_category": "SPINE", "code_pay_amount": 1000},
	}})
	address := func(of string) map[string]any {
		return map[string]any{of + "_npi": "1234567893", of + "_addr": "1 Main St", of + "_city": "Salem", of + "_state": "OR", of + "_zip": "97301", "first_name": "Sam", "last_name": "Sample"}
	}
	s.surgeon = s.must(s.instances[0], http.MethodPost, "/surgeon", "dr-a", address("surgeon"))["surgeon_id"]
	place := address("facility")
	delete(place, "first_name")
	delete(place, "last_name")
	place["facility_name"] = "General"
	s.facility = s.must(s.instances[1], http.MethodPost, "/facility", "dr-a", place)["facility_id"]
	t.Run("of twenty creates of one id across the nodes one wins", s.oneIDOnce)
	t.Run("a payment run is made once", s.oneRun)
	t.Run("a node that dies under load takes nothing acknowledged with it", s.nodeDies)
}

func (s *stack) oneIDOnce(t *testing.T) {
	for round := range 5 {
		tally := s.together(20, func(i *instance, k int) (int, map[string]any) {
			body := s.caseOf(fmt.Sprintf("same-%d", round))
			body["patient"] = map[string]any{"first": fmt.Sprint("Number-", k), "last": fmt.Sprint("Patient-", round)}
			return i.send(http.MethodPost, "/case", "dr-a", body)
		})
		if !maps.Equal(tally, map[string]int{"201": 1, "409 case_exists": 19}) {
			t.Errorf("the answers are %v", tally)
		}
	}
	for node := range s.cluster.Nodes {
		if got := given.Rows(t, s.urlAt(node), "SELECT COUNT(*) FROM cases WHERE case_id LIKE 'same-%'"); !slices.Equal(got, []string{"5"}) {
			t.Errorf("node %d has %v such cases", node, got)
		}
	}
	t.Log("5 rounds of 20 creates of one id on two nodes: one 201 and nineteen 409 in each")
}

const payable = 60

func (s *stack) oneRun(t *testing.T) {
	ids := make([]string, payable)
	for k := range ids {
		ids[k] = fmt.Sprintf("pay-%d", k)
	}
	created := s.together(payable, func(i *instance, k int) (int, map[string]any) {
		return i.send(http.MethodPost, "/case", "dr-a", s.caseOf(ids[k]))
	})
	if created["201"] != payable {
		t.Fatalf("creating: %v", created)
	}
	s.must(s.instances[1], http.MethodPatch, "/bulk_update_case_status", "boss", map[string]any{"case_ids": ids, "new_status": 10})
	opened := s.together(8, func(i *instance, _ int) (int, map[string]any) {
		return i.send(http.MethodPost, "/payment_runs", "boss", map[string]any{})
	})
	for node := range s.cluster.Nodes {
		for query, want := range map[string]string{
			"SELECT COUNT(*) FROM payment_entries WHERE kind = 'payment'":                                          fmt.Sprint(payable),
			"SELECT COUNT(DISTINCT human_case_id) FROM payment_entries WHERE kind = 'payment'":                     fmt.Sprint(payable),
			"SELECT COUNT(*) FROM cases WHERE case_status = 15":                                                    fmt.Sprint(payable),
			"SELECT SUM(opened_cents) FROM payment_runs":                                                           fmt.Sprint(payable * 100_000),
			"SELECT COUNT(*) FROM payment_runs WHERE opened_cents <> open_cents + settled_cents + cancelled_cents": "0",
		} {
			if got := given.Rows(t, s.urlAt(node), query); !slices.Equal(got, []string{want}) {
				t.Errorf("node %d: %s: %v, want %s", node, query, got, want)
			}
		}
	}
	runs := given.Rows(t, s.urlAt(0), "SELECT COUNT(*) FROM payment_runs WHERE payments > 0")
	t.Logf("8 openings of a run at once on two nodes answered %v: %d payments in %s run(s), each case once", opened, payable, runs[0])
}

// observed is what a client of one instance saw while a node died.
type observed struct {
	acknowledged []string
	refused      map[string]int
	gap          time.Duration // the longest time between two that were acknowledged
}

const (
	loadTime   = 30 * time.Second
	killAfter  = 5 * time.Second
	backWithin = 15 * time.Second
)

func (s *stack) nodeDies(t *testing.T) {
	const clients = 3
	var all sync.WaitGroup
	seen := make([]observed, clients*len(s.instances))
	end := time.Now().Add(loadTime)
	for c := range seen {
		all.Go(func() { seen[c] = s.watch(s.instances[c%len(s.instances)], c, end) })
	}
	time.Sleep(killAfter)
	if err := s.cluster.Nodes[0].Kill(); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	there := map[string]bool{}
	for _, id := range given.Rows(t, s.urlAt(1), "SELECT case_id FROM cases WHERE case_id LIKE 'load-%'") {
		there[id] = true
	}
	total, lost := 0, 0
	for c, o := range seen {
		total += len(o.acknowledged)
		for _, id := range o.acknowledged {
			if !there[id] {
				lost++
			}
		}
		if o.gap > backWithin {
			t.Errorf("client %d of instance %d waited %v", c, c%len(s.instances), o.gap)
		}
		if len(o.acknowledged) == 0 {
			t.Errorf("client %d got nothing done", c)
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d acknowledged cases are lost", lost, total)
	}
	if err := s.cluster.Nodes[0].Restart(); err != nil {
		t.Fatal(err)
	}
	s.cluster.Synced(t, 0, time.Minute)
	if a, b := given.Rows(t, s.urlAt(0), "SELECT COUNT(*) FROM cases"), given.Rows(t, s.urlAt(1), "SELECT COUNT(*) FROM cases"); !slices.Equal(a, b) {
		t.Errorf("the node that came back has %v cases, the others %v", a, b)
	}
	t.Logf("node killed under load: %d acknowledged, %d lost, errors %v; longest wait %v on the instance that preferred it, %v on the other",
		total, lost, s.errors(seen), s.longest(seen, 0).Round(10*time.Millisecond), s.longest(seen, 1).Round(10*time.Millisecond))
}

// watch creates cases one after the other and notes what was acknowledged, and when nothing was.
func (s *stack) watch(i *instance, client int, end time.Time) observed {
	o := observed{refused: map[string]int{}}
	last := time.Now()
	for k := 0; time.Now().Before(end); k++ {
		id := fmt.Sprintf("load-%d-%d", client, k)
		status, said := i.send(http.MethodPost, "/case", "dr-a", s.caseOf(id))
		if status != http.StatusCreated {
			o.refused[fmt.Sprint(status, " ", orNothing(said["code"]))]++
			time.Sleep(50 * time.Millisecond)
			continue
		}
		o.acknowledged = append(o.acknowledged, id)
		o.gap = max(o.gap, time.Since(last))
		last = time.Now()
	}
	o.gap = max(o.gap, time.Since(last))
	return o
}

func (s *stack) errors(seen []observed) map[string]int {
	sum := map[string]int{}
	for _, o := range seen {
		for what, n := range o.refused {
			sum[what] += n
		}
	}
	return sum
}

func (s *stack) longest(seen []observed, instance int) time.Duration {
	var longest time.Duration
	for c, o := range seen {
		if c%len(s.instances) == instance {
			longest = max(longest, o.gap)
		}
	}
	return longest
}
