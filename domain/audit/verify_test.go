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
