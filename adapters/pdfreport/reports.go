package pdfreport

import (
	"strconv"
	"strings"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/directory"
	"surgicase/domain/pay"
	"surgicase/domain/statement"
	"surgicase/domain/surgical"
)

// Payments draws the report of several providers: a section on a new page for each, then a summary.
func (l *Look) Payments(s *statement.Statement, made time.Time, password surgical.PHI) ([]byte, error) {
	return l.locked(s, "Provider Payment Report", made, password, func(p *page) {
		for i, section := range s.Sections {
			if i > 0 {
				p.pdf.AddPage()
			}
			p.section(s, section)
		}
		p.pdf.AddPage()
		p.summary(s)
	})
}

// Provider draws the report of one provider, who is the only one in the statement.
func (l *Look) Provider(s *statement.Statement, made time.Time, password surgical.PHI) ([]byte, error) {
	return l.locked(s, "Provider Payment Report", made, password, func(p *page) {
		for _, section := range s.Sections {
			p.section(s, section)
			p.categories(section)
		}
	})
}

// Summary draws the totals of the providers, a page for each state.
func (l *Look) Summary(s *statement.Statement, made time.Time, password surgical.PHI) ([]byte, error) {
	return l.locked(s, "Provider Payment Summary Report", made, password, func(p *page) {
		states := s.ByState()
		for i, state := range states {
			if i > 0 {
				p.pdf.AddPage()
			}
			p.state(state)
		}
		p.pdf.AddPage()
		t := s.Totals()
		p.heading("Report Summary", "")
		p.figures([][2]string{{"Total States", strconv.Itoa(len(states))}, {"Total Providers", strconv.Itoa(t.Providers)}, {"Total Amount", dollars(t.Amount)}})
		p.categories(s.Sections...)
	})
}

func (l *Look) locked(s *statement.Statement, title string, made time.Time, password surgical.PHI, content func(*page)) ([]byte, error) {
	document, err := l.draw(s, title, made, content)
	if err != nil {
		return nil, err
	}
	return encrypt(document, password.Reveal())
}

// heading writes the title of a section and what is known about it.
func (p *page) heading(title, facts string) {
	p.ink(black)
	for _, line := range p.wrapped(title, boldStyle, 13, contentWidth) {
		p.text(line, boldStyle, 13, 7)
	}
	if facts != "" {
		p.ink(grey)
		p.text(facts, plainStyle, 10, 5.5)
	}
	p.pdf.Ln(3)
}

var lineColumns = []column{{"Date", 22, false}, {"Case", 17, false}, {"Patient Name", 44, false}, {"Procedure(s)", 46, false}, {"Category", 26, false}, {"Amount", 25, true}}

// section writes what one provider gets.
func (p *page) section(s *statement.Statement, section statement.Section) {
	title := "Provider: " + section.Payee.Name()
	if section.Payee.NPI != 0 {
		title += " (NPI: " + section.Payee.NPI.String() + ")"
	}
	p.heading(title, "Projected Pay Date: "+longDate(s.PayDate))
	p.lines("Payments", section.Payee.Name(), section.Payable(), section.Paid())
	if reversals := section.Reversals(); len(reversals) > 0 {
		p.pdf.Ln(5)
		p.lines("Refunds of earlier payments", section.Payee.Name(), reversals, section.Refunded())
	}
	if never := section.NeverPaid(); len(never) > 0 {
		p.pdf.Ln(5)
		p.lines("Cancelled before they were paid: nothing is deducted", section.Payee.Name(), never, 0)
	}
	if section.Owed > 0 {
		p.note("Carried over from earlier runs: " + dollars(-section.Owed))
	}
	if section.Carried() > 0 {
		p.note("Deducted from the next payment: " + dollars(-section.Carried()))
	}
	p.pdf.Ln(4)
	p.need(10)
	p.fill(accent)
	p.ink(white)
	p.cell("Provider Total:", boldStyle, 11, contentWidth-45, 9, false, true)
	p.cell(dollars(section.Total()), boldStyle, 11, 45, 9, true, true)
	p.pdf.SetXY(margin, p.pdf.GetY()+15)
}

// note writes a line of text below a table.
func (p *page) note(text string) {
	p.pdf.Ln(3)
	p.need(7)
	p.ink(black)
	p.text(text, plainStyle, 10, 6)
}

// need starts a new page if there is no room for so much.
func (p *page) need(height float64) {
	if p.pdf.GetY()+height > p.bottom() {
		p.pdf.AddPage()
	}
}

func (p *page) lines(title, provider string, lines []statement.Line, total pay.Cents) {
	if len(lines) == 0 {
		return
	}
	p.need(6 + headHeight + 3*lineHeight + headHeight)
	p.ink(accent)
	p.text(title, boldStyle, 10, 6)
	t := &table{page: p, columns: lineColumns, continued: provider + ", " + strings.ToLower(title) + ", continued"}
	t.head()
	for i, line := range lines {
		keep := 0.0
		if i == len(lines)-1 {
			keep = headHeight // the sum does not stand alone on a page
		}
		t.row(cellsOf(line), keep)
	}
	t.total(strconv.Itoa(len(lines))+" "+plural("case", len(lines)), dollars(total))
}

