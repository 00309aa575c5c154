package ports

import (
	"context"

	"surgicase/domain/civil"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

// Cases stores surgical cases, one at a time. Methods that take a scope see only what the scope
// allows: a case outside it is NotFound "case_not_found", as if it did not exist.
type Cases interface {
	// Add stores a new case with its codes, documents and moves, and gives it its number unless it brings
	// one. Conflict "case_exists" if the id (or the number) was ever used, "possible_duplicate" if an
	// unforced twin exists.
	Add(ctx context.Context, c *surgical.Case, moves ...surgical.Move) error

	// Get returns the case with its codes and documents. NotFound if there is none in scope or it
	// is deleted.
	Get(ctx context.Context, id ident.CaseID, in permission.Scope) (*surgical.Case, error)

	// GetDeleted is Get for deleted cases only.
	GetDeleted(ctx context.Context, id ident.CaseID) (*surgical.Case, error)

	// Save writes a case read in this transaction with the moves it made, and raises its version.
	// Conflict "changed_meanwhile" if somebody else saved it since, "possible_duplicate" as for Add.
	Save(ctx context.Context, c *surgical.Case, moves ...surgical.Move) error

	// Twin finds another case of the same owner, date and patient that is not deleted, or is deleted
	// but paid. Empty if there is none.
	Twin(ctx context.Context, c *surgical.Case) (ident.CaseID, error)
}

// Priceable is a case below 15 with what its price depends on.
type Priceable struct {
	surgical.Standing
	OwnerTier pay.Tier
	Codes     []pay.Code
}

// CaseSets moves and prices many cases in a fixed number of statements. Its writes are guarded by
// the version read: if any case changed meanwhile they fail with Conflict "changed_meanwhile", and the
// transaction is to be run again.
type CaseSets interface {
	// Standings returns where the cases stand that exist and are not deleted, in no order.
	Standings(ctx context.Context, ids []ident.CaseID) ([]surgical.Standing, error)

	// ReadyForRun returns every case at 10, or those of them among ids if given, with their owners.
	ReadyForRun(ctx context.Context, ids []ident.CaseID) ([]surgical.RunCandidate, error)

	// Move writes status, pay status, generation, timestamps and history of moved cases.
	Move(ctx context.Context, moved []surgical.Moved) error

	// ToPrice returns up to limit cases below 15 with a number above after, in order of number:
	// those that which names.
	ToPrice(ctx context.Context, which PricingSet, after int64, limit int) ([]Priceable, error)

	// Reprice writes the pay of the cases.
	Reprice(ctx context.Context, cases []surgical.Standing) error

	// ApproveZero writes the pay status of the cases, and a line in their history that leads from their
	// status to the same status and holds the reason.
	ApproveZero(ctx context.Context, cases []surgical.Standing, approval surgical.Approval) error
}

// PricingSet names cases to be priced: by numbers, or of an owner, or whose price does not come
// from the current table and tier.
type PricingSet struct {
	Numbers []int64
	Owner   ident.UserID
	Stale   bool
	All     bool
}

// Casebook reads cases for people: flat, with the names that ids stand for.
type Casebook interface {
	// Sheet returns one case. NotFound "case_not_found" if there is none in scope or it is deleted.
	Sheet(ctx context.Context, id ident.CaseID, in permission.Scope) (surgical.Sheet, error)

	// List returns a page in the order asked for. Costs a fixed number of statements.
	List(ctx context.Context, q surgical.Query, in permission.Scope) (surgical.Page, error)

	// History returns the moves of a case, oldest first.
	History(ctx context.Context, number int64) ([]surgical.HistoryEntry, error)

	// Totals counts and sums the cases that are not deleted, by status, for case dates from and to
	// (inclusive; zero is open).
	Totals(ctx context.Context, from, to civil.Date) ([]surgical.StatusTotal, error)

	// Unpriced counts the cases below 15 for which there is no price, for the same dates.
	Unpriced(ctx context.Context, from, to civil.Date) (int, error)
}
