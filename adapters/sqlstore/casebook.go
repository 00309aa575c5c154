package sqlstore

import (
	"context"
	"database/sql"
	"slices"

	"surgicase/domain/civil"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

type casebookRepo struct{ *session }

var sheetColumns = "SELECT " + caseColumns + ", s.first_name, s.last_name, f.facility_name, u.first_name, u.last_name, u.active, " + hasOther

const sheetTables = caseTables + " JOIN users u ON u.user_id = c.user_id" +
	" LEFT JOIN surgeons s ON s.surgeon_id = c.surgeon_id LEFT JOIN facilities f ON f.facility_id = c.facility_id"

type sheetRow struct {
	caseRow
	paymentRow
	surgeonFirst, surgeonLast, facility sql.NullString
	ownerFirst, ownerLast               string
	ownerActive                         int
	hasOther                            bool
}

func (r *sheetRow) scan(row interface{ Scan(...any) error }) error {
	return row.Scan(append(r.targets(&r.paymentRow), &r.surgeonFirst, &r.surgeonLast, &r.facility, &r.ownerFirst, &r.ownerLast, &r.ownerActive, &r.hasOther)...)
}

func (r *sheetRow) toSheet(keys *Keyring) (surgical.Sheet, error) {
	var damaged []string
	c, err := r.toCase(r.paymentRow, sealer{keys: keys, unreadable: &damaged})
	sheet := surgical.Sheet{
		Case: c, Unreadable: damaged, FacilityName: r.facility.String,
		OwnerFirst: r.ownerFirst, OwnerLast: r.ownerLast, OwnerActive: r.ownerActive != 0,
	}
	if r.surgeonFirst.Valid && r.surgeonLast.Valid {
		sheet.SurgeonName = r.surgeonFirst.String + " " + r.surgeonLast.String
	}
	if c.Payment != surgical.NoPayment {
		sheet.RunID = r.runID.Int64
	}
	sheet.Duplicates = surgical.Duplicates{Forced: c.DuplicateForced, Mark: c.Duplicate}
	if r.hasOther { // which ones is read with the rest of the page
		sheet.Duplicates.Others = []surgical.OtherCase{}
	}
	return sheet, err
}

// Sheet implements ports.Casebook.
func (r casebookRepo) Sheet(ctx context.Context, id ident.CaseID, in permission.Scope) (surgical.Sheet, error) {
	where, args := inScope(in, "c.user_id")
	var row sheetRow
	found := r.row(ctx, sheetColumns+sheetTables+" WHERE c.case_id = ? AND c.active = 1"+where, append([]any{string(id)}, args...)...)
	if err := row.scan(found); err != nil {
		return surgical.Sheet{}, missing(err, "case_not_found", "There is no such case.")
	}
	sheet, err := row.toSheet(r.keys)
	if err != nil {
		return sheet, err
	}
	one := []surgical.Sheet{sheet}
	err = r.complete(ctx, one)
	return one[0], err
}

// List implements ports.Casebook.
func (r casebookRepo) List(ctx context.Context, q surgical.Query, in permission.Scope) (surgical.Page, error) {
	page := surgical.Page{Cases: []surgical.Sheet{}}
	where, args := listCondition(q, in)
	if q.Count {
		if err := r.row(ctx, "SELECT COUNT(*) FROM cases c WHERE "+where, args...).Scan(&page.Total); err != nil {
			return page, err
		}
	}
	after, afterArgs, order := pageOf(q)
	rows, err := r.query(ctx, sheetColumns+sheetTables+" WHERE "+where+after+order+" LIMIT ?",
		append(append(args, afterArgs...), q.Limit+1)...)
	if err != nil {
		return page, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var row sheetRow
		if err := row.scan(rows); err != nil {
			return page, err
		}
		sheet, err := row.toSheet(r.keys)
		if err != nil {
			return page, err
		}
		page.Cases = append(page.Cases, sheet)
	}
	if err := rows.Err(); err != nil {
		return page, err
	}
	if page.More = len(page.Cases) > q.Limit; page.More {
		page.Cases = page.Cases[:q.Limit]
	}
	return page, r.complete(ctx, page.Cases)
}

// complete adds codes, documents and code descriptions to the sheets in three statements.
func (r casebookRepo) complete(ctx context.Context, sheets []surgical.Sheet) error {
	numbers := make([]int64, len(sheets))
	for i := range sheets {
		numbers[i] = sheets[i].Number
	}
	if err := r.nameOthers(ctx, sheets); err != nil {
		return err
	}
	parts := newCaseParts()
	parts.unreadable = map[int64][]string{}
	if err := r.load(ctx, numbers, parts); err != nil {
		return err
	}
	var procedures []string
	for i := range sheets {
		parts.fill(&sheets[i].Case)
		sheets[i].Unreadable = append(sheets[i].Unreadable, parts.unreadable[sheets[i].Number]...)
		for _, code := range sheets[i].Codes {
			procedures = append(procedures, string(code.Procedure))
		}
	}
	slices.Sort(procedures)
	catalogue, err := r.descriptions(ctx, slices.Compact(procedures))
	if err != nil {
		return err
	}
	for i := range sheets {
		catalogue.describe(&sheets[i])
	}
	return nil
}

// nameOthers adds the duplicates of the cases that have any, in one query, or none if no case has.
func (r casebookRepo) nameOthers(ctx context.Context, sheets []surgical.Sheet) error {
	var numbers []int64
	for i := range sheets {
		if sheets[i].Duplicates.Others != nil {
			numbers = append(numbers, sheets[i].Number)
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	found, err := duplicateRepo(r).Of(ctx, numbers)
	for i := range sheets {
		sheets[i].Duplicates.Others = found[sheets[i].Number].Others
	}
	return err
}

type described struct{ from, until, text string }

// catalogue holds the descriptions of some codes, each list with the latest first day first.
type catalogue map[string][]described

func (c catalogue) describe(sheet *surgical.Sheet) {
	sheet.Descriptions = make(map[string]string, len(sheet.Codes))
	for _, code := range sheet.Codes {
		if text, ok := c.on(string(code.Procedure), sheet.Date); ok {
			sheet.Descriptions[string(code.Procedure)] = text
		}
	}
}

// on gives the description valid on a day, or else the latest one.
func (c catalogue) on(code string, day civil.Date) (string, bool) {
	for _, d := range c[code] {
		if d.from <= day.String() && (d.until == "" || d.until >= day.String()) {
			return d.text, true
		}
	}
	if len(c[code]) > 0 {
		return c[code][0].text, true
	}
	return "", false
}

func (r casebookRepo) descriptions(ctx context.Context, codes []string) (catalogue, error) {
	found := catalogue{}
	if len(codes) == 0 {
		return found, nil
	}
	rows, err := r.query(ctx, "SELECT procedure_code, valid_from, valid_until, description FROM procedure_codes"+
		" WHERE procedure_code IN ? ORDER BY procedure_code, valid_from DESC, kind", padded(codes))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var code string
		var d described
		var until sql.NullString
		if err := rows.Scan(&code, &d.from, &until, &d.text); err != nil {
			return nil, err
		}
		d.until = until.String
		found[code] = append(found[code], d)
	}
	return found, rows.Err()
}

// listCondition says which cases a query is about. It starts with the columns an index starts with.
func listCondition(q surgical.Query, in permission.Scope) (string, []any) {
	where, args := "c.active = 1", []any{}
	and := func(condition string, values ...any) {
		where += " AND " + condition
		args = append(args, values...)
	}
	if q.Owner != "" {
		and("c.user_id = ?", string(q.Owner))
	}
	if len(q.IDs) > 0 {
		and("c.case_id IN ?", padded(q.IDs))
	}
	if q.Duplicates {
		and(isMarked)
	}
	if q.Statuses.Filters() {
		condition, values := statusCondition(q.Statuses)
		and(condition, values...)
	}
	if !q.From.IsZero() {
		and("c.case_date >= ?", q.From.String())
	}
	if !q.To.IsZero() {
		and("c.case_date <= ?", q.To.String())
	}
	scope, scopeArgs := inScope(in, "c.user_id")
	return where + scope, append(args, scopeArgs...)
}

func statusCondition(f surgical.StatusFilter) (string, []any) {
	condition, args := "1 = 0", []any{}
	if len(f.In) > 0 {
		statuses := make([]int, len(f.In))
		for i, s := range f.In {
			statuses[i] = int(s)
		}
		condition, args = "c.case_status IN ?", append(args, padded(statuses))
	}
	if f.AtLeast != 0 {
		condition, args = "("+condition+" OR c.case_status >= ?)", append(args, int(f.AtLeast))
	}
	return condition, args
}

// pageOf is where the page begins and how it is ordered. Every order ends with the case id.
func pageOf(q surgical.Query) (after string, args []any, order string) {
	switch q.Order {
	case surgical.ByStatusAndDate:
		order = " ORDER BY c.case_status, c.case_date, c.case_id"
		if p := q.After; p != nil {
			after = " AND (c.case_status > ? OR (c.case_status = ? AND (c.case_date > ? OR (c.case_date = ? AND c.case_id > ?))))"
			args = []any{int(p.Status), int(p.Status), p.Date.String(), p.Date.String(), string(p.ID)}
		}
	case surgical.ByID:
		order = " ORDER BY c.case_id"
		if p := q.After; p != nil {
			after, args = " AND c.case_id > ?", []any{string(p.ID)}
		}
	case surgical.ByIDDescending:
		order = " ORDER BY c.case_id DESC"
		if p := q.After; p != nil {
			after, args = " AND c.case_id < ?", []any{string(p.ID)}
		}
	}
	return after, args, order
}

// History implements ports.Casebook.
func (r casebookRepo) History(ctx context.Context, number int64) ([]surgical.HistoryEntry, error) {
	var rows []historyRow
	err := r.db.WithContext(ctx).Where("human_case_id = ?", number).Order("history_id").Find(&rows).Error
	entries := make([]surgical.HistoryEntry, len(rows))
	for i, row := range rows {
		entries[i] = surgical.HistoryEntry{
			From: surgical.Status(row.FromStatus), To: surgical.Status(row.ToStatus), At: instant(row.MovedAt),
			By: ident.UserID(row.ActorID), Reason: row.Reason.String, RunID: row.RunID.Int64,
		}
	}
	return entries, err
}

// Totals implements ports.Casebook.
func (r casebookRepo) Totals(ctx context.Context, from, to civil.Date) ([]surgical.StatusTotal, error) {
	where, args := listCondition(surgical.Query{From: from, To: to}, permission.Scope{All: true})
	var rows []struct {
		CaseStatus int
		Cases      int
		Cents      int64
	}
	err := r.db.WithContext(ctx).Raw("SELECT c.case_status AS case_status, COUNT(*) AS cases, SUM(CASE WHEN c.pay_status = 'waived' THEN 0 ELSE c.pay_amount_cents END) AS cents FROM cases c WHERE "+
		where+" GROUP BY c.case_status ORDER BY c.case_status", args...).Scan(&rows).Error
	totals := make([]surgical.StatusTotal, len(rows))
	for i, row := range rows {
		totals[i] = surgical.StatusTotal{Status: surgical.Status(row.CaseStatus), Cases: row.Cases, Cents: row.Cents}
	}
	return totals, err
}
