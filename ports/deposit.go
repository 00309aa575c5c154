package ports

import (
	"context"
	"errors"
	"io"
	"time"

	"surgicase/domain/document"
	"surgicase/domain/fault"
)

// LinkLife is how long links to documents are valid. Source: spec/decisions.md 6.1.
const LinkLife = 5 * time.Minute

// Deposit stores the documents of cases and of users, and gives them out. The object comes first and
// the row that refers to it second; before both comes a task that sweeps the object if there is no row
// after a while, however the upload ended.
type Deposit struct {
	Store Store
	Blobs Blobs
	Clock Clock
	Most  int64 // bytes of a document

	Space  Space // on the disk of the store
	Quota  document.Quota
	Events Events // hear of documents that are damaged or gone
}

// Put stores a document under the key for its type.
//
// Faults: Invalid "document_type_unknown", "document_empty"; TooLarge; Unavailable; those of the reader.
func (d Deposit) Put(ctx context.Context, key func(document.Type) string, size int64, content io.Reader) (Object, error) {
	if size > d.Most {
		return Object{}, document.TooLarge(d.Most)
	}
	if err := d.Space.Check(ctx, size); err != nil {
		return Object{}, err
	}
	kind, whole, err := document.Open(content, d.Most)
	if err != nil {
		return Object{}, err
	}
	o := Object{Key: key(kind), Size: size, ContentType: kind.Media}
	o.About = document.About(o.Key, d.Clock.Now())
	if err := d.expect(ctx, o.Key); err != nil {
		return Object{}, err
	}
	return d.Blobs.Put(ctx, o, whole)
}

func (d Deposit) expect(ctx context.Context, key string) error {
	return d.Store.InTx(ctx, func(ctx context.Context, r Repos) error {
		return r.Outbox.Put(ctx, SweepObject, key, d.Clock.Now().Add(SweepAfter))
	})
}

// Presign gives the key and the link for a document that a client uploads itself.
//
// Faults: Invalid "document_type_unknown"; TooLarge; Unavailable.
func (d Deposit) Presign(ctx context.Context, key func(document.Type) string, is document.Planned) (string, Link, error) {
	kind, err := document.TypeOf(is.Media)
	if err == nil && is.Size > d.Most {
		err = document.TooLarge(d.Most)
	}
	if err == nil {
		err = d.Space.Check(ctx, is.Size)
	}
	if err != nil {
		return "", Link{}, err
	}
	o := Object{Key: key(kind), Size: is.Size, ContentType: kind.Media, SHA256: is.SHA256}
	if err := d.expect(ctx, o.Key); err != nil {
		return "", Link{}, err
	}
	link, err := d.Blobs.Link(ctx, LinkWrite, o, LinkLife)
	return o.Key, link, err
}

// Keep takes back the sweep of an object, in the transaction that makes the first reference to it. If the
// sweep came first the object goes, and there must be no row.
//
// Faults: NotFound "object_not_found".
func (d Deposit) Keep(ctx context.Context, r Repos, key string) error {
	err := r.Outbox.Withdraw(ctx, SweepObject, key, d.Clock.Now())
	if fault.CodeOf(err) == "task_gone" {
		return NoObject()
	}
	return err
}

// Inspect looks at an object that a client has uploaded itself, and believes nothing: its size, what
// its content is, and its checksum, for which it reads all of it where the store does not know.
//
// Faults: NotFound "object_not_found"; Invalid "document_type_unknown", "document_empty"; TooLarge.
func (d Deposit) Inspect(ctx context.Context, key string) (Object, error) {
	o, err := d.Blobs.Stat(ctx, key)
	if err == nil && o.Size > d.Most {
		err = document.TooLarge(d.Most)
	}
	if err != nil {
		return Object{}, err
	}
	body, _, err := d.Blobs.Get(ctx, key, Span{})
	if err != nil {
		return Object{}, err
	}
	kind, whole, err := document.Open(body, d.Most)
	if err == nil && o.SHA256 == nil {
		content := document.NewContent(whole, o.Size)
		if _, err = io.Copy(io.Discard, content); err != nil {
			err = content.Err()
		}
		o.SHA256 = content.SHA256()
	}
	o.ContentType = kind.Media
	return o, errors.Join(err, body.Close())
}

