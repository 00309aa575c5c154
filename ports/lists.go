package ports

import (
	"context"

	"surgicase/domain/civil"
	"surgicase/domain/directory"
	"surgicase/domain/permission"
)

// Lists stores the editable lists: labels and texts. They are short and come whole, in order.
type Lists interface {
	// Statuses returns the labels of the case statuses.
	Statuses(ctx context.Context) ([]directory.StatusLabel, error)

	// UserTypes returns the labels of the user types.
	UserTypes(ctx context.Context) ([]directory.UserTypeLabel, error)

	// DocTypes returns the kinds of user documents.
	DocTypes(ctx context.Context) ([]directory.DocType, error)

	// FAQs returns the questions for users of exactly this type, in display order.
	FAQs(ctx context.Context, t permission.UserType) ([]directory.FAQ, error)

	// Put stores or replaces an entry: a StatusLabel, UserTypeLabel or DocType, or adds a FAQ and
	// gives its id.
	Put(ctx context.Context, entry ListEntry) error

	// RemoveUnusedDocTypes removes those of the named kinds of user documents that no document has.
	RemoveUnusedDocTypes(ctx context.Context, names []string) error
}

// ListEntry is one entry of one of the lists; exactly one field is set.
type ListEntry struct {
	Status   *directory.StatusLabel
	UserType *directory.UserTypeLabel
	DocType  *directory.DocType
	FAQ      *directory.FAQ
}

// CodeQuery asks for a page of the code catalogue, ordered by code, kind and first day.
type CodeQuery struct {
	Kind   string     // only this code system, unless empty
	Search string     // start of the code, or words of the description
	On     civil.Date // valid on this day; zero for any
	After  *directory.ProcedureCode
	Limit  int
}

// Codes is the catalogue of procedure codes, which the practice imports under its own licence.
type Codes interface {
	// Put stores or replaces entries by code, kind and first day.
	Put(ctx context.Context, entries []directory.ProcedureCode) error

	// List returns a page.
	List(ctx context.Context, q CodeQuery) ([]directory.ProcedureCode, error)

	// Count counts what the query finds on all pages together.
	Count(ctx context.Context, q CodeQuery) (int, error)
}
