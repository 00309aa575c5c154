package audit_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"surgicase/domain/audit"
)

// mutation tampers with a trail and says which seal or entry must be named.
type mutation struct {
	name   string
	tamper func(t *trail, random *rand.Rand) (seq, entry int64)
}

// pos is the number of the seal of an entry.
func (t *trail) pos(id int64) int64 {
	for _, s := range t.seals {
		if s.Entry == id {
			return s.Seq
		}
	}
	return 0
}

var mutations = []mutation{
	{"a byte of an entry", func(t *trail, random *rand.Rand) (int64, int64) {
		e := &t.entries[random.IntN(len(t.entries))]
		seq, id := t.pos(e.ID), e.ID
		edit(e, random)
		return seq, id
	}},
	{"a byte of a seal", func(t *trail, random *rand.Rand) (int64, int64) {
		s := &t.seals[random.IntN(len(t.seals))]
		s.Hash = flipped(s.Hash, random)
		return s.Seq, s.Entry
	}},
	{"a seal points elsewhere", func(t *trail, random *rand.Rand) (int64, int64) {
		s := &t.seals[random.IntN(len(t.seals))]
		s.Entry = t.entries[len(t.entries)-1].ID + 1 + random.Int64N(9)
		return s.Seq, s.Entry
	}},
	{"an entry removed", func(t *trail, random *rand.Rand) (int64, int64) {
		i := random.IntN(len(t.entries))
		id := t.entries[i].ID
		t.entries = slices.Delete(t.entries, i, i+1)
		return t.pos(id), id
	}},
	{"a seal removed", func(t *trail, random *rand.Rand) (int64, int64) {
		i := random.IntN(len(t.seals))
		s := t.seals[i]
		t.seals = slices.Delete(t.seals, i, i+1)
		if i == len(t.seals) {
			return 0, s.Entry // it now waits for a seal
		}
		return s.Seq, 0
	}},
	{"an entry removed with its seal", func(t *trail, random *rand.Rand) (int64, int64) {
		return t.removeBoth(random.IntN(len(t.seals) - 1)), 0
	}},
	{"an entry removed with its seal and the rest moved up", func(t *trail, random *rand.Rand) (int64, int64) {
		i := random.IntN(len(t.seals) - 1)
		seq := t.removeBoth(i)
		for j := range t.seals[i:] {
			t.seals[i+j].Seq--
		}
		return seq, t.seals[i].Entry
	}},
	{"two entries swapped", func(t *trail, random *rand.Rand) (int64, int64) {
		i, j := two(len(t.entries), random)
		a, b := &t.entries[i], &t.entries[j]
		a.Entry, b.Entry = b.Entry, a.Entry
		if t.pos(a.ID) > t.pos(b.ID) {
			a = b
		}
		return t.pos(a.ID), a.ID
	}},
	{"the entries of two seals swapped", func(t *trail, random *rand.Rand) (int64, int64) {
		i, j := two(len(t.seals), random)
		t.seals[i].Entry, t.seals[j].Entry = t.seals[j].Entry, t.seals[i].Entry
		return t.seals[i].Seq, t.seals[i].Entry
	}},
	{"two seals swapped", func(t *trail, random *rand.Rand) (int64, int64) {
		i, j := two(len(t.seals), random)
		t.seals[i].Seq, t.seals[j].Seq = t.seals[j].Seq, t.seals[i].Seq
		return t.seals[j].Seq, t.seals[j].Entry
	}},
	{"an entry inserted", func(t *trail, random *rand.Rand) (int64, int64) {
		e := someEntry(t.entries[len(t.entries)-1].ID+1+random.Int64N(5), random.IntN(40), random)
		if random.IntN(2) == 0 {
			e.At = later.Add(time.Hour) // so that it would never be too old
		}
		t.entries = append(t.entries, e)
		return 0, e.ID
	}},
	{"an entry inserted with a seal", func(t *trail, random *rand.Rand) (int64, int64) {
		i := random.IntN(len(t.seals))
		e := someEntry(t.entries[len(t.entries)-1].ID+1, i, random)
		var before audit.Seal
		if i > 0 {
			before = t.seals[i-1]
		}
		s := audit.NewChain(before).Seal(&e) // a right one: the next is wrong then
		for j := range t.seals[i:] {
			t.seals[i+j].Seq++
		}
		next := t.seals[i]
		t.entries, t.seals = append(t.entries, e), slices.Insert(t.seals, i, s)
		for _, c := range t.checkpoints {
			if c.Seq == s.Seq { // that is where it shows
				return c.Seq, c.Entry
			}
		}
		return next.Seq, next.Entry
	}},
	{"the tail cut", func(t *trail, random *rand.Rand) (int64, int64) {
		left := random.IntN(len(t.seals))
		gone := t.seals[left:]
		t.seals = t.seals[:left]
		for _, s := range gone {
			t.entries = slices.DeleteFunc(t.entries, func(e audit.Stored) bool { return e.ID == s.Entry })
		}
		first := gone[0]
		for _, c := range t.checkpoints {
			if c.Seq == first.Seq {
				return first.Seq, first.Entry
			}
		}
		return first.Seq, 0
	}},
	{"the seals of the tail cut", func(t *trail, random *rand.Rand) (int64, int64) {
		left := random.IntN(len(t.seals))
		lowest := slices.MinFunc(t.seals[left:], func(a, b audit.Seal) int { return int(a.Entry - b.Entry) })
		t.seals = t.seals[:left]
		return 0, lowest.Entry
	}},
}

