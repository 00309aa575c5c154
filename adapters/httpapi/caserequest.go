package httpapi

import (
	"golang.org/x/text/unicode/norm"

	"surgicase/application/cases"
	"surgicase/domain/civil"
	"surgicase/domain/directory"
	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/surgical"
)

// Column widths. Source: reference-wire.md, data model.
const (
	maxName = 250
	maxLine = 250
)

type createCaseRequest struct {
	UserID         string         `json:"user_id,omitempty" maxLength:"255" doc:"The owner: who is paid. Default: the user_id parameter, else the caller." example:"demo-provider"`
	CaseID         string         `json:"case_id,omitempty" maxLength:"100" doc:"Chosen by the client; left out, a UUIDv7 is made." example:"tour-case-1"`
	CaseDate       string         `json:"case_date" maxLength:"10" doc:"Day of the operation." example:"2026-11-02"`
	SurgeonID      Digits         `json:"surgeon_id" doc:"A surgeon of the owner."`
	FacilityID     Digits         `json:"facility_id" doc:"A facility of the owner."`
	Patient        patientRequest `json:"patient"`
	PatientDOB     *string        `json:"patient_dob,omitempty" nullable:"true" maxLength:"10" example:"1961-04-12"`
	InsProvider    *string        `json:"ins_provider,omitempty" nullable:"true" maxLength:"250" doc:"The same as patient.ins_provider, for older clients."`
	DemoFile       *string        `json:"demo_file,omitempty" nullable:"true" maxLength:"200" doc:"Name of a file that the client uploads itself." example:"demographics.pdf"`
	NoteFile       *string        `json:"note_file,omitempty" nullable:"true" maxLength:"200" example:"operative-note.pdf"`
	MiscFile       *string        `json:"misc_file,omitempty" nullable:"true" maxLength:"200"`
	ProcedureCodes []string       `json:"procedure_codes,omitempty" nullable:"true" maxItems:"100" doc:"Five letters or digits, with modifiers such as -50." example:"[\"Z9001\"]"`
	ForceDuplicate bool           `json:"force_duplicate,omitempty" doc:"Record it although the owner has a case of this patient on this day."`
}

type patientRequest struct {
	First       string  `json:"first" minLength:"1" maxLength:"250" example:"Rosalind"`
	Last        string  `json:"last" minLength:"1" maxLength:"250" example:"Example"`
	InsProvider *string `json:"ins_provider,omitempty" nullable:"true" maxLength:"250" example:"Example Health Plan"`
}

// at puts the location on an Invalid fault of a parser.
func at(location string, err error) error {
	if err == nil {
		return nil
	}
	var bad fault.Collector
	bad.Check(location, err)
	return bad.Err()
}

// reader parses members into domain values and collects what is wrong with them.
type reader struct{ bad fault.Collector }

func (r *reader) line(location, text string, longest int, required bool) string {
	line, err := directory.ParseLine(norm.NFC.String(text), longest, required)
	r.bad.Check(location, err)
	return line
}

// nameOf reads the name of a person or a place.
func (r *reader) nameOf(location, text string, longest int, required bool) string {
	name, err := directory.ParseName(text, longest, required)
	r.bad.Check(location, err)
	return name
}

func (r *reader) phi(location, text string) surgical.PHI {
	return surgical.NewPHI(r.nameOf(location, text, maxName, true))
}

func (r *reader) date(location, text string) civil.Date {
	d, err := civil.ParseDate(text)
	r.bad.Check(location, err)
	return d
}

func (r *reader) caseDate(location, text string, today civil.Date) civil.Date {
	d := r.date(location, text)
	if !d.IsZero() {
		r.bad.Check(location, surgical.CheckDate(d, today))
	}
	return d
}

