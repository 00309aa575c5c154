// Package dryrun marks work that is only tried: a use case does all of it, its transactions are rolled back, and what
// they would have changed is collected here. It decides nothing: the store rolls back (ports.Store.InTx), and what has
// effects beside the store asks Of before it acts. Start with Start, which whoever takes dry_run=true or --dry-run calls.
// Source: docs/DECISIONS.md, 2026-11-30.
package dryrun

import (
	"context"

	"surgicase/domain/audit"
)

// DryRun collects what the transactions of a dry run would have changed.
type DryRun struct {
	// Entries are the audit entries that were recorded and rolled back, refusals among them.
	Entries []audit.Entry
}

type key struct{}

// Start returns a context whose work is a dry run, and the dry run: the one that ctx is in already, if any.
func Start(ctx context.Context) (context.Context, *DryRun) {
	if dry := Of(ctx); dry != nil {
		return ctx, dry
	}
	dry := &DryRun{}
	return context.WithValue(ctx, key{}, dry), dry
}

// Of returns the dry run that ctx is in, nil if its work is meant.
func Of(ctx context.Context) *DryRun {
	dry, _ := ctx.Value(key{}).(*DryRun)
	return dry
}

// Is reports whether the work of ctx is a dry run.
func Is(ctx context.Context) bool { return Of(ctx) != nil }

// Leave returns a context for what is written even in a dry run: the audit log of reads and refusals.
func Leave(ctx context.Context) context.Context {
	return context.WithValue(ctx, key{}, (*DryRun)(nil))
}

// Changes returns the entries of what would have been done.
func (d *DryRun) Changes() []audit.Entry {
	var done []audit.Entry
	for _, e := range d.Entries {
		if e.Outcome == audit.Done {
			done = append(done, e)
		}
	}
	return done
}
