package sqlstore

import (
	"context"
	"slices"

	"surgicase/domain/surgical"
)

// caseParts are the codes and documents of some cases, by case number.
type caseParts struct {
	codes map[int64][]surgical.Code
	files map[int64]map[surgical.FileKind]surgical.File
}

func (p caseParts) fill(c *surgical.Case) {
	c.Codes = p.codes[c.Number]
	for kind, file := range p.files[c.Number] {
		c.Files[kind] = file
	}
}

// documentRow is a row of case_documents. Slot 0 is the document that the case shows; replaced ones
// move to the slot of the version that replaced them.
type documentRow struct {
	HumanCaseID  int64  `gorm:"primaryKey;autoIncrement:false"`
	Kind         string `gorm:"primaryKey"`
	Slot         int64  `gorm:"primaryKey;autoIncrement:false"`
	FileName     []byte
	ObjectKey    []byte
	ObjectStored int
}

func (documentRow) TableName() string { return "case_documents" }

// parts loads codes and documents of the cases in two statements.
func (s session) parts(ctx context.Context, numbers []int64) (caseParts, error) {
	p := caseParts{codes: map[int64][]surgical.Code{}, files: map[int64]map[surgical.FileKind]surgical.File{}}
	if len(numbers) == 0 {
		return p, nil
	}
	if err := s.loadCodes(ctx, numbers, p); err != nil {
		return p, err
	}
	return p, s.loadDocuments(ctx, numbers, p)
}

func (s session) loadCodes(ctx context.Context, numbers []int64, into caseParts) error {
	rows, err := s.db.WithContext(ctx).Raw("SELECT human_case_id, procedure_code, modifiers FROM case_procedure_codes"+
		" WHERE human_case_id IN ? ORDER BY human_case_id, position", padded(numbers)).Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var row codeRow
		if err := rows.Scan(&row.HumanCaseID, &row.ProcedureCode, &row.Modifiers); err != nil {
			return err
		}
		into.codes[row.HumanCaseID] = append(into.codes[row.HumanCaseID], row.code())
	}
	return rows.Err()
}

func (s session) loadDocuments(ctx context.Context, numbers []int64, into caseParts) error {
	rows, err := s.db.WithContext(ctx).Raw("SELECT human_case_id, kind, file_name, object_key, object_stored FROM case_documents"+
		" WHERE human_case_id IN ? AND slot = 0", padded(numbers)).Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var row documentRow
		if err := rows.Scan(&row.HumanCaseID, &row.Kind, &row.FileName, &row.ObjectKey, &row.ObjectStored); err != nil {
			return err
		}
		file, err := row.toFile(s.keys)
		if err != nil {
			return err
		}
		if into.files[row.HumanCaseID] == nil {
			into.files[row.HumanCaseID] = map[surgical.FileKind]surgical.File{}
		}
		into.files[row.HumanCaseID][surgical.FileKind(row.Kind)] = file
	}
	return rows.Err()
}

func (row documentRow) place() string { return itoa(row.HumanCaseID) + "/" + row.Kind }

func (row documentRow) toFile(keys *Keyring) (surgical.File, error) {
	open := sealer{keys: keys}
	return surgical.File{
		Name:   open.openText(row.FileName, "file_name", row.place()),
		Key:    open.openText(row.ObjectKey, "object_key", row.place()),
		Stored: row.ObjectStored != 0,
	}, open.err
}

func (s session) documentRowOf(c *surgical.Case, kind surgical.FileKind, file surgical.File) (documentRow, error) {
	row := documentRow{HumanCaseID: c.Number, Kind: string(kind), ObjectStored: flag(file.Stored)}
	seal := sealer{keys: s.keys}
	row.FileName = seal.text(file.Name, "file_name", row.place())
	row.ObjectKey = seal.text(file.Key, "object_key", row.place())
	return row, seal.err
}

func (s session) addDocuments(ctx context.Context, c *surgical.Case) error {
	var rows []documentRow
	for _, kind := range surgical.FileKinds {
		file, ok := c.Files[kind]
		if !ok {
			continue
		}
		row, err := s.documentRowOf(c, kind, file)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil
	}
	return s.db.WithContext(ctx).Create(&rows).Error
}

// replaceParts writes the codes and documents of a case that differ from what is stored.
func (r caseRepo) replaceParts(ctx context.Context, c *surgical.Case) error {
	stored, err := r.parts(ctx, []int64{c.Number})
	if err != nil {
		return err
	}
	same := slices.EqualFunc(stored.codes[c.Number], c.Codes, func(a, b surgical.Code) bool { return a.String() == b.String() })
	if !same {
		if err := r.db.WithContext(ctx).Exec("DELETE FROM case_procedure_codes WHERE human_case_id = ?", c.Number).Error; err != nil {
			return err
		}
		if err := r.addCodes(ctx, c); err != nil {
			return err
		}
	}
	for _, kind := range surgical.FileKinds {
		if err := r.replaceDocument(ctx, c, kind, stored.files[c.Number][kind]); err != nil {
			return err
		}
	}
	return nil
}

func (r caseRepo) replaceDocument(ctx context.Context, c *surgical.Case, kind surgical.FileKind, stored surgical.File) error {
	file, present := c.Files[kind]
	if file.Name.Equal(stored.Name) && file.Key.Equal(stored.Key) && file.Stored == stored.Stored {
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
