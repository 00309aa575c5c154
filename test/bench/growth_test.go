package bench

import (
	"fmt"
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
	sizes, lasts := []int{400, 1_000}, 50*time.Millisecond
	if *full {
		sizes, lasts = []int{1_000, 10_000, 100_000, 1_000_000}, 4*time.Second
	}
	binary, bare := build(t, "../.."), build(t, "./floor")
	p := newPractice(t, given.TempSQLite(t))
	for _, size := range sizes {
		began := time.Now()
		p.grow(t, size)
		t.Logf("%d cases after %v", size, time.Since(began).Round(time.Second))
		row := p.reads(t, binary, bare, lasts)
		found("While the practice grows", growthRemark, growthColumns, row.cases, milliseconds(row.get), milliseconds(row.one), milliseconds(row.floorOne),
			milliseconds(row.any), milliseconds(row.floorAny))
	}
	small := newPractice(t, given.TempSQLite(t))
	small.grow(t, sizes[0])
	growth, floor := p.costBeside(t, small, (*practice).ours, binary, lasts), p.costBeside(t, small, (*practice).floor, bare, lasts)
	t.Logf("the list of one provider costs %.2f times as much at %d cases as at %d (floor: %.2f)", growth, p.cases, small.cases, floor)
	if *full {
		must(t, growth <= mostGrowth, fmt.Sprintf("CPU of the list of one provider at %d cases, as a multiple of that at %d", p.cases, small.cases),
			fmt.Sprintf("%.2f or less", mostGrowth), fmt.Sprintf("%.2f (floor: %.2f)", growth, floor))
	}
}

// costBeside is the processor time of the list of one provider, as a multiple of what it takes in another
// practice. Both are asked in turn, so that whatever else the machine does meets both.
func (p *practice) costBeside(t *testing.T, other *practice, start func(*practice, *testing.T, string) *server, binary string, lasts time.Duration) float64 {
	t.Helper()
	var costs [2]rate
	both := [2]*practice{p, other}
	servers := [2]*server{start(p, t, binary), start(other, t, binary)}
	for range rounds {
		for i, s := range servers {
			costs[i] = costs[i].and(s.load(t, 1, lasts/rounds, func(int64) call { return both[i].filter(both[i].providers() - 1) }))
		}
	}
	for _, s := range servers {
		s.stop()
	}
	return float64(costs[0].cpuEach()) / float64(max(costs[1].cpuEach(), 1))
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
