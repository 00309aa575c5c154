// Package ports names what the application needs of the outside world. Each comment states which
// faults a method returns and when: that comment is the contract, and test/contract holds every
// adapter to it. Methods return fault.Unavailable when what they stand on is away.
package ports

import (
	"context"
	"errors"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
)

// Store keeps everything that must not be lost.
type Store interface {
	// InTx runs fn in one transaction and commits if fn returns nil. It may run fn more than once
	// (deadlocks, lock waits, a busy database, RunAgain), so fn must only touch the repositories it is
	// handed and variables it sets anew. A panic in fn rolls back and goes on up. It confirms the caller of
	// the context first (OnBehalf), in the same transaction: fn does not run for who may act no longer.
	//
	// In a context of dryrun.Start it runs fn and rolls back: when fn returns nil, InTx returns nil, gives the
	// entries that fn recorded to the dry run, and commits only that it was asked: those entries with the outcome
	// audit.DryRun, and refusals as they are.
	InTx(ctx context.Context, fn func(context.Context, Repos) error) error

	// View runs fn on one consistent snapshot without writing.
	View(ctx context.Context, fn func(context.Context, Repos) error) error

	// Logged commits audit entries of reads and refusals and returns when they are safe. Entries of
	// concurrent calls share one commit.
	Logged(ctx context.Context, entries ...audit.Entry) error
}

// ChangedMeanwhile is the code of a lost race for something that was read.
const ChangedMeanwhile = "changed_meanwhile"

// RunAgain is what fn of InTx returns, or passes on from a repository, to be run once more on what the
// winner of the race has left.
func RunAgain(because error) error {
	return fault.New(fault.Conflict, ChangedMeanwhile, "Somebody else changed this at the same time. Please try again.").Because(because)
}

// Repos is what one transaction works with.
type Repos struct {
	Cases    Cases
	CaseSets CaseSets
	Casebook Casebook

	Duplicates Duplicates

	Users    Users
	Rosters  Rosters
	Surgeons Surgeons
	Places   Facilities
	Groups   Groups
	Tokens   Tokens
	Prices   Prices
	Tables   PriceTables
	Codes    Codes
	Runs     Runs
	Ledger   Ledger
	Lists    Lists
	Audit    Audit
	Seals    Seals
	Figures  Figures
	Outbox   Outbox
	NPIs     NPIDirectory
	NPILoads NPILoads
	Findings NPIFindings
	Jobs     Jobs
	Keeping  Retention
	Requests Requests

	Documents Documents

	Letters    Letters
	Recipients Recipients
	Arrivals   Arrivals

	Bugs           Bugs
	ClientRequests ClientRequests

	Statements Statements
	Files      GeneratedFiles
}

// Refused puts a refused attempt on the trail and returns err for the caller. Only refusals count:
// what was not allowed, and things asked for that the actor may not see.
func Refused(ctx context.Context, s Store, e audit.Entry, err error) error {
	if !errors.Is(err, fault.Forbidden) && !errors.Is(err, fault.NotFound) {
		return err
	}
	if logErr := s.Logged(ctx, e.Refusing(err, e.Fields...)); logErr != nil {
		return logErr
	}
	return err
}
