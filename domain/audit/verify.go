package audit

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"
)

// Why is the way in which a trail is broken.
type Why string

// The ways. What stands behind each is what must have been done.
const (
	Edited    Why = "edited"    // an entry or its seal is not what was sealed, or one was put in or left out before it
	Removed   Why = "removed"   // the entry of a seal is gone
	Unlinked  Why = "unlinked"  // the number of a seal does not follow the one before
	Unsealed  Why = "unsealed"  // an entry that the sealer did not see in time
	Rewritten Why = "rewritten" // the chain is sound but not the one that a checkpoint signed
	Cut       Why = "cut"       // the chain ends before a checkpoint
	Forged    Why = "forged"    // a checkpoint has no valid signature
	Unkeyed   Why = "unkeyed"   // a seal does not have the key that the last signed boundary began
)

// Broken names the first place at which a trail is not what it was. It is an error.
type Broken struct {
	Why   Why
	Seq   int64 // of the seal, 0 if the entry has none
	Entry int64 // id of the entry, 0 if nobody can know it any more
	Text  string
}

// Error says where the trail is broken and why.
func (b *Broken) Error() string {
	switch {
	case b.Entry == 0:
		return fmt.Sprintf("the trail is broken at seal %d: %s", b.Seq, b.Text)
	case b.Seq == 0:
		return fmt.Sprintf("the trail is broken at entry %d: %s", b.Entry, b.Text)
	}
	return fmt.Sprintf("the trail is broken at entry %d (seal %d): %s", b.Entry, b.Seq, b.Text)
}

// SealedWithin is how long an entry may wait for its seal.
const SealedWithin = time.Minute

// Verifier checks a trail from its beginning, link by link, in constant memory.
type Verifier struct {
	chain       *Chain
	checkpoints []Checkpoint // still to be met, by number
	proven      int64        // number of the last one that was met
	keys        map[string]ChainKey
	begun       string // id of the chain key of the last boundary, empty before the first
	boundary    int64  // its number
	ids         entryIDs
	now         time.Time
	report      Report
}

// Report is what a sound trail consists of.
type Report struct {
	Last        Seal
	Unsealed    int64 // entries that wait for their seal
	Checkpoints int   // met
	Unproven    int   // of those, how many signatures could not be checked for want of a key
	Keyed       int64 // seals of format 2
	Unchecked   int64 // of those, how many could not be made again for want of the chain key

	// Missing counts the ids below the highest one that no entry has; MissingIDs are the first of them.
	// A transaction of MySQL that was rolled back leaves such a gap, and so does an entry that was removed
	// before it was sealed.
	Missing    int64
	MissingIDs []IDRange
}

// NewVerifier makes a verifier for a trail as it was at a time. Every checkpoint must be signed by one
// of the keys; without any key the signatures are not looked at.
//
// Errors: *Broken of the first checkpoint without a valid signature.
func NewVerifier(now time.Time, checkpoints []Checkpoint, keys ...PublicKey) (*Verifier, error) {
	v := &Verifier{chain: NewChain(Seal{}), now: now, checkpoints: slices.Clone(checkpoints), keys: map[string]ChainKey{}}
	slices.SortFunc(v.checkpoints, func(a, b Checkpoint) int { return cmp.Or(cmp.Compare(a.Seq, b.Seq), a.At.Compare(b.At)) })
	v.checkpoints = slices.CompactFunc(v.checkpoints, func(a, b Checkpoint) bool { // kept in several places
		return bytes.Equal(a.statement(), b.statement()) && bytes.Equal(a.Signature, b.Signature)
	})
	for _, c := range v.checkpoints {
		switch {
		case len(keys) == 0:
			v.report.Unproven++
		case !c.signed(keys):
			text := fmt.Sprintf("the checkpoint of %s has no valid signature: key %s", c.At.UTC().Format(time.RFC3339), c.KeyID)
			return nil, &Broken{Why: Forged, Seq: c.Seq, Entry: c.Entry, Text: text}
		}
	}
	return v, v.meet(Seal{Hash: genesis[:]}) // boundaries before the first seal
}

// With has the verifier check seals of format 2 with these keys.
func (v *Verifier) With(keys ...ChainKey) *Verifier {
	for _, key := range keys {
		v.keys[key.ID()] = key
	}
	return v
}

