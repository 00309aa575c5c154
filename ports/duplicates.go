package ports

import (
	"context"

	"surgicase/domain/civil"
	"surgicase/domain/surgical"
)

// Duplicates finds cases of one operation that are stored already, and keeps what was found.
type Duplicates interface {
	// Of returns what is known of the duplicates of cases, by number; cases of which there is nothing are missing.
	Of(ctx context.Context, numbers []int64) (map[int64]surgical.Duplicates, error)

	// Count counts the cases that are not deleted: those forced, and those found and not confirmed. For case dates
	// from and to (inclusive; zero is open).
	Count(ctx context.Context, from, to civil.Date) (forced, found int, err error)

	// Unfolded returns up to limit cases with a number above after, in order of number, whose digest the program
	// before has made; deleted ones, too. One that cannot be decrypted has no more than its id and number.
	Unfolded(ctx context.Context, after int64, limit int) ([]*surgical.Case, error)

	// Overwritten is Unfolded for cases below PendingPayment whose digest a server of the version before has
	// overwritten since.
	Overwritten(ctx context.Context, after int64, limit int) ([]*surgical.Case, error)

	// Meeting returns the other cases under the present digest of a case: those that are not deleted, or paid.
	Meeting(ctx context.Context, c *surgical.Case) ([]*surgical.Case, error)

	// Refold writes the present digest of a case and the marks of those that were marked, each in a slot of its
	// own. Conflict "changed_meanwhile" if somebody else saved one of them since.
	Refold(ctx context.Context, c *surgical.Case, marked []*surgical.Case) error

	// Affirm notes that the digests of cases are what the present folding makes. Cases that somebody saved since are
	// left out.
	Affirm(ctx context.Context, cases []*surgical.Case) error

	// Confirm writes that the cases are operations of their own, and a line in their history that holds the
	// reason. Guarded as CaseSets are.
	Confirm(ctx context.Context, cases []surgical.Standing, approval surgical.Approval) error
}
