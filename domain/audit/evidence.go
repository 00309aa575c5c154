package audit

import (
	"iter"
	"slices"
	"time"
)

// Evidence is a whole trail as it was at a moment: out of the database or out of an export.
type Evidence struct {
	At          time.Time
	Checkpoints []Checkpoint
	Seals       int64 // how many there are, for showing progress
	Links       iter.Seq2[Link, error]
	ChainKeys   []ChainKey // at hand for seals of format 2
}

// progressEvery is after how many links progress is told.
const progressEvery = 10_000

// Verify checks the trail from its beginning to its end, against its own checkpoints and others that
// were kept elsewhere.
//
// Errors: *Broken; what the links could not be read for.
func (e Evidence) Verify(kept []Checkpoint, keys []PublicKey, progress func(done int64)) (Report, error) {
	v, err := NewVerifier(e.At, slices.Concat(e.Checkpoints, kept), keys...)
	if err != nil {
		return Report{}, err
	}
	v.With(e.ChainKeys...)
	done := int64(0)
	for link, err := range e.Links {
		if err == nil {
			err = v.Next(link)
		}
		if err != nil {
			return v.report, err
		}
		if done++; done%progressEvery == 0 {
			progress(done)
		}
	}
	return v.End()
}
