package cli

import (
	"io"
	"time"

	"surgicase/application/operations"
)

// rotation shows how far a rotation of keys is.
type rotation struct {
	*bar
	last operations.RotationStep
}

func newRotation(out io.Writer) *rotation { return &rotation{bar: newBar(out)} }

func (r *rotation) tell(s operations.RotationState) {
	switch s.Step {
	case operations.KeyAdded:
		r.line("adding the key %d; it only reads until every server has it", s.Key)
	case operations.KeyPromoted:
		r.line("making %d the primary key", s.Key)
	case operations.Waiting:
		if r.terminal {
			r.over("waiting %s until every server has heard", s.Left.Round(time.Second))
		} else if r.last != s.Step {
			r.line("waiting %s until every server has heard", s.Left.Round(time.Second))
		}
	case operations.Encrypting:
		if r.counting("encrypting", "values")(s.Done, s.Of); s.Last {
			r.end()
		}
	}
	r.last = s.Step
}
