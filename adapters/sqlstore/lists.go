package sqlstore

import (
	"context"
	"database/sql"

	"gorm.io/gorm/clause"

	"surgicase/domain/directory"
	"surgicase/domain/permission"
	"surgicase/ports"
)

type listRepo struct{ *session }

type statusLabelRow struct {
	CaseStatus     int `gorm:"primaryKey;autoIncrement:false"`
	CaseStatusDesc string
}

func (statusLabelRow) TableName() string { return "case_status_labels" }

type userTypeLabelRow struct {
	UserType          int `gorm:"primaryKey;autoIncrement:false"`
	UserTypeDesc      string
	UserMaxCaseStatus sql.NullInt64
}

func (userTypeLabelRow) TableName() string { return "user_type_labels" }

type docTypeRow struct {
	DocType   string `gorm:"primaryKey"`
	DocPrefix string
}

func (docTypeRow) TableName() string { return "user_doc_types" }

type faqRow struct {
	FaqID        int64 `gorm:"primaryKey"`
	UserType     int
	FaqHeader    string
	FaqText      string
	DisplayOrder int
}

func (faqRow) TableName() string { return "faqs" }

// Statuses implements ports.Lists.
func (r listRepo) Statuses(ctx context.Context) ([]directory.StatusLabel, error) {
	rows, err := r.query(ctx, "SELECT case_status, case_status_desc FROM case_status_labels ORDER BY case_status")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	labels := []directory.StatusLabel{}
	for rows.Next() {
		var label directory.StatusLabel
		if err := rows.Scan(&label.Status, &label.Label); err != nil {
			return nil, err
		}
		labels = append(labels, label)
	}
	return labels, rows.Err()
}

// UserTypes implements ports.Lists.
func (r listRepo) UserTypes(ctx context.Context) ([]directory.UserTypeLabel, error) {
	var rows []userTypeLabelRow
	err := r.db.WithContext(ctx).Order("user_type").Find(&rows).Error
	return mapped(rows, func(row userTypeLabelRow) directory.UserTypeLabel {
		return directory.UserTypeLabel{Type: permission.UserType(row.UserType), Label: row.UserTypeDesc, MaxStatus: int(row.UserMaxCaseStatus.Int64)}
	}), err
}

// DocTypes implements ports.Lists.
func (r listRepo) DocTypes(ctx context.Context) ([]directory.DocType, error) {
	var rows []docTypeRow
	err := r.db.WithContext(ctx).Order("doc_type").Find(&rows).Error
	return mapped(rows, func(row docTypeRow) directory.DocType {
		return directory.DocType{Name: row.DocType, Prefix: row.DocPrefix}
	}), err
}

// FAQs implements ports.Lists.
func (r listRepo) FAQs(ctx context.Context, t permission.UserType) ([]directory.FAQ, error) {
	var rows []faqRow
	err := r.db.WithContext(ctx).Where("user_type = ?", int(t)).Order("display_order, faq_id").Find(&rows).Error
	return mapped(rows, func(row faqRow) directory.FAQ {
		return directory.FAQ{ID: row.FaqID, Type: permission.UserType(row.UserType), Header: row.FaqHeader, Text: row.FaqText, Order: row.DisplayOrder}
	}), err
}

// Put implements ports.Lists.
func (r listRepo) Put(ctx context.Context, entry ports.ListEntry) error {
	db := r.db.WithContext(ctx)
	replacing := db.Clauses(clause.OnConflict{UpdateAll: true})
	switch {
	case entry.Status != nil:
		return replacing.Create(&statusLabelRow{CaseStatus: int(entry.Status.Status), CaseStatusDesc: entry.Status.Label}).Error
	case entry.UserType != nil:
		t := entry.UserType
		return replacing.Create(&userTypeLabelRow{
			UserType: int(t.Type), UserTypeDesc: t.Label, UserMaxCaseStatus: nullInt(int64(t.MaxStatus)),
		}).Error
	case entry.DocType != nil:
		return replacing.Create(&docTypeRow{DocType: entry.DocType.Name, DocPrefix: entry.DocType.Prefix}).Error
	case entry.FAQ != nil:
		f := entry.FAQ
		row := faqRow{UserType: int(f.Type), FaqHeader: f.Header, FaqText: f.Text, DisplayOrder: f.Order}
		err := db.Create(&row).Error
		f.ID = row.FaqID
		return err
	}
	return nil
}

// RemoveUnusedDocTypes implements ports.Lists.
func (r listRepo) RemoveUnusedDocTypes(ctx context.Context, names []string) error {
	return r.db.WithContext(ctx).Where("doc_type IN ? AND doc_type NOT IN (SELECT document_type FROM user_documents)", names).Delete(&docTypeRow{}).Error
}
