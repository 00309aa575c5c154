package cli

import (
	"io"
	"time"

	"surgicase/application/npidirectory"
)

// importBar shows how far an import is, with rows per second and the time left.
type importBar struct {
	*bar
	file string
	from npidirectory.Progress // where counting began: a resumed import starts with what was done before
}

func newImportBar(out io.Writer) *importBar { return &importBar{bar: newBar(out)} }

func (b *importBar) tell(p npidirectory.Progress) {
	if p.Of == 0 { // it is on its way, and nobody counts rows yet
		b.show("fetching "+p.File, 0, 0, "%d MB", p.Bytes>>20)
		return
	}
	if p.File != b.file || b.from.Of == 0 {
		b.file, b.from = p.File, p
	}
	speed, left := pace(p.Rows-b.from.Rows, p.Bytes-b.from.Bytes, p.Of-p.Bytes, p.Took-b.from.Took)
	b.show(p.File, p.Bytes, p.Of, "%d rows, %d a second, %s left", p.Rows, speed, left)
}

// pace gives rows per second, and how long the bytes that are left take.
func pace(rows, bytes, left int64, took time.Duration) (speed int64, remaining time.Duration) {
	if took <= 0 || bytes <= 0 {
		return 0, 0
	}
	remaining = time.Duration(float64(left) / float64(bytes) * float64(took))
	return int64(float64(rows) / took.Seconds()), remaining.Round(time.Second)
}
