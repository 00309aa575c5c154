package cases

import (
	"context"
	"io"

	"surgicase/domain/audit"
	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Files gives cases their documents, and gives documents out.
type Files struct {
	cases   *Service
	deposit ports.Deposit
}

// NewFiles makes the service.
func NewFiles(cases *Service, deposit ports.Deposit) *Files {
	return &Files{cases: cases, deposit: deposit}
}

// Target says which document of which case is meant. Name is the file's name for people.
type Target struct {
	Case ident.CaseID
	Kind surgical.FileKind
	Name surgical.PHI
}

// Upload stores a document and gives it to the case, which is submitted if that completes it.
//
// Faults: NotFound; Forbidden; Conflict "case_locked", "versions_quota", "case_quota"; Invalid "document_type_unknown",
// "document_empty"; TooLarge; Unavailable "storage_unavailable"; those of the reader.
func (f *Files) Upload(ctx context.Context, who permission.Actor, to Target, size int64, content io.Reader) (Recorded, error) {
	c, err := f.admit(ctx, who, to, size)
	if err != nil {
		return Recorded{}, err
	}
	stored, err := f.deposit.Put(ctx, f.key(c, to.Kind), size, content)
	if err != nil {
		return Recorded{}, err
	}
	return f.attach(ctx, who, to, stored)
}

func (f *Files) key(c *surgical.Case, kind surgical.FileKind) func(document.Type) string {
	return func(t document.Type) string {
		return document.CaseKey(string(c.Owner), string(c.ID), string(kind), f.cases.ids.Unique(), t)
	}
}

// admit looks whether the actor may give the case this document, before anything is stored.
func (f *Files) admit(ctx context.Context, who permission.Actor, to Target, size int64) (*surgical.Case, error) {
	var c *surgical.Case
	err := f.cases.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		if c, err = f.cases.load(ctx, r, who, to.Case, 0); err != nil {
			return err
		}
		if err := c.MayAttach(who, to.Kind); err != nil {
			return err
		}
		return f.checkQuota(ctx, r, to, max(size, 0))
	})
	return c, f.cases.refused(ctx, who, permission.EditCase, to.Case, err)
}

// attach gives the case a stored object, in one transaction with what follows from it.
func (f *Files) attach(ctx context.Context, who permission.Actor, to Target, o ports.Object) (Recorded, error) {
	s := f.cases
	var done Recorded
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		c, err := s.load(ctx, r, who, to.Case, 0)
		if err != nil {
			return err
		}
		now, before := s.clock.Now(), digest(c)
		done = Recorded{Case: c, Fields: []string{to.Kind.Field()}}
		if c.Files[to.Kind].ObjectKey() == o.Key {
			return nil // completed twice
		}
		file := surgical.File{
			Name: named(to, o), Key: surgical.NewPHI(o.Key), Stored: true, Size: o.Size, Type: o.ContentType, SHA256: o.SHA256, UploadedBy: who.User, UploadedAt: now,
		}
		if err := c.Attach(who, to.Kind, file, now); err != nil {
			return err
		}
		if err := f.checkQuota(ctx, r, to, o.Size); err != nil {
			return err
		}
		if err := f.deposit.Keep(ctx, r, o.Key); err != nil {
			return err
		}
		if err := r.Cases.Save(ctx, c, s.submit(&done, now)...); err != nil {
			return beaten(err, twinExists)
		}
		entry := audit.Record(who, permission.EditCase, "case", string(c.ID), now)
		return r.Audit.Record(ctx, entry.Changing(done.Fields, before, digest(c)))
	})
	s.happened(ctx, "document.stored", who, err)
	return done, s.refused(ctx, who, permission.EditCase, to.Case, err)
}

// checkQuota looks whether the case may hold so many bytes more. What clients have stored elsewhere does not count.
func (f *Files) checkQuota(ctx context.Context, r ports.Repos, to Target, size int64) error {
	documents, err := r.Documents.OfCase(ctx, to.Case)
	if err != nil {
		return err
	}
	var held document.Held
	for _, d := range documents {
		if _, ours := document.PlaceOf(d.ObjectKey()); !ours {
			continue
		}
		held.Bytes += d.Size
		if d.Kind != to.Kind {
			continue
		}
		held.Versions++
		if d.Current {
			held.Present = d.Size
		}
	}
	return f.deposit.Quota.Check(held, size)
}

// named gives a document without a name one that says what it is.
func named(to Target, o ports.Object) surgical.PHI {
	t, err := document.TypeOf(o.ContentType)
	if !to.Name.IsEmpty() || err != nil {
		return to.Name
	}
	return surgical.NewPHI(string(to.Kind) + "." + t.Ext)
}

// Presign gives a link by which a client uploads a document to the store itself, and the key to name
// when it is complete.
//
// Faults: NotFound; Forbidden; Conflict "case_locked"; Invalid "document_type_unknown"; TooLarge.
func (f *Files) Presign(ctx context.Context, who permission.Actor, to Target, is document.Planned) (string, ports.Link, error) {
	c, err := f.admit(ctx, who, to, is.Size)
	if err != nil {
		return "", ports.Link{}, err
	}
	return f.deposit.Presign(ctx, f.key(c, to.Kind), is)
}

