package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"surgicase/domain/fault"
	"surgicase/ports"
)

type outboxRepo struct{ *session }

type taskRow struct {
	TaskID    int64 `gorm:"primaryKey"`
	Topic     string
	Payload   string
	CreatedAt int64 `gorm:"autoCreateTime:false"`
	DueAt     int64
	Attempts  int
	LastError string
	DoneAt    sql.NullInt64
}

func (taskRow) TableName() string { return "outbox" }

// maxReason is how much of the reason of a failure is kept, in characters.
const maxReason = 250

// Put implements ports.Outbox.
func (r outboxRepo) Put(ctx context.Context, topic, payload string, due time.Time) error {
	return r.db.WithContext(ctx).Create(&taskRow{Topic: topic, Payload: payload, CreatedAt: micros(due), DueAt: micros(due)}).Error
}

// Due implements ports.Outbox.
func (r outboxRepo) Due(ctx context.Context, of ports.Topics, now time.Time, limit int) ([]ports.Task, error) {
	var rows []taskRow
	db := r.db.WithContext(ctx).Where("done_at IS NULL AND due_at <= ?", micros(now))
	switch named := append([]string{""}, of.Named...); { // no topic is empty, and a list in SQL must not be
	case of.Others:
		db = db.Where("topic NOT IN ?", padded(named))
	default:
		db = db.Where("topic IN ?", padded(named))
	}
	err := db.Order("due_at, task_id").Limit(limit).Find(&rows).Error
	return mapped(rows, func(row taskRow) ports.Task {
		return ports.Task{ID: row.TaskID, Topic: row.Topic, Payload: row.Payload, Attempts: row.Attempts}
	}), err
}

// Done implements ports.Outbox. A second time changes nothing: tasks are done at least once.
func (r outboxRepo) Done(ctx context.Context, id int64, at time.Time) error {
	return r.db.WithContext(ctx).Exec("UPDATE outbox SET done_at = ? WHERE task_id = ? AND done_at IS NULL", micros(at), id).Error
}

// Withdraw implements ports.Outbox.
func (r outboxRepo) Withdraw(ctx context.Context, topic, payload string, at time.Time) error {
	done := r.db.WithContext(ctx).Exec("UPDATE outbox SET done_at = ? WHERE payload = ? AND topic = ? AND done_at IS NULL", micros(at), payload, topic)
	if done.Error == nil && done.RowsAffected == 0 {
		return fault.New(fault.Conflict, "task_gone", "There is no such task any more.")
	}
	return done.Error
}

// Retry implements ports.Outbox.
func (r outboxRepo) Retry(ctx context.Context, id int64, due time.Time, reason string) error {
	if runes := []rune(reason); len(runes) > maxReason {
		reason = string(runes[:maxReason])
	}
	return r.db.WithContext(ctx).Exec("UPDATE outbox SET due_at = ?, attempts = attempts + 1, last_error = ? WHERE task_id = ? AND done_at IS NULL",
		micros(due), reason, id).Error
}

// leaseRow is the one row of a lease. The number rises whenever the holder changes, and only then,
// so a write that carries it fails once somebody else has taken over.
type leaseRow struct {
	Lease     string `gorm:"primaryKey"`
	Holder    string
	Number    int64
	ExpiresAt int64
}

func (leaseRow) TableName() string { return "leases" }

func leaseHeld() *fault.Error {
	return fault.New(fault.Conflict, "lease_held", "Somebody else is at it.")
}

// Lease implements ports.Outbox.
func (r outboxRepo) Lease(ctx context.Context, name, holder string, now, until time.Time) (int64, error) {
	held := leaseRow{Lease: name}
	err := r.db.WithContext(ctx).Raw("SELECT holder, number, expires_at FROM leases WHERE lease = ?", name).
		Row().Scan(&held.Holder, &held.Number, &held.ExpiresAt)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		first := leaseRow{Lease: name, Holder: holder, Number: 1, ExpiresAt: micros(until)}
		return first.Number, taken(r.db.WithContext(ctx).Create(&first).Error, leaseHeld())
	case err != nil:
		return 0, err
	case held.Holder == holder:
		return held.Number, r.passOn(ctx, held, leaseRow{name, holder, held.Number, micros(until)})
	case held.ExpiresAt > micros(now) && !ports.LeaseFromFuture(instant(held.ExpiresAt), now, until.Sub(now)):
		return 0, leaseHeld()
	}
	return held.Number + 1, r.passOn(ctx, held, leaseRow{name, holder, held.Number + 1, micros(until)})
}

// Leader implements ports.Outbox.
func (r outboxRepo) Leader(ctx context.Context, name string) (holder string, until time.Time, err error) {
	var expires int64
	err = r.db.WithContext(ctx).Raw("SELECT holder, expires_at FROM leases WHERE lease = ?", name).Row().Scan(&holder, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return "", time.Time{}, nil
	}
	return holder, instant(expires), err
}

// passOn writes the lease if it still is as it was read: of several who want it one wins.
func (r outboxRepo) passOn(ctx context.Context, from, to leaseRow) error {
	done := r.db.WithContext(ctx).Exec("UPDATE leases SET holder = ?, number = ?, expires_at = ? WHERE lease = ? AND holder = ? AND number = ? AND expires_at = ?",
		to.Holder, to.Number, to.ExpiresAt, from.Lease, from.Holder, from.Number, from.ExpiresAt)
	if done.Error == nil && done.RowsAffected == 0 {
		return leaseHeld()
	}
	return done.Error
}
