package ports

import (
	"context"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

// Tokens stores API tokens: digests of them, never the tokens.
type Tokens interface {
	// Add stores a token and gives its id.
	Add(ctx context.Context, t *directory.Token) error

	// ByDigest returns the token with this digest, revoked and expired ones too, and its owner as an
	// actor. NotFound "token_not_found" if there is none or the owner is inactive.
	ByDigest(ctx context.Context, digest []byte) (*directory.Token, permission.Actor, error)

	// ForUse is ByDigest by id, for a transaction whose outcome depends on token and owner: on MySQL it keeps
	// others from changing either until the transaction ends.
	ForUse(ctx context.Context, id int64) (*directory.Token, permission.Actor, error)

	// List returns up to limit tokens of the owner that are not revoked and have an id above after, in
	// order of id, without digests.
	List(ctx context.Context, owner ident.UserID, after int64, limit int) ([]directory.Token, error)

	// Revoke ends a token of the owner. NotFound "token_not_found" if he has none with this id that is
	// not revoked.
	Revoke(ctx context.Context, owner ident.UserID, id int64, at time.Time) error

	// RevokeAll ends every token of the owner and says how many were not revoked before.
	RevokeAll(ctx context.Context, owner ident.UserID, at time.Time) (int, error)

	// Used notes a use, unless a later one is noted.
	Used(ctx context.Context, id int64, at time.Time) error
}

// Verifier checks tokens of an identity provider.
type Verifier interface {
	// Verify returns whom a token names. Unauthenticated "bad_token", "token_expired" or
	// "token_not_yet_valid" if it does not count; Unavailable "issuer_unavailable" if that cannot be
	// said because the provider is away.
	Verify(ctx context.Context, token string) (Subject, error)
}

// Subject is whom a token of the identity provider names.
type Subject struct {
	Name    string // the value of the claim
	IsEmail bool   // the claim is an e-mail address, which is compared without regard to case
}
