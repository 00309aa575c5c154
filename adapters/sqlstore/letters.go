package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/mail"
)

type letterRepo struct{ *session }

// letterRow is a row of email_log.
type letterRow struct {
	EmailID      int64 `gorm:"primaryKey"`
	MessageID    string
	Occasion     string
	ReportType   string
	EmailType    string
	ToAddress    string
	UserID       string
	RunID        sql.NullInt64
	Subject      string
	Body         string
	Enclosures   string
	Status       string
	Reason       string
	Attempts     int
	Handovers    int
	ClaimedUntil sql.NullInt64
	CreatedAt    int64 `gorm:"autoCreateTime:false"`
	CreatedBy    string
	EndedAt      sql.NullInt64
}

func (letterRow) TableName() string { return "email_log" }

// letterColumns are all but the text.
var letterColumns = []string{
	"email_id", "message_id", "occasion", "report_type", "email_type", "to_address", "user_id", "run_id", "subject", "enclosures", "status", "reason",
	"attempts", "handovers", "claimed_until", "created_at", "created_by", "ended_at",
}

// Add implements ports.Letters.
func (r letterRepo) Add(ctx context.Context, p *mail.Posted) error {
	enclosures, err := json.Marshal(p.Enclosed)
	if err != nil {
		return err
	}
	row := letterRow{
		MessageID: p.MessageID, Occasion: p.Occasion, ReportType: string(p.Kind), EmailType: string(p.Rhythm), ToAddress: p.To, UserID: string(p.User),
		RunID: nullInt(p.Run), Subject: p.Subject, Body: p.Text, Enclosures: string(enclosures), Status: string(p.Status), Reason: p.Reason,
		Attempts: p.Attempts, Handovers: p.Handovers, ClaimedUntil: nullMicros(p.Claimed), CreatedAt: micros(p.CreatedAt), CreatedBy: string(p.CreatedBy),
		EndedAt: nullMicros(p.EndedAt),
	}
	err = r.db.WithContext(ctx).Create(&row).Error
	p.ID = row.EmailID
	return taken(err, fault.New(fault.Conflict, "letter_exists", "This was mailed before."))
}

// Get implements ports.Letters.
func (r letterRepo) Get(ctx context.Context, id int64) (mail.Posted, error) {
	var row letterRow
	if err := r.db.WithContext(ctx).Select(append([]string{"body"}, letterColumns...)).Take(&row, "email_id = ?", id).Error; err != nil {
		return mail.Posted{}, missing(err, "letter_not_found", "There is no such letter.")
	}
	return row.toPosted()
}

// Save implements ports.Letters.
func (r letterRepo) Save(ctx context.Context, p *mail.Posted, attempts int) error {
	done := r.db.WithContext(ctx).Exec("UPDATE email_log SET body = ?, status = ?, reason = ?, attempts = ?, handovers = ?, claimed_until = ?, ended_at = ?"+
		" WHERE email_id = ? AND attempts = ? AND status = ?",
		p.Text, string(p.Status), p.Reason, p.Attempts, p.Handovers, nullMicros(p.Claimed), nullMicros(p.EndedAt), p.ID, attempts, string(mail.Queued))
	if done.Error == nil && done.RowsAffected == 0 {
		return raceLost()
	}
	return done.Error
}

// List implements ports.Letters.
func (r letterRepo) List(ctx context.Context, q mail.Query) ([]mail.Posted, error) {
	var rows []letterRow
	if err := r.matching(ctx, q).Select(letterColumns).Order("email_id DESC").Limit(q.Limit).Find(&rows).Error; err != nil {
		return nil, err
	}
	list := make([]mail.Posted, len(rows))
	for i, row := range rows {
		p, err := row.toPosted()
		if err != nil {
			return nil, err
		}
		list[i] = p
	}
	return list, nil
}

// Count implements ports.Letters.
func (r letterRepo) Count(ctx context.Context, q mail.Query) (int, error) {
	var n int64
	q.Before = 0
	err := r.matching(ctx, q).Model(&letterRow{}).Count(&n).Error
	return int(n), err
}

