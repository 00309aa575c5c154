package ports

import (
	"context"
	"time"

	"surgicase/domain/ident"
	"surgicase/domain/surgical"
)

// SweepObject has an object removed that nothing refers to: one that was uploaded and never became a
// document, or was one and is none any more. Its payload is the object's key, which holds ids only.
const SweepObject = "sweep_object"

// RemoveObject has an object removed of which it is settled that nothing refers to it, or ever will. Its
// payload is the object's key.
const RemoveObject = "remove_object"

// FindFiles has the store asked for objects that clients may have uploaded themselves, for a case whose
// files have names. Its payload is the id of the case.
const FindFiles = "find_files"

// The events of stored documents that are not what their rows say.
const (
	DocumentDamaged = "document.damaged"
	DocumentMissing = "document.missing"
)

// SweepAfter is how long an object may lie without anything that refers to it: far longer than an
// upload takes.
const SweepAfter = 2 * time.Hour

// Documents reads which objects cases refer to, and notes what is found out about them. Documents of users
// come with their users.
type Documents interface {
	// OfCase returns every document of a case, those that were replaced, too, whatever became of the
	// case. Empty if there is none.
	OfCase(ctx context.Context, id ident.CaseID) ([]surgical.Document, error)

	// RemoveReplaced forgets a document of a case that was replaced or taken away. Its object is the caller's to remove.
	//
	// Faults: Conflict "changed_meanwhile" if there is none.
	RemoveReplaced(ctx context.Context, number int64, d surgical.Document) error

	// OfCases returns the cases that exist and are not deleted with their documents, in order of their
	// numbers. Costs a fixed number of statements.
	OfCases(ctx context.Context, ids []ident.CaseID) ([]surgical.Folder, error)

	// Found notes that there is an object for a document that a case shows, if the case still shows it
	// and it was not known. It raises no version.
	Found(ctx context.Context, number int64, d surgical.Document) error
}
