package sqlstore

import (
	"context"
	"slices"
	"time"

	"surgicase/domain/document"
	"surgicase/domain/ident"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

type retentionRepo struct{ *session }

// condemned is what active holds of a case that is being purged: neither active nor merely deleted, so that
// nobody can restore it while its objects go.
const condemned = -1

// isExpired is the condition for cases that are to be purged. Condemned ones are, whenever they were deleted: a purge
// broke off after it had begun, maybe one by hand.
const isExpired = "active < 1 AND (active = ? OR deleted_at < ?)"

// CountExpired implements ports.Retention.
func (r retentionRepo) CountExpired(ctx context.Context, before time.Time) (int, error) {
	var n int
	err := r.row(ctx, "SELECT COUNT(*) FROM cases WHERE "+isExpired, condemned, micros(before)).Scan(&n)
	return n, err
}

// Condemn implements ports.Retention.
func (r retentionRepo) Condemn(ctx context.Context, before time.Time, limit int) ([]ports.PurgedCase, error) {
	rows, err := r.query(ctx, "SELECT human_case_id, case_id FROM cases WHERE "+isExpired+
		" ORDER BY active, human_case_id LIMIT ?", condemned, micros(before), limit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	found := []ports.PurgedCase{}
	var numbers []int64
	for rows.Next() {
		var c ports.PurgedCase
		var id string
		if err := rows.Scan(&c.Number, &id); err != nil {
			return nil, err
		}
		c.ID = ident.CaseID(id)
		found, numbers = append(found, c), append(numbers, c.Number)
	}
	if err := rows.Err(); err != nil || len(found) == 0 {
		return found, err
	}
	if err := r.db.WithContext(ctx).Exec("UPDATE cases SET active = ?, version = version + 1 WHERE active = 0 AND human_case_id IN ?", condemned, padded(numbers)).Error; err != nil {
		return nil, err
	}
	return found, r.addObjects(ctx, found, numbers)
}

// CondemnCase implements ports.Retention.
func (r retentionRepo) CondemnCase(ctx context.Context, id ident.CaseID, version int64) (ports.PurgedCase, error) {
	found := []ports.PurgedCase{{ID: id}}
	err := r.exec(ctx, "UPDATE cases SET active = ?, version = version + 1"+
		" WHERE case_id = ? AND active = 0 AND version = ?", condemned, string(id), version)
	if err != nil {
		return found[0], err
	}
	var active int
	err = r.row(ctx, "SELECT human_case_id, active FROM cases WHERE case_id = ? AND active < 1", string(id)).
		Scan(&found[0].Number, &active)
	switch {
	case err != nil:
		return found[0], missing(err, "case_not_found", "There is no such case.")
	case active != condemned:
		return found[0], raceLost()
	}
	err = r.addObjects(ctx, found, []int64{found[0].Number})
	return found[0], err
}

// addObjects adds the keys of all documents of the cases, replaced ones too, but not those that another case has,
// whatever became of it. What is no key has no object.
func (r retentionRepo) addObjects(ctx context.Context, found []ports.PurgedCase, numbers []int64) error {
	keys, digests := map[int64][]string{}, [][]byte{}
	err := r.eachKey(ctx, "human_case_id IN ? ORDER BY human_case_id, kind, slot", []any{padded(numbers)}, func(row documentRow, key surgical.PHI) error {
		if document.CheckKey(key.ForStore()) != nil {
			return nil
		}
		keys[row.HumanCaseID] = append(keys[row.HumanCaseID], key.ForStore())
		digest, err := r.keys.keyDigest(key)
		digests = append(digests, digest)
		return err
	})
	if err != nil {
		return err
	}
	others, err := r.keysElsewhere(ctx, digests, numbers)
	for i := range found {
		shared := map[string]bool{}
		found[i].Keys = slices.DeleteFunc(keys[found[i].Number], func(key string) bool {
			if others[key] {
				shared[key] = true
			}
			return others[key]
		})
		found[i].Shared = len(shared)
	}
	return err
}

// keysElsewhere gives the keys with these digests, or with none, of all other cases.
func (r retentionRepo) keysElsewhere(ctx context.Context, digests [][]byte, but []int64) (map[string]bool, error) {
	found := map[string]bool{}
	for batch := range slices.Chunk(digests, setBatch) {
		err := r.eachKey(ctx, "(key_digest IN ? OR key_digest IS NULL) AND human_case_id NOT IN ?", []any{padded(batch), padded(but)},
			func(_ documentRow, key surgical.PHI) error {
				found[key.ForStore()] = true
				return nil
			})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// DigestKeys implements ports.Retention.
func (r retentionRepo) DigestKeys(ctx context.Context, limit int) (int, error) {
	var rows []documentRow
	err := r.eachKey(ctx, "key_digest IS NULL ORDER BY human_case_id, kind, slot LIMIT ?", []any{limit}, func(row documentRow, key surgical.PHI) (err error) {
		row.KeyDigest, err = r.keys.keyDigest(key)
		rows = append(rows, row)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		if err := r.exec(ctx, "UPDATE case_documents SET key_digest = ? WHERE human_case_id = ? AND kind = ? AND slot = ? AND key_digest IS NULL",
			row.KeyDigest, row.HumanCaseID, row.Kind, row.Slot); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

func (r retentionRepo) eachKey(ctx context.Context, where string, args []any, do func(documentRow, surgical.PHI) error) error {
	rows, err := r.query(ctx, "SELECT human_case_id, kind, slot, object_key FROM case_documents WHERE "+where, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	open := sealer{keys: r.keys}
	for rows.Next() {
		var row documentRow
		if err := rows.Scan(&row.HumanCaseID, &row.Kind, &row.Slot, &row.ObjectKey); err != nil {
			return err
		}
		key := open.openText(row.ObjectKey, "object_key", row.place())
		if open.err != nil {
			return open.err
		}
		if err := do(row, key); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Purge implements ports.Retention.
func (r retentionRepo) Purge(ctx context.Context, numbers []int64) (gone ports.PurgedRows, err error) {
	if len(numbers) == 0 {
		return gone, nil
	}
	db, those := r.db.WithContext(ctx), padded(numbers)
	for _, part := range []struct {
		table string
		count *int
	}{{"case_history", &gone.History}, {"case_documents", &gone.Documents}, {"case_procedure_codes", &gone.Codes}} {
		done := db.Exec("DELETE FROM "+part.table+" WHERE human_case_id IN ?", those)
		if done.Error != nil {
			return gone, done.Error
		}
		*part.count = int(done.RowsAffected)
	}
	done := db.Exec("DELETE FROM cases WHERE active = ? AND human_case_id IN ?", condemned, those)
	if gone.Cases = int(done.RowsAffected); done.Error == nil && gone.Cases != len(numbers) {
		return gone, raceLost()
	}
	return gone, done.Error
}

// Forget implements ports.Retention.
func (r retentionRepo) Forget(ctx context.Context, requests, tasks, runs time.Time, limit int) (int, error) {
	total := 0
	for _, old := range []struct {
		find, remove string
		before       time.Time
	}{
		{"SELECT task_id FROM outbox WHERE done_at < ? ORDER BY task_id LIMIT ?", "DELETE FROM outbox WHERE task_id IN ?", tasks},
		{"SELECT job_run_id FROM job_runs WHERE state <> 'running' AND finished_at < ? ORDER BY job_run_id LIMIT ?", "DELETE FROM job_runs WHERE job_run_id IN ?", runs},
	} {
		var ids []int64
		if err := r.db.WithContext(ctx).Raw(old.find, micros(old.before), limit).Scan(&ids).Error; err != nil {
			return total, err
		}
		if len(ids) == 0 {
			continue
		}
		done := r.db.WithContext(ctx).Exec(old.remove, padded(ids))
		if done.Error != nil {
			return total, done.Error
		}
		total += int(done.RowsAffected)
	}
	n, err := r.forgetRequests(ctx, micros(requests), limit)
	return total + n, err
}

// forgetRequests removes keys one by one, for the reason that requestRepo.forget gives.
func (r retentionRepo) forgetRequests(ctx context.Context, expired int64, limit int) (int, error) {
	var old []requestRow
	err := r.db.WithContext(ctx).Select("actor_id", "route", "request_key").Where("created_at < ?", expired).Order("created_at").Limit(limit).Find(&old).Error
	if err != nil {
		return 0, err
	}
	for i, row := range old {
		err := r.db.WithContext(ctx).Exec("DELETE FROM idempotency_keys WHERE "+thisRequest+" AND created_at < ?", row.ActorID, row.Route, row.RequestKey, expired).Error
		if err != nil {
			return i, err
		}
	}
	return len(old), nil
}
