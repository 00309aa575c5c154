package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

type caseRepo struct{ *session }

type caseIDRow struct {
	HumanCaseID int64 `gorm:"primaryKey"`
	CaseID      string
}

func (caseIDRow) TableName() string { return "case_ids" }

// Add implements ports.Cases. The id goes into case_ids first: that row outlives the case, so the id
// is never used again.
func (r caseRepo) Add(ctx context.Context, c *surgical.Case, moves ...surgical.Move) error {
	db := r.db.WithContext(ctx)
	number := caseIDRow{HumanCaseID: c.Number, CaseID: string(c.ID)}
	if err := db.Create(&number).Error; err != nil {
		return taken(err, fault.New(fault.Conflict, "case_exists", "A case with this id exists or existed.").Naming("case_id", string(c.ID)))
	}
	c.Number = number.HumanCaseID
	row, err := caseRowOf(c, r.keys)
	if err != nil {
		return err
	}
	if err := db.Create(&row).Error; err != nil {
		return taken(err, twinExists())
	}
	if err := r.addCodes(ctx, c); err != nil {
		return err
	}
	if err := r.addDocuments(ctx, c); err != nil {
		return err
	}
	return r.addHistory(ctx, historyRows(c.Number, moves))
}

func twinExists() *fault.Error {
	return fault.New(fault.Conflict, "possible_duplicate", "The provider has a case of this patient on this day already. Send force_duplicate to keep both.")
}

// Get implements ports.Cases.
func (r caseRepo) Get(ctx context.Context, id ident.CaseID, in permission.Scope) (*surgical.Case, error) {
	where, args := inScope(in, "c.user_id")
	return r.load(ctx, "c.case_id = ? AND c.active = 1"+where, append([]any{string(id)}, args...), id)
}

// GetDeleted implements ports.Cases.
func (r caseRepo) GetDeleted(ctx context.Context, id ident.CaseID) (*surgical.Case, error) {
	return r.load(ctx, "c.case_id = ? AND c.active = 0", []any{string(id)}, id)
}

func (r caseRepo) load(ctx context.Context, where string, args []any, id ident.CaseID) (*surgical.Case, error) {
	var row caseRow
	var paid paymentRow
	err := r.db.WithContext(ctx).Raw("SELECT "+caseColumns+caseTables+" WHERE "+where, args...).Row().Scan(row.targets(&paid)...)
	if err != nil {
		return nil, missing(err, "case_not_found", "There is no such case.")
	}
	c, err := row.toCase(paid, sealer{keys: r.keys})
	if err != nil {
		return nil, err
	}
	key := sealer{keys: r.keys}
	c.DigestKey = key.openBytes(row.DigestKey, "digest_key", row.CaseID)
	parts, err := r.parts(ctx, []int64{c.Number})
	if err != nil {
		return nil, err
	}
	parts.fill(&c)
	return &c, key.err
}

// Save implements ports.Cases.
func (r caseRepo) Save(ctx context.Context, c *surgical.Case, moves ...surgical.Move) error {
	row, err := caseRowOf(c, r.keys)
	if err != nil {
		return err
	}
	row.Version++
	stays := []string{"human_case_id", "case_id", "created_at"}
	if c.Unfolded { // whoever searches for its duplicates makes the digest anew
		stays = append(stays, "twin_digest", "twin_fold", "folded_digest")
	}
	db := r.db.WithContext(ctx)
	done := db.Model(&caseRow{}).Where("human_case_id = ? AND version = ?", c.Number, c.Version).
		Select("*").Omit(stays...).Updates(&row)
	switch {
	case done.Error != nil:
		return taken(done.Error, twinExists())
	case done.RowsAffected == 0:
		return raceLost()
	}
	c.Version = row.Version
	if err := r.replaceParts(ctx, c); err != nil {
		return err
	}
	return r.addHistory(ctx, historyRows(c.Number, moves))
}

// inScope is the condition that keeps a query inside a scope; owner is the column that names it.
func inScope(in permission.Scope, owner string) (string, []any) {
	switch {
	case in.All:
		return "", nil
	case in.Groups:
		return " AND (" + owner + " = ? OR " + owner + " IN (" + administered + "))",
			[]any{string(in.User), string(in.User), int(permission.GroupAdmin)}
	}
	return " AND " + owner + " = ?", []any{string(in.User)}
}

// codeRow is a row of case_procedure_codes as it is read.
type codeRow struct {
	HumanCaseID              int64
	ProcedureCode, Modifiers string
}

func (r caseRepo) addCodes(ctx context.Context, c *surgical.Case) error {
	if len(c.Codes) == 0 {
		return nil
	}
	values := make([]any, 0, 4*len(c.Codes))
	for i, code := range c.Codes {
		values = append(values, c.Number, i, string(code.Procedure), strings.Join(code.Modifiers, "-"))
	}
	return r.exec(ctx, "INSERT INTO case_procedure_codes (human_case_id, position, procedure_code, modifiers) VALUES "+rowsOf(4, len(c.Codes)), values...)
}

func (row codeRow) code() surgical.Code {
	code := surgical.Code{Procedure: pay.Code(row.ProcedureCode)}
	if row.Modifiers != "" {
		code.Modifiers = strings.Split(row.Modifiers, "-")
	}
	return code
}

type historyRow struct {
	HistoryID   int64 `gorm:"primaryKey"`
	HumanCaseID int64
	FromStatus  int
	ToStatus    int
	MovedAt     int64
	ActorID     string
	Reason      sql.NullString
	RunID       sql.NullInt64
}

func (historyRow) TableName() string { return "case_history" }

func historyRows(number int64, moves []surgical.Move) []historyRow {
	rows := make([]historyRow, len(moves))
	for i, m := range moves {
		rows[i] = historyRow{
			HumanCaseID: number, FromStatus: int(m.From), ToStatus: int(m.To), MovedAt: micros(m.At),
			ActorID: string(m.By), Reason: nullText(m.Reason), RunID: nullInt(m.RunID),
		}
	}
	return rows
}

// historyBatch is how many entries one statement inserts.
const historyBatch = 500

func (s *session) addHistory(ctx context.Context, rows []historyRow) error {
	for batch := range slices.Chunk(rows, historyBatch) {
		values := make([]any, 0, 7*len(batch))
		for _, row := range batch {
			values = append(values, row.HumanCaseID, row.FromStatus, row.ToStatus, row.MovedAt, row.ActorID, row.Reason, row.RunID)
		}
		err := s.exec(ctx, "INSERT INTO case_history (human_case_id, from_status, to_status, moved_at, actor_id, reason, run_id) VALUES "+rowsOf(7, len(batch)), values...)
		if err != nil {
			return err
		}
	}
	return nil
}
