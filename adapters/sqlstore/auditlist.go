package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"surgicase/domain/audit"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

// casePage is how many entries one page of a query for a case looks at. Lists name the cases that they
// showed in one column that no index covers; an index of its own would be several times as large as
// the trail.
const casePage = 50_000

// List implements ports.Audit.
func (r auditRepo) List(ctx context.Context, q audit.Query) (audit.Page, error) {
	where := auditCondition(q)
	page := audit.Page{Entries: []audit.Listed{}}
	if q.Count {
		err := r.db.WithContext(ctx).Raw("SELECT COUNT(*) FROM audit_entries e WHERE "+where.text, where.args...).Row().Scan(&page.Total)
		if err != nil {
			return page, err
		}
	}
	if q.After != nil {
		at := micros(q.After.At)
		where.and("e.happened_at <= ? AND (e.happened_at < ? OR e.entry_id < ?)", at, at, q.After.ID)
	}
	if q.OfCase() {
		return r.listCase(ctx, q, where)
	}
	err := r.fill(ctx, &page, q.Limit, "SELECT s.seq, "+entryColumns+" FROM audit_entries e LEFT JOIN audit_seal s ON s.entry_id = e.entry_id WHERE "+
		where.text+newestFirst+" LIMIT ?", append(where.args, q.Limit+1)...)
	return page, err
}

const newestFirst = " ORDER BY e.happened_at DESC, e.entry_id DESC"

// readAgain is a read of a file that was made before. It names no case: the entry of the making does, which may
// be years away and is found by the id of the file.
const readAgain = "e.entity = 'file' AND e.outcome = 'read' AND e.things IS NULL"

// listCase looks for a case among the next casePage entries, and there for reads of files whose making named it.
func (r auditRepo) listCase(ctx context.Context, q audit.Query, where condition) (audit.Page, error) {
	page := audit.Page{Entries: []audit.Listed{}}
	id, number, err := r.bothNames(ctx, q.Case, q.Number)
	if err != nil {
		return page, err
	}
	named := "," + itoa(number) + ","
	looked := "(SELECT e.entry_id AS looked_at FROM audit_entries e WHERE " + where.text + newestFirst + " LIMIT ?)"
	files := "(SELECT DISTINCT m.entity_id AS file_id FROM (SELECT DISTINCT e.entity_id FROM " + looked + " p JOIN audit_entries e ON e.entry_id = p.looked_at WHERE " + readAgain + ") a" +
		" JOIN audit_entries m ON m.entity_id = a.entity_id WHERE COALESCE(m.entity, '') = 'file' AND INSTR(CONCAT(',', m.things, ','), ?) > 0)"
	query := "SELECT s.seq, " + entryColumns + " FROM " + looked + " l JOIN audit_entries e ON e.entry_id = l.looked_at LEFT JOIN audit_seal s ON s.entry_id = e.entry_id" +
		" LEFT JOIN " + files + " f ON f.file_id = e.entity_id AND " + readAgain +
		" WHERE ((e.entity = 'case' AND e.entity_id = ? AND e.entity_id <> '') OR (e.action <> ? AND INSTR(CONCAT(',', e.things, ','), ?) > 0) OR f.file_id IS NOT NULL)" +
		newestFirst + " LIMIT ?"
	args := slices.Concat(where.args, []any{casePage}, where.args, []any{casePage, named, string(id), string(permission.ListUsers), named, q.Limit + 1})
	if err := r.fill(ctx, &page, q.Limit, query, args...); err != nil || page.Next != nil {
		return page, err
	}
	var at, last int64
	err = r.db.WithContext(ctx).Raw("SELECT e.happened_at, e.entry_id FROM audit_entries e WHERE "+where.text+newestFirst+" LIMIT 1 OFFSET ?",
		append(where.args, casePage-1)...).Row().Scan(&at, &last)
	if errors.Is(err, sql.ErrNoRows) {
		return page, nil
	}
	page.Next = &audit.Position{At: instant(at), ID: last}
	return page, err
}

// bothNames completes the id and the number of a case. One that never was keeps what was given.
func (r auditRepo) bothNames(ctx context.Context, id ident.CaseID, number int64) (ident.CaseID, int64, error) {
	err := r.db.WithContext(ctx).Raw("SELECT case_id, human_case_id FROM case_ids WHERE case_id = ? OR human_case_id = ?", string(id), number).Row().Scan(&id, &number)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return id, number, err
}

// fill reads one entry more than the page has, to know whether there is a next one.
func (r auditRepo) fill(ctx context.Context, page *audit.Page, limit int, query string, args ...any) error {
	rows, err := r.query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var scan entryScan
	var seq sql.NullInt64
	for targets := scan.targets(&seq); rows.Next(); {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		page.Entries = append(page.Entries, audit.Listed{Stored: scan.entry(), Seq: seq.Int64})
	}
	if len(page.Entries) > limit {
		page.Entries = page.Entries[:limit]
		last := page.Entries[limit-1]
		page.Next = &audit.Position{At: last.At, ID: last.ID}
	}
	return rows.Err()
}

// condition is a WHERE that grows.
type condition struct {
	text string
	args []any
}

func (c *condition) and(text string, args ...any) {
	if c.text != "" {
		c.text += " AND "
	}
	c.text += text
	c.args = append(c.args, args...)
}

// auditCondition lets the rarest filter lead, by its index; the others are hidden from the planner,
// which without statistics would as soon take the outcome of half of all entries.
func auditCondition(q audit.Query) condition {
	var c condition
	for _, f := range []struct{ column, value string }{
		{"e.entity_id", q.EntityID},
		{"e.actor_id", string(q.Actor)},
		{"e.action", string(q.Action)},
		{"e.entity", q.Entity},
		{"e.outcome", string(q.Outcome)},
	} {
		switch {
		case f.value == "":
		case c.text == "":
			c.and(f.column+" = ?", f.value)
		default:
			c.and("COALESCE("+f.column+", '') = ?", f.value)
		}
	}
	if !q.From.IsZero() {
		c.and("e.happened_at >= ?", micros(q.From))
	}
	if !q.To.IsZero() {
		c.and("e.happened_at < ?", micros(q.To))
	}
	if c.text == "" {
		c.and("1 = 1")
	}
	return c
}
