package bootstrap

import (
	"context"
	"fmt"

	"surgicase/adapters/sqlstore"
	"surgicase/application/npidirectory"
	"surgicase/domain/npi"
	"surgicase/domain/permission"
)

// importing runs work on the provider directory as the operator.
func (p *program) importing(ctx context.Context, work func(context.Context, *npidirectory.Imports) error) error {
	var imports *npidirectory.Imports
	var store *sqlstore.Store
	return p.run(ctx, []any{&imports, &store}, func(ctx context.Context) error {
		if err := store.CheckVersion(ctx); err != nil {
			return err
		}
		return work(ctx, imports)
	})
}

// ImportNPIs loads a file of NPPES into the provider directory.
func (p *program) ImportNPIs(ctx context.Context, src npidirectory.Source, tell func(npidirectory.Progress)) (done npidirectory.Imported, err error) {
	err = p.importing(ctx, func(ctx context.Context, imports *npidirectory.Imports) (err error) {
		done, err = imports.Import(ctx, permission.System("cli"), src, tell)
		return err
	})
	return done, err
}

// SyncNPIs loads the files that CMS has published since.
func (p *program) SyncNPIs(ctx context.Context, tell func(npidirectory.Progress)) (done []npidirectory.Imported, err error) {
	err = p.importing(ctx, func(ctx context.Context, imports *npidirectory.Imports) (err error) {
		done, err = imports.Sync(ctx, permission.System("cli"), tell)
		return err
	})
	return done, err
}

// RejectedNPIs lists rejected rows of a file.
func (p *program) RejectedNPIs(ctx context.Context, file, after int64, limit int) (list []npi.Rejection, err error) {
	err = p.importing(ctx, func(ctx context.Context, imports *npidirectory.Imports) (err error) {
		list, err = imports.Rejected(ctx, permission.System("cli"), file, after, limit)
		return err
	})
	return list, err
}

// syncNPIs is Sync as a job. Where providers are invented nobody is asked for more of them.
func syncNPIs(ctx context.Context, c Config, imports *npidirectory.Imports, who permission.Actor) (string, error) {
	if c.registry() == registryStub {
		return "nothing to do: NPI_REGISTRY=stub", nil
	}
	done, err := imports.Sync(ctx, who, nil)
	var rows, rejected int64
	for _, one := range done {
		rows, rejected = rows+one.Tally.Rows, rejected+one.Tally.Rejected
	}
	return fmt.Sprintf("%d files with %d rows loaded, %d rows rejected", len(done), rows, rejected), err
}
