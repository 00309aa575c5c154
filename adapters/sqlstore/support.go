package sqlstore

import (
	"context"
	"time"

	"surgicase/domain/ident"
	"surgicase/domain/support"
)

type bugRepo struct{ *session }

// bugRow is a row of bugs.
type bugRow struct {
	BugID          int64 `gorm:"primaryKey"`
	Version        int64
	Title          string
	Description    string
	CallingPage    string
	Priority       string
	Status         string
	ReportedBy     string
	RequestID      string
	TrackerRef     string
	TrackerVersion int64
	CreatedAt      int64 `gorm:"autoCreateTime:false"`
	UpdatedAt      int64 `gorm:"autoUpdateTime:false"`
}

func (bugRow) TableName() string { return "bugs" }

// Add implements ports.Bugs.
func (r bugRepo) Add(ctx context.Context, b *support.Bug) error {
	row := bugRow{
		Version: 1, Title: b.Title, Description: b.Description, CallingPage: b.Page, Priority: b.Priority, Status: string(b.Status),
		ReportedBy: string(b.Reporter), RequestID: b.RequestID, TrackerRef: b.Tracked, TrackerVersion: b.Told, CreatedAt: micros(b.CreatedAt), UpdatedAt: micros(b.UpdatedAt),
	}
	err := r.db.WithContext(ctx).Create(&row).Error
	b.ID, b.Version = row.BugID, 1
	return err
}

// Get implements ports.Bugs.
func (r bugRepo) Get(ctx context.Context, id int64) (support.Bug, error) {
	var row bugRow
	err := r.db.WithContext(ctx).Take(&row, "bug_id = ?", id).Error
	return row.toBug(), missing(err, "bug_not_found", "There is no such bug.")
}

// Save implements ports.Bugs.
func (r bugRepo) Save(ctx context.Context, b *support.Bug) error {
	done := r.db.WithContext(ctx).Exec("UPDATE bugs SET version = version + 1, title = ?, description = ?, priority = ?, status = ?, updated_at = ?"+
		" WHERE bug_id = ? AND version = ?", b.Title, b.Description, b.Priority, string(b.Status), micros(b.UpdatedAt), b.ID, b.Version)
	if done.Error == nil && done.RowsAffected == 0 {
		return raceLost()
	}
	if done.Error == nil {
		b.Version++
	}
	return done.Error
}

// Tracked implements ports.Bugs.
func (r bugRepo) Tracked(ctx context.Context, id int64, reference string, version int64) error {
	return r.db.WithContext(ctx).Exec("UPDATE bugs SET tracker_ref = ?, tracker_version = ? WHERE bug_id = ? AND tracker_version < ?",
		reference, version, id, version).Error
}

// List implements ports.Bugs.
func (r bugRepo) List(ctx context.Context, q support.Query) ([]support.Bug, error) {
	var rows []bugRow
	db := r.db.WithContext(ctx)
	if q.Reporter != "" {
		db = db.Where("reported_by = ?", string(q.Reporter))
	}
	if !q.All {
		db = db.Where("status <> ?", string(support.Closed))
	}
	if q.Before > 0 {
		db = db.Where("bug_id < ?", q.Before)
	}
	err := db.Order("bug_id DESC").Limit(q.Limit).Find(&rows).Error
	return mapped(rows, bugRow.toBug), err
}

func (row bugRow) toBug() support.Bug {
	return support.Bug{
		ID: row.BugID, Version: row.Version, Title: row.Title, Description: row.Description, Page: row.CallingPage, Priority: row.Priority,
		Status: support.Status(row.Status), Reporter: ident.UserID(row.ReportedBy), RequestID: row.RequestID, Tracked: row.TrackerRef, Told: row.TrackerVersion,
		CreatedAt: instant(row.CreatedAt), UpdatedAt: instant(row.UpdatedAt),
	}
}

type clientRequestRepo struct{ *session }

// reportedByClient marks rows that say what a client says: nobody has seen it.
const reportedByClient = "client"

// Add implements ports.ClientRequests.
func (r clientRequestRepo) Add(ctx context.Context, q support.ClientRequest) error {
	return r.db.WithContext(ctx).Exec("INSERT INTO client_requests (source, user_id, method, endpoint, response_status, execution_time_ms, logged_at)"+
		" VALUES (?, ?, ?, ?, ?, ?, ?)", reportedByClient, string(q.User), q.Method, q.Path, q.Status, q.TookMS, micros(q.LoggedAt)).Error
}

// Forget implements ports.ClientRequests.
func (r clientRequestRepo) Forget(ctx context.Context, before time.Time, limit int) (int, error) {
	var ids []int64
	err := r.db.WithContext(ctx).Raw("SELECT report_id FROM client_requests WHERE logged_at < ? ORDER BY logged_at, report_id LIMIT ?", micros(before), limit).
		Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	done := r.db.WithContext(ctx).Exec("DELETE FROM client_requests WHERE report_id IN ?", padded(ids))
	return int(done.RowsAffected), done.Error
}