func cellsOf(l statement.Line) []string {
	patient := directory.FullName(l.Patient.First.Reveal(), l.Patient.Last.Reveal())
	if patient == "" {
		patient = "–"
	}
	category := l.Category
	if category == "" {
		category = statement.Unspecified
	}
	return []string{l.CaseDate.String(), l.DocNumber(), patient, l.Codes.String(), category, dollars(l.Amount)}
}

// summary is the last page of a report of several providers.
func (p *page) summary(s *statement.Statement) {
	t := s.Totals()
	p.heading("Report Summary", "Projected Pay Date: "+longDate(s.PayDate))
	figures := [][2]string{{"Total Providers", strconv.Itoa(t.Providers)}, {"Total Cases", strconv.Itoa(t.Cases)}}
	if t.Refunds > 0 {
		figures = append(figures, [2]string{"Payments", dollars(t.Paid)}, [2]string{"Refunds", dollars(t.Refunded)})
	}
	if t.Owed > 0 || t.Carried > 0 {
		figures = append(figures, [2]string{"Carried over", dollars(t.Carried - t.Owed)})
	}
	p.figures(append(figures, [2]string{"Total Amount", dollars(t.Amount)}))
	p.categories(s.Sections...)
	p.providers("Totals by provider", "", s.Sections)
}

// figures writes a row of boxes with a label and a figure each.
func (p *page) figures(boxes [][2]string) {
	const gap, height = 4.0, 19.0
	width := (contentWidth - gap*float64(len(boxes)-1)) / float64(len(boxes))
	y := p.pdf.GetY()
	for i, box := range boxes {
		x := margin + float64(i)*(width+gap)
		p.fill(tint)
		p.pdf.Rect(x, y, width, height, "F")
		p.fill(accent)
		p.pdf.Rect(x, y, 1, height, "F")
		p.pdf.SetXY(x+2, y+3)
		p.ink(grey)
		p.cell(box[0], plainStyle, 9, width-3, 5, false, false)
		p.pdf.SetXY(x+2, y+9)
		p.ink(black)
		p.cell(box[1], boldStyle, p.fitting(box[1], 13, width-3-2*cellMargin), width-3, 7, false, false)
	}
	p.pdf.SetXY(margin, y+height+8)
}

// fitting is the largest size up to the usual one in which the figure is no wider than its box.
func (p *page) fitting(figure string, size, width float64) float64 {
	for ; size > 6; size -= 0.5 {
		if p.pdf.GetStringWidth(p.set(figure, boldStyle, size)) <= width {
			break
		}
	}
	return size
}

func (p *page) categories(sections ...statement.Section) {
	totals := statement.Categories(sections...)
	if len(totals) == 0 {
		return
	}
	p.need(6 + 2*headHeight + float64(min(len(totals), 4))*2*lineHeight)
	p.ink(accent)
	p.text("Totals by pay category", boldStyle, 10, 6)
	t := &table{page: p, columns: []column{{"Category", 110, false}, {"Cases", 30, true}, {"Amount", 40, true}}, continued: "Totals by pay category, continued"}
	t.head()
	var cases int
	var amount pay.Cents
	for i, c := range totals {
		keep := 0.0
		if i == len(totals)-1 {
			keep = headHeight
		}
		t.row([]string{c.Category, strconv.Itoa(c.Cases), dollars(c.Amount)}, keep)
		cases, amount = cases+c.Cases, amount+c.Amount
	}
	t.total("All categories", strconv.Itoa(cases), dollars(amount))
	p.pdf.Ln(8)
}

func (p *page) state(s statement.StateSections) {
	p.heading("State: "+s.State, "")
	p.providers("Providers", "State "+s.State, s.Sections)
}

// providers writes a table of providers with their totals.
func (p *page) providers(title, of string, sections []statement.Section) {
	p.need(6 + 2*headHeight + 3*lineHeight)
	p.ink(accent)
	p.text(title, boldStyle, 10, 6)
	label := "All providers"
	if of != "" {
		label = "State Total:"
	}
	t := &table{
		page: p, continued: strings.TrimSpace(of+" "+strings.ToLower(title)) + ", continued",
		columns: []column{{"Provider Name", 82, false}, {"NPI", 32, false}, {"Cases", 24, true}, {"Total Amount", 42, true}},
	}
	t.head()
	for i, section := range sections {
		keep := 0.0
		if i == len(sections)-1 {
			keep = headHeight
		}
		t.row([]string{section.Payee.Name(), section.Payee.NPI.String(), strconv.Itoa(len(section.Payable())), dollars(section.Total())}, keep)
	}
	totals := statement.TotalsOf(sections)
	t.total(label, strconv.Itoa(totals.Cases), dollars(totals.Amount))
	p.pdf.Ln(8)
}

// dollars writes an amount without separators, as the old product did.
func dollars(c pay.Cents) string {
	if c < 0 {
		return "-$" + (-c).String()
	}
	return "$" + c.String()
}

func plural(word string, n int) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

func longDate(d civil.Date) string {
	if d.IsZero() {
		return "–"
	}
	return d.Midnight().Format("January 2, 2006")
}
