package api

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
)

// randomRequests is how many requests TestRandomRequests sends; `make verify` asks for 50,000.
var randomRequests = flag.Int("requests", 600, "how many random requests to send")

// TestRandomRequests sends requests made of the description of the API with several things wrong at
// once, by callers of all kinds. No answer is a 5xx, and each is as described: see conforms.
func TestRandomRequests(t *testing.T) {
	oneByOne(t)
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	s := stageForAbuse(start(t, databases[0].url(t), nil))
	d := s.described()
	r := &randomizer{Rand: rand.New(rand.NewPCG(seed, 1)), good: map[string]example{}}
	operations := slices.DeleteFunc(d.operations(t), func(op *operation) bool { return op.alias() })
	byStatus := map[int]int{}
	for n := range *randomRequests {
		op := operations[r.IntN(len(operations))]
		bad, as := r.request(s, d, op), r.caller()
		path := pathOf(op, bad)
		a := s.send(op.method, path, as, bad.body, bad.headers...)
		byStatus[a.status]++
		if a.status >= http.StatusInternalServerError {
			t.Errorf("request %d, %s %s by %s is answered %d: %.300s; the body was %.2000v", n, op.method, path, as, a.status, a.raw, bad.body)
		}
		if a.status < http.StatusMultipleChoices && op.method != http.MethodGet {
			delete(r.good, op.ID) // it was done; the next one needs another example
		}
		if t.Failed() && n > 100 {
			break
		}
	}
	t.Logf("%d requests, answers by status %v", *randomRequests, byStatus)
}

// randomizer makes requests.
type randomizer struct {
	*rand.Rand
	good map[string]example // by operation
}

func (r *randomizer) caller() string {
	return []string{root, root, root, root, root, "dr-a", "dr-a", "nobody"}[r.IntN(8)]
}

// request takes a good request and spoils up to four things in it.
func (r *randomizer) request(s *abused, d *description, op *operation) spoiled {
	good, known := r.good[op.ID]
	if !known {
		good = s.exampleOf(op)
		r.good[op.ID] = good
	}
	out := good.whole()
	places := members(d, op.schema())
	for range r.IntN(5) {
		switch n := r.IntN(10); {
		case n < 6 && len(places) > 0 && out.body != nil:
			place := places[r.IntN(len(places))]
			value := gone
			if r.IntN(5) > 0 {
				value = r.json(3)
			}
			out.body = with(out.body, place.steps, value)
		case n < 9 && len(op.Parameters) > 0:
			r.parameter(op.Parameters[r.IntN(len(op.Parameters))], &out)
		case out.body != nil:
			raw, err := json.Marshal(out.body)
			if err == nil && r.IntN(4) == 0 {
				out.body = string(raw[:r.IntN(len(raw)+1)])
				return out // there are no places in half a body
			}
		}
	}
	return out
}

func (r *randomizer) parameter(p parameter, out *spoiled) {
	switch {
	case p.In == "query" && r.IntN(4) == 0:
		out.query.Del(p.Name)
	case p.In == "query":
		out.query.Set(p.Name, r.text())
	case p.In == "path":
		changed := map[string]string{}
		for name, value := range out.path {
			changed[name] = value
		}
		if changed[p.Name] = r.text(); changed[p.Name] == "" {
			changed[p.Name] = "0"
		}
		out.path = changed
	}
}

// json makes a value, at most so deep.
func (r *randomizer) json(depth int) json.RawMessage {
	switch n := r.IntN(12); {
	case n < 5:
		return quoted(r.text())
	case n < 7:
		return json.RawMessage(r.number())
	case n < 9 || depth == 0:
		return json.RawMessage([]string{"null", "true", "false"}[r.IntN(3)])
	case n < 11:
		list := []json.RawMessage{}
		for range r.IntN(4) {
			list = append(list, r.json(depth-1))
		}
		return marshalled(list)
	}
	object := map[string]json.RawMessage{}
	for range r.IntN(4) {
		object[r.text()] = r.json(depth - 1)
	}
	return marshalled(object)
}

func marshalled(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}

func (r *randomizer) number() string {
	return []string{
		fmt.Sprint(r.IntN(1000) - 20), fmt.Sprint(r.Int64()), fmt.Sprint(-r.Int64()), fmt.Sprintf("%.3f", r.Float64()*2000-100),
		fmt.Sprintf("%de%d", r.IntN(9), r.IntN(400)), fmt.Sprint(1_000_000_000 + r.Int64N(9_000_000_000)),
	}[r.IntN(6)]
}

// text is a hostile text, one that often fits somewhere, or random characters.
func (r *randomizer) text() string {
	switch r.IntN(4) {
	case 0:
		names := sorted(hostileTexts)
		return hostileTexts[names[r.IntN(len(names))]]
	case 1:
		fitting := []string{
			"case-1", "2026-02-20", "2026-13-40", "1234567893", "Z9001", "Z9001-50", "0", "1", "10", "15", "20", "100", "500", "true", "demo", "note",
			"someone@example.com", "OR", "97201", "503-555-0100", "<20", ">=10", "1,10,20", "created", "en", "application/pdf", "generated", "SPINE", "12.50",
		}
		return fitting[r.IntN(len(fitting))]
	}
	runes := make([]rune, r.IntN(30))
	for i := range runes {
		switch r.IntN(6) {
		case 0:
			runes[i] = rune(r.IntN(0x20))
		case 1:
			runes[i] = rune(0x80 + r.IntN(0xd000))
		case 2:
			runes[i] = rune(0x1f300 + r.IntN(0x300))
		default:
			runes[i] = rune(0x20 + r.IntN(0x5f))
		}
	}
	return string(runes)
}
