package sqlstore

import (
	"context"
	"time"

	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/ports"
)

type priceTableRepo struct{ *session }

var _ ports.PriceTables = priceTableRepo{}

func (r priceTableRepo) Unconfirmed(ctx context.Context, upTo pay.TableVersion) ([]pay.LoadedTable, error) {
	var rows []priceTableRow
	err := r.db.WithContext(ctx).Where("confirmed_by IS NULL AND version <= ?", int64(upTo)).Order("version").Find(&rows).Error
	tables := make([]pay.LoadedTable, len(rows))
	for i, row := range rows {
		tables[i] = pay.LoadedTable{Version: pay.TableVersion(row.Version), Source: row.Source, By: ident.UserID(row.LoadedBy), At: instant(row.LoadedAt)}
	}
	return tables, err
}

func (r priceTableRepo) Confirm(ctx context.Context, versions []pay.TableVersion, by ident.UserID, at time.Time) error {
	if len(versions) == 0 {
		return nil
	}
	return r.db.WithContext(ctx).Exec("UPDATE price_tables SET confirmed_by = ?, confirmed_at = ? WHERE confirmed_by IS NULL AND version IN ?",
		string(by), micros(at), padded(versions)).Error
}
