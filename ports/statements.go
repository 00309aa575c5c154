package ports

import (
	"context"
	"time"

	"surgicase/domain/ident"
	"surgicase/domain/statement"
	"surgicase/domain/surgical"
)

// Statements gives what reports and accounting files show beside the figures of the ledger.
type Statements interface {
	// Cases returns patients and codes by the numbers of cases, of deleted ones too. Purged ones are
	// missing. Its statements grow with the numbers, a few hundred to each.
	Cases(ctx context.Context, numbers []int64) (map[int64]statement.Words, error)

	// Payees returns users as providers who are paid, active or not.
	Payees(ctx context.Context, ids []ident.UserID) (map[ident.UserID]statement.Payee, error)

	// VendorNames returns the names of all who have one.
	VendorNames(ctx context.Context) (map[ident.UserID]string, error)

	// NameVendors keeps new names for good. Conflict "changed_meanwhile" if one of the providers or the
	// names was taken since they were read.
	NameVendors(ctx context.Context, names map[ident.UserID]string, at time.Time) error

	// RenameVendor gives a provider another name, or the first one. Conflict "vendor_name_taken" if somebody has it.
	RenameVendor(ctx context.Context, provider ident.UserID, name string, at time.Time) error

	// Password returns the password of a holder. NotFound "no_report_password" if there is none yet.
	Password(ctx context.Context, holder string) (surgical.PHI, error)

	// AddPassword keeps a password. Conflict "changed_meanwhile" if the holder has one by now.
	AddPassword(ctx context.Context, holder string, password surgical.PHI, at time.Time) error
}

// GeneratedFiles knows the reports and exports that were made. The objects themselves lie in Blobs.
type GeneratedFiles interface {
	// Add keeps a file and gives its id. Conflict "file_exists" if its slot is taken: another request has
	// made it meanwhile.
	Add(ctx context.Context, f *statement.File) error

	// Made returns the file of a slot. NotFound "file_not_found".
	Made(ctx context.Context, slot string) (statement.File, error)

	// Get returns a file. NotFound "file_not_found".
	Get(ctx context.Context, id int64) (statement.File, error)

	// List returns a page.
	List(ctx context.Context, q statement.FileQuery) ([]statement.File, error)

	// Passing returns up to limit files without a slot that were made before a time, oldest first.
	Passing(ctx context.Context, before time.Time, limit int) ([]statement.File, error)

	// Forget removes a file from the list.
	Forget(ctx context.Context, id int64) error
}