// Complete gives the case a document that a client has uploaded by a link: the object is looked at, not
// believed.
//
// Faults: those of Upload; NotFound "object_not_found" if nothing was uploaded.
func (f *Files) Complete(ctx context.Context, who permission.Actor, to Target, key string) (Recorded, error) {
	if _, err := f.admit(ctx, who, to, 0); err != nil {
		return Recorded{}, err
	}
	place, ours := document.PlaceOf(key)
	if !ours || place.Case != string(to.Case) || place.Kind != string(to.Kind) {
		return Recorded{}, mismatchedKey()
	}
	o, err := f.deposit.Inspect(ctx, key)
	if err != nil {
		return Recorded{}, err
	}
	return f.attach(ctx, who, to, o)
}

// mismatchedKey returns the refusal of a key that was given for another case or kind: which of the two is wrong, nobody
// can say.
func mismatchedKey() error {
	var bad fault.Collector
	bad.Add("body.key", "must be the key that presign gave for this case and kind")
	bad.Add("body.case_id", "must be the case that presign gave the key for")
	return bad.Err()
}

// List gives the case with its documents. Which of those that clients upload themselves are there is
// looked up in the store.
//
// Faults: NotFound.
func (f *Files) List(ctx context.Context, who permission.Actor, id ident.CaseID) (*surgical.Case, error) {
	c, err := f.read(ctx, who, id, nil)
	if err != nil {
		return nil, err
	}
	for kind, file := range c.Files {
		if file.Stored {
			continue
		}
		o, found, err := f.deposit.Find(ctx, file.ObjectKey())
		if err != nil {
			return nil, err
		}
		if found {
			file.Stored, file.Size, file.Type = true, o.Size, o.ContentType
			c.Files[kind] = file
		}
	}
	return c, nil
}

// read reads a case, and with also, unless nil, what belongs to it, and records what of it was asked for.
func (f *Files) read(
	ctx context.Context, who permission.Actor, id ident.CaseID, also func(context.Context, ports.Repos) error, what ...string,
) (*surgical.Case, error) {
	s := f.cases
	var c *surgical.Case
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		if c, err = s.load(ctx, r, who, id, 0); err != nil || also == nil {
			return err
		}
		return also(ctx, r)
	})
	if err != nil {
		return nil, s.refused(ctx, who, permission.ReadCase, id, err)
	}
	entry := audit.Record(who, permission.ReadCase, "case", string(id), s.clock.Now()).Reading()
	entry.Fields = what
	return c, s.store.Logged(ctx, entry)
}

// Open finds a document of a case and its object.
//
// Faults: NotFound "case_not_found", "document_not_found"; Unavailable.
func (f *Files) Open(ctx context.Context, who permission.Actor, id ident.CaseID, kind surgical.FileKind) (document.Opened, error) {
	c, err := f.read(ctx, who, id, nil, kind.Field())
	if err != nil {
		return document.Opened{}, err
	}
	file, found := c.Files[kind]
	return f.opened(ctx, id, file, found)
}

func (f *Files) opened(ctx context.Context, id ident.CaseID, file surgical.File, found bool) (document.Opened, error) {
	file, err := f.locate(ctx, id, file, found)
	if err != nil {
		return document.Opened{}, err
	}
	return document.Opened{
		Name: file.Name, Media: file.Type, Size: file.Size, SHA256: file.SHA256, UploadedAt: file.UploadedAt,
		Read: f.deposit.Reader(ctx, file.ObjectKey(), expected(file)),
	}, nil
}

// Link gives a link by which the document can be read without credentials for five minutes.
//
// Faults: as Open.
func (f *Files) Link(ctx context.Context, who permission.Actor, id ident.CaseID, kind surgical.FileKind) (ports.Link, error) {
	c, err := f.read(ctx, who, id, nil, kind.Field(), "link")
	if err != nil {
		return ports.Link{}, err
	}
	file, found := c.Files[kind]
	if file, err = f.locate(ctx, id, file, found); err != nil {
		return ports.Link{}, err
	}
	return f.deposit.Link(ctx, file.ObjectKey())
}

// locate looks for the object of a document that a case may have.
func (f *Files) locate(ctx context.Context, id ident.CaseID, file surgical.File, found bool) (surgical.File, error) {
	var err error
	var o ports.Object
	if found {
		o, found, err = f.deposit.Locate(ctx, file.ObjectKey(), expected(file))
	}
	if err == nil && found && expected(file).Size == 0 {
		file.Type, err = f.deposit.Detect(ctx, file.ObjectKey()) // the store says what the client has said
	}
	if err == nil && !found {
		err = fault.New(fault.NotFound, "document_not_found", "The case has no such document, or its file was not uploaded yet.").
			Naming("case_id", string(id))
	}
	file.Size = o.Size
	return file, err
}

func expected(file surgical.File) document.Expected {
	return document.Expect(file.ObjectKey(), file.Stored, file.Size, file.SHA256)
}
