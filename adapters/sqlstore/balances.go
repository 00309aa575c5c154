package sqlstore

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"surgicase/domain/ident"
	"surgicase/domain/pay"
)

// balanceRow is what a provider owes from earlier runs when a run is opened.
type balanceRow struct {
	RunID      int64  `gorm:"primaryKey;autoIncrement:false"`
	ProviderID string `gorm:"primaryKey"`
	OwedCents  int64
	AfterRunID int64
}

func (balanceRow) TableName() string { return "payment_run_balances" }

// Owed implements ports.Ledger.
func (r ledgerRepo) Owed(ctx context.Context, run int64) (map[ident.UserID]pay.Cents, error) {
	var rows []balanceRow
	if err := r.db.WithContext(ctx).Find(&rows, "run_id = ?", run).Error; err != nil {
		return nil, err
	}
	owed := make(map[ident.UserID]pay.Cents, len(rows))
	for _, row := range rows {
		owed[ident.UserID(row.ProviderID)] = pay.Cents(row.OwedCents)
	}
	return owed, nil
}

// balanceParts has for each run and provider whom it deducts something what it may deduct (due), what it pays, and what
// of the due are reversals of its own. What a run has deducted is the smaller of due and paid.
const balanceParts = "SELECT d.provider_id, SUM(d.reversed) AS reversed, SUM(d.reversed) + SUM(d.owed) AS due," +
	" (SELECT COALESCE(SUM(p.amount_cents), 0) FROM payment_entries p WHERE p.run_id = d.run_id AND p.provider_id = d.provider_id" +
	" AND p.kind = 'payment' AND p.cancelled_at IS NULL) AS paid FROM (" +
	"SELECT e.carried_by_run_id AS run_id, e.provider_id AS provider_id, -e.amount_cents AS reversed, 0 AS owed FROM payment_entries e" +
	" JOIN payment_runs r ON r.run_id = e.carried_by_run_id WHERE e.kind = 'reversal' AND r.carries_balances = 1" +
	" UNION ALL SELECT b.run_id, b.provider_id, 0, b.owed_cents FROM payment_run_balances b) d GROUP BY d.run_id, d.provider_id"

// owing returns what providers would owe if a run were opened now, the reversals left out that it would carry.
func (r runRepo) owing(ctx context.Context) (map[ident.UserID]pay.Cents, error) {
	var rows []struct {
		ProviderID          string
		Reversed, Due, Paid int64
	}
	if err := r.db.WithContext(ctx).Raw(balanceParts).Scan(&rows).Error; err != nil {
		return nil, err
	}
	owing := map[ident.UserID]pay.Cents{}
	for _, row := range rows {
		owing[ident.UserID(row.ProviderID)] += pay.Cents(row.Reversed - min(row.Due, row.Paid))
	}
	for id, cents := range owing {
		if cents <= 0 {
			delete(owing, id)
		}
	}
	return owing, nil
}

// carryBalances stores what providers owe when the run is opened, before it is given reversals of its own.
func (r runRepo) carryBalances(ctx context.Context, run int64) error {
	owing, err := r.owing(ctx)
	if err != nil || len(owing) == 0 {
		return err
	}
	var before int64
	err = r.db.WithContext(ctx).Raw("SELECT COALESCE(MAX(run_id), 0) FROM payment_runs WHERE carries_balances = 1 AND run_id <> ?", run).Row().Scan(&before)
	if err != nil {
		return err
	}
	rows := make([]balanceRow, 0, len(owing))
	for id, cents := range owing {
		rows = append(rows, balanceRow{RunID: run, ProviderID: string(id), OwedCents: int64(cents), AfterRunID: before})
	}
	if err := r.db.WithContext(ctx).CreateInBatches(&rows, setBatch).Error; !errors.Is(err, gorm.ErrDuplicatedKey) {
		return err
	}
	return raceLost() // another run was opened meanwhile
}