// birth reads a birth date that is not in the future; empty means none.
func (r *reader) birth(location, text string, today civil.Date) surgical.PHI {
	if text == "" {
		return surgical.PHI{}
	}
	d := r.date(location, text)
	if !d.IsZero() && (d.Year < 1880 || today.Before(d)) {
		r.bad.Add(location, "must be a day in the past")
	}
	return surgical.NewPHI(d.String())
}

func (r *reader) file(location, text string) surgical.PHI {
	name, err := document.ParseName(norm.NFC.String(text))
	r.bad.Check(location, err)
	return name
}

func (r *reader) rowID(location string, d Digits) int64 {
	n, ok := d.id()
	if !ok {
		r.bad.Add(location, "must be a positive number")
	}
	return n
}

func (r *reader) codes(location string, texts []string) []surgical.Code {
	if len(texts) > surgical.MaxCodes {
		r.bad.Add(location, "must be at most %d codes", surgical.MaxCodes)
		return nil
	}
	codes := make([]surgical.Code, 0, len(texts))
	for i, text := range texts {
		code, err := surgical.ParseCode(text)
		r.bad.Check(indexed(location, i), err)
		codes = append(codes, code)
	}
	return codes
}

func (r *reader) caseID(location, text string) ident.CaseID {
	id, err := ident.ParseCaseID(text)
	r.bad.Check(location, err)
	return id
}

func (r *reader) user(location, text string) ident.UserID {
	id, err := ident.ParseUserID(text)
	r.bad.Check(location, err)
	return id
}

// facts reads a new case. The owner is named by the body, else by the parameter, else the caller.
func (b *createCaseRequest) facts(owner, caller ident.UserID, today civil.Date) (surgical.Facts, error) {
	var r reader
	f := surgical.Facts{
		Owner: caller, Forced: b.ForceDuplicate, Files: map[surgical.FileKind]surgical.PHI{},
		Date: r.caseDate("body.case_date", b.CaseDate, today), SurgeonID: r.rowID("body.surgeon_id", b.SurgeonID), FacilityID: r.rowID("body.facility_id", b.FacilityID),
		Patient: surgical.Patient{First: r.phi("body.patient.first", b.Patient.First), Last: r.phi("body.patient.last", b.Patient.Last)},
		Codes:   r.codes("body.procedure_codes", b.ProcedureCodes),
	}
	if owner != "" {
		f.Owner = r.user("query.user_id", string(owner))
	}
	if b.UserID != "" {
		f.Owner = r.user("body.user_id", b.UserID)
	}
	if b.CaseID != "" {
		id, err := ident.ParseCaseID(b.CaseID)
		r.bad.Check("body.case_id", err)
		f.ID = id
	}
	if b.PatientDOB != nil {
		f.Patient.Born = r.birth("body.patient_dob", *b.PatientDOB, today)
	}
	f.Insurer = b.insurer(&r)
	for kind, name := range map[surgical.FileKind]*string{surgical.DemoFile: b.DemoFile, surgical.NoteFile: b.NoteFile, surgical.MiscFile: b.MiscFile} {
		if name != nil && *name != "" {
			f.Files[kind] = r.file("body."+kind.Field(), *name)
		}
	}
	return f, r.bad.Err()
}

func (b *createCaseRequest) insurer(r *reader) string {
	switch {
	case b.Patient.InsProvider != nil:
		return r.nameOf("body.patient.ins_provider", *b.Patient.InsProvider, maxLine, false)
	case b.InsProvider != nil:
		return r.nameOf("body.ins_provider", *b.InsProvider, maxLine, false)
	}
	return ""
}

