package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
)

// bar shows how far a command is: in a line that is written over on a terminal, elsewhere in a line for every tenth.
type bar struct {
	out      io.Writer
	terminal bool
	open     bool   // the cursor stands in a line that is to be written over
	step     string // what the tenths are of
	tenths   int64
}

func newBar(out io.Writer) *bar {
	file, ok := out.(*os.File)
	return &bar{out: out, terminal: ok && isatty.IsTerminal(file.Fd())}
}

const barWidth = 40

// show tells how much of a step is done, in any unit, and what there is to say beside it. With of 0 nobody knows how much
// there is to do: a terminal shows the text alone.
func (b *bar) show(step string, done, of int64, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if step != b.step {
		b.end()
		b.step, b.tenths = step, -1
	}
	if of == 0 {
		if b.terminal {
			b.over("%s: %s", step, text)
		}
		return
	}
	share := 100 * min(done, of) / of
	switch tenths := share / 10; {
	case b.terminal:
		full := int(barWidth * share / 100)
		b.over("[%s%s] %3d %%  %s", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), share, text)
	case tenths != b.tenths:
		b.tenths = tenths
		b.line("%s: %d %%, %s", step, share, text)
	}
}

// counting shows how many are done.
func (b *bar) counting(step, what string) func(done, of int64) {
	return func(done, of int64) {
		of = max(done, of) // more may have come since they were counted
		b.show(step, done, of, "%d of %d %s", done, of, what)
	}
}

// over writes over the line the cursor is in.
func (b *bar) over(format string, args ...any) {
	fmt.Fprintf(b.out, "\r"+format+"\x1b[K", args...)
	b.open = true
}

func (b *bar) line(format string, args ...any) {
	b.end()
	fmt.Fprintf(b.out, format+"\n", args...)
}

// end leaves the line behind that the cursor is in.
func (b *bar) end() {
	if b.open {
		fmt.Fprintln(b.out)
	}
	b.open = false
}
