package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/civil"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

type figureRepo struct{ *session }

// Held implements ports.Figures. The rule is the domain's; the database only counts what looks alike.
func (r figureRepo) Held(ctx context.Context, excluded []ident.UserID, today civil.Date) (map[pay.HoldReason]int, error) {
	var rows []struct {
		UserID    string
		PayStatus string
		Npi       int
		Ahead     int
		Own       int
		Cases     int
	}
	err := r.db.WithContext(ctx).Raw("SELECT c.user_id AS user_id, c.pay_status AS pay_status, COUNT(u.user_npi) AS npi, c.case_date > ? AS ahead,"+
		" pt.loaded_by IS NOT NULL AND pt.loaded_by = c.user_id AS own, COUNT(*) AS cases"+
		" FROM cases c JOIN users u ON u.user_id = c.user_id"+priceLoader+
		" WHERE c.active = 1 AND c.case_status = ? GROUP BY c.user_id, c.pay_status, ahead, own",
		today.String(), int(surgical.ReadyForBilling)).Scan(&rows).Error
	held := map[pay.HoldReason]int{}
	for _, row := range rows {
		candidate := pay.Candidate{Provider: ident.UserID(row.UserID), HasNPI: row.Npi > 0, Status: pay.Status(row.PayStatus), OwnPrice: row.Own > 0}
		if row.Ahead > 0 {
			candidate.Date = today.AddDays(row.Ahead)
		}
		if reason := candidate.Hold(excluded, today); reason != "" {
			held[reason] += row.Cases
		}
	}
	return held, err
}

// Ledger implements ports.Figures.
func (r figureRepo) Ledger(ctx context.Context) (ports.LedgerState, error) {
	var l ports.LedgerState
	err := r.db.WithContext(ctx).Raw("SELECT COUNT(*), COALESCE(SUM(r.open_cents), 0), COALESCE(SUM(r.settled_cents), 0), COALESCE(SUM(r.cancelled_cents), 0),"+
		" COALESCE(SUM(r.reversed_cents), 0) FROM payment_runs r").Row().Scan(&l.Runs, &l.Open, &l.Settled, &l.Cancelled, &l.Reversed)
	if err != nil {
		return l, err
	}
	var oldest sql.NullInt64
	err = r.db.WithContext(ctx).Raw("SELECT COUNT(*), MIN(r.opened_at) FROM payment_runs r WHERE EXISTS (SELECT 1 FROM payment_entries e"+
		" WHERE e.run_id = r.run_id AND e.kind = ? AND e.settled_at IS NULL AND e.cancelled_at IS NULL)", string(pay.Payment)).Row().Scan(&l.OpenRuns, &oldest)
	l.OldestOpen = nullInstant(oldest)
	return l, err
}

// Callers implements ports.Figures.
func (r figureRepo) Callers(ctx context.Context, since time.Time) (n int, err error) {
	err = r.db.WithContext(ctx).Raw("SELECT COUNT(*) FROM users u WHERE u.active = 1 AND EXISTS (SELECT 1 FROM audit_entries a"+
		" WHERE a.actor_id = u.user_id AND a.happened_at >= ?)", micros(since)).Row().Scan(&n)
	return n, err
}

// Recorded implements ports.Figures.
func (r figureRepo) Recorded(ctx context.Context, since time.Time) (cases, users int, err error) {
	made := func(action permission.Action) (n int) {
		if err == nil {
			err = r.db.WithContext(ctx).Raw("SELECT COUNT(*) FROM audit_entries a WHERE a.action = ? AND a.happened_at >= ? AND a.outcome = ?",
				string(action), micros(since), string(audit.Done)).Row().Scan(&n)
		}
		return n
	}
	cases, users = made(permission.CreateCase), made(permission.CreateUser)
	return cases, users, err
}

// Backlog implements ports.Figures.
func (r figureRepo) Backlog(ctx context.Context, now time.Time) (b ports.Backlog, err error) {
	var oldest sql.NullInt64
	err = r.db.WithContext(ctx).Raw("SELECT COUNT(*), COUNT(CASE WHEN o.attempts > 0 THEN 1 END), MIN(CASE WHEN o.created_at <= ? THEN o.created_at END)"+
		" FROM outbox o WHERE o.done_at IS NULL", micros(now)).Row().Scan(&b.Waiting, &b.Failing, &oldest)
	b.OldestDue = nullInstant(oldest)
	return b, err
}

// Begun implements ports.Figures.
func (r figureRepo) Begun(ctx context.Context) (time.Time, error) {
	var first sql.NullInt64
	err := r.db.WithContext(ctx).Raw("SELECT (SELECT e.happened_at FROM audit_entries e ORDER BY e.entry_id LIMIT 1)").Row().Scan(&first)
	return nullInstant(first), err
}

// Seal implements ports.Figures.
func (r figureRepo) Seal(ctx context.Context) (s ports.SealState, err error) {
	var last int64
	err = r.db.WithContext(ctx).Raw("SELECT COALESCE(MAX(seq), 0), COALESCE(MAX(entry_id), 0) FROM audit_seal").Row().Scan(&s.Sealed, &last)
	if err != nil {
		return s, err
	}
	var oldest, checkpoint sql.NullInt64
	err = r.db.WithContext(ctx).Raw("SELECT (SELECT e.happened_at FROM audit_entries e WHERE e.entry_id > ? ORDER BY e.entry_id LIMIT 1),"+
		" (SELECT MAX(p.made_at) FROM audit_checkpoints p)", last).Row().Scan(&oldest, &checkpoint)
	s.OldestUnsealed, s.LastCheckpoint = nullInstant(oldest), nullInstant(checkpoint)
	return s, err
}
