package people

import (
	"context"
	"io"
	"slices"
	"strconv"

	"surgicase/domain/directory"
	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Documents gives users their documents, such as licences, and gives documents out.
type Documents struct {
	users   *Users
	deposit ports.Deposit
	ids     ports.IDs
}

// NewDocuments makes the service.
func NewDocuments(users *Users, deposit ports.Deposit, ids ports.IDs) *Documents {
	return &Documents{users: users, deposit: deposit, ids: ids}
}

// Paper says which document of which user is meant.
type Paper struct {
	User ident.UserID
	Type string
	Name surgical.PHI
}

// Upload stores a document and adds it to the user's. It takes the place of one of the same type and
// name.
//
// Faults: Forbidden; NotFound; Invalid "document_type_unknown", "document_empty"; TooLarge; Unavailable.
func (d *Documents) Upload(ctx context.Context, who permission.Actor, to Paper, size int64, content io.Reader) (directory.UserDocument, error) {
	if err := d.admit(ctx, who, to.User); err != nil {
		return directory.UserDocument{}, err
	}
	stored, err := d.deposit.Put(ctx, d.key(to.User), size, content)
	if err != nil {
		return directory.UserDocument{}, err
	}
	return d.add(ctx, who, to, stored)
}

func (d *Documents) key(user ident.UserID) func(document.Type) string {
	return func(t document.Type) string { return document.UserKey(string(user), d.ids.Unique(), t) }
}

// admit looks whether the actor may change this user's documents, before anything is stored.
func (d *Documents) admit(ctx context.Context, who permission.Actor, id ident.UserID) error {
	err := d.users.store.View(ctx, func(ctx context.Context, r ports.Repos) error {
		_, err := editable(ctx, r, who, id)
		return err
	})
	return d.users.refused(ctx, who, permission.EditProfile, string(id), err, "documents")
}

func editable(ctx context.Context, r ports.Repos, who permission.Actor, id ident.UserID) (*directory.User, error) {
	if err := permission.Check(who, permission.EditProfile, id); err != nil {
		return nil, err
	}
	u, err := r.Users.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return u, u.MayChange(who, directory.UserChanges{}, []string{"documents"})
}

// edit changes the documents of a user in one transaction. Objects that nothing refers to any more are
// swept.
func (d *Documents) edit(ctx context.Context, who permission.Actor, id ident.UserID, change func(*directory.User) error) error {
	s := d.users
	var before, after int64
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		u, err := editable(ctx, r, who, id)
		if err != nil {
			return err
		}
		now, held, digest := s.clock.Now(), slices.Clone(u.Documents), s.digest(string(id), u.Contents())
		if err := change(u); err != nil {
			return err
		}
		u.UpdatedAt = now
		before, after = bytesOf(held), bytesOf(u.Documents)
		if err := d.keepNew(ctx, r, held, u.Documents); err != nil {
			return err
		}
		if err := r.Users.Save(ctx, u); err != nil {
			return err
		}
		if err := sweepGone(ctx, r, held, u, s.clock); err != nil {
			return err
		}
		entry := s.entry(who, permission.EditProfile, string(id))
		return r.Audit.Record(ctx, entry.Changing([]string{"documents"}, digest, s.digest(string(id), u.Contents())))
	})
	s.happened(ctx, "user.documents_changed", who, err)
	if err == nil && d.deposit.Quota.PassesUserBytes(before, after) {
		s.events.Happened(ctx, ports.Event{Name: "user.documents_large", Values: []ports.Value{{Name: "user", Text: string(id)}, {Name: "bytes", Text: strconv.FormatInt(after, 10)}}})
	}
	return s.refused(ctx, who, permission.EditProfile, string(id), err, "documents")
}

func bytesOf(documents []directory.UserDocument) (sum int64) {
	for _, d := range documents {
		sum += max(d.Size, 0)
	}
	return sum
}

// keepNew saves the objects of new documents from being swept.
func (d *Documents) keepNew(ctx context.Context, r ports.Repos, held, now []directory.UserDocument) error {
	for _, n := range now {
		key := n.Key.ForStore()
		if _, ours := document.PlaceOf(key); !ours || referred(held, key) {
			continue
		}
		if err := d.deposit.Keep(ctx, r, key); err != nil {
			return err
		}
	}
	return nil
}

func referred(by []directory.UserDocument, key string) bool {
	return slices.ContainsFunc(by, func(d directory.UserDocument) bool { return d.Key.ForStore() == key })
}

// sweepGone has the objects swept that we stored for documents which the user has no more.
func sweepGone(ctx context.Context, r ports.Repos, held []directory.UserDocument, u *directory.User, clock ports.Clock) error {
	for _, h := range held {
		key := h.Key.ForStore()
		if _, ours := document.PlaceOf(key); !ours || referred(u.Documents, key) {
			continue
		}
		if err := r.Outbox.Put(ctx, ports.SweepObject, key, clock.Now()); err != nil {
			return err
		}
	}
	return nil
}

func (d *Documents) add(ctx context.Context, who permission.Actor, to Paper, o ports.Object) (directory.UserDocument, error) {
	var added directory.UserDocument
	err := d.edit(ctx, who, to.User, func(u *directory.User) error {
		added = directory.UserDocument{
			Type: to.Type, Name: named(to, o), Key: surgical.NewPHI(o.Key), Stored: true, Size: o.Size, Media: o.ContentType, SHA256: o.SHA256,
			UploadedBy: who.User, UploadedAt: d.users.clock.Now(),
		}
		if len(u.Documents) >= directory.MaxDocuments {
			return tooManyDocuments()
		}
		u.Documents = append(slices.DeleteFunc(u.Documents, func(x directory.UserDocument) bool {
			return x.Key.Equal(added.Key) || x.Type == added.Type && x.Name.Equal(added.Name)
		}), added)
		u.NumberDocuments()
		added = u.Documents[len(u.Documents)-1]
		return nil
	})
	return added, err
}

