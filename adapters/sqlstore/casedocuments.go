package sqlstore

import (
	"bytes"
	"context"
	"database/sql"

	"surgicase/domain/ident"
	"surgicase/domain/surgical"
)

// documentRow is a row of case_documents. Slot 0 is the document that the case shows; replaced ones
// move to the slot of the version that replaced them.
type documentRow struct {
	HumanCaseID  int64  `gorm:"primaryKey;autoIncrement:false"`
	Kind         string `gorm:"primaryKey"`
	Slot         int64  `gorm:"primaryKey;autoIncrement:false"`
	FileName     []byte
	ObjectKey    []byte
	ObjectStored int
	Held         objectRow `gorm:"embedded"`
	KeyDigest    []byte
}

func (documentRow) TableName() string { return "case_documents" }

// objectRow is what is known of an object that we hold.
type objectRow struct {
	SizeBytes   sql.NullInt64
	ContentType sql.NullString
	Sha256      []byte
	UploadedBy  sql.NullString
	UploadedAt  sql.NullInt64
}

const (
	objectColumns   = "size_bytes, content_type, sha256, uploaded_by, uploaded_at"
	documentColumns = "human_case_id, kind, slot, file_name, object_key, object_stored, " + objectColumns
)

func (s *session) loadDocuments(ctx context.Context, numbers []int64, into caseParts) error {
	where := "human_case_id IN ? AND slot = 0"
	return s.eachDocument(ctx, into.unreadable, where, padded(numbers), func(row documentRow, file surgical.File) {
		if into.files[row.HumanCaseID] == nil {
			into.files[row.HumanCaseID] = map[surgical.FileKind]surgical.File{}
		}
		into.files[row.HumanCaseID][surgical.FileKind(row.Kind)] = file
	})
}

// eachDocument reads rows by hand: every answer about cases waits for it. Documents that cannot be opened are told in
// unreadable, by the fields of their cases, and fail the read if that is nil.
func (s *session) eachDocument(
	ctx context.Context, unreadable map[int64][]string, where string, arg any, do func(documentRow, surgical.File),
) error {
	rows, err := s.query(ctx, "SELECT "+documentColumns+" FROM case_documents WHERE "+where+" ORDER BY human_case_id, kind, slot", arg)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var row documentRow
		h := &row.Held
		if err := rows.Scan(&row.HumanCaseID, &row.Kind, &row.Slot, &row.FileName, &row.ObjectKey, &row.ObjectStored,
			&h.SizeBytes, &h.ContentType, &h.Sha256, &h.UploadedBy, &h.UploadedAt); err != nil {
			return err
		}
		file, err := row.toFile(s.keys)
		if err != nil {
			if unreadable == nil {
				return err
			}
			unreadable[row.HumanCaseID] = append(unreadable[row.HumanCaseID], surgical.FileKind(row.Kind).Field())
			continue
		}
		do(row, file)
	}
	return rows.Err()
}

func (row documentRow) place() string { return itoa(row.HumanCaseID) + "/" + row.Kind }

func (row documentRow) toFile(keys *Keyring) (surgical.File, error) {
	open := sealer{keys: keys}
	return surgical.File{
		Name:   open.openText(row.FileName, "file_name", row.place()),
		Key:    open.openText(row.ObjectKey, "object_key", row.place()),
		Stored: row.ObjectStored != 0, Size: row.Held.SizeBytes.Int64, Type: row.Held.ContentType.String, SHA256: row.Held.Sha256,
		UploadedBy: ident.UserID(row.Held.UploadedBy.String), UploadedAt: nullInstant(row.Held.UploadedAt),
	}, open.err
}

func objectRowOf(f surgical.File) objectRow {
	return objectRow{
		SizeBytes: sql.NullInt64{Int64: f.Size, Valid: f.Stored}, ContentType: nullText(f.Type), Sha256: f.SHA256,
		UploadedBy: nullText(string(f.UploadedBy)), UploadedAt: nullMicros(f.UploadedAt),
	}
}

func (s *session) documentRowOf(c *surgical.Case, kind surgical.FileKind, file surgical.File) (documentRow, error) {
	row := documentRow{HumanCaseID: c.Number, Kind: string(kind), ObjectStored: flag(file.Stored), Held: objectRowOf(file)}
	digest, err := s.keys.keyDigest(file.Key)
	if err != nil {
		return row, err
	}
	row.KeyDigest = digest
	seal := sealer{keys: s.keys}
	row.FileName = seal.text(file.Name, "file_name", row.place())
	row.ObjectKey = seal.text(file.Key, "object_key", row.place())
	return row, seal.err
}

