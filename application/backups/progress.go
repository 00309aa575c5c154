package backups

import (
	"context"
	"iter"

	"surgicase/ports"
)

// Step is what a backup, a restoration or a trial is at.
type Step string

// The steps.
const (
	TakingOut Step = "backing up"
	PuttingIn Step = "restoring"
	Comparing Step = "comparing"
	Verifying Step = "verifying"
	Finding   Step = "objects looked for"
)

// Progress is how far a step is: in tables when it takes out or compares, in bytes of the backup when it puts in, in seals
// when it verifies the trail, in objects, of which nobody knows how many there are, when it looks for them.
type Progress struct {
	Step     Step
	Done, Of int64
	Rows     int64
}

// each is after how many rows or seals progress is told.
const each = 1000

// Telling gives a service that tells how far it is.
func (s *Service) Telling(tell func(Progress)) *Service {
	telling := *s
	telling.tell = tell
	return &telling
}

// takeOut writes all rows of a store.
func takeOut(ctx context.Context, store ports.Archive, w *writer, step Step, tell func(Progress)) error {
	var rows int64
	upTo := func(table int) Progress {
		return Progress{Step: step, Done: int64(table), Of: int64(len(w.head.Tables)), Rows: rows}
	}
	err := store.TakeOut(ctx, w.begin, func(r ports.ArchivedRow) error {
		if rows++; rows%each == 0 {
			tell(upTo(r.Table))
		}
		return w.row(r)
	})
	if err == nil {
		err = w.end()
	}
	if err == nil {
		tell(upTo(len(w.head.Tables)))
	}
	return err
}

// counted gives the rows of a backup of so many bytes and tells how far it is.
func (s *Service) counted(r *reader, size int64) iter.Seq2[ports.ArchivedRow, error] {
	return func(yield func(ports.ArchivedRow, error) bool) {
		var rows int64
		for row, err := range r.rows() {
			if !yield(row, err) || err != nil {
				return
			}
			if rows++; rows%each == 0 {
				s.tell(Progress{Step: PuttingIn, Done: r.stored.size, Of: size, Rows: rows})
			}
		}
		s.tell(Progress{Step: PuttingIn, Done: size, Of: size, Rows: rows})
	}
}
