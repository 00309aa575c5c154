package audit_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

// trail is a whole audit trail in memory, as a database would hold it: rows that can be tampered with.
type trail struct {
	entries     []audit.Stored
	seals       []audit.Seal
	checkpoints []audit.Checkpoint
}

var signer = func() audit.Signer {
	s, err := audit.NewSigner(bytes.Repeat([]byte{7}, audit.SeedLength))
	if err != nil {
		panic(err)
	}
	return s
}()

// sealed makes a trail of n entries that came in some order, with a checkpoint in the middle and one
// at its end.
func sealed(n int, random *rand.Rand) *trail {
	t := &trail{}
	id := int64(0)
	for i := range n {
		id += 1 + random.Int64N(3) // rolled back transactions leave gaps
		t.entries = append(t.entries, someEntry(id, i, random))
	}
	order := slices.Clone(t.entries)
	for i := 1; i < n; i++ { // late commits: the chain is not in order of ids
		if random.IntN(5) == 0 {
			order[i-1], order[i] = order[i], order[i-1]
		}
	}
	chain := audit.NewChain(audit.Seal{})
	for i := range order {
		t.seals = append(t.seals, chain.Seal(&order[i]))
	}
	for _, last := range []audit.Seal{t.seals[n/2], t.seals[n-1]} {
		t.checkpoints = append(t.checkpoints, signer.Checkpoint(last, at.Add(24*time.Hour)))
	}
	return t
}

func someEntry(id int64, i int, random *rand.Rand) audit.Stored {
	e := audit.Record(permission.Actor{User: ident.UserID(fmt.Sprint("dr.", random.IntN(5))), Type: 1, Credential: "token", RequestID: fmt.Sprint("r-", i), Address: "192.0.2.7"},
		permission.EditCase, "case", fmt.Sprint("c-", random.IntN(9)), at.Add(time.Duration(i)*time.Second))
	switch random.IntN(3) {
	case 0:
		e = e.Reading("1", "22")
	case 1:
		e = e.Changing([]string{"case_date", "codes"}, []byte("before"), []byte("after"))
	default:
		e = e.Refusing(errors.New("x"), "user_type")
	}
	return audit.Stored{ID: id, Entry: e}
}

func (t *trail) clone() *trail {
	return &trail{slices.Clone(t.entries), slices.Clone(t.seals), t.checkpoints}
}

func (t *trail) entry(id int64) *audit.Stored {
	for i := range t.entries {
		if t.entries[i].ID == id {
			return &t.entries[i]
		}
	}
	return nil
}

// links joins the rows as a store does.
func (t *trail) links() []audit.Link {
	var links []audit.Link
	waiting := slices.Clone(t.entries)
	slices.SortStableFunc(t.seals, func(a, b audit.Seal) int { return int(a.Seq - b.Seq) })
	for _, s := range t.seals {
		links = append(links, audit.Link{Sealed: true, Seal: s, Entry: t.entry(s.Entry)})
		waiting = slices.DeleteFunc(waiting, func(e audit.Stored) bool { return e.ID == s.Entry })
	}
	for i := range waiting {
		links = append(links, audit.Link{Entry: &waiting[i]})
	}
	return links
}

// later is when trails are verified: all their entries are old.
var later = at.Add(48 * time.Hour)

func verified(links []audit.Link, checkpoints []audit.Checkpoint, keys ...audit.PublicKey) (audit.Report, error) {
	v, err := audit.NewVerifier(later, checkpoints, keys...)
	if err != nil {
		return audit.Report{}, err
	}
	for _, l := range links {
		if err := v.Next(l); err != nil {
			return audit.Report{}, err
		}
	}
	return v.End()
}

func (t *trail) verify() (audit.Report, error) {
	return verified(t.links(), t.checkpoints, signer.Public)
}

func broken(t *testing.T, err error) audit.Broken {
	t.Helper()
	var b *audit.Broken
	if !errors.As(err, &b) {
		t.Fatalf("the trail is taken for sound: %v", err)
	}
	return *b
}

func TestASoundTrail(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := 1; n < 60; n++ {
		tr := sealed(n, random)
		report, err := tr.verify()
		if err != nil || report.Last.Seq != int64(n) || report.Checkpoints != min(2, (n+1)/2) || report.Unproven != 0 || report.Unsealed != 0 {
			t.Fatalf("%d entries: %+v, %v", n, report, err)
		}
	}
	if report, err := (&trail{}).verify(); err != nil || report.Last.Seq != 0 {
		t.Errorf("an empty trail: %+v, %v", report, err)
	}
}

func TestAChainGoesOnWhereItEnded(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	tr := sealed(20, random)
	chain := audit.NewChain(tr.seals[9])
	for i, s := range tr.seals[10:] {
		if got := chain.Seal(tr.entry(s.Entry)); got.Seq != s.Seq || !bytes.Equal(got.Hash, s.Hash) {
			t.Fatalf("seal %d differs after going on", i+10)
		}
	}
}

