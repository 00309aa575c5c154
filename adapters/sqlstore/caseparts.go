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

	// unreadable, unless nil, takes the file fields that cannot be opened, instead of failing the read.
	unreadable map[int64][]string
}

func newCaseParts() caseParts {
	return caseParts{codes: map[int64][]surgical.Code{}, files: map[int64]map[surgical.FileKind]surgical.File{}}
}

func (p caseParts) fill(c *surgical.Case) {
	c.Codes = p.codes[c.Number]
	for kind, file := range p.files[c.Number] {
		c.Files[kind] = file
	}
}

// parts loads codes and documents of the cases in two statements.
func (s *session) parts(ctx context.Context, numbers []int64) (caseParts, error) {
	p := newCaseParts()
	return p, s.load(ctx, numbers, p)
}

func (s *session) load(ctx context.Context, numbers []int64, into caseParts) error {
	if len(numbers) == 0 {
		return nil
	}
	if err := s.loadCodes(ctx, numbers, into); err != nil {
		return err
	}
	return s.loadDocuments(ctx, numbers, into)
}

func (s *session) loadCodes(ctx context.Context, numbers []int64, into caseParts) error {
	rows, err := s.query(ctx, "SELECT human_case_id, procedure_code, modifiers FROM case_procedure_codes"+
		" WHERE human_case_id IN ? ORDER BY human_case_id, position", padded(numbers))
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
