package bench

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"surgicase/test/given"
)

// operation is a request whose cost is measured beside the floor's.
type operation struct {
	name        string
	connections []int
	next        func(p *practice) func(n int64) call
}

var operations = []operation{
	{"GET /case", []int{1, 16, 64}, func(p *practice) func(int64) call { return func(int64) call { return p.getCase(rand.IntN(p.cases)) } }},
	{"GET /case_filter, 200 cases", []int{1, 16, 64}, func(p *practice) func(int64) call {
		return func(int64) call { return p.filter(rand.IntN(p.providers())) }
	}},
	{"POST /case", []int{1, 16, 64}, func(p *practice) func(int64) call { return p.create }},
	{"PATCH /case with codes", []int{1, 16, 64}, func(p *practice) func(int64) call { return p.recode }},
	{"bulk move of 1,000", []int{1}, func(p *practice) func(int64) call { return p.bulk() }},
}

func (p *practice) getCase(n int) call {
	return call{method: http.MethodGet, path: "/case?case_id=" + string(caseID(n)), as: string(providerID(p.owner(n))), status: http.StatusOK}
}

func (p *practice) filter(provider int) call {
	id := string(providerID(provider))
	return call{method: http.MethodGet, path: "/case_filter?user_id=" + id, as: id, status: http.StatusOK}
}

func (p *practice) create(n int64) call {
	owner := int(n) % p.providers()
	return call{method: http.MethodPost, path: "/case", as: string(providerID(owner)), status: http.StatusCreated, body: body(map[string]any{
		"case_id": fmt.Sprintf("new-%d", n), "case_date": "2026-02-20", "surgeon_id": p.owned[owner][0], "facility_id": p.owned[owner][1],
		"procedure_codes": []string{"Z1001", "Z1002"}, "patient": map[string]any{"first": "Pat", "last": fmt.Sprint("Patient ", letters(n))},
		"demo_file": "demo.pdf", "note_file": "note.pdf",
	})}
}

// letters spells a number, since names hold no digits.
func letters(n int64) string {
	text := ""
	for ; n > 0; n /= 26 {
		text += string(rune('a' + n%26))
	}
	return text
}

func (p *practice) recode(n int64) call {
	target := rand.IntN(p.cases)
	return call{method: http.MethodPatch, path: "/case", as: string(providerID(p.owner(target))), status: http.StatusOK, body: body(map[string]any{
		"case_id": caseID(target), "procedure_codes": []string{fmt.Sprintf("Z%04d", 1000+n%40), fmt.Sprintf("Z%04d", 1000+(n+3)%40)},
	})}
}

// bulk moves the cases of the practice to 10, a thousand at a time; each once.
func (p *practice) bulk() func(int64) call {
	from := 0
	return func(int64) call {
		if from+1_000 > p.cases {
			return call{}
		}
		ids := make([]string, 1_000)
		for i := range ids {
			ids[i] = string(caseID(from + i))
		}
		from += 1_000
		return call{method: http.MethodPatch, path: "/bulk_update_case_status", as: administrator, status: http.StatusOK, body: body(map[string]any{"case_ids": ids, "new_status": 10})}
	}
}

func body(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

// rounds is in how many parts a load is sent.
const rounds = 2

// TestBesideTheFloor measures the dearest requests beside a program that does the same SQL and nothing
// else. On SQLite reads reach half of the floor's requests per second of processor time.
func TestBesideTheFloor(t *testing.T) {
	size, lasts := 500, 50*time.Millisecond
	if *full {
		size, lasts = 10_000, 2200*time.Millisecond
	}
	binary, bare := build(t, "../.."), build(t, "./floor")
	for _, database := range []struct {
		name string
		url  func(testing.TB) string
	}{{"SQLite", given.TempSQLite}, {"MariaDB", given.MariaDB}} {
		t.Run(database.name, func(t *testing.T) {
			measured := map[string]rate{}
			floors, product := newPractice(t, database.url(t)), newPractice(t, database.url(t)) // each its own, since both write
			floors.grow(t, size)
			product.grow(t, size)
			floor, ours := floors.floor(t, bare), product.ours(t, binary)
			for _, op := range operations {
				for _, connections := range op.connections {
					name, beside, next := rowName(database.name, op.name, connections), op.next(floors), op.next(product)
					for range rounds { // in turn, so that whatever else the machine does meets both
						measured[name+"floor"] = measured[name+"floor"].and(floor.load(t, connections, lasts/rounds, beside))
						measured[name+"ours"] = measured[name+"ours"].and(ours.load(t, connections, lasts/rounds, next))
					}
				}
			}
			floor.stop()
			ours.stop()
			compare(t, database.name, measured)
		})
	}
}

func rowName(database, operation string, connections int) string {
	return fmt.Sprintf("%s|%s|%d|", database, operation, connections)
}

// least is what share of the floor's requests per second of processor time must be reached.
const least = 0.5

const besideRemark = "The floor is `test/bench/floor`: the same SQL with bare net/http, prepared statements and the same durability; no permissions, encryption," +
	" validation or rules. 10,000 cases of 50 providers. CPU is the program's own, without the load's and without MariaDB's. The last column is the share" +
	" of the floor's requests per second of processor time."

var besideColumns = []string{
	"database", "request", "connections", "ours per second", "p50 ms", "p99 ms", "CPU ms", "allocations", "statements",
	"floor per second", "p50 ms", "p99 ms", "CPU ms", "allocations", "share",
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d.Microseconds())/1000) }

func compare(t *testing.T, database string, measured map[string]rate) {
	t.Helper()
	for _, op := range operations {
		for _, connections := range op.connections {
			name := rowName(database, op.name, connections)
			floor, ours := measured[name+"floor"], measured[name+"ours"]
			share := float64(floor.cpuEach()) / float64(max(ours.cpuEach(), 1))
			t.Logf("%-8s %-28s %2d connections: ours %s, floor %s, %.0f %% of the floor", database, op.name, connections, ours, floor, 100*share)
			found("Beside a bare program", besideRemark, besideColumns, database, op.name, connections,
				fmt.Sprintf("%.0f", ours.perSecond()), milliseconds(ours.usual), milliseconds(ours.slow), milliseconds(ours.cpuEach()), fmt.Sprintf("%.0f", ours.mallocsEach()), fmt.Sprintf("%.1f", ours.statementsEach()),
				fmt.Sprintf("%.0f", floor.perSecond()), milliseconds(floor.usual), milliseconds(floor.slow), milliseconds(floor.cpuEach()), fmt.Sprintf("%.0f", floor.mallocsEach()),
				fmt.Sprintf("%.0f %%", 100*share))
			if !*full {
				continue
			}
			judge := aim
			if database == "SQLite" && strings.HasPrefix(op.name, http.MethodGet) {
				judge = must
			}
			judge(t, share >= least, fmt.Sprintf("share of the floor: %s on %s at %d connections", op.name, database, connections),
				fmt.Sprintf("%.0f %% or more", 100*least), fmt.Sprintf("%.0f %%", 100*share))
		}
	}
}

func (r rate) String() string {
	return fmt.Sprintf("%.0f/s p50 %v p99 %v cpu %v", r.perSecond(), r.usual.Round(10*time.Microsecond), r.slow.Round(10*time.Microsecond), r.cpuEach().Round(time.Microsecond))
}
