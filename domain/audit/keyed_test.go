package audit_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"surgicase/domain/audit"
)

// keyedTrail is a chain of six entries: three of format 1, a boundary, three of format 2.
type keyedTrail struct {
	key    audit.ChainKey
	signer audit.Signer
	at     time.Time
	links  []audit.Link
	points []audit.Checkpoint
}

func newKeyedTrail(t *testing.T) *keyedTrail {
	t.Helper()
	key, err := audit.NewChainKey([]byte(strings.Repeat("k", audit.ChainKeyLength)))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := audit.NewSigner([]byte(strings.Repeat("s", audit.SeedLength)))
	if err != nil {
		t.Fatal(err)
	}
	k := &keyedTrail{key: key, signer: signer, at: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)}
	chain := audit.NewChain(audit.Seal{})
	for id := int64(1); id <= 6; id++ {
		if id == 4 {
			last := k.links[2].Seal
			k.points = append(k.points, signer.Boundary(last, key, k.at))
			chain = audit.NewKeyedChain(last, key)
		}
		k.add(chain, id)
	}
	return k
}

func (k *keyedTrail) add(chain *audit.Chain, id int64) {
	e := &audit.Stored{ID: id, Entry: audit.Entry{At: k.at, Entity: "case", EntityID: fmt.Sprint(id), Outcome: audit.Done}}
	k.links = append(k.links, audit.Link{Sealed: true, Seal: chain.Seal(e), Entry: e})
}

func (k *keyedTrail) verify(keys ...audit.ChainKey) (audit.Report, error) {
	v, err := audit.NewVerifier(k.at, k.points, k.signer.Public)
	if err != nil {
		return audit.Report{}, err
	}
	v.With(keys...)
	for _, link := range k.links {
		if err := v.Next(link); err != nil {
			return audit.Report{}, err
		}
	}
	return v.End()
}

func brokenAs(t *testing.T, err error, why audit.Why, entry int64) {
	t.Helper()
	var broken *audit.Broken
	if !errors.As(err, &broken) || broken.Why != why || broken.Entry != entry {
		t.Errorf("got %v, want %s at entry %d", err, why, entry)
	}
}

func TestVerifier_keyedChain(t *testing.T) {
	t.Parallel()
	k := newKeyedTrail(t)
	if r, err := k.verify(k.key); err != nil || r.Keyed != 3 || r.Unchecked != 0 || r.Checkpoints != 1 {
		t.Errorf("got %+v, %v", r, err)
	}
	if r, err := k.verify(); err != nil || r.Keyed != 3 || r.Unchecked != 3 {
		t.Errorf("without the key: %+v, %v", r, err)
	}
}

func TestVerifier_keyedChainMadeAnew(t *testing.T) {
	t.Parallel()
	t.Run("in format 1 after the boundary", func(t *testing.T) {
		k := newKeyedTrail(t)
		k.links = k.links[:4]
		chain := audit.NewChain(k.links[3].Seal)
		k.add(chain, 5)
		_, err := k.verify(k.key)
		brokenAs(t, err, audit.Unkeyed, 5)
		_, err = k.verify()
		brokenAs(t, err, audit.Unkeyed, 5)
	})
	t.Run("with another key under the same id", func(t *testing.T) {
		k := newKeyedTrail(t)
		other, _ := audit.NewChainKey([]byte(strings.Repeat("x", audit.ChainKeyLength)))
		k.links = k.links[:3]
		k.add(audit.NewKeyedChain(k.links[2].Seal, other), 4)
		_, err := k.verify(k.key)
		brokenAs(t, err, audit.Unkeyed, 4)
		k.links[3].Seal.ChainKey = k.key.ID()
		_, err = k.verify(k.key)
		brokenAs(t, err, audit.Edited, 4)
	})
	t.Run("an entry edited and unkeyed hashes recomputed", func(t *testing.T) {
		k := newKeyedTrail(t)
		k.links[4].Entry.EntityID = "other"
		_, err := k.verify(k.key)
		brokenAs(t, err, audit.Edited, 5)
	})
	t.Run("the boundary taken away", func(t *testing.T) {
		k := newKeyedTrail(t)
		k.points = nil
		_, err := k.verify(k.key)
		brokenAs(t, err, audit.Unkeyed, 4)
	})
	t.Run("a boundary of somebody else's signature", func(t *testing.T) {
		k := newKeyedTrail(t)
		k.points[0].Begins = "0000000000000000"
		_, err := k.verify(k.key)
		brokenAs(t, err, audit.Forged, 3)
	})
}

func TestVerifier_keyedFromTheBeginning(t *testing.T) {
	t.Parallel()
	k := newKeyedTrail(t)
	k.links, k.points = nil, []audit.Checkpoint{k.signer.Boundary(audit.Seal{}, k.key, k.at)}
	chain := audit.NewKeyedChain(audit.Seal{}, k.key)
	k.add(chain, 1)
	k.add(chain, 2)
	if r, err := k.verify(k.key); err != nil || r.Keyed != 2 {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestVerifier_missingIDs(t *testing.T) {
	t.Parallel()
	k := newKeyedTrail(t)
	k.links, k.points = nil, nil
	chain := audit.NewChain(audit.Seal{})
	for _, id := range []int64{2, 5, 3, 9} { // 3 was committed late
		k.add(chain, id)
	}
	r, err := k.verify()
	if want := "[1 4 6 to 8]"; err != nil || r.Missing != 5 || fmt.Sprint(r.MissingIDs) != want {
		t.Errorf("got %d missing, %v (%v), want 5, %s", r.Missing, r.MissingIDs, err, want)
	}
}