func (s *session) addDocuments(ctx context.Context, c *surgical.Case) error {
	var values []any
	rows := 0
	for _, kind := range surgical.FileKinds {
		file, ok := c.Files[kind]
		if !ok {
			continue
		}
		row, err := s.documentRowOf(c, kind, file)
		if err != nil {
			return err
		}
		h := row.Held
		values = append(values, row.HumanCaseID, row.Kind, row.Slot, row.FileName, row.ObjectKey, row.ObjectStored, h.SizeBytes, h.ContentType, h.Sha256, h.UploadedBy, h.UploadedAt, row.KeyDigest)
		rows++
	}
	if rows == 0 {
		return nil
	}
	return s.exec(ctx, "INSERT INTO case_documents ("+documentColumns+", key_digest) VALUES "+rowsOf(12, rows), values...)
}

func (r caseRepo) replaceDocument(ctx context.Context, c *surgical.Case, kind surgical.FileKind, stored surgical.File) error {
	file, present := c.Files[kind]
	if file.Name.Equal(stored.Name) && file.Key.Equal(stored.Key) && file.Stored == stored.Stored && bytes.Equal(file.SHA256, stored.SHA256) {
		return nil
	}
	db := r.db.WithContext(ctx)
	err := db.Exec("UPDATE case_documents SET slot = ? WHERE human_case_id = ? AND kind = ? AND slot = 0", c.Version, c.Number, string(kind)).Error
	if err != nil || !present {
		return err
	}
	row, err := r.documentRowOf(c, kind, file)
	if err != nil {
		return err
	}
	return db.Create(&row).Error
}

type documentRepo struct{ *session }

// OfCase implements ports.Documents.
func (r documentRepo) OfCase(ctx context.Context, id ident.CaseID) ([]surgical.Document, error) {
	documents := []surgical.Document{}
	where := "human_case_id = (SELECT i.human_case_id FROM case_ids i WHERE i.case_id = ?)"
	err := r.eachDocument(ctx, nil, where, string(id), func(row documentRow, file surgical.File) {
		documents = append(documents, surgical.Document{
			Kind: surgical.FileKind(row.Kind), Current: row.Slot == 0, Replaced: row.Slot, File: file,
		})
	})
	return documents, err
}

// RemoveReplaced implements ports.Documents.
func (r documentRepo) RemoveReplaced(ctx context.Context, number int64, d surgical.Document) error {
	done := r.db.WithContext(ctx).Exec("DELETE FROM case_documents WHERE human_case_id = ? AND kind = ? AND slot = ? AND slot > 0",
		number, string(d.Kind), d.Replaced)
	if done.Error == nil && done.RowsAffected == 0 {
		return raceLost()
	}
	return done.Error
}

// OfCases implements ports.Documents.
func (r documentRepo) OfCases(ctx context.Context, ids []ident.CaseID) ([]surgical.Folder, error) {
	folders := []surgical.Folder{}
	if len(ids) == 0 {
		return folders, nil
	}
	rows, err := r.db.WithContext(ctx).Raw("SELECT case_id, human_case_id, user_id, patient_first, patient_last FROM cases"+
		" WHERE case_id IN ? AND active = 1 ORDER BY human_case_id", padded(ids)).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	open := sealer{keys: r.keys}
	var numbers []int64
	for rows.Next() {
		var f surgical.Folder
		var first, last []byte
		if err := rows.Scan(&f.ID, &f.Number, &f.Owner, &first, &last); err != nil {
			return nil, err
		}
		f.Patient = surgical.Patient{First: open.openText(first, "patient_first", string(f.ID)), Last: open.openText(last, "patient_last", string(f.ID))}
		folders, numbers = append(folders, f), append(numbers, f.Number)
	}
	if err := rows.Err(); err != nil || open.err != nil || len(numbers) == 0 {
		return folders, firstError(err, open.err)
	}
	parts := caseParts{files: map[int64]map[surgical.FileKind]surgical.File{}}
	if err := r.loadDocuments(ctx, numbers, parts); err != nil {
		return nil, err
	}
	for i := range folders {
		folders[i].Files = parts.files[folders[i].Number]
	}
	return folders, nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Found implements ports.Documents. The sealed key cannot be compared in SQL; that nothing is known of
// the object and that its row was there when it was looked for is as good: a row in slot 0 that is
// replaced moves away, and one that takes its place gets its own look.
func (r documentRepo) Found(ctx context.Context, number int64, d surgical.Document) error {
	var now surgical.File
	err := r.eachDocument(ctx, nil, "slot = 0 AND human_case_id = ?", number, func(row documentRow, file surgical.File) {
		if row.Kind == string(d.Kind) {
			now = file
		}
	})
	if err != nil || now.Stored || !now.Key.Equal(d.Key) {
		return err
	}
	h := objectRowOf(d.File)
	return r.db.WithContext(ctx).Exec("UPDATE case_documents SET object_stored = 1, size_bytes = ?, content_type = ?, sha256 = ?"+
		" WHERE human_case_id = ? AND kind = ? AND slot = 0 AND object_stored = 0", h.SizeBytes, h.ContentType, h.Sha256, number, string(d.Kind)).Error
}
