package sqlstore

import (
	"context"
	"database/sql"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"surgicase/domain/directory"
	"surgicase/ports"
)

type codeRepo struct{ *session }

// catalogueRow is a row of procedure_codes. An open first day is the empty text: it is part of the
// key and sorts first.
type catalogueRow struct {
	ProcedureCode string `gorm:"primaryKey"`
	Kind          string `gorm:"primaryKey"`
	ValidFrom     string `gorm:"primaryKey"`
	ValidUntil    sql.NullString
	Description   string
	Category      string
}

func (catalogueRow) TableName() string { return "procedure_codes" }

// catalogueBatch is how many entries one statement writes: SQLite takes 32,766 values in one.
const catalogueBatch = 1000

// Put implements ports.Codes.
func (r codeRepo) Put(ctx context.Context, entries []directory.ProcedureCode) error {
	if len(entries) == 0 {
		return nil
	}
	rows := mapped(entries, func(e directory.ProcedureCode) catalogueRow {
		return catalogueRow{
			ProcedureCode: e.Code, Kind: e.Kind, ValidFrom: e.From.String(), ValidUntil: nullDate(e.Until),
			Description: e.Description, Category: e.Category,
		}
	})
	return r.db.WithContext(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "procedure_code"}, {Name: "kind"}, {Name: "valid_from"}},
		DoUpdates: clause.AssignmentColumns([]string{"valid_until", "description", "category"}),
	}).CreateInBatches(&rows, catalogueBatch).Error
}

// List implements ports.Codes.
func (r codeRepo) List(ctx context.Context, q ports.CodeQuery) ([]directory.ProcedureCode, error) {
	db := r.found(ctx, q)
	if p := q.After; p != nil {
		db = db.Where("procedure_code > ? OR (procedure_code = ? AND (kind > ? OR (kind = ? AND valid_from > ?)))",
			p.Code, p.Code, p.Kind, p.Kind, p.From.String())
	}
	var rows []catalogueRow
	err := db.Order("procedure_code, kind, valid_from").Limit(q.Limit).Find(&rows).Error
	return mapped(rows, catalogueRow.toCode), err
}

// Count implements ports.Codes.
func (r codeRepo) Count(ctx context.Context, q ports.CodeQuery) (int, error) {
	var n int64
	err := r.found(ctx, q).Model(&catalogueRow{}).Count(&n).Error
	return int(n), err
}

func (r codeRepo) found(ctx context.Context, q ports.CodeQuery) *gorm.DB {
	db := r.db.WithContext(ctx)
	if q.Kind != "" {
		db = db.Where("kind = ?", q.Kind)
	}
	if strings.TrimSpace(q.Search) != "" {
		condition, args := codeSearch(q.Search)
		db = db.Where(condition, args...)
	}
	if day := q.On.String(); day != "" {
		db = db.Where("valid_from <= ? AND (valid_until IS NULL OR valid_until >= ?)", day, day)
	}
	return db
}

func (row catalogueRow) toCode() directory.ProcedureCode {
	return directory.ProcedureCode{
		Code: row.ProcedureCode, Kind: row.Kind, Description: row.Description, Category: row.Category,
		From: dateOf(row.ValidFrom), Until: dateOf(row.ValidUntil.String),
	}
}

// codeSearch finds codes that begin with the text, and descriptions that hold each of its words.
// Both sides are folded by the database. SQLite folds ASCII only, so there "É" does not find "é";
// descriptions of the code systems are plain English.
func codeSearch(text string) (condition string, args []any) {
	words := strings.Fields(text)
	condition, args = like("procedure_code"), []any{escaped(strings.Join(words, " ")) + "%"}
	all := make([]string, len(words))
	for i, word := range words {
		all[i] = like("description")
		args = append(args, "%"+escaped(word)+"%")
	}
	return condition + " OR (" + strings.Join(all, " AND ") + ")", args
}

func like(column string) string { return "LOWER(" + column + ") LIKE LOWER(?) ESCAPE '!'" }

// escaped makes the wildcards of LIKE mean themselves.
func escaped(text string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text)
}
