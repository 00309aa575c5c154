package mail

import (
	"slices"
	"strings"
	"time"

	"surgicase/domain/fault"
)

// Template is what letters of a kind are written from: a subject and a text with variables in braces.
type Template struct {
	subject []piece
	text    []piece
}

// piece is a stretch of text, or a variable.
type piece struct {
	text     string
	variable bool
}

// Variables says which variables a template of a kind may use. Source: spec/reference-rules.md 10.2. A
// password is among them because old templates name it; it stands for where the password is to be had.
var Variables = map[Kind][]string{
	PaymentReport: {
		"creation_date", "report_date", "total_providers", "total_cases", "total_amount", "filename", "password", "first_name", "last_name",
	},
	SummaryReport: {"creation_date", "report_date", "total_states", "total_providers", "total_amount", "filename", "first_name", "last_name"},
	IndividualReport: {
		"provider_name", "npi", "creation_date", "filename", "password", "total_amount", "case_count", "first_name", "last_name",
	},
	JobFailed:  {"job", "scheduled_at", "failed_at", "outcome", "attempts"},
	JobWarning: {"job", "scheduled_at", "finished_at", "outcome"},
	Checkpoint: {"made_at", "seals", "checkpoint"},
}

// TemplateNames are the templates that there must be: one for each kind, of reports one per rhythm.
func TemplateNames() []string {
	var names []string
	for kind := range Variables {
		switch kind {
		case PaymentReport, SummaryReport, IndividualReport:
			names = append(names, templateName(kind, Weekly), templateName(kind, OnDemand))
		default:
			names = append(names, templateName(kind, ""))
		}
	}
	slices.Sort(names)
	return names
}

func templateName(kind Kind, rhythm Rhythm) string {
	if rhythm == "" {
		return string(kind)
	}
	return string(kind) + "_" + string(rhythm)
}

// Templates are all templates by name.
type Templates map[string]Template

// ParseTemplates reads templates from their sources by name.
//
// Faults: Invalid with a field per template that is missing or wrong.
func ParseTemplates(sources map[string]string) (Templates, error) {
	var bad fault.Collector
	all := Templates{}
	for _, name := range TemplateNames() {
		source, found := sources[name]
		if !found {
			bad.Add(name, "is missing")
			continue
		}
		t, err := parseTemplate(source, Variables[kindOf(name)])
		bad.Check(name, err)
		all[name] = t
	}
	return all, bad.Err()
}

func kindOf(name string) Kind {
	return Kind(strings.TrimSuffix(strings.TrimSuffix(name, "_"+string(Weekly)), "_"+string(OnDemand)))
}

const subjectMark = "Subject: "

func parseTemplate(source string, variables []string) (Template, error) {
	var t Template
	source = strings.ReplaceAll(strings.TrimPrefix(source, "\ufeff"), "\r\n", "\n")
	first, rest, _ := strings.Cut(source, "\n")
	subject, marked := strings.CutPrefix(first, subjectMark)
	blank, text, _ := strings.Cut(rest, "\n")
	if !marked || strings.TrimSpace(subject) == "" || blank != "" || strings.TrimSpace(text) == "" {
		return t, wrong(`must begin with a line "Subject: …", an empty line, and then the text`)
	}
	var err error
	if t.subject, err = pieces(strings.TrimSpace(subject), variables); err != nil {
		return t, err
	}
	t.text, err = pieces(text, variables)
	return t, err
}

func wrong(format string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, "template_invalid", format, args...)
}

// pieces reads {name} as a variable, {{ and }} as braces.
func pieces(text string, variables []string) ([]piece, error) {
	var all []piece
	add := func(p piece) {
		if n := len(all); n > 0 && !p.variable && !all[n-1].variable {
			all[n-1].text += p.text
		} else if p.text != "" {
			all = append(all, p)
		}
	}
	for text != "" {
		i := strings.IndexAny(text, "{}")
		if i < 0 {
			add(piece{text: text})
			break
		}
		add(piece{text: text[:i]})
		if strings.HasPrefix(text[i:], "{{") || strings.HasPrefix(text[i:], "}}") {
			add(piece{text: text[i : i+1]})
			text = text[i+2:]
			continue
		}
		end := strings.IndexByte(text[i:], '}')
		if text[i] == '}' || end < 0 {
			return nil, wrong("has a brace that stands alone; write {{ or }} for a brace")
		}
		name := text[i+1 : i+end]
		if !slices.Contains(variables, name) {
			return nil, wrong("uses {%.40s}; it may use {%s}", name, strings.Join(variables, "}, {"))
		}
		add(piece{text: name, variable: true})
		text = text[i+end+1:]
	}
	return all, nil
}

// Values are what the variables of a template stand for.
type Values map[string]string

// Write writes subject and text. A variable without a value is empty.
func (t Template) Write(values Values) (subject, text string) {
	return oneLine(fill(t.subject, values)), fill(t.text, values)
}

func fill(pieces []piece, values Values) string {
	var b strings.Builder
	for _, p := range pieces {
		if p.variable {
			b.WriteString(values[p.text])
		} else {
			b.WriteString(p.text)
		}
	}
	return b.String()
}

// oneLine keeps a value from breaking out of the subject, and the subject short enough for a header.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)), " ")
	for len(s) > mostHeader {
		runes := []rune(s)
		s = string(runes[:len(runes)-1])
	}
	return s
}

// Stationery is what letters are written on: the templates, and the domain that Message-IDs end with.
type Stationery struct {
	Templates Templates
	Domain    string
}

// Letter writes a letter that is still without recipient and occasion.
func (s Stationery) Letter(kind Kind, rhythm Rhythm, unique string, values Values) Posted {
	p := Posted{MessageID: unique + "@" + s.Domain, Kind: kind, Rhythm: rhythm, Status: Queued}
	p.Subject, p.Text = s.Templates[templateName(kind, rhythm)].Write(values)
	return p
}

// NotTo marks the letter as one that is not sent, and why.
func (p *Posted) NotTo(reason string, now time.Time) { p.end(NotMailed, reason, now) }