// Next checks the next link: sealed ones by number, then those without a seal.
//
// Errors: *Broken.
func (v *Verifier) Next(l Link) error {
	if !l.Sealed {
		return v.waiting(l.Entry)
	}
	seal := l.Seal
	switch want := v.chain.seq + 1; {
	case seal.Seq != want:
		return &Broken{Why: Unlinked, Seq: want, Text: fmt.Sprintf("it is missing, the next one is %d", seal.Seq)}
	case l.Entry == nil:
		return &Broken{Why: Removed, Seq: seal.Seq, Entry: seal.Entry, Text: "the entry was removed"}
	}
	if seal.ChainKey != v.begun {
		text := fmt.Sprintf("its seal has no key, but the keyed chain began after seal %d", v.boundary)
		if seal.ChainKey != "" {
			text = fmt.Sprintf("its seal has the key %s, which no signed boundary began", seal.ChainKey)
		}
		return &Broken{Why: Unkeyed, Seq: seal.Seq, Entry: seal.Entry, Text: text}
	}
	if l.Entry.ID != seal.Entry || !v.fits(l) {
		return &Broken{Why: Edited, Seq: seal.Seq, Entry: seal.Entry, Text: "it does not fit its seal: it was changed, swapped or put in, or its seal was"}
	}
	v.ids.see(l.Entry.ID)
	v.report.Last = seal
	return v.meet(seal)
}

// fits reports whether a seal is the one that its entry gets. Of one whose key is not at hand only the
// length is looked at, and the report counts it.
func (v *Verifier) fits(l Link) bool {
	if v.begun != "" {
		v.report.Keyed++
		key, known := v.keys[v.begun]
		if !known {
			v.report.Unchecked++
			v.chain.accept(l.Seal)
			return len(l.Seal.Hash) == sha256.Size
		}
		v.chain.key = &key
	}
	return hmac.Equal(v.chain.Seal(l.Entry).Hash, l.Seal.Hash)
}

// meet holds the chain against the checkpoints made at a seal.
func (v *Verifier) meet(seal Seal) error {
	for len(v.checkpoints) > 0 && v.checkpoints[0].Seq <= seal.Seq {
		c := v.checkpoints[0]
		if c.Seq != seal.Seq || c.Entry != seal.Entry || !bytes.Equal(c.Hash, seal.Hash) {
			text := fmt.Sprintf("the chain is not the one signed on %s: it was made anew from some seal on after %d and up to here", c.At.UTC().Format(time.RFC3339), v.proven)
			return &Broken{Why: Rewritten, Seq: c.Seq, Entry: c.Entry, Text: text}
		}
		v.checkpoints, v.proven = v.checkpoints[1:], c.Seq
		v.report.Checkpoints++
		if c.Begins != "" {
			v.begun, v.boundary = c.Begins, c.Seq
		}
	}
	return nil
}

// waiting judges an entry without a seal. One from the future waits just as wrongly as one from the
// past: it would otherwise never be too old.
func (v *Verifier) waiting(e *Stored) error {
	v.report.Unsealed++
	v.ids.see(e.ID)
	if age := v.now.Sub(e.At); age > SealedWithin || age < -SealedWithin {
		text := fmt.Sprintf("it is of %s and was never sealed: it was put in, or no sealer is running", e.At.UTC().Format(time.RFC3339))
		return &Broken{Why: Unsealed, Entry: e.ID, Text: text}
	}
	return nil
}

// End checks that the trail reaches as far as every checkpoint says.
//
// Errors: *Broken.
func (v *Verifier) End() (Report, error) {
	v.report.Missing, v.report.MissingIDs = v.ids.missing()
	if len(v.checkpoints) == 0 {
		return v.report, nil
	}
	c := v.checkpoints[0]
	b := &Broken{Why: Cut, Seq: v.report.Last.Seq + 1, Text: fmt.Sprintf("it is missing with all after it: on %s the chain reached seal %d", c.At.UTC().Format(time.RFC3339), c.Seq)}
	if c.Seq == b.Seq {
		b.Entry = c.Entry
	}
	return v.report, b
}
