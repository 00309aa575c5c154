package bench

import (
	"math/rand/v2"
	"testing"
	"time"

	"surgicase/test/given"
)

// mostGrowth is what the list of one provider, whose cases lie scattered among the others', may cost at a
// million cases, as a multiple of what it costs at a thousand.
const mostGrowth = 1.4

// TestGrowth measures reads while the practice grows.
func TestGrowth(t *testing.T) {
	sizes, lasts := []int{400, 1_000}, 200*time.Millisecond
	if *full {
		sizes, lasts = []int{1_000, 10_000, 100_000, 1_000_000}, 4*time.Second
	}
	binary, bare := build(t, "../.."), build(t, "./floor")
	p := newPractice(t, given.TempSQLite(t))
	var rows []growthRow
	for _, size := range sizes {
		began := time.Now()
		p.grow(t, size)
		t.Logf("%d cases after %v", size, time.Since(began).Round(time.Second))
		rows = append(rows, p.reads(t, binary, bare, lasts))
		row := rows[len(rows)-1]
		found("While the practice grows", growthRemark, growthColumns, row.cases, milliseconds(row.get), milliseconds(row.one), milliseconds(row.floorOne),
			milliseconds(row.any), milliseconds(row.floorAny))
	}
	first, last := rows[0], rows[len(rows)-1]
	if growth := float64(last.one) / float64(first.one); *full && growth > mostGrowth {
		t.Errorf("the list of one provider costs %.2f times as much at %d cases as at %d", growth, last.cases, first.cases)
	}
}

const growthRemark = "CPU milliseconds of the program for a request on SQLite, at one connection. A list holds the 200 cases of one provider," +
	" which lie scattered among the others'."

var growthColumns = []string{"cases", "GET /case", "list of the same provider", "of it: floor", "list of any provider", "of it: floor"}

// growthRow is the processor time of a request in a practice of a size.
type growthRow struct {
	cases              int
	get                time.Duration // GET /case of any case
	one, any           time.Duration // GET /case_filter of always the same provider, and of any
	floorOne, floorAny time.Duration
}

func (p *practice) reads(t *testing.T, binary, bare string, lasts time.Duration) growthRow {
	t.Helper()
	row := growthRow{cases: p.cases}
	cost := func(s *server, next func(int64) call) time.Duration { return s.load(t, 1, lasts, next).cpuEach() }
	one := func(int64) call { return p.filter(p.providers() - 1) }
	other := func(int64) call { return p.filter(rand.IntN(p.providers())) }
	ours := p.ours(t, binary)
	row.get = cost(ours, func(int64) call { return p.getCase(rand.IntN(p.cases)) })
	row.one, row.any = cost(ours, one), cost(ours, other)
	ours.stop()
	floor := p.floor(t, bare)
	row.floorOne, row.floorAny = cost(floor, one), cost(floor, other)
	floor.stop()
	t.Logf("%d cases: GET /case %v, list of one %v (floor %v), of any %v (floor %v)", p.cases, row.get, row.one, row.floorOne, row.any, row.floorAny)
	return row
}
