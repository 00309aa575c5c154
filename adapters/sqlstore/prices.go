package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/ports"
)

type priceRepo struct{ *session }

// priceRow is a price with the versions of the table in which it holds: from FromVersion until
// before UntilVersion, which is empty while it holds.
type priceRow struct {
	UserTier      int    `gorm:"primaryKey;autoIncrement:false"`
	ProcedureCode string `gorm:"primaryKey"`
	FromVersion   int64  `gorm:"primaryKey;autoIncrement:false"`
	UntilVersion  sql.NullInt64
	CodeCategory  string
	AmountCents   int64
}

func (priceRow) TableName() string { return "price_rows" }

type priceTableRow struct {
	Version  int64 `gorm:"primaryKey;autoIncrement:false"`
	Source   string
	LoadedBy string
	LoadedAt int64
	RowCount int
}

func (priceTableRow) TableName() string { return "price_tables" }

func (row priceRow) price() pay.Row {
	return pay.Row{Tier: pay.Tier(row.UserTier), Code: pay.Code(row.ProcedureCode), Category: row.CodeCategory, Amount: pay.Cents(row.AmountCents)}
}

// Table implements ports.Prices.
func (r priceRepo) Table(ctx context.Context, tiers []pay.Tier, codes []pay.Code) (pay.Table, error) {
	const current = "SELECT t.version, p.user_tier, p.procedure_code, p.code_category, p.amount_cents FROM price_current t" +
		" LEFT JOIN price_rows p ON p.until_version IS NULL AND p.user_tier IN ? AND p.procedure_code IN ?"
	if len(tiers) == 0 || len(codes) == 0 {
		tiers, codes = []pay.Tier{0}, []pay.Code{""}
	}
	rows, err := r.db.WithContext(ctx).Raw(current+r.share, padded(tiers), padded(codes)).Rows()
	if err != nil {
		return pay.Table{}, err
	}
	defer func() { _ = rows.Close() }()
	var version int64
	var prices []pay.Row
	for rows.Next() {
		var tier, amount sql.NullInt64
		var code, category sql.NullString
		if err := rows.Scan(&version, &tier, &code, &category, &amount); err != nil {
			return pay.Table{}, err
		}
		if tier.Valid {
			prices = append(prices, pay.Row{Tier: pay.Tier(tier.Int64), Code: pay.Code(code.String), Category: category.String, Amount: pay.Cents(amount.Int64)})
		}
	}
	return pay.NewTable(pay.TableVersion(version), prices), rows.Err()
}

// TableAt implements ports.Prices.
func (r priceRepo) TableAt(ctx context.Context, v pay.TableVersion, tier pay.Tier, codes []pay.Code) (pay.Table, error) {
	var rows []priceRow
	if len(codes) > 0 {
		err := r.db.WithContext(ctx).Where("user_tier = ? AND procedure_code IN ? AND from_version <= ? AND (until_version IS NULL OR until_version > ?)",
			int(tier), padded(codes), int64(v), int64(v)).Find(&rows).Error
		if err != nil {
			return pay.Table{}, err
		}
	}
	return pay.NewTable(v, pricesOf(rows)), nil
}

func pricesOf(rows []priceRow) []pay.Row {
	out := make([]pay.Row, len(rows))
	for i, row := range rows {
		out[i] = row.price()
	}
	return out
}

// Load implements ports.Prices.
func (r priceRepo) Load(ctx context.Context, rows []pay.Row, whole bool, source string, by ident.UserID, at time.Time) (pay.TableVersion, error) {
	version, err := r.nextVersion(ctx)
	if err != nil {
		return 0, err
	}
	table := priceTableRow{Version: version, Source: source, LoadedBy: string(by), LoadedAt: micros(at), RowCount: len(rows)}
	db := r.db.WithContext(ctx)
	if err := db.Create(&table).Error; err != nil {
		return 0, err
	}
	if err := r.closeReplaced(ctx, rows, whole, version); err != nil {
		return 0, err
	}
	stored := make([]priceRow, len(rows))
	for i, row := range rows {
		stored[i] = priceRow{UserTier: int(row.Tier), ProcedureCode: string(row.Code), FromVersion: version, CodeCategory: row.Category, AmountCents: int64(row.Amount)}
	}
	if len(stored) > 0 {
		err = db.CreateInBatches(&stored, setBatch).Error
	}
	return pay.TableVersion(version), err
}

// nextVersion writes before it reads: see ports.Locks.
func (r priceRepo) nextVersion(ctx context.Context) (int64, error) {
	if err := r.db.WithContext(ctx).Exec("UPDATE price_current SET version = version + 1 WHERE singleton = 1").Error; err != nil {
		return 0, err
	}
	next, err := r.version(ctx)
	return int64(next), err
}

func (r priceRepo) closeReplaced(ctx context.Context, rows []pay.Row, whole bool, version int64) error {
	const closing = "UPDATE price_rows SET until_version = ? WHERE until_version IS NULL AND "
	db := r.db.WithContext(ctx)
	if whole {
		tiers := make([]int, len(rows))
		for i, row := range rows {
			tiers[i] = int(row.Tier)
		}
		slices.Sort(tiers)
		return db.Exec(closing+"user_tier IN ?", version, padded(append(slices.Compact(tiers), -1))).Error
	}
	for batch := range slices.Chunk(rows, setBatch) {
		keys := make([][]any, len(batch))
		for i, row := range batch {
			keys[i] = []any{int(row.Tier), string(row.Code)}
		}
		if err := db.Exec(closing+"(user_tier, procedure_code) IN ?", version, padded(keys)).Error; err != nil {
			return err
		}
	}
	return nil
}

// List implements ports.Prices.
func (r priceRepo) List(ctx context.Context, q ports.PriceQuery) ([]pay.Row, pay.TableVersion, error) {
	db := r.db.WithContext(ctx).Where("until_version IS NULL")
	if q.Tier != 0 {
		db = db.Where("user_tier = ?", int(q.Tier))
	}
	if q.After != nil {
		db = db.Where("(user_tier > ? OR (user_tier = ? AND procedure_code > ?))", int(q.After.Tier), int(q.After.Tier), string(q.After.Code))
	}
	var rows []priceRow
	if err := db.Order("user_tier, procedure_code").Limit(q.Limit).Find(&rows).Error; err != nil {
		return nil, 0, err
	}
	version, err := r.version(ctx)
	return pricesOf(rows), version, err
}

// Tiers implements ports.Prices.
func (r priceRepo) Tiers(ctx context.Context) ([]ports.TierTotal, pay.TableVersion, error) {
	var rows []struct {
		Tier    int
		Rows    int
		Highest int64
	}
	err := r.db.WithContext(ctx).Raw("SELECT user_tier AS tier, COUNT(*) AS `rows`, MAX(amount_cents) AS highest FROM price_rows" +
		" WHERE until_version IS NULL GROUP BY user_tier ORDER BY user_tier").Scan(&rows).Error
	if err != nil {
		return nil, 0, err
	}
	totals := make([]ports.TierTotal, len(rows))
	for i, row := range rows {
		totals[i] = ports.TierTotal{Tier: pay.Tier(row.Tier), Rows: row.Rows, Highest: pay.Cents(row.Highest)}
	}
	version, err := r.version(ctx)
	return totals, version, err
}

func (r priceRepo) version(ctx context.Context) (pay.TableVersion, error) {
	var version int64
	err := r.db.WithContext(ctx).Raw("SELECT version FROM price_current WHERE singleton = 1").Row().Scan(&version)
	return pay.TableVersion(version), err
}
