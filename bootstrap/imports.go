package bootstrap

import (
	"context"

	"surgicase/application/operations"
	"surgicase/application/payments"
	"surgicase/domain/directory"
	"surgicase/domain/dryrun"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
)

// LoadPrices loads a price table as the operator.
func (p *program) LoadPrices(ctx context.Context, load payments.Load) (done payments.Loaded, err error) {
	var prices *payments.Prices
	err = p.run(ctx, []any{&prices}, func(ctx context.Context) (err error) {
		done, err = prices.Load(ctx, permission.System("cli"), load)
		return err
	})
	return done, err
}

// PreviewPrices returns what LoadPrices would do.
func (p *program) PreviewPrices(ctx context.Context, load payments.Load) (would payments.Loaded, err error) {
	var prices *payments.Prices
	err = p.run(ctx, []any{&prices}, func(ctx context.Context) (err error) {
		ctx, _ = dryrun.Start(ctx)
		would, err = prices.Load(ctx, permission.System("cli"), load)
		return err
	})
	return would, err
}

// ConfirmPrices confirms loaded prices as the operator.
func (p *program) ConfirmPrices(ctx context.Context, version pay.TableVersion) (result payments.ConfirmResult, err error) {
	var prices *payments.Prices
	err = p.run(ctx, []any{&prices}, func(ctx context.Context) (err error) {
		result, err = prices.Confirm(ctx, permission.System("cli"), version)
		return err
	})
	return result, err
}

// ImportCodes imports procedure codes as the operator.
func (p *program) ImportCodes(ctx context.Context, list []directory.ProcedureCode) error {
	var codes *operations.Codes
	return p.run(ctx, []any{&codes}, func(ctx context.Context) error { return codes.Import(ctx, permission.System("cli"), list) })
}
