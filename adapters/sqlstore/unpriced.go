package sqlstore

import (
	"context"

	"surgicase/domain/civil"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

// Unpriced implements ports.Casebook.
func (r casebookRepo) Unpriced(ctx context.Context, from, to civil.Date) (int, error) {
	where, args := listCondition(surgical.Query{From: from, To: to}, permission.Scope{All: true})
	var n int
	err := r.db.WithContext(ctx).Raw("SELECT COUNT(*) FROM cases c WHERE "+where+" AND c.case_status < ? AND c.pay_status = ?",
		append(args, int(surgical.PendingPayment), string(pay.Unpriced))...).Row().Scan(&n)
	return n, err
}
