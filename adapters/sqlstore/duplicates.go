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

// presentFold is the number of the folding of names that makes digests now. 0 is that of the program before.
const presentFold = 1

// isFolded is 1 where the digest of a case was made by the present folding, and not overwritten since by a server of
// the version before.
const isFolded = "CASE WHEN c.twin_fold = 1 AND c.folded_digest = c.twin_digest THEN 1 ELSE 0 END"

// forcedBefore is added to the mark of a case that had been forced when it was found: its slot does not tell any more.
const forcedBefore = 4

func duplicateMark(stored int) surgical.DuplicateMark {
	return surgical.DuplicateMark(stored &^ forcedBefore)
}

func isForced(slot int64, mark int) bool {
	return slot != 0 && (mark == 0 || mark&forcedBefore != 0)
}

func storedMark(c *surgical.Case) int {
	if c.Duplicate != surgical.NotFound && c.DuplicateForced {
		return int(c.Duplicate) | forcedBefore
	}
	return int(c.Duplicate)
}

// duplicateDigests returns the digests under which duplicates of a case can be stored: the present one, and the one
// that programs before this one made, until they are all made anew. Most names have only one.
func (k *Keyring) duplicateDigests(c *surgical.Case) ([][]byte, error) {
	present, err := k.digest(c.DuplicateText())
	if err != nil || c.FormerDuplicateText().Equal(c.DuplicateText()) {
		return [][]byte{present}, err
	}
	former, err := k.digest(c.FormerDuplicateText())
	return [][]byte{present, former}, err
}

// Twin implements ports.Cases.
func (r caseRepo) Twin(ctx context.Context, c *surgical.Case) (ident.CaseID, error) {
	digests, err := r.keys.duplicateDigests(c)
	if err != nil {
		return "", err
	}
	var id string
	err = r.db.WithContext(ctx).Raw("SELECT c.case_id FROM cases c LEFT JOIN payment_entries p ON p.human_case_id = c.human_case_id"+
		" AND p.kind = 'payment' AND p.settled_at IS NOT NULL AND p.reversed_at IS NULL"+
		" WHERE c.twin_digest IN ? AND c.human_case_id <> ? AND (c.active = 1 OR p.entry_id IS NOT NULL) ORDER BY c.human_case_id LIMIT 1",
		digests, c.Number).Row().Scan(&id)
	if err == sql.ErrNoRows { //nolint:errorlint // Scan returns it bare
		return "", nil
	}
	return ident.CaseID(id), err
}

// isDuplicate is the condition for a case that counts as a duplicate of others: it is not deleted, or it is paid.
const isDuplicate = "(d.active = 1 OR EXISTS (SELECT 1 FROM payment_entries e WHERE e.human_case_id = d.human_case_id" +
	" AND e.kind = 'payment' AND e.settled_at IS NOT NULL AND e.reversed_at IS NULL))"

// hasOther is 1 for a case beside which there is a duplicate. Where there is none it costs a look into the index.
const hasOther = "CASE WHEN EXISTS (SELECT 1 FROM cases d WHERE d.twin_digest = c.twin_digest AND d.human_case_id <> c.human_case_id AND " +
	isDuplicate + ") THEN 1 ELSE 0 END"

// isMarked is the condition for cases that a reviewer looks at.
const isMarked = "(c.duplicate_mark <> 0 OR c.twin_slot <> 0 OR " + hasOther + " = 1)"

type duplicateRepo struct{ *session }

