// Package movein turns what the service before this one has stored into what is stored here, and
// says of every value what became of it. It decides by the row alone and by what is known already:
// the same rows give the same result each time. Source: spec/decisions.md 5.3a and
// reference-wire.md, data model.
package movein

import (
	"maps"
	"slices"
	"strings"

	"surgicase/domain/surgical"
)

// Record is a row of an old table, every value as text. Patient data may stand anywhere in it, so it
// is kept as such.
type Record struct {
	Table  string
	Values map[string]surgical.PHI // by column; NULL and empty are the same
}

// Text gives a value in the clear; empty for NULL, and for a column that the table does not have.
func (r Record) Text(column string) string { return r.Values[column].Reveal() }

// Contents is the whole row as one text: two rows that differ in anything differ in it.
func (r Record) Contents() surgical.PHI {
	var b strings.Builder
	for _, column := range slices.Sorted(maps.Keys(r.Values)) {
		if value := r.Values[column]; !value.IsEmpty() {
			b.WriteString(column + "\x1f" + value.Reveal() + "\x1e")
		}
	}
	return surgical.NewPHI(b.String())
}

// WithParts is Contents of a row together with those that belong to it, such as its codes.
func (r Record) WithParts(parts ...Record) surgical.PHI {
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = part.Table + "\x1d" + part.Contents().Reveal()
	}
	slices.Sort(texts)
	return surgical.NewPHI(r.Contents().Reveal() + strings.Join(texts, ""))
}

// Fold gives what the old service took for the same id: it compared without regard to letter case.
func Fold(id string) string { return strings.ToLower(strings.TrimSpace(id)) }

// Effect is what became of a value or a row.
type Effect string

// The effects.
const (
	Changed Effect = "changed" // nothing was wrong with it, but it is kept in another way here
	Damaged Effect = "damaged" // it could not be used: it was left out or replaced
	Kept    Effect = "kept"    // it is odd, and was moved as it stands
	Held    Effect = "held"    // the row was not moved in; a later run tries again
)

// Effects lists them in the order in which they are shown.
var Effects = []Effect{Held, Damaged, Changed, Kept}

// Finding is what there is to say about a row or a value in it. It holds no patient data: values of
// patients' columns are left out.
type Finding struct {
	Table  string
	ID     string
	Column string // empty if it is about the whole row
	Effect Effect
	Code   string
	Was    string
	Now    string
}

// patients are the columns whose values no report shows.
var patients = map[string]bool{
	"patient_first": true, "patient_last": true, "patient_dob": true, "demo_file": true, "note_file": true, "misc_file": true,
	"admin_file": true, "document_name": true,
}

// reader takes the values of a row and notes what is wrong with them.
type reader struct {
	Record
	id       string
	findings []Finding
	held     bool
}

func (r *reader) note(effect Effect, column, code, now string) {
	if r.held { // for one reason
		return
	}
	f := Finding{Table: r.Table, ID: r.id, Column: column, Effect: effect, Code: code, Now: now}
	if column != "" && !patients[column] {
		f.Was = r.Text(column)
	}
	r.findings = append(r.findings, f)
}

// hold leaves the row out, for one reason.
func (r *reader) hold(column, code string) {
	if !r.held {
		r.findings = nil
		r.note(Held, column, code, "")
		r.held = true
	}
}