// Find looks for an object that may not have been uploaded yet. There is none, too, where its key is no
// key of ours.
//
// Faults: Unavailable.
func (d Deposit) Find(ctx context.Context, key string) (o Object, found bool, err error) {
	o, err = d.Blobs.Stat(ctx, key)
	if errors.Is(err, fault.NotFound) || errors.Is(err, fault.Invalid) {
		return Object{}, false, nil
	}
	return o, err == nil, err
}

// Locate is Find for an object of which the row of a document says what it should be. One that is gone or of another size is
// told of.
//
// Faults: Unavailable, "document_damaged" among them.
func (d Deposit) Locate(ctx context.Context, key string, want document.Expected) (o Object, found bool, err error) {
	o, found, err = d.Find(ctx, key)
	switch {
	case err != nil:
	case !found:
		d.tellMissing(ctx, want)
	case !want.IsSize(o.Size):
		err = d.damaged(ctx)
	}
	return o, found, err
}

// Open opens an object of which the row of a document says what it should be, and verifies it while it is read. One that is gone or
// damaged is told of.
//
// Faults: NotFound "object_not_found"; Unavailable, "document_damaged" among them.
func (d Deposit) Open(ctx context.Context, key string, want document.Expected) (io.ReadCloser, Object, error) {
	body, o, err := d.Blobs.Get(ctx, key, Span{})
	switch {
	case errors.Is(err, fault.NotFound), errors.Is(err, fault.Invalid):
		d.tellMissing(ctx, want)
		return nil, o, NoObject()
	case err != nil:
		return nil, o, err
	case !want.IsSize(o.Size):
		return nil, o, errors.Join(d.damaged(ctx), body.Close())
	}
	return document.NewVerified(body, o.Size, want, func() { _ = d.damaged(ctx) }), o, nil
}

func (d Deposit) tellMissing(ctx context.Context, want document.Expected) {
	if want.Size > 0 {
		d.Events.Happened(ctx, Event{Name: DocumentMissing, Outcome: "document_not_found"})
	}
}

func (d Deposit) damaged(ctx context.Context) error {
	err := document.Damaged()
	d.Events.Happened(ctx, Event{Name: DocumentDamaged, Err: err})
	return err
}

// Reader gives a way to read an object from any place on. Read from its beginning, it is verified.
func (d Deposit) Reader(ctx context.Context, key string, want document.Expected) func(offset int64) (io.ReadCloser, error) {
	return func(offset int64) (io.ReadCloser, error) {
		if offset > 0 {
			body, _, err := d.Blobs.Get(ctx, key, Span{Offset: offset})
			return body, err
		}
		body, _, err := d.Open(ctx, key, want)
		return body, err
	}
}

// Detect tells the type of an object by its content, where no row does; "" if it is none that we know.
func (d Deposit) Detect(ctx context.Context, key string) (string, error) {
	body, _, err := d.Blobs.Get(ctx, key, Span{Length: int64(document.HeadLength)})
	if err != nil {
		return "", err
	}
	head, err := io.ReadAll(body)
	if err = errors.Join(err, body.Close()); err != nil {
		return "", err
	}
	t, err := document.Sniff(head)
	if errors.Is(err, fault.Invalid) {
		return "", nil
	}
	return t.Media, err
}

// Link gives a link by which somebody without credentials reads an object.
func (d Deposit) Link(ctx context.Context, key string) (Link, error) {
	return d.Blobs.Link(ctx, LinkRead, Object{Key: key}, LinkLife)
}
