package ports

import (
	"context"
	"time"

	"surgicase/domain/ident"
)

// PurgedCase is a deleted case whose time is over, with the objects that go with it.
type PurgedCase struct {
	Number int64
	ID     ident.CaseID
	Keys   []string // of its objects that no other case names; they may end in file names, so nothing tells of them
}

// Retention lets go of what was kept for long enough.
type Retention interface {
	// CountExpired counts the cases that were deleted before a time.
	CountExpired(ctx context.Context, before time.Time) (int, error)

	// Condemn takes up to limit cases that were deleted before a time out of reach, so that nobody
	// restores them any more, and returns them; those that were condemned before come first. In order
	// of number. Clients name files themselves, so several cases may have one object: it comes with the
	// last of them. Objects come also if nobody noticed yet that they were stored.
	Condemn(ctx context.Context, before time.Time, limit int) ([]PurgedCase, error)

	// DigestKeys gives up to limit documents the digest by which Condemn finds who else has an object, where
	// the version before has written none, and returns how many it looked at.
	DigestKeys(ctx context.Context, limit int) (int, error)

	// Purge removes condemned cases with their codes, document rows and history. Their ids stay taken,
	// and their payments stay. Conflict "changed_meanwhile" if one is not condemned.
	Purge(ctx context.Context, numbers []int64) error

	// Forget removes up to limit rows each of what is only kept for a while: keys of repeated requests,
	// tasks that are done, and runs of jobs from before these times. It returns how many went.
	Forget(ctx context.Context, requests, tasks, runs time.Time, limit int) (int, error)
}
