package ports

import (
	"context"
	"time"

	"surgicase/domain/support"
)

// Bugs stores bug reports.
type Bugs interface {
	// Add stores a report and gives its id.
	Add(ctx context.Context, b *support.Bug) error

	// Get returns a report. NotFound "bug_not_found".
	Get(ctx context.Context, id int64) (support.Bug, error)

	// Save writes a report read in this transaction and raises the version. Conflict "changed_meanwhile"
	// if somebody else saved it since.
	Save(ctx context.Context, b *support.Bug) error

	// Tracked notes what the bug tracker calls a report and which version of it it knows, unless it is
	// known to know a later one. It does not raise the version.
	Tracked(ctx context.Context, id int64, reference string, version int64) error

	// List returns a page.
	List(ctx context.Context, q support.Query) ([]support.Bug, error)
}

// ClientRequests stores what clients report of their requests.
type ClientRequests interface {
	// Add stores a report.
	Add(ctx context.Context, r support.ClientRequest) error

	// Forget removes up to limit reports from before a time and says how many there were.
	Forget(ctx context.Context, before time.Time, limit int) (int, error)
}

// BugTracker is where the makers of the product keep bugs. It gets title, description, priority, page and
// request id, and nothing about who reported them. Unavailable "tracker_unavailable" when it may work
// later; Invalid "bug_refused" when it never will.
type BugTracker interface {
	// Report files a bug and returns what the tracker calls it; empty if it keeps none.
	Report(ctx context.Context, b support.Bug) (reference string, err error)

	// Update brings a filed bug up to date. NotFound "tracked_bug_not_found" if the tracker has it no more.
	Update(ctx context.Context, reference string, b support.Bug) error
}
