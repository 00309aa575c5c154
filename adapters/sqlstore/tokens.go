package sqlstore

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

type tokenRepo struct{ *session }

// tokenRow is a row of api_tokens.
type tokenRow struct {
	TokenID     int64 `gorm:"primaryKey"`
	UserID      string
	TokenName   string
	TokenDigest []byte
	Scopes      string
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
	ExpiresAt   int64
	LastUsedAt  sql.NullInt64
	RevokedAt   sql.NullInt64
}

func (tokenRow) TableName() string { return "api_tokens" }

const noSuchToken = "token_not_found"

// Add implements ports.Tokens.
func (r tokenRepo) Add(ctx context.Context, t *directory.Token) error {
	row := tokenRow{
		UserID: string(t.Owner), TokenName: t.Name, TokenDigest: t.Digest, Scopes: strings.Join(t.Scopes.Names(), ","),
		CreatedAt: micros(t.CreatedAt), ExpiresAt: micros(t.ExpiresAt), LastUsedAt: nullMicros(t.LastUsedAt), RevokedAt: nullMicros(t.RevokedAt),
	}
	err := r.db.WithContext(ctx).Create(&row).Error
	t.ID = row.TokenID
	return err
}

// ByDigest implements ports.Tokens in one statement: it stands before every request with a token.
func (r tokenRepo) ByDigest(ctx context.Context, digest []byte) (*directory.Token, permission.Actor, error) {
	return r.withOwner(ctx, "t.token_digest = ?", digest)
}

// ForUse implements ports.Tokens in one statement: it stands before every change with a token.
func (r tokenRepo) ForUse(ctx context.Context, id int64) (*directory.Token, permission.Actor, error) {
	return r.withOwner(ctx, "t.token_id = ?"+r.share, id)
}

func (r tokenRepo) withOwner(ctx context.Context, which string, arg any) (*directory.Token, permission.Actor, error) {
	var row tokenRow
	var who permission.Actor
	err := r.db.WithContext(ctx).Raw("SELECT t.token_id, t.user_id, t.token_name, t.token_digest, t.scopes, t.created_at, t.expires_at, t.last_used_at,"+
		" t.revoked_at, u.user_type, u.max_case_status FROM api_tokens t JOIN users u ON u.user_id = t.user_id"+
		" WHERE u.active = 1 AND "+which, arg).Row().
		Scan(&row.TokenID, &row.UserID, &row.TokenName, &row.TokenDigest, &row.Scopes, &row.CreatedAt, &row.ExpiresAt, &row.LastUsedAt,
			&row.RevokedAt, &who.Type, &who.Cap)
	if err != nil {
		return nil, permission.Actor{}, missing(err, noSuchToken, "There is no such token.")
	}
	who.User = ident.UserID(row.UserID)
	t := row.toToken()
	t.Digest = row.TokenDigest
	return &t, who, nil
}

// List implements ports.Tokens.
func (r tokenRepo) List(ctx context.Context, owner ident.UserID, after int64, limit int) ([]directory.Token, error) {
	var rows []tokenRow
	err := r.db.WithContext(ctx).Select("token_id", "user_id", "token_name", "scopes", "created_at", "expires_at", "last_used_at").
		Where("user_id = ? AND token_id > ? AND revoked_at IS NULL", string(owner), after).Order("token_id").Limit(limit).Find(&rows).Error
	list := make([]directory.Token, len(rows))
	for i, row := range rows {
		list[i] = row.toToken()
	}
	return list, err
}

// Revoke implements ports.Tokens.
func (r tokenRepo) Revoke(ctx context.Context, owner ident.UserID, id int64, at time.Time) error {
	done := r.db.WithContext(ctx).Exec("UPDATE api_tokens SET revoked_at = ? WHERE token_id = ? AND user_id = ? AND revoked_at IS NULL",
		micros(at), id, string(owner))
	if done.Error == nil && done.RowsAffected == 0 {
		return fault.New(fault.NotFound, noSuchToken, "There is no such token.").Naming("token_id", itoa(id))
	}
	return done.Error
}

// RevokeAll implements ports.Tokens.
func (r tokenRepo) RevokeAll(ctx context.Context, owner ident.UserID, at time.Time) (int, error) {
	done := r.db.WithContext(ctx).Exec("UPDATE api_tokens SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL", micros(at), string(owner))
	return int(done.RowsAffected), done.Error
}

// Used implements ports.Tokens.
func (r tokenRepo) Used(ctx context.Context, id int64, at time.Time) error {
	return r.db.WithContext(ctx).Exec("UPDATE api_tokens SET last_used_at = ? WHERE token_id = ? AND (last_used_at IS NULL OR last_used_at < ?)",
		micros(at), id, micros(at)).Error
}

func (row tokenRow) toToken() directory.Token {
	return directory.Token{
		ID: row.TokenID, Owner: ident.UserID(row.UserID), Name: row.TokenName, Scopes: scopesOf(row.Scopes), CreatedAt: instant(row.CreatedAt),
		ExpiresAt: instant(row.ExpiresAt), LastUsedAt: nullInstant(row.LastUsedAt), RevokedAt: nullInstant(row.RevokedAt),
	}
}

// scopesOf reads stored scopes. One that this version does not know opens nothing.
func scopesOf(stored string) permission.TokenScopes {
	var set permission.TokenScopes
	for name := range strings.SplitSeq(stored, ",") {
		scope, err := permission.ParseTokenScopes([]string{name})
		if err == nil {
			set |= scope
		}
	}
	return set
}
