package ports

import (
	"context"
	"time"

	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
)

// PriceQuery asks for a page of the current price rows, ordered by tier and code.
type PriceQuery struct {
	Tier  pay.Tier // 0 for all
	After *pay.Row // keys of the last row seen
	Limit int
}

// TierTotal sums up the price rows of a tier.
type TierTotal struct {
	Tier    pay.Tier
	Rows    int
	Highest pay.Cents
}

// Prices stores the price tables, all versions of them.
type Prices interface {
	// Table returns the rows of the current table for some tiers and codes. In a transaction on
	// MySQL it keeps a new table from being loaded until the transaction ends.
	Table(ctx context.Context, tiers []pay.Tier, codes []pay.Code) (pay.Table, error)

	// TableAt returns the rows that a version had for one tier and some codes.
	TableAt(ctx context.Context, v pay.TableVersion, tier pay.Tier, codes []pay.Code) (pay.Table, error)

	// Load makes a new version: the rows replace those of their tier and code; with whole they
	// replace the entire tiers they name. It returns the version.
	Load(ctx context.Context, rows []pay.Row, whole bool, source string, by ident.UserID, at time.Time) (pay.TableVersion, error)

	// List returns a page of the current rows and the current version.
	List(ctx context.Context, q PriceQuery) ([]pay.Row, pay.TableVersion, error)

	// Tiers sums up the current table by tier.
	Tiers(ctx context.Context) ([]TierTotal, pay.TableVersion, error)
}

// PriceTables stores who loaded which version of the price table, and who confirmed it for the loader's own cases.
type PriceTables interface {
	// Unconfirmed returns the versions up to upTo that nobody has confirmed, oldest first.
	Unconfirmed(ctx context.Context, upTo pay.TableVersion) ([]pay.LoadedTable, error)

	// Confirm notes who confirmed versions; those that are confirmed already stay as they are.
	Confirm(ctx context.Context, versions []pay.TableVersion, by ident.UserID, at time.Time) error
}

// Runs is the ledger: payment runs and their entries.
type Runs interface {
	// Open stores a run with its payments and gives the run's id. Cancellations and reversals that no
	// run carries yet are assigned to it, and what providers owe from earlier runs is carried into it, but those of import runs, whose payments no file carries. The
	// payments, also those at hand, get the codes that their cases have in this transaction. Conflict
	// "already_in_run" if a case has a payment of that generation.
	Open(ctx context.Context, run *pay.Run, payments []pay.Entry) error

	// Get returns a run. NotFound "run_not_found".
	Get(ctx context.Context, id int64) (pay.Run, error)

	// Payments returns payments by their ids, in order of id.
	Payments(ctx context.Context, ids []int64) ([]pay.Entry, error)

	// Settle marks open payments as settled and brings the sums of their runs up to date. Conflict
	// "changed_meanwhile" if one is no longer open.
	Settle(ctx context.Context, ids []int64, by ident.UserID, at time.Time) error

	// TakeBack adds cancellations (of open payments) and reversals (of settled ones), marks the
	// payments and brings the sums up to date. Conflict "changed_meanwhile" if one no longer fits.
	TakeBack(ctx context.Context, entries []pay.Entry, by ident.UserID) error

	// Hold notes which cases a run left out, and why.
	Hold(ctx context.Context, run int64, held []pay.Held) error
}

// Ledger reads payment runs and their entries for people and for files, and finds the cases of a run.
type Ledger interface {
	// Runs returns up to limit runs with an id below before (0 for all), newest first.
	Runs(ctx context.Context, before int64, limit int) ([]pay.Run, error)

	// CountRuns counts all runs.
	CountRuns(ctx context.Context) (int, error)

	// OpenRuns returns the ids of runs that were opened before then and have open payments, oldest first.
	OpenRuns(ctx context.Context, before time.Time) ([]int64, error)

	// Lines returns the entries that q names, by provider, case date, case number and entry, in one
	// statement.
	Lines(ctx context.Context, q pay.LineQuery) ([]pay.Line, error)

	// Owed returns what providers owed from earlier runs when a run was opened: reversals that exceeded what there was
	// to pay them.
	Owed(ctx context.Context, run int64) (map[ident.UserID]pay.Cents, error)

	// Held returns what a run left out, in order of case number.
	Held(ctx context.Context, run int64) ([]pay.Held, error)

	// Cases returns where the cases stand that have a payment of the run that was not taken back: deleted
	// ones, too, but not purged ones; in order of case number.
	Cases(ctx context.Context, run int64) ([]surgical.PaidCase, error)
}