// Of implements ports.Duplicates.
func (r duplicateRepo) Of(ctx context.Context, numbers []int64) (map[int64]surgical.Duplicates, error) {
	found := map[int64]surgical.Duplicates{}
	for batch := range slices.Chunk(numbers, maxNumbers) {
		if err := r.duplicatesOf(ctx, batch, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// maxNumbers is how many numbers one query names: fewer than SQLite takes.
const maxNumbers = 20_000

func (s *session) duplicatesOf(ctx context.Context, numbers []int64, into map[int64]surgical.Duplicates) error {
	rows, err := s.query(ctx, "SELECT c.human_case_id, c.twin_slot, c.duplicate_mark, c.active, d.case_id, d.active FROM cases c"+
		" LEFT JOIN cases d ON d.twin_digest = c.twin_digest AND d.human_case_id <> c.human_case_id AND "+isDuplicate+
		" WHERE c.human_case_id IN ? AND (d.human_case_id IS NOT NULL OR c.duplicate_mark <> 0 OR c.twin_slot <> 0)"+
		" ORDER BY c.human_case_id, d.human_case_id", padded(numbers))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var number, slot int64
		var mark int
		var active bool
		var other sql.NullString
		var otherActive sql.NullBool
		if err := rows.Scan(&number, &slot, &mark, &active, &other, &otherActive); err != nil {
			return err
		}
		d := into[number]
		d.Forced, d.Mark = isForced(slot, mark) && active, duplicateMark(mark)
		if other.Valid {
			d.Others = append(d.Others, surgical.OtherCase{ID: ident.CaseID(other.String), Deleted: !otherActive.Bool})
		}
		into[number] = d
	}
	return rows.Err()
}

// Count implements ports.Duplicates.
func (r duplicateRepo) Count(ctx context.Context, from, to civil.Date) (forced, found int, err error) {
	where, args := listCondition(surgical.Query{From: from, To: to}, permission.Scope{All: true})
	err = r.row(ctx, "SELECT COALESCE(SUM(CASE WHEN c.twin_slot <> 0 AND (c.duplicate_mark = 0 OR c.duplicate_mark >= 4) THEN 1 ELSE 0 END), 0),"+
		" COALESCE(SUM(CASE WHEN c.duplicate_mark IN (1, 5) THEN 1 ELSE 0 END), 0) FROM cases c WHERE "+where+
		" AND (c.twin_slot <> 0 OR c.duplicate_mark <> 0)", args...).Scan(&forced, &found)
	return forced, found, err
}

// Unfolded implements ports.Duplicates.
func (r duplicateRepo) Unfolded(ctx context.Context, after int64, limit int) ([]*surgical.Case, error) {
	return r.digested(ctx, "c.twin_fold = 0 AND c.human_case_id > ? ORDER BY c.human_case_id LIMIT ?", after, limit)
}

// Overwritten implements ports.Duplicates.
func (r duplicateRepo) Overwritten(ctx context.Context, after int64, limit int) ([]*surgical.Case, error) {
	return r.digested(ctx, "c.active = 1 AND c.case_status < ? AND c.twin_fold <> 0 AND c.folded_digest <> c.twin_digest"+
		" AND c.human_case_id > ? ORDER BY c.human_case_id LIMIT ?", int(surgical.PendingPayment), after, limit)
}

// Meeting implements ports.Duplicates.
func (r duplicateRepo) Meeting(ctx context.Context, c *surgical.Case) ([]*surgical.Case, error) {
	digest, err := r.keys.digest(c.DuplicateText())
	if err != nil {
		return nil, err
	}
	return r.digested(ctx, "c.twin_digest = ? AND c.human_case_id <> ? AND (c.active = 1 OR EXISTS (SELECT 1 FROM payment_entries e"+
		" WHERE e.human_case_id = c.human_case_id AND e.kind = 'payment' AND e.settled_at IS NOT NULL AND e.reversed_at IS NULL))"+
		" ORDER BY c.human_case_id", digest, c.Number)
}

// digested reads what digests of cases are made of. A case that cannot be decrypted comes with its number only.
func (r duplicateRepo) digested(ctx context.Context, where string, args ...any) ([]*surgical.Case, error) {
	rows, err := r.query(ctx, "SELECT "+caseColumns+caseTables+" WHERE "+where, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var found []*surgical.Case
	for rows.Next() {
		var row caseRow
		var paid paymentRow
		if err := rows.Scan(row.targets(&paid)...); err != nil {
			return nil, err
		}
		c, err := row.toCase(paid, sealer{keys: r.keys})
		if err != nil {
			c = surgical.Case{Standing: surgical.Standing{ID: ident.CaseID(row.CaseID), Number: row.HumanCaseID}}
		}
		found = append(found, &c)
	}
	return found, rows.Err()
}

// Refold implements ports.Duplicates.
func (r duplicateRepo) Refold(ctx context.Context, c *surgical.Case, marked []*surgical.Case) error {
	if err := r.writeMark(ctx, c, true, slices.Contains(marked, c)); err != nil {
		return err
	}
	for _, other := range marked {
		if other == c {
			continue
		}
		if err := r.writeMark(ctx, other, false, true); err != nil {
			return err
		}
	}
	return nil
}

// writeMark writes the digest of a case, its mark, or both. A mark raises the version, so that nobody who has read the
// case before overwrites it.
func (r duplicateRepo) writeMark(ctx context.Context, c *surgical.Case, digest, mark bool) error {
	var set string
	var args []any
	if digest {
		present, err := r.keys.digest(c.DuplicateText())
		if err != nil {
			return err
		}
		set, args = "twin_digest = ?, folded_digest = ?, twin_fold = ?", []any{present, present, presentFold}
	}
	if mark {
		if digest {
			set += ", "
		}
		set, args = set+"twin_slot = human_case_id, duplicate_mark = ?, version = version + 1", append(args, storedMark(c))
	}
	done := r.db.WithContext(ctx).Exec("UPDATE cases SET "+set+" WHERE human_case_id = ? AND version = ?", append(args, c.Number, c.Version)...)
	switch {
	case done.Error != nil:
		return taken(done.Error, raceLostTo("the duplicates of a case"))
	case done.RowsAffected == 0:
		return raceLost()
	}
	return nil
}

// Affirm implements ports.Duplicates.
func (r duplicateRepo) Affirm(ctx context.Context, cases []*surgical.Case) error {
	for batch := range slices.Chunk(cases, setBatch) {
		numbers, versions := make([]int64, len(batch)), make([][]any, len(batch))
		for i, c := range batch {
			numbers[i], versions[i] = c.Number, []any{c.Number, c.Version}
		}
		err := r.db.WithContext(ctx).Exec("UPDATE cases SET folded_digest = twin_digest, twin_fold = ? WHERE human_case_id IN ? AND (human_case_id, version) IN ?",
			presentFold, padded(numbers), padded(versions)).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// Confirm implements ports.Duplicates.
func (r duplicateRepo) Confirm(ctx context.Context, cases []surgical.Standing, approval surgical.Approval) error {
	sets := caseSetRepo(r)
	var history []historyRow
	for batch := range slices.Chunk(cases, setBatch) {
		err := sets.guarded(ctx, "version = version + 1, updated_at = ?, duplicate_mark = duplicate_mark + 1", []any{micros(approval.At)}, batch)
		if err != nil {
			return err
		}
		for _, c := range batch {
			stays := surgical.Move{From: c.Status, To: c.Status, At: approval.At, By: approval.By, Reason: approval.Reason}
			history = append(history, historyRows(c.Number, []surgical.Move{stays})...)
		}
	}
	return r.addHistory(ctx, history)
}
