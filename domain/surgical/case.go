package surgical

import (
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

// FileKind is the role of a document in a case.
type FileKind string

// The kinds of case documents. Source: spec/decisions.md 6.
const (
	DemoFile  FileKind = "demo"
	NoteFile  FileKind = "note"
	MiscFile  FileKind = "misc"
	AdminFile FileKind = "admin"
)

// FileKinds lists the kinds in the order in which they are shown.
var FileKinds = []FileKind{DemoFile, NoteFile, MiscFile, AdminFile}

// Field is the name of the kind in requests and answers, such as demo_file.
func (k FileKind) Field() string { return string(k) + "_file" }

// File is the document a case has for a kind: its name (patient data) and whether we hold the
// object. A name alone comes from clients that upload elsewhere.
type File struct {
	Name       PHI
	Key        PHI // full object key; it ends in the name when the client uploaded it elsewhere
	Stored     bool
	Size       int64 // this and what follows are known of objects that we stored ourselves
	Type       string
	SHA256     []byte
	UploadedBy ident.UserID
	UploadedAt time.Time
}

// Patient is whom the case is about.
type Patient struct {
	First PHI
	Last  PHI
	Born  PHI // YYYY-MM-DD, empty if unknown
}

// Case is a surgical case.
type Case struct {
	Standing
	Date            civil.Date
	Patient         Patient
	Insurer         string
	SurgeonID       int64 // 0 if none
	FacilityID      int64 // 0 if none
	Codes           []Code
	Files           map[FileKind]File
	Stamps          map[Status]time.Time // when each status was last reached
	DuplicateForced bool                 // recorded although a duplicate existed
	CreatedAt       time.Time
	UpdatedAt       time.Time
	DeletedAt       time.Time // zero unless deleted
	DeletedBy       ident.UserID
}

// Facts is what a provider records of a case.
type Facts struct {
	ID         ident.CaseID
	Owner      ident.UserID
	Date       civil.Date
	Patient    Patient
	Insurer    string
	SurgeonID  int64
	FacilityID int64
	Codes      []Code
	Files      map[FileKind]PHI
	Forced     bool // keep it although a twin exists
}

// New makes a case in Draft. The caller prices it and submits it if it is complete.
func New(f Facts, digestKey []byte, now time.Time) *Case {
	c := &Case{
		Standing: Standing{ID: f.ID, Owner: f.Owner, Status: Draft, Version: 1, Generation: 1, DigestKey: digestKey},
		Date:     f.Date, Patient: f.Patient, Insurer: f.Insurer,
		SurgeonID: f.SurgeonID, FacilityID: f.FacilityID,
		Codes: UniqueCodes(f.Codes), Files: map[FileKind]File{}, Stamps: map[Status]time.Time{},
		DuplicateForced: f.Forced, CreatedAt: now, UpdatedAt: now,
	}
	for kind, name := range f.Files {
		c.setFile(kind, name)
	}
	return c
}

// maxDaysAhead bounds case dates: a case can be planned, but not for the next decade.
const maxDaysAhead = 366

// CheckDate refuses case dates before 1990 and more than a year ahead.
func CheckDate(d civil.Date, today civil.Date) error {
	if d.Year < 1990 || today.AddDays(maxDaysAhead).Before(d) {
		return fault.New(fault.Invalid, "invalid_date", "must lie between 1990 and a year from today")
	}
	return nil
}

// Completeness says whether a draft is ready to be submitted and what is missing.
type Completeness struct {
	HasDemo, HasNote bool
	Codes            int
}

// Complete says whether nothing is missing.
func (c Completeness) Complete() bool { return c.HasDemo && c.HasNote && c.Codes > 0 }

// Completeness looks at the documents and codes of the case.
func (c *Case) Completeness() Completeness {
	_, demo := c.Files[DemoFile]
	_, note := c.Files[NoteFile]
	return Completeness{HasDemo: demo, HasNote: note, Codes: len(c.Codes)}
}

// SubmitIfComplete moves a case at 0 with demo file, note file and a code to 1, as the system. It
// moves nothing else, and never from another status: the old product paid such cases twice.
// Source: spec/decisions.md 3.2.
func (c *Case) SubmitIfComplete(now time.Time) (Move, bool) {
	if c.Status != Draft || !c.Completeness().Complete() {
		return Move{}, false
	}
	m := Move{From: Draft, To: Submitted, At: now, By: permission.System("auto").User}
	c.Status = Submitted
	c.stamp(m)
	return m, true
}

func (c *Case) stamp(m Move) {
	if m.Backward() {
		for status := range c.Stamps {
			if status > m.To {
				delete(c.Stamps, status)
			}
		}
	}
	c.Stamps[m.To] = m.At
}

// ShownStamp is when a status was last reached, as far as the actor may know: zero above his cap.
// Source: spec/decisions.md 2.8.
func (c *Case) ShownStamp(status Status, a permission.Actor) time.Time {
	if shown := c.Shown(a); shown != c.Status && status > shown {
		return time.Time{}
	}
	return c.Stamps[status]
}

// ShownUpdate is when the case last changed, as far as the actor may know. What changes a case above his
// cap is mostly that it went on, so he is told the last time at which it came to something that he sees.
// Source: spec/decisions.md 2.8.
func (c *Case) ShownUpdate(a permission.Actor) time.Time {
	if !c.Hidden(a) {
		return c.UpdatedAt
	}
	last := c.CreatedAt
	for status := range c.Stamps {
		if at := c.ShownStamp(status, a); at.After(last) {
			last = at
		}
	}
	return last
}

// PendingFiles lists the kinds whose name is known but whose object we do not hold.
func (c *Case) PendingFiles() []FileKind {
	var kinds []FileKind
	for _, k := range FileKinds {
		if f, ok := c.Files[k]; ok && !f.Stored {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// KeyFor is the object key of a document that a client uploads itself under its own name: inside
// the owner's folder. Source: spec/decisions.md 6.2 and reference-rules.md 9.
func KeyFor(owner ident.UserID, name PHI) PHI {
	return name.Under("private/case-documents/" + string(owner) + "/")
}

func (c *Case) setFile(kind FileKind, name PHI) {
	if name.IsEmpty() {
		delete(c.Files, kind)
		return
	}
	c.Files[kind] = File{Name: name, Key: KeyFor(c.Owner, name)}
}