func (r letterRepo) matching(ctx context.Context, q mail.Query) *gorm.DB {
	db := r.db.WithContext(ctx)
	if q.Status != "" {
		db = db.Where("status = ?", string(q.Status))
	}
	if q.Kind != "" {
		db = db.Where("report_type = ?", string(q.Kind))
	}
	if q.For != "" {
		db = db.Where("occasion = ?", q.For)
	}
	if q.Before > 0 {
		db = db.Where("email_id < ?", q.Before)
	}
	return db
}

func (row letterRow) toPosted() (mail.Posted, error) {
	p := mail.Posted{
		ID: row.EmailID, MessageID: row.MessageID, Occasion: row.Occasion, Kind: mail.Kind(row.ReportType), Rhythm: mail.Rhythm(row.EmailType),
		To: row.ToAddress, User: ident.UserID(row.UserID), Run: row.RunID.Int64, Subject: row.Subject, Text: row.Body, Status: mail.Status(row.Status),
		Reason: row.Reason, Attempts: row.Attempts, Handovers: row.Handovers, Claimed: nullInstant(row.ClaimedUntil), CreatedAt: instant(row.CreatedAt),
		CreatedBy: ident.UserID(row.CreatedBy), EndedAt: nullInstant(row.EndedAt),
	}
	if err := json.Unmarshal([]byte(row.Enclosures), &p.Enclosed); err != nil {
		return p, fmt.Errorf("enclosures of letter %d: %w", row.EmailID, err)
	}
	return p, nil
}

type recipientRepo struct{ *session }

// recipientRow is a row of report_recipients.
type recipientRow struct {
	RecipientID  int64 `gorm:"primaryKey"`
	ReportName   string
	EmailAddress string
	FirstName    string
	LastName     string
	CreatedAt    int64 `gorm:"autoCreateTime:false"`
}

func (recipientRow) TableName() string { return "report_recipients" }

// Add implements ports.Recipients.
func (r recipientRepo) Add(ctx context.Context, to *mail.Recipient) error {
	row := recipientRow{ReportName: string(to.List), EmailAddress: to.Address, FirstName: to.First, LastName: to.Last, CreatedAt: micros(to.CreatedAt)}
	err := r.db.WithContext(ctx).Create(&row).Error
	to.ID = row.RecipientID
	return taken(err, fault.New(fault.Conflict, "recipient_exists", "This address is on the list already."))
}

// Remove implements ports.Recipients. It gives NotFound to all but one of several who remove the same.
func (r recipientRepo) Remove(ctx context.Context, id int64) (mail.Recipient, error) {
	none := fault.New(fault.NotFound, "recipient_not_found", "There is no such recipient.").Naming("recipient_id", itoa(id))
	var row recipientRow
	err := r.db.WithContext(ctx).Take(&row, "recipient_id = ?", id).Error
	if err != nil {
		return mail.Recipient{}, missing(err, none.Code, "%s", none.Safe)
	}
	done := r.db.WithContext(ctx).Delete(&row)
	if done.Error == nil && done.RowsAffected == 0 {
		return mail.Recipient{}, none
	}
	return row.toRecipient(), done.Error
}

// List implements ports.Recipients.
func (r recipientRepo) List(ctx context.Context, lists []mail.List, after int64, limit int) ([]mail.Recipient, error) {
	var rows []recipientRow
	db := r.db.WithContext(ctx).Where("recipient_id > ?", after)
	if len(lists) > 0 {
		db = db.Where("report_name IN ?", lists)
	}
	err := db.Order("recipient_id").Limit(limit).Find(&rows).Error
	return mapped(rows, recipientRow.toRecipient), err
}

func (row recipientRow) toRecipient() mail.Recipient {
	return mail.Recipient{
		ID: row.RecipientID, List: mail.List(row.ReportName), Address: row.EmailAddress, First: row.FirstName, Last: row.LastName, CreatedAt: instant(row.CreatedAt),
	}
}