func tooManyDocuments() error {
	return fault.New(fault.Conflict, "too_many_documents", "A user has at most %d documents.", directory.MaxDocuments)
}

// named gives a document without a name one that says what it is.
func named(to Paper, o ports.Object) surgical.PHI {
	t, err := document.TypeOf(o.ContentType)
	if !to.Name.IsEmpty() || err != nil {
		return to.Name
	}
	return surgical.NewPHI("document." + t.Ext)
}

// Presign gives a link by which a client uploads a document to the store itself, and the key to name
// when it is complete.
//
// Faults: Forbidden; NotFound; Invalid "document_type_unknown"; TooLarge; Unavailable.
func (d *Documents) Presign(ctx context.Context, who permission.Actor, id ident.UserID, is document.Planned) (string, ports.Link, error) {
	if err := d.admit(ctx, who, id); err != nil {
		return "", ports.Link{}, err
	}
	return d.deposit.Presign(ctx, d.key(id), is)
}

// Complete adds a document that a client has uploaded by a link.
//
// Faults: those of Upload; NotFound "object_not_found" if nothing was uploaded.
func (d *Documents) Complete(ctx context.Context, who permission.Actor, to Paper, key string) (directory.UserDocument, error) {
	if err := d.admit(ctx, who, to.User); err != nil {
		return directory.UserDocument{}, err
	}
	if place, ours := document.PlaceOf(key); !ours || place.User != string(to.User) {
		return directory.UserDocument{}, fault.InvalidField("body.key", "must be the key that presign gave for this user")
	}
	o, err := d.deposit.Inspect(ctx, key)
	if err != nil {
		return directory.UserDocument{}, err
	}
	return d.add(ctx, who, to, o)
}

// Remove takes a document away from the user, and its object with it if we stored it ourselves.
//
// Faults: Forbidden; NotFound "document_not_found".
func (d *Documents) Remove(ctx context.Context, who permission.Actor, id ident.UserID, number int64) error {
	return d.edit(ctx, who, id, func(u *directory.User) error {
		before := len(u.Documents)
		u.Documents = slices.DeleteFunc(u.Documents, func(x directory.UserDocument) bool { return x.ID == number })
		if len(u.Documents) == before {
			return noPaper(id, number)
		}
		return nil
	})
}

func noPaper(id ident.UserID, number int64) error {
	return fault.New(fault.NotFound, "document_not_found", "The user has no such document, or its file was not uploaded yet.").
		Naming("user_id", string(id)).Naming("document_id", strconv.FormatInt(number, 10))
}

// List gives the user's documents. Which of those that clients upload themselves are there is looked up
// in the store.
//
// Faults: as Users.Get.
func (d *Documents) List(ctx context.Context, who permission.Actor, id ident.UserID) ([]directory.UserDocument, error) {
	u, err := d.users.Get(ctx, who, id)
	if err != nil {
		return nil, err
	}
	for i := range u.Documents {
		paper := &u.Documents[i]
		if paper.Stored {
			continue
		}
		o, found, err := d.deposit.Find(ctx, paper.Key.ForStore())
		if err != nil {
			return nil, err
		}
		if found {
			paper.Stored, paper.Size, paper.Media = true, o.Size, o.ContentType
		}
	}
	return u.Documents, nil
}

// Open finds a document of a user and its object.
//
// Faults: as Users.Get; NotFound "document_not_found"; Unavailable.
func (d *Documents) Open(ctx context.Context, who permission.Actor, id ident.UserID, number int64) (document.Opened, error) {
	paper, o, err := d.find(ctx, who, id, number)
	if err != nil {
		return document.Opened{}, err
	}
	media := paper.Media
	if recorded(paper).Size == 0 { // the store says what the client has said
		if media, err = d.deposit.Detect(ctx, o.Key); err != nil {
			return document.Opened{}, err
		}
	}
	return document.Opened{
		Name: paper.Name, Media: media, Size: o.Size, SHA256: paper.SHA256, UploadedAt: paper.UploadedAt, Read: d.deposit.Reader(ctx, o.Key, recorded(paper)),
	}, nil
}

func recorded(d directory.UserDocument) document.Expected {
	return document.Expect(d.Key.ForStore(), d.Stored, d.Size, d.SHA256)
}

// Link gives a link by which the document can be read without credentials for five minutes.
//
// Faults: as Open.
func (d *Documents) Link(ctx context.Context, who permission.Actor, id ident.UserID, number int64) (ports.Link, error) {
	_, o, err := d.find(ctx, who, id, number)
	if err != nil {
		return ports.Link{}, err
	}
	return d.deposit.Link(ctx, o.Key)
}

func (d *Documents) find(ctx context.Context, who permission.Actor, id ident.UserID, number int64) (directory.UserDocument, ports.Object, error) {
	u, err := d.users.Get(ctx, who, id)
	if err != nil {
		return directory.UserDocument{}, ports.Object{}, err
	}
	at := slices.IndexFunc(u.Documents, func(x directory.UserDocument) bool { return x.ID == number })
	if at < 0 {
		return directory.UserDocument{}, ports.Object{}, noPaper(id, number)
	}
	paper := u.Documents[at]
	o, found, err := d.deposit.Locate(ctx, paper.Key.ForStore(), recorded(paper))
	if err == nil && !found {
		err = noPaper(id, number)
	}
	return paper, o, err
}
