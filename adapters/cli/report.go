package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-isatty"

	"surgicase/application/operations"
)

// report shows how far a rotation is: a bar that moves on a terminal, elsewhere a line now and then.
type report struct {
	out      io.Writer
	terminal bool
	open     bool // the cursor stands in a line that is to be written over
	step     operations.RotationStep
	tenths   int64 // of the last line about encrypting
}

func newReport(out io.Writer) *report {
	file, ok := out.(*os.File)
	return &report{out: out, terminal: ok && isatty.IsTerminal(file.Fd())}
}

const barWidth = 40

func (r *report) tell(s operations.RotationState) {
	switch s.Step {
	case operations.KeyAdded:
		r.line("adding the key %d; it only reads until every server has it", s.Key)
	case operations.KeyPromoted:
		r.line("making %d the primary key", s.Key)
	case operations.Waiting:
		if r.terminal {
			r.over("waiting %s until every server has heard", s.Left.Round(time.Second))
		} else if r.step != s.Step {
			r.line("waiting %s until every server has heard", s.Left.Round(time.Second))
		}
	case operations.Encrypting:
		r.encrypting(s)
	}
	r.step = s.Step
}

func (r *report) encrypting(s operations.RotationState) {
	of := max(s.Of, s.Done, 1) // more may have been written since they were counted
	if r.terminal {
		full := int(barWidth * s.Done / of)
		r.over("[%s%s] %3d %%  %d of %d values", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), 100*s.Done/of, s.Done, of)
		if s.Last {
			r.end()
		}
		return
	}
	if tenths := 10 * s.Done / of; r.step != s.Step || tenths != r.tenths {
		r.tenths = tenths
		r.line("encrypting: %d of %d values", s.Done, of)
	}
}

// over writes over the line the cursor is in.
func (r *report) over(format string, args ...any) {
	fmt.Fprintf(r.out, "\r"+format+"\x1b[K", args...)
	r.open = true
}

func (r *report) line(format string, args ...any) {
	r.end()
	fmt.Fprintf(r.out, format+"\n", args...)
}

// end leaves the line behind that the cursor is in.
func (r *report) end() {
	if r.open {
		fmt.Fprintln(r.out)
	}
	r.open = false
}
