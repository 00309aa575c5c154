package pdfreport

import (
	"strconv"

	"surgicase/domain/statement"
)

// The page is A4 upright; all lengths are millimetres.
const (
	margin       = 15.0
	pageWidth    = 210.0
	pageHeight   = 297.0
	contentWidth = pageWidth - 2*margin
	headerHeight = 26.0
	footerHeight = 16.0
	logoHeight   = 15.0
	logoWidth    = 40.0
)

type colour struct{ r, g, b int }

var (
	accent = colour{23, 78, 92}
	amber  = colour{176, 98, 16}
	black  = colour{28, 32, 36}
	grey   = colour{105, 112, 118}
	line   = colour{214, 220, 224}
	tint   = colour{242, 246, 247}
	white  = colour{255, 255, 255}
)

// page is the document while it is written.
type page struct {
	typesetter
	look  *Look
	title string
	facts string // beside the title
	draft bool   // a preview
	made  string // when it was generated
}

func (p *page) ink(c colour)  { p.pdf.SetTextColor(c.r, c.g, c.b) }
func (p *page) fill(c colour) { p.pdf.SetFillColor(c.r, c.g, c.b) }

// bottom is where the content ends.
func (p *page) bottom() float64 { return pageHeight - footerHeight - 4 }

func (p *page) rule(y float64) {
	p.pdf.SetDrawColor(line.r, line.g, line.b)
	p.pdf.SetLineWidth(0.2)
	p.pdf.Line(margin, y, pageWidth-margin, y)
}

// cell writes a text in a box, at its left or right, and moves behind the box.
func (p *page) cell(text, style string, size, width, height float64, right, filled bool) {
	align := "LM"
	if right {
		align = "RM"
	}
	p.pdf.SetCellMargin(cellMargin)
	p.pdf.CellFormat(width, height, p.set(text, style, size), "", 0, align, filled, 0, "")
}

// text writes a line from the left margin on and moves below it.
func (p *page) text(text, style string, size, height float64) {
	p.pdf.SetX(margin)
	p.pdf.SetCellMargin(0)
	p.pdf.CellFormat(contentWidth, height, p.set(text, style, size), "", 1, "LM", false, 0, "")
}

// header stands on every page: logo, organisation, title.
func (p *page) header() {
	left := margin
	if p.look.logo != nil {
		left += p.drawLogo() + 5
	}
	p.pdf.SetCellMargin(0)
	p.pdf.SetXY(left, 11)
	p.ink(grey)
	p.pdf.CellFormat(pageWidth-margin-left, 5.5, p.set(p.look.organisation, plainStyle, 10), "", 1, "LM", false, 0, "")
	p.pdf.SetX(left)
	p.ink(accent)
	p.pdf.CellFormat(pageWidth-margin-left, 8, p.set(p.title, boldStyle, 15), "", 0, "LM", false, 0, "")
	p.pdf.SetXY(margin, 11)
	p.ink(grey)
	p.pdf.CellFormat(contentWidth, 5.5, p.set(p.facts, plainStyle, 9), "", 0, "RM", false, 0, "")
	if p.draft {
		p.badge("PREVIEW")
	}
	p.pdf.SetDrawColor(accent.r, accent.g, accent.b)
	p.pdf.SetLineWidth(0.6)
	p.pdf.Line(margin, headerHeight+1.5, pageWidth-margin, headerHeight+1.5)
	p.pdf.SetXY(margin, headerHeight+7)
}

func (p *page) badge(text string) {
	const width = 24.0
	p.fill(amber)
	p.ink(white)
	p.pdf.SetXY(pageWidth-margin-width, 17.5)
	p.pdf.CellFormat(width, 6, p.set(text, boldStyle, 9), "", 0, "CM", true, 0, "")
}

// footer stands on every page: when it was made and which page it is. The library puts the number of pages in
// place of the mark in the end.
func (p *page) footer() {
	y := pageHeight - footerHeight
	p.rule(y)
	p.pdf.SetCellMargin(0)
	p.ink(grey)
	p.pdf.SetXY(margin, y+2)
	p.pdf.CellFormat(contentWidth, 5, p.set("Report generated on "+p.made, plainStyle, 8), "", 0, "LM", false, 0, "")
	const room = 6.0 // for the number that is not known yet
	p.pdf.SetXY(margin, y+2)
	p.pdf.CellFormat(contentWidth-room, 5, p.set("Page "+strconv.Itoa(p.pdf.PageNo())+" of", plainStyle, 8), "", 0, "RM", false, 0, "")
	p.pdf.SetX(pageWidth - margin - room + 0.8)
	p.pdf.CellFormat(room, 5, pagesMark, "", 0, "LM", false, 0, "")
}

// factsOf says what identifies a report.
func factsOf(s *statement.Statement) string {
	facts := "Report date " + longDate(s.Date)
	if s.Run != 0 {
		return "Payment run " + strconv.FormatInt(s.Run, 10) + "  ·  " + facts
	}
	switch {
	case !s.From.IsZero() && !s.To.IsZero():
		return "Cases " + s.From.String() + " to " + s.To.String() + "  ·  " + facts
	case !s.From.IsZero():
		return "Cases from " + s.From.String() + "  ·  " + facts
	case !s.To.IsZero():
		return "Cases through " + s.To.String() + "  ·  " + facts
	}
	return facts
}
