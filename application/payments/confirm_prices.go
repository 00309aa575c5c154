package payments

import (
	"context"
	"strconv"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// ConfirmResult is what a confirmation did.
type ConfirmResult struct {
	Confirmed []pay.LoadedTable
	Own       []pay.LoadedTable // loaded by whoever confirms: somebody else has to
}

// Confirm notes that the price table as it stands at a version is right. Runs no longer hold the cases of those who
// loaded it as own_price. What the actor has loaded is left to somebody else. Version 0 means the current one.
// Source: spec/decisions.md 11.3.
//
// Faults: Forbidden; Invalid for a version that does not exist.
func (s *Prices) Confirm(ctx context.Context, actor permission.Actor, version pay.TableVersion) (ConfirmResult, error) {
	if err := s.allowed(ctx, actor); err != nil {
		return ConfirmResult{}, err
	}
	var result ConfirmResult
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		_, current, err := r.Prices.Tiers(ctx)
		if err != nil {
			return err
		}
		if version < 0 || version > current {
			return fault.InvalidField("body.table_version", "must not be above the current version, which is %d", current)
		}
		upTo := version
		if upTo == 0 {
			upTo = current
		}
		tables, err := r.Tables.Unconfirmed(ctx, upTo)
		if err != nil {
			return err
		}
		result.Confirmed, result.Own = pay.ToConfirm(tables, actor.User)
		now := s.clock.Now()
		versions := make([]pay.TableVersion, len(result.Confirmed))
		entries := make([]audit.Entry, len(result.Confirmed))
		for i, t := range result.Confirmed {
			versions[i] = t.Version
			entries[i] = audit.Record(actor, permission.ManagePrices, "price_table", strconv.FormatInt(int64(t.Version), 10), now)
			entries[i].Fields = []string{"confirmed_by"}
		}
		if err := r.Tables.Confirm(ctx, versions, actor.User, now); err != nil {
			return err
		}
		return r.Audit.Record(ctx, entries...)
	})
	return result, err
}
