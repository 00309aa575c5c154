package sqlstore

import (
	"context"

	"surgicase/ports"
)

// lockFirst takes the locks with which the transaction begins. Where writers are alone there is nothing to lock.
func (s *session) lockFirst(ctx context.Context) error {
	locks := ports.LocksOf(ctx)
	if s.share == "" {
		return nil
	}
	lock := func(query string, args ...any) error {
		var found []string
		return s.db.WithContext(ctx).Raw(query, args...).Scan(&found).Error
	}
	if locks.User != "" {
		if err := lock("SELECT user_id FROM users WHERE user_id = ? FOR UPDATE", string(locks.User)); err != nil {
			return err
		}
	}
	switch {
	case locks.PriceTable:
		return lock("SELECT version FROM price_current WHERE singleton = 1 FOR UPDATE")
	case locks.PricesInUse:
		return lock("SELECT version FROM price_current WHERE singleton = 1" + s.share)
	}
	return nil
}
