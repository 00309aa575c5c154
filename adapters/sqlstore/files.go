package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/statement"
)

type fileRepo struct{ *session }

// fileRow is a row of generated_files.
type fileRow struct {
	FileID      int64 `gorm:"primaryKey"`
	Slot        sql.NullString
	ObjectKey   string
	FileName    string
	Kind        string
	RunID       sql.NullInt64
	ProviderID  sql.NullString
	CaseFrom    sql.NullString
	CaseTo      sql.NullString
	ContentType string
	SizeBytes   int64
	Sha256      []byte
	Records     int
	TotalCents  int64
	Changes     string
	MadeAt      int64
	MadeBy      string
}

func (fileRow) TableName() string { return "generated_files" }

// changeRow is an element of the column changes, which is JSON.
type changeRow struct {
	Provider string `json:"provider"`
	Field    string `json:"field"`
	From     string `json:"from"`
	To       string `json:"to"`
}

const noSuchFile = "file_not_found"

// Add implements ports.GeneratedFiles.
func (r fileRepo) Add(ctx context.Context, f *statement.File) error {
	changes := make([]changeRow, len(f.Changes))
	for i, c := range f.Changes {
		changes[i] = changeRow{string(c.Provider), c.Field, c.From, c.To}
	}
	text, err := json.Marshal(changes)
	if err != nil {
		return err
	}
	row := fileRow{
		Slot: nullText(f.Slot()), ObjectKey: f.Key, FileName: f.Name, Kind: string(f.Kind), RunID: nullInt(f.Run), ProviderID: nullText(string(f.Provider)),
		CaseFrom: nullDate(f.From), CaseTo: nullDate(f.To), ContentType: f.ContentType, SizeBytes: f.Size, Sha256: f.SHA256, Records: f.Records,
		TotalCents: int64(f.Total), Changes: string(text), MadeAt: micros(f.MadeAt), MadeBy: string(f.MadeBy),
	}
	if err := r.db.WithContext(ctx).Create(&row).Error; err != nil {
		return taken(err, fault.New(fault.Conflict, "file_exists", "This file was made meanwhile."))
	}
	f.ID = row.FileID
	return nil
}

// Made implements ports.GeneratedFiles.
func (r fileRepo) Made(ctx context.Context, slot string) (statement.File, error) {
	return r.take(ctx, "slot = ?", slot)
}

// Get implements ports.GeneratedFiles.
func (r fileRepo) Get(ctx context.Context, id int64) (statement.File, error) {
	return r.take(ctx, "file_id = ?", id)
}

func (r fileRepo) take(ctx context.Context, where string, arg any) (statement.File, error) {
	var row fileRow
	if err := r.db.WithContext(ctx).Where(where, arg).Take(&row).Error; err != nil {
		return statement.File{}, missing(err, noSuchFile, "There is no such file.")
	}
	return row.file()
}

// List implements ports.GeneratedFiles.
func (r fileRepo) List(ctx context.Context, q statement.FileQuery) ([]statement.File, error) {
	db := r.db.WithContext(ctx).Order("file_id DESC").Limit(q.Limit)
	if q.Kind != "" {
		db = db.Where("kind = ?", string(q.Kind))
	}
	if q.Run != 0 {
		db = db.Where("run_id = ?", q.Run)
	}
	if q.Before != 0 {
		db = db.Where("file_id < ?", q.Before)
	}
	var rows []fileRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, err
	}
	return filesOf(rows)
}

// Passing implements ports.GeneratedFiles.
func (r fileRepo) Passing(ctx context.Context, before time.Time, limit int) ([]statement.File, error) {
	var rows []fileRow
	err := r.db.WithContext(ctx).Where("slot IS NULL AND made_at < ?", micros(before)).Order("file_id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, err
	}
	return filesOf(rows)
}

// Forget implements ports.GeneratedFiles.
func (r fileRepo) Forget(ctx context.Context, id int64) error {
	return r.db.WithContext(ctx).Exec("DELETE FROM generated_files WHERE file_id = ?", id).Error
}

func filesOf(rows []fileRow) ([]statement.File, error) {
	files := make([]statement.File, len(rows))
	for i, row := range rows {
		var err error
		if files[i], err = row.file(); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (row fileRow) file() (statement.File, error) {
	var changes []changeRow
	if err := json.Unmarshal([]byte(row.Changes), &changes); err != nil {
		return statement.File{}, err
	}
	f := statement.File{
		ID: row.FileID, Key: row.ObjectKey, Name: row.FileName, Kind: statement.FileKind(row.Kind), Run: row.RunID.Int64, Provider: ident.UserID(row.ProviderID.String),
		From: dateOf(row.CaseFrom.String), To: dateOf(row.CaseTo.String), ContentType: row.ContentType, Size: row.SizeBytes, SHA256: row.Sha256, Records: row.Records,
		Total: pay.Cents(row.TotalCents), MadeAt: instant(row.MadeAt), MadeBy: ident.UserID(row.MadeBy),
	}
	for _, c := range changes {
		f.Changes = append(f.Changes, statement.Change{Provider: ident.UserID(c.Provider), Field: c.Field, From: c.From, To: c.To})
	}
	return f, nil
}
