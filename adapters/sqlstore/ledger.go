package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"surgicase/domain/ident"
	"surgicase/domain/npi"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
)

type ledgerRepo struct{ *session }

// Runs implements ports.Ledger.
func (r ledgerRepo) Runs(ctx context.Context, before int64, limit int) ([]pay.Run, error) {
	query := r.db.WithContext(ctx).Order("run_id DESC").Limit(limit)
	if before != 0 {
		query = query.Where("run_id < ?", before)
	}
	var rows []runRow
	err := query.Find(&rows).Error
	return mapped(rows, runRow.run), err
}

// CountRuns implements ports.Ledger.
func (r ledgerRepo) CountRuns(ctx context.Context) (int, error) {
	var n int
	err := r.db.WithContext(ctx).Raw("SELECT COUNT(*) FROM payment_runs").Row().Scan(&n)
	return n, err
}

// OpenRuns implements ports.Ledger.
func (r ledgerRepo) OpenRuns(ctx context.Context, before time.Time) ([]int64, error) {
	ids := []int64{}
	err := r.db.WithContext(ctx).Raw("SELECT DISTINCT e.run_id FROM payment_entries e JOIN payment_runs r ON r.run_id = e.run_id WHERE "+openPayment+
		" AND r.opened_at < ? ORDER BY e.run_id", micros(before)).Scan(&ids).Error
	return ids, err
}

const openPayment = "e.kind = 'payment' AND e.settled_at IS NULL AND e.cancelled_at IS NULL"

// Lines implements ports.Ledger.
func (r ledgerRepo) Lines(ctx context.Context, q pay.LineQuery) ([]pay.Line, error) {
	where, args := lineCondition(q)
	rows, err := r.db.WithContext(ctx).Raw("SELECT e.entry_id, e.run_id, e.kind, e.payment_id, e.human_case_id, e.generation, e.provider_id, e.case_date,"+
		" e.pay_category, e.codes, e.amount_cents, e.price_table_version, e.created_at, e.entered_on, e.settled_at, e.cancelled_at, e.reversed_at, e.carried_by_run_id,"+
		" i.case_id, u.first_name, u.last_name, u.user_npi, u.state"+
		" FROM payment_entries e JOIN case_ids i ON i.human_case_id = e.human_case_id JOIN users u ON u.user_id = e.provider_id"+
		" WHERE "+where+" ORDER BY e.provider_id, e.case_date, e.human_case_id, e.entry_id", args...).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	lines := []pay.Line{}
	for rows.Next() {
		line, err := scanLine(rows)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, rows.Err()
}

func lineCondition(q pay.LineQuery) (where string, args []any) {
	switch {
	case q.Open:
		where = openPayment
	case q.Uncarried:
		where = uncarried
	case q.Payments:
		where, args = "e.run_id = ? AND e.kind = 'payment'", []any{q.Run}
	default:
		where, args = "((e.run_id = ? AND e.kind = 'payment') OR e.carried_by_run_id = ?)", []any{q.Run, q.Run}
	}
	if q.Provider != "" {
		where, args = where+" AND e.provider_id = ?", append(args, string(q.Provider))
	}
	if !q.From.IsZero() {
		where, args = where+" AND e.case_date >= ?", append(args, q.From.String())
	}
	if !q.To.IsZero() {
		where, args = where+" AND e.case_date <= ?", append(args, q.To.String())
	}
	return where, args
}

func scanLine(rows *sql.Rows) (pay.Line, error) {
	var e entryRow
	var caseID string
	var first, last, state sql.NullString
	var number sql.Null[uint64]
	err := rows.Scan(&e.EntryID, &e.RunID, &e.Kind, &e.PaymentID, &e.HumanCaseID, &e.Generation, &e.ProviderID, &e.CaseDate,
		&e.PayCategory, &e.Codes, &e.AmountCents, &e.PriceTableVersion, &e.CreatedAt, &e.EnteredOn, &e.SettledAt, &e.CancelledAt, &e.ReversedAt, &e.CarriedByRunID,
		&caseID, &first, &last, &number, &state)
	return pay.Line{
		Entry: e.entry(), CaseID: ident.CaseID(caseID), First: first.String, Last: last.String, NPI: npi.NPI(number.V), State: state.String,
		CancelledAt: nullInstant(e.CancelledAt), ReversedAt: nullInstant(e.ReversedAt),
	}, err
}

// Held implements ports.Ledger.
func (r ledgerRepo) Held(ctx context.Context, run int64) ([]pay.Held, error) {
	rows, err := r.db.WithContext(ctx).Raw("SELECT h.human_case_id, i.case_id, h.provider_id, h.reason FROM payment_run_held h"+
		" JOIN case_ids i ON i.human_case_id = h.human_case_id WHERE h.run_id = ? ORDER BY h.human_case_id", run).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	held := []pay.Held{}
	for rows.Next() {
		var h pay.Held
		if err := rows.Scan(&h.CaseNumber, &h.CaseID, &h.Provider, &h.Reason); err != nil {
			return nil, err
		}
		held = append(held, h)
	}
	return held, rows.Err()
}

// Cases implements ports.Ledger.
func (r ledgerRepo) Cases(ctx context.Context, run int64) ([]surgical.PaidCase, error) {
	found := []surgical.PaidCase{}
	err := caseSetRepo(r).each(ctx, "", "", "p.run_id = ? AND p.cancelled_at IS NULL AND p.reversed_at IS NULL AND c.active >= 0 ORDER BY c.human_case_id", []any{run}, nil,
		func(s surgical.Standing, row caseRow) {
			found = append(found, surgical.PaidCase{Standing: s, Deleted: row.DeletedAt.Valid})
		})
	return found, err
}
