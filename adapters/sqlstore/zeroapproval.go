package sqlstore

import (
	"context"
	"slices"

	"surgicase/domain/pay"
	"surgicase/domain/surgical"
)

// ApproveZero implements ports.CaseSets.
func (r caseSetRepo) ApproveZero(ctx context.Context, cases []surgical.Standing, approval surgical.Approval) error {
	const set = "version = version + 1, updated_at = ?, pay_status = ?"
	var history []historyRow
	for batch := range slices.Chunk(cases, setBatch) {
		if err := r.guarded(ctx, set, []any{micros(approval.At), string(pay.ZeroApproved)}, batch); err != nil {
			return err
		}
		for _, c := range batch {
			stays := surgical.Move{From: c.Status, To: c.Status, At: approval.At, By: approval.By, Reason: approval.Reason}
			history = append(history, historyRows(c.Number, []surgical.Move{stays})...)
		}
	}
	return r.addHistory(ctx, history)
}
