package pdfreport

import "strings"

// column is a column of a table.
type column struct {
	title string
	width float64 // mm
	right bool    // figures stand at the right
}

// table writes rows that wrap, on pages that repeat the head.
type table struct {
	*page
	columns   []column
	continued string // what stands above the head on further pages
	striped   bool   // the next row is on a tint
}

const (
	rowSize    = 9.0 // points
	lineHeight = 4.6 // mm
	cellMargin = 1.8 // mm beside and above the text
	headHeight = 7.5 // mm
)

// head writes the titles of the columns.
func (t *table) head() {
	t.fill(accent)
	t.ink(white)
	x := t.pdf.GetX()
	for _, c := range t.columns {
		t.cell(c.title, boldStyle, rowSize, c.width, headHeight, c.right, true)
	}
	t.pdf.SetXY(x, t.pdf.GetY()+headHeight)
	t.striped = false
}

// row writes a row whole on one page. With keep, as many millimetres stay free below it for what belongs to
// it.
func (t *table) row(cells []string, keep float64) {
	lines := make([][]string, len(cells))
	most := 1
	for i, text := range cells {
		lines[i] = t.wrap(text, t.columns[i].width-2*cellMargin)
		most = max(most, len(lines[i]))
	}
	height := float64(most)*lineHeight + 2*cellMargin - 1
	if t.pdf.GetY()+height+keep > t.bottom() {
		t.breakPage()
	}
	x, y := t.pdf.GetX(), t.pdf.GetY()
	if t.striped {
		t.fill(tint)
		t.pdf.Rect(x, y, t.width(), height, "F")
	}
	t.striped = !t.striped
	t.ink(black)
	for i, c := range t.columns {
		for n, line := range lines[i] {
			t.pdf.SetXY(x, y+cellMargin-0.5+float64(n)*lineHeight)
			t.cell(line, plainStyle, rowSize, c.width, lineHeight, c.right, false)
		}
		x += c.width
	}
	t.rule(y + height)
	t.pdf.SetXY(margin, y+height)
}

func (t *table) breakPage() {
	t.pdf.AddPage()
	t.ink(grey)
	t.text(t.continued, plainStyle, rowSize, 6)
	t.head()
}

// total writes a line in bold under the last row.
func (t *table) total(label string, figures ...string) {
	y := t.pdf.GetY()
	t.fill(tint)
	t.pdf.Rect(margin, y, t.width(), headHeight, "F")
	t.ink(black)
	taken := 0.0
	for i := range figures {
		taken += t.columns[len(t.columns)-len(figures)+i].width
	}
	t.cell(label, boldStyle, rowSize, t.width()-taken, headHeight, false, false)
	for i, figure := range figures {
		t.cell(figure, boldStyle, rowSize, t.columns[len(t.columns)-len(figures)+i].width, headHeight, true, false)
	}
	t.pdf.SetXY(margin, y+headHeight)
}

func (t *table) width() float64 {
	sum := 0.0
	for _, c := range t.columns {
		sum += c.width
	}
	return sum
}

// wrap breaks a text into lines that fit: between words, and within a word that is wider than a line.
func (p *page) wrap(text string, width float64) []string {
	return p.wrapped(text, plainStyle, rowSize, width)
}

func (p *page) wrapped(text, style string, size, width float64) []string {
	text = p.choose(text, style, size)
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		for _, part := range p.parts(word, width) {
			switch {
			case line == "":
				line = part
			case p.pdf.GetStringWidth(line+" "+part) <= width:
				line += " " + part
			default:
				lines = append(lines, line)
				line = part
			}
		}
	}
	return append(lines, line)
}

// parts cuts a word into pieces that fit.
func (p *page) parts(word string, width float64) []string {
	if p.pdf.GetStringWidth(word) <= width {
		return []string{word}
	}
	var parts []string
	piece := ""
	for _, r := range word {
		if piece != "" && p.pdf.GetStringWidth(piece+string(r)) > width {
			parts = append(parts, piece)
			piece = ""
		}
		piece += string(r)
	}
	return append(parts, piece)
}