func (t *trail) removeBoth(i int) (seq int64) {
	s := t.seals[i]
	t.seals = slices.Delete(t.seals, i, i+1)
	t.entries = slices.DeleteFunc(t.entries, func(e audit.Stored) bool { return e.ID == s.Entry })
	return s.Seq
}

func two(n int, random *rand.Rand) (int, int) {
	i := random.IntN(n - 1)
	return i, i + 1 + random.IntN(n-i-1)
}

func flipped[T ~string | ~[]byte](text T, random *rand.Rand) T {
	b := []byte(string(text))
	switch i := random.IntN(len(b) + 1); {
	case i == len(b):
		b = append(b, byte(random.IntN(256)))
	case random.IntN(4) == 0:
		b = slices.Delete(b, i, i+1)
	default:
		b[i] ^= byte(1 << random.IntN(8))
	}
	return T(b)
}

// edit changes one thing of an entry, among them what prints alike: what is empty and what is missing.
func edit(e *audit.Stored, random *rand.Rand) {
	edits := []func(){
		func() { e.At = e.At.Add(time.Duration(1+random.IntN(9)) * time.Microsecond) },
		func() { e.Actor.User = flipped(e.Actor.User, random) },
		func() { e.Actor.Type++ },
		func() { e.Actor.Credential = flipped(e.Actor.Credential, random) },
		func() { e.Actor.Mode = flipped(e.Actor.Mode, random) },
		func() { e.Action = flipped(e.Action, random) },
		func() { e.Entity = flipped(e.Entity, random) },
		func() { e.EntityID = flipped(e.EntityID, random) },
		func() { e.Entity, e.EntityID = e.Entity+e.EntityID[:1], e.EntityID[1:] },
		func() { e.Fields = strings.Split(flipped(strings.Join(e.Fields, ","), random), ",") },
		func() { e.Things = append([]string{"7"}, e.Things...) },
		func() { e.Things = map[bool][]string{true: {""}, false: nil}[e.Things == nil] },
		func() { e.Before = flipped(e.Before, random) },
		func() { e.After = map[bool][]byte{true: {}, false: nil}[e.After == nil] },
		func() { e.Actor.RequestID, e.Actor.Address = e.Actor.Address, e.Actor.RequestID },
		func() { e.Actor.Address = flipped(e.Actor.Address, random) },
		func() { e.Outcome = flipped(e.Outcome, random) },
		func() { e.Code = flipped(e.Code, random) },
	}
	edits[random.IntN(len(edits))]()
}

func TestTenThousandMutationsAreFoundAndTheFirstBrokenEntryIsNamed(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	found := map[audit.Why]int{}
	var whole *trail
	for i := range 10_000 {
		if i%50 == 0 { // making one takes longer than checking it
			whole = sealed(8+random.IntN(30), random)
		}
		tr := whole.clone()
		m := mutations[i%len(mutations)]
		seq, entry := m.tamper(tr, random)
		_, err := tr.verify()
		var b *audit.Broken
		if !errors.As(err, &b) || b.Seq != seq || b.Entry != entry {
			t.Fatalf("seed %d, mutation %d, %s of %d entries: got %v, want seal %d, entry %d", seed, i, m.name, len(tr.entries), err, seq, entry)
		}
		found[b.Why]++
	}
	t.Logf("found: %v", found)
}