type changeCaseRequest struct {
	CaseID         string             `json:"case_id" minLength:"1" maxLength:"100" example:"demo-case-001"`
	UserID         Optional[string]   `json:"user_id,omitempty" doc:"Gives the case to another provider; for administrators." example:"demo-provider-2"`
	CaseDate       Optional[string]   `json:"case_date,omitempty" example:"2026-11-03"`
	SurgeonID      Optional[Digits]   `json:"surgeon_id,omitempty"`
	FacilityID     Optional[Digits]   `json:"facility_id,omitempty"`
	PatientFirst   Optional[string]   `json:"patient_first,omitempty" example:"Rosalind"`
	PatientLast    Optional[string]   `json:"patient_last,omitempty" example:"Example"`
	PatientDOB     Optional[string]   `json:"patient_dob,omitempty" example:"1961-04-12"`
	InsProvider    Optional[string]   `json:"ins_provider,omitempty"`
	DemoFile       Optional[string]   `json:"demo_file,omitempty" example:"demographics.pdf"`
	NoteFile       Optional[string]   `json:"note_file,omitempty" example:"operative-note.pdf"`
	MiscFile       Optional[string]   `json:"misc_file,omitempty"`
	AdminFile      Optional[string]   `json:"admin_file,omitempty" doc:"For administrators."`
	ProcedureCodes Optional[[]string] `json:"procedure_codes,omitempty" doc:"Replaces all codes; null or [] removes them."`
	ForceDuplicate bool               `json:"force_duplicate,omitempty" doc:"Change it although that makes it a twin of another case."`
}

// change reads a merge patch. What a case cannot be without cannot be cleared.
func (b *changeCaseRequest) change(today civil.Date) (cases.Change, error) {
	var r reader
	c := cases.Change{ForceDuplicate: b.ForceDuplicate, Changes: surgical.Changes{Files: map[surgical.FileKind]surgical.PHI{}}}
	id, err := ident.ParseCaseID(b.CaseID)
	r.bad.Check("body.case_id", err)
	c.ID = id
	c.Owner = needed(&r, "user_id", b.UserID, r.user)
	c.Date = needed(&r, "case_date", b.CaseDate, func(at, text string) civil.Date { return r.caseDate(at, text, today) })
	c.SurgeonID = needed(&r, "surgeon_id", b.SurgeonID, r.rowID)
	c.FacilityID = needed(&r, "facility_id", b.FacilityID, r.rowID)
	c.First = needed(&r, "patient_first", b.PatientFirst, r.phi)
	c.Last = needed(&r, "patient_last", b.PatientLast, r.phi)
	c.Born = clearable(b.PatientDOB, "patient_dob", func(at, text string) surgical.PHI { return r.birth(at, text, today) })
	c.Insurer = clearable(b.InsProvider, "ins_provider", func(at, text string) string { return r.nameOf(at, text, maxLine, false) })
	c.Codes = clearable(b.ProcedureCodes, "procedure_codes", r.codes)
	for kind, o := range map[surgical.FileKind]Optional[string]{
		surgical.DemoFile: b.DemoFile, surgical.NoteFile: b.NoteFile, surgical.MiscFile: b.MiscFile, surgical.AdminFile: b.AdminFile,
	} {
		if name := clearable(o, kind.Field(), r.file); name != nil {
			c.Files[kind] = *name
		}
	}
	if err := r.bad.Err(); err != nil {
		return c, err
	}
	if !c.Asks() {
		return c, fault.New(fault.Senseless, "no_fields", "No fields to update")
	}
	return c, nil
}

// needed reads a member that may be changed but not cleared.
func needed[T, D any](r *reader, name string, o Optional[T], parse func(string, T) D) *D {
	switch {
	case !o.Sent:
		return nil
	case o.Null:
		r.bad.Add("body."+name, "must not be null")
		return nil
	}
	v := parse("body."+name, o.Value)
	return &v
}

// clearable reads a member that null clears, and an empty text: clients of the old product know no other way.
func clearable[T, D any](o Optional[T], name string, parse func(string, T) D) *D {
	var v D
	switch {
	case !o.Sent:
		return nil
	case !o.Null && any(o.Value) != any("") && any(o.Value) != any(Digits("")):
		v = parse("body."+name, o.Value)
	}
	return &v
}