// The form of the chain is fixed: who changes it makes every trail in the world look tampered with.
func TestTheFormatOfTheChainNeverChanges(t *testing.T) {
	e := audit.Stored{ID: 42, Entry: audit.Record(ada, permission.EditCase, "case", "c-1", at).Changing([]string{"case_date", "codes"}, []byte{1}, nil)}
	first := audit.NewChain(audit.Seal{}).Seal(&e)
	equal(t, "hash", fmt.Sprintf("%x", first.Hash), "a174a868784b471f65115100a5e0d057e11f09f07ddf3bcee6e566df6a6d67a6")
	c := signer.Checkpoint(first, at)
	equal(t, "key", c.KeyID, "fe812c12f3ab4ce6")
	equal(t, "signature", fmt.Sprintf("%x", c.Signature[:8]), "e79da7401ccc6519")
}

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

// A chain that was made anew after a change is sound in itself: only a checkpoint tells.
func TestARewrittenChainIsFoundByACheckpoint(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	tr := sealed(30, random)
	tr.entry(tr.seals[20].Entry).Actor.User = "somebody else"
	chain := audit.NewChain(tr.seals[19])
	for i := 20; i < 30; i++ {
		tr.seals[i] = chain.Seal(tr.entry(tr.seals[i].Entry))
	}
	if _, err := verified(tr.links(), nil); err != nil {
		t.Fatalf("the forger made a mistake: %v", err)
	}
	_, err := tr.verify()
	b := broken(t, err)
	equal(t, "why", b.Why, audit.Rewritten)
	equal(t, "seal", b.Seq, 30)
	if !strings.Contains(b.Error(), "after 16 ") {
		t.Errorf("it does not say that all was well up to the checkpoint before: %v", err)
	}
}

func TestCheckpoints(t *testing.T) {
	tr := sealed(10, rand.New(rand.NewPCG(1, 2)))
	other, err := audit.NewSigner(bytes.Repeat([]byte{8}, audit.SeedLength))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("every byte of a checkpoint is signed", func(t *testing.T) {
		for name, change := range map[string]func(*audit.Checkpoint){
			"seq": func(c *audit.Checkpoint) { c.Seq++ }, "entry": func(c *audit.Checkpoint) { c.Entry++ }, "hash": func(c *audit.Checkpoint) { c.Hash = c.Hash[1:] },
			"at": func(c *audit.Checkpoint) { c.At = c.At.Add(time.Microsecond) }, "key": func(c *audit.Checkpoint) { c.KeyID = other.Public.ID() },
			"signature": func(c *audit.Checkpoint) { c.Signature = append([]byte{1}, c.Signature[1:]...) },
		} {
			c := tr.checkpoints[1]
			change(&c)
			_, err := verified(tr.links(), []audit.Checkpoint{tr.checkpoints[0], c}, other.Public, signer.Public)
			if b := broken(t, err); b.Why != audit.Forged || b.Seq != c.Seq {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("an unknown key is no key", func(t *testing.T) {
		_, err := verified(tr.links(), tr.checkpoints, other.Public)
		equal(t, "why", broken(t, err).Why, audit.Forged)
	})
	t.Run("without any key the chain is checked all the same, and the report says what was not", func(t *testing.T) {
		report, err := verified(tr.links(), tr.checkpoints)
		if err != nil || report.Unproven != 2 || report.Checkpoints != 2 {
			t.Errorf("%+v, %v", report, err)
		}
		_, err = verified(tr.links()[:9], tr.checkpoints)
		equal(t, "why", broken(t, err).Why, audit.Cut)
	})
	t.Run("their order does not matter, and one that is kept twice counts once", func(t *testing.T) {
		again := slices.Concat(tr.checkpoints, tr.checkpoints)
		slices.Reverse(again)
		report, err := verified(tr.links(), again, signer.Public)
		if err != nil || report.Checkpoints != 2 {
			t.Errorf("%+v, %v", report, err)
		}
	})
	t.Run("a signer does not show its key", func(t *testing.T) {
		if text := fmt.Sprintf("%v %+v %#v", signer, signer, signer); strings.Contains(text, "7, 7, 7") || strings.Contains(text, "7 7 7") || strings.Contains(text, "0x7, 0x7") {
			t.Error(text)
		}
	})
	t.Run("keys have their length", func(t *testing.T) {
		_, err := audit.NewSigner(make([]byte, 31))
		equal(t, "seed", fault.CodeOf(err), "checkpoint_key_invalid")
		_, err = audit.ParsePublicKey(make([]byte, 33))
		equal(t, "public key", fault.CodeOf(err), "checkpoint_key_invalid")
		key, err := audit.ParsePublicKey(signer.Public)
		if err != nil || key.ID() != signer.Public.ID() {
			t.Error(err)
		}
	})
}

func TestHowLongAnEntryMayWaitForItsSeal(t *testing.T) {
	tr := sealed(5, rand.New(rand.NewPCG(1, 2)))
	for age, sound := range map[time.Duration]bool{
		0: true, time.Minute: true, time.Minute + time.Microsecond: false, -time.Minute: true, -time.Minute - time.Microsecond: false,
	} {
		e := audit.Stored{ID: 99, Entry: audit.Record(ada, permission.EditCase, "case", "c-1", later.Add(-age))}
		report, err := verified(append(tr.links(), audit.Link{Entry: &e}), tr.checkpoints, signer.Public)
		if sound && (err != nil || report.Unsealed != 1) {
			t.Errorf("after %v: %+v, %v", age, report, err)
		}
		if !sound {
			b := broken(t, err)
			equal(t, "why", b.Why, audit.Unsealed)
			equal(t, "text", strings.HasPrefix(b.Error(), "the trail is broken at entry 99: "), true)
		}
	}
}
