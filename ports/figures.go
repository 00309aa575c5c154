package ports

import (
	"context"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
)

// Figures counts what operators watch. Each costs one or two statements that an index serves.
type Figures interface {
	// Held counts the cases in ReadyForBilling that a run opened today would leave out, by the reason that counts
	// first.
	Held(ctx context.Context, excluded []ident.UserID, today civil.Date) (map[pay.HoldReason]int, error)

	// Ledger sums up all payment runs.
	Ledger(ctx context.Context) (LedgerState, error)

	// Callers counts the active users who have called since: who have an entry on the audit trail.
	Callers(ctx context.Context, since time.Time) (int, error)

	// Recorded counts the cases and the users that were made since.
	Recorded(ctx context.Context, since time.Time) (cases, users int, err error)

	// Backlog says what waits in the outbox.
	Backlog(ctx context.Context, now time.Time) (Backlog, error)

	// Begun is when the database came into use: when the first entry was put on the audit trail; zero if
	// there is none.
	Begun(ctx context.Context) (time.Time, error)

	// Seal says how far behind the sealer is.
	Seal(ctx context.Context) (SealState, error)
}

// LedgerState is all payment runs together.
type LedgerState struct {
	Runs                               int
	OpenRuns                           int       // runs with payments neither settled nor cancelled
	OldestOpen                         time.Time // when the oldest of them was opened; zero if there is none
	Open, Settled, Cancelled, Reversed pay.Cents
}

// Backlog is what waits in the outbox.
type Backlog struct {
	Waiting   int       // tasks that are not done
	Failing   int       // of them, those that failed at least once
	OldestDue time.Time // since when the longest due is due; zero if none is due
}

// SealState is how far the chain over the audit trail has come.
type SealState struct {
	Sealed         int64     // entries with a seal
	OldestUnsealed time.Time // when the oldest entry behind the last seal happened; zero if there is none
	LastCheckpoint time.Time // zero if there is none
}
