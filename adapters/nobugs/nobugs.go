// Package nobugs is the bug tracker of those who have none: reports stay where GET /bugs shows them.
package nobugs

import (
	"context"

	"surgicase/domain/support"
)

// Tracker is a ports.BugTracker that keeps nothing.
type Tracker struct{}

// Report implements ports.BugTracker.
func (Tracker) Report(ctx context.Context, _ support.Bug) (string, error) { return "", ctx.Err() }

// Update implements ports.BugTracker.
func (Tracker) Update(ctx context.Context, _ string, _ support.Bug) error { return ctx.Err() }
