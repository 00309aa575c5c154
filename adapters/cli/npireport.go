package cli

import (
	"io"
	"strings"
	"time"

	"surgicase/application/npidirectory"
)

// importReport shows how far an import is: a bar with rows per second and the time left on a terminal, a
// line for every tenth elsewhere.
type importReport struct {
	*report
	file   string
	tenths int64
	from   npidirectory.Progress // where counting began: a resumed import starts with what was done before
}

func newImportReport(out io.Writer) *importReport { return &importReport{report: newReport(out)} }

func (r *importReport) tell(p npidirectory.Progress) {
	if p.File != r.file {
		r.end()
		r.file, r.tenths, r.from = p.File, -1, p
	}
	if p.Of == 0 { // it is on its way, and nobody counts rows yet
		if r.terminal {
			r.over("fetching %s: %d MB", p.File, p.Bytes>>20)
		}
		return
	}
	if r.from.Of == 0 {
		r.from = p
	}
	speed, left := pace(p.Rows-r.from.Rows, p.Bytes-r.from.Bytes, p.Of-p.Bytes, p.Took-r.from.Took)
	share := p.Bytes * 100 / p.Of
	switch tenths := share / 10; {
	case r.terminal:
		full := int(barWidth * min(share, 100) / 100)
		r.over("[%s%s] %3d %%  %d rows, %d a second, %s left", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), share, p.Rows, speed, left)
	case tenths != r.tenths && p.Bytes > 0:
		r.tenths = tenths
		r.line("%s: %d %%, %d rows, %d a second, %s left", p.File, share, p.Rows, speed, left)
	}
}

// pace gives rows per second, and how long the bytes that are left take.
func pace(rows, bytes, left int64, took time.Duration) (speed int64, remaining time.Duration) {
	if took <= 0 || bytes <= 0 {
		return 0, 0
	}
	remaining = time.Duration(float64(left) / float64(bytes) * float64(took))
	return int64(float64(rows) / took.Seconds()), remaining.Round(time.Second)
}
