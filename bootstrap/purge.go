package bootstrap

import (
	"context"

	"surgicase/application/operations"
	"surgicase/domain/dryrun"
	"surgicase/domain/permission"
)

// PurgeCase purges a deleted case as the operator, or says what would go.
func (p *program) PurgeCase(ctx context.Context, in operations.CasePurge, dryRun bool) (done operations.CasePurged, err error) {
	if dryRun {
		ctx, _ = dryrun.Start(ctx)
	}
	var purging *operations.Purging
	err = p.run(ctx, []any{&purging}, func(ctx context.Context) (err error) {
		done, err = purging.Purge(ctx, permission.System("cli"), in)
		return err
	})
	return done, err
}
