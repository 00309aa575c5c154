package ports

import (
	"context"
	"time"

	"surgicase/domain/ident"
)

// PurgedCase is a condemned case, with the objects that go with it.
type PurgedCase struct {
	Number int64
	ID     ident.CaseID
	Keys   []string // of its objects that no other case names; they may end in file names, so nothing tells of them
	Shared int      // objects that other cases name as well: they stay
}

// PurgedRows counts the rows that went with purged cases.
type PurgedRows struct {
	Cases, Codes, Documents, History int
}

// Retention lets go of what was kept for long enough.
type Retention interface {
	// CountExpired counts the cases that Condemn would return if it had no limit.
	CountExpired(ctx context.Context, before time.Time) (int, error)

	// Condemn takes up to limit cases that were deleted before a time out of reach, so that nobody restores them any
	// more, and returns them in order of number. Those that are condemned already come first, whenever they were
	// deleted: somebody's purge broke off. Clients name files themselves, so several cases may have one object: it
	// comes with the last of them. Objects come also if nobody noticed yet that they were stored.
	Condemn(ctx context.Context, before time.Time, limit int) ([]PurgedCase, error)

	// CondemnCase takes one deleted case out of reach and returns it as Condemn does, however short ago it was
	// deleted. A case that is condemned already is returned again, whatever the version. NotFound "case_not_found" if
	// the case is neither deleted nor condemned; Conflict "changed_meanwhile" if its version is another one.
	CondemnCase(ctx context.Context, id ident.CaseID, version int64) (PurgedCase, error)

	// DigestKeys gives up to limit documents the digest by which Condemn finds who else has an object, where
	// the version before has written none, and returns how many it looked at.
	DigestKeys(ctx context.Context, limit int) (int, error)

	// Purge removes condemned cases with their codes, document rows and history, and returns how many rows
	// went. Their ids stay taken, and their payments stay. Conflict "changed_meanwhile" if one is not condemned.
	Purge(ctx context.Context, numbers []int64) (PurgedRows, error)

	// Forget removes up to limit rows each of what is only kept for a while: keys of repeated requests,
	// tasks that are done, and runs of jobs from before these times. It returns how many went.
	Forget(ctx context.Context, requests, tasks, runs time.Time, limit int) (int, error)
}
