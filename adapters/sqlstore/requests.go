package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"hash/crc32"
	"time"

	"gorm.io/gorm"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

type requestRepo struct{ *session }

// requestRow is a row of idempotency_keys: a reservation while the status is 0, then an outcome.
type requestRow struct {
	ActorID    string `gorm:"primaryKey"`
	Route      string `gorm:"primaryKey"`
	RequestKey string `gorm:"primaryKey"`
	BodyHash   []byte
	Status     int
	Location   string
	EntityID   string
	CreatedAt  int64 `gorm:"autoCreateTime:false"`
	HeldUntil  int64
}

func (requestRow) TableName() string { return "idempotency_keys" }

const thisRequest = "actor_id = ? AND route = ? AND request_key = ?"

func requestArgs(key ident.RequestKey) []any { return []any{string(key.Caller), key.Route, key.Key} }

// requestRunning refuses a key that somebody else works with, at the latest for so long.
func requestRunning(held time.Duration) *fault.Error {
	f := fault.New(fault.Conflict, "request_running", "A request with this Idempotency-Key is being worked on. Please try again later.")
	f.RetryAfter = held
	return f
}

// Begin implements ports.Requests. Most keys are new, so the reservation is tried first; who finds the
// key taken gets the answer that fits what the other has made of it. The hash is kept under a key: bodies
// hold what is soon guessed, such as a tax id.
func (r requestRepo) Begin(ctx context.Context, key ident.RequestKey, bodyHash []byte, now, until, expired time.Time) (*ports.RequestOutcome, error) {
	keyed, err := r.keys.digest(surgical.NewPHI(string(bodyHash)))
	if err != nil {
		return nil, err
	}
	fresh := requestRow{
		ActorID: string(key.Caller), Route: key.Route, RequestKey: key.Key, BodyHash: keyed,
		CreatedAt: micros(now), HeldUntil: micros(until),
	}
	err = r.db.WithContext(ctx).Create(&fresh).Error
	switch {
	case err == nil:
		return nil, r.tidy(ctx, key, micros(expired))
	case !errors.Is(err, gorm.ErrDuplicatedKey):
		return nil, err
	}
	found, err := r.find(ctx, key)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, raceLost()
	case err != nil:
		return nil, err
	case found.CreatedAt < micros(expired):
		return nil, r.takeOver(ctx, found, fresh)
	case !bytes.Equal(found.BodyHash, keyed):
		return nil, fault.New(fault.Invalid, "idempotency_key_reused", "This Idempotency-Key was used for a request with another body.")
	case found.Status != 0:
		return &ports.RequestOutcome{Status: found.Status, Location: found.Location, EntityID: found.EntityID}, nil
	case found.HeldUntil > micros(now) && !ports.LeaseFromFuture(instant(found.HeldUntil), now, until.Sub(now)):
		return nil, requestRunning(time.Duration(found.HeldUntil-micros(now)) * time.Microsecond)
	}
	return nil, r.takeOver(ctx, found, fresh)
}

func (r requestRepo) find(ctx context.Context, key ident.RequestKey) (requestRow, error) {
	var row requestRow
	err := r.db.WithContext(ctx).Raw("SELECT body_hash, status, location, entity_id, created_at, held_until FROM idempotency_keys WHERE "+thisRequest,
		requestArgs(key)...).Row().Scan(&row.BodyHash, &row.Status, &row.Location, &row.EntityID, &row.CreatedAt, &row.HeldUntil)
	return row, err
}

// takeOver makes a new reservation of an old row if it still is as it was read.
func (r requestRepo) takeOver(ctx context.Context, found, fresh requestRow) error {
	done := r.db.WithContext(ctx).Exec("UPDATE idempotency_keys SET body_hash = ?, status = 0, location = '', entity_id = '', created_at = ?, held_until = ?"+
		" WHERE "+thisRequest+" AND status = ? AND created_at = ? AND held_until = ?",
		fresh.BodyHash, fresh.CreatedAt, fresh.HeldUntil, fresh.ActorID, fresh.Route, fresh.RequestKey, found.Status, found.CreatedAt, found.HeldUntil)
	if done.Error == nil && done.RowsAffected == 0 {
		return raceLost()
	}
	return done.Error
}

// One key in tidyEvery has the old keys of its caller removed, at most forgetAtOnce of them: more than
// came since the last one, and few enough not to be felt.
const (
	tidyEvery    = 16
	forgetAtOnce = 50
)

func (r requestRepo) tidy(ctx context.Context, key ident.RequestKey, expired int64) error {
	if crc32.ChecksumIEEE([]byte(key.Key))%tidyEvery != 0 {
		return nil
	}
	return r.forget(ctx, string(key.Caller), expired)
}

// forget removes old keys of a caller one by one. A DELETE over a range would lock the gaps that
// other requests of the same caller are about to insert into, even when there is nothing to remove.
func (r requestRepo) forget(ctx context.Context, caller string, expired int64) error {
	db := r.db.WithContext(ctx)
	var old []requestRow
	err := db.Select("actor_id", "route", "request_key").Where("actor_id = ? AND created_at < ?", caller, expired).
		Order("route, request_key").Limit(forgetAtOnce).Find(&old).Error
	if err != nil {
		return err
	}
	for _, row := range old {
		err := db.Exec("DELETE FROM idempotency_keys WHERE "+thisRequest+" AND created_at < ?", row.ActorID, row.Route, row.RequestKey, expired).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// Finish implements ports.Requests. A request that took longer than its reservation may find that
// its successor has finished: then its own transaction must not commit.
func (r requestRepo) Finish(ctx context.Context, key ident.RequestKey, outcome ports.RequestOutcome) error {
	done := r.db.WithContext(ctx).Exec("UPDATE idempotency_keys SET status = ?, location = ?, entity_id = ? WHERE "+thisRequest+" AND status = 0",
		append([]any{outcome.Status, outcome.Location, outcome.EntityID}, requestArgs(key)...)...)
	if done.Error == nil && done.RowsAffected == 0 {
		return requestRunning(time.Second) // the other one has finished, or soon will
	}
	return done.Error
}

// Abandon implements ports.Requests.
func (r requestRepo) Abandon(ctx context.Context, key ident.RequestKey) error {
	return r.db.WithContext(ctx).Exec("DELETE FROM idempotency_keys WHERE "+thisRequest+" AND status = 0", requestArgs(key)...).Error
}
