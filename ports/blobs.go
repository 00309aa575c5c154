package ports

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"surgicase/domain/document"
	"surgicase/domain/fault"
)

// Blobs keeps documents, reports, exports and backups as objects under keys. A key is a path of
// segments with "/" between them; adapters refuse every other with Invalid "object_key_invalid".
type Blobs interface {
	// Put stores an object under its key in place of what was there, whole or not at all: a reader
	// that fails, or ends before or after Size, leaves what was there; the reader's error comes back
	// as it is. It reads in constant memory. It returns the object with its size and checksum.
	// Invalid "object_size_wrong"; Unavailable "storage_unavailable" when the store is away or full.
	Put(ctx context.Context, object Object, content io.Reader) (Object, error)

	// Get opens an object, or the part of it that span names, together with what is known about the
	// whole. NotFound "object_not_found"; Invalid "span_outside" if it begins beyond the end.
	Get(ctx context.Context, key string, span Span) (io.ReadCloser, Object, error)

	// Stat tells what is known about an object. NotFound "object_not_found".
	Stat(ctx context.Context, key string) (Object, error)

	// Remove deletes an object; one that is not there is none already.
	Remove(ctx context.Context, key string) error

	// List gives the objects whose keys begin with prefix, in order of key, in constant memory. It ends
	// with the first error.
	List(ctx context.Context, prefix string) iter.Seq2[Object, error]

	// Link signs a link by which somebody without credentials reads or writes exactly one object for a
	// while. The object of a write fixes key, size, type and checksum. Conflict "link_shows_name" where links show keys
	// and this one may end in a file name (MayLink).
	Link(ctx context.Context, use LinkUse, object Object, valid time.Duration) (Link, error)
}

// Object is what is known about a stored object.
type Object struct {
	Key         string
	Size        int64  // bytes; -1 before a Put whose size is not known
	ContentType string // such as "application/pdf"
	SHA256      []byte // of the content; nil where the store does not know it
	StoredAt    time.Time
	About       map[string]string // what else is known of it, for who looks into the store; document.About
}

// Span is part of an object. The zero Span is all of it.
type Span struct {
	Offset int64
	Length int64 // 0 for all from Offset on; what goes beyond the end is cut
}

// Within gives the number of bytes that the span has of an object of this size.
//
// Faults: Invalid "span_outside".
func (s Span) Within(size int64) (int64, error) {
	if s.Offset < 0 || s.Length < 0 || s.Offset > 0 && s.Offset >= size {
		return 0, fault.New(fault.Invalid, "span_outside", "The object has no such part.")
	}
	if rest := size - s.Offset; s.Length == 0 || s.Length > rest {
		return rest, nil
	}
	return s.Length, nil
}

// LinkUse is what a link is good for.
type LinkUse string

// The uses of links.
const (
	LinkRead  LinkUse = "GET"
	LinkWrite LinkUse = "PUT"
)

// Link is a signed link. Whoever uses it must send these headers with it.
type Link struct {
	URL     string
	Headers map[string]string
	Expires time.Time
}

// The faults of Blobs, alike in every adapter.

// NoObject is the fault for an object that is not there.
func NoObject() *fault.Error {
	return fault.New(fault.NotFound, "object_not_found", "There is no such object.")
}

// StorageAway is the fault for a store that does not answer, refuses us or is full.
func StorageAway(cause error) *fault.Error {
	return fault.New(fault.Unavailable, "storage_unavailable", "The document storage is not available. Please try again.").Because(Bare(cause))
}

// Bare gives what lies at the bottom of an error of a store. What lies above says what was done to which object: file systems
// and clients of S3 put its key or URL there, and keys may end in a patient's file name. Logs tell causes.
// Source: spec/decisions.md 9.4.
func Bare(err error) error {
	for {
		below := errors.Unwrap(err)
		if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) > 0 {
			below = joined.Unwrap()[0]
		}
		if below == nil {
			return err
		}
		err = below
	}
}

// MayLink says whether the link of a store that shows keys may lead to an object: URLs are no place for file names, and only keys
// that we have made ourselves have none.
//
// Faults: Conflict "link_shows_name".
func MayLink(key string) error {
	if _, ours := document.PlaceOf(key); !ours {
		return fault.New(fault.Conflict, "link_shows_name", "The file was uploaded elsewhere under its own name, which a link would show. Please download it from this API.")
	}
	return nil
}

// LocalLinks opens links that lead to this program and not to a server of objects.
type LocalLinks interface {
	// Linked says what a link allows, by the last part of its path. NotFound "link_not_found" for what is
	// no link, is for another use, or has expired.
	Linked(use LinkUse, token string) (Object, error)
}

// NoLocalLinks is for stores that answer their links themselves.
type NoLocalLinks struct{}

// Linked implements LocalLinks.
func (NoLocalLinks) Linked(LinkUse, string) (Object, error) { return Object{}, NoLink() }

// NoLink is the fault for a link that is not valid.
func NoLink() *fault.Error {
	return fault.New(fault.NotFound, "link_not_found", "This link is not valid, or not any more.")
}
