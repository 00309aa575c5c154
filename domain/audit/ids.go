package audit

import (
	"fmt"
	"slices"
	"strings"
)

// IDRange is a range of ids, both ends included.
type IDRange struct{ From, To int64 }

// String returns the id, or both ends.
func (r IDRange) String() string {
	if r.From == r.To {
		return fmt.Sprint(r.From)
	}
	return fmt.Sprintf("%d to %d", r.From, r.To)
}

// Bounds of what is remembered and told of missing ids.
const (
	maxGaps     = 10_000
	maxGapsTold = 10
)

// entryIDs finds the ids that no entry has, in bounded memory. Entries come in the order of their seals:
// ids that were committed late come after higher ones.
type entryIDs struct {
	highest int64
	count   int64     // of ids that are missing
	gaps    []IDRange // by id; the first maxGaps
	full    bool      // there were more
}

func (e *entryIDs) see(id int64) {
	if id > e.highest {
		if id > e.highest+1 {
			e.count += id - e.highest - 1
			if e.full = e.full || len(e.gaps) >= maxGaps; !e.full {
				e.gaps = append(e.gaps, IDRange{e.highest + 1, id - 1})
			}
		}
		e.highest = id
		return
	}
	at, found := slices.BinarySearchFunc(e.gaps, id, func(r IDRange, id int64) int {
		switch {
		case r.To < id:
			return -1
		case r.From > id:
			return 1
		}
		return 0
	})
	switch {
	case found:
		e.count--
		e.gaps = slices.Replace(e.gaps, at, at+1, e.gaps[at].without(id)...)
	case e.full: // of a gap that was not remembered
		e.count--
	}
}

func (r IDRange) without(id int64) (rest []IDRange) {
	if r.From < id {
		rest = append(rest, IDRange{r.From, id - 1})
	}
	if id < r.To {
		rest = append(rest, IDRange{id + 1, r.To})
	}
	return rest
}

func (e *entryIDs) missing() (int64, []IDRange) {
	return e.count, slices.Clone(e.gaps[:min(len(e.gaps), maxGapsTold)])
}

// MissingText returns the missing ids as a phrase, empty if there are none.
func (r Report) MissingText() string {
	if r.Missing == 0 {
		return ""
	}
	texts := make([]string, len(r.MissingIDs))
	for i, gap := range r.MissingIDs {
		texts[i] = gap.String()
	}
	return fmt.Sprintf("%d ids of entries are missing, first %s", r.Missing, strings.Join(texts, ", "))
}
