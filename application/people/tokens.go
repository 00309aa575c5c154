package people

import (
	"context"
	"strconv"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Tokens keeps the API tokens of users. Everybody sees and manages only his own.
type Tokens struct {
	trail
	ids ports.IDs
}

// NewTokens makes the service.
func NewTokens(store ports.Store, clock ports.Clock, ids ports.IDs, events ports.Events) *Tokens {
	return &Tokens{trail: trail{store, clock, events, "token"}, ids: ids}
}

// NewToken is a token to be made. Without ExpiresAt it lives for the usual time.
type NewToken struct {
	Owner     ident.UserID
	Name      string
	Scopes    permission.TokenScopes
	ExpiresAt time.Time
}

// mostTokens is how many tokens of one user may be neither revoked nor expired.
const mostTokens = 50

// Create makes a token and returns it with its text, which is kept nowhere.
//
// Faults: Forbidden "not_your_data", "scope_missing"; Invalid with fields; Conflict "too_many_tokens".
func (s *Tokens) Create(ctx context.Context, who permission.Actor, in NewToken) (made *directory.Token, text string, err error) {
	if err = mayMake(who, in); err != nil {
		return nil, "", s.refused(ctx, who, permission.ManageTokens, "", err, "scopes")
	}
	text = directory.TokenText(s.ids.Key())
	digest, err := directory.DigestToken(text)
	if err != nil {
		return nil, "", err
	}
	err = s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		if made, err = s.fresh(ctx, r, in); err != nil {
			return err
		}
		made.Digest = digest
		if err = r.Tokens.Add(ctx, made); err != nil {
			return err
		}
		id := tokenID(made.ID)
		return r.Audit.Record(ctx, s.entry(who, permission.ManageTokens, id).Changing(nil, nil, s.digest(id, made.Contents())))
	})
	s.happened(ctx, "token.created", who, err)
	return made, text, err
}

func mayMake(who permission.Actor, in NewToken) error {
	if err := permission.Check(who, permission.ManageTokens, in.Owner); err != nil {
		return err
	}
	return permission.CheckGrant(who, in.Scopes)
}

func (s *Tokens) fresh(ctx context.Context, r ports.Repos, in NewToken) (*directory.Token, error) {
	now := s.clock.Now()
	if in.ExpiresAt.IsZero() {
		in.ExpiresAt = now.Add(directory.UsualTokenLife)
	}
	var bad fault.Collector
	bad.Check("body.expires_at", directory.CheckTokenLife(now, in.ExpiresAt))
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if err := checkActive(ctx, r, in.Owner); err != nil {
		return nil, err
	}
	held, err := r.Tokens.List(ctx, in.Owner, 0, MaxListed)
	if err != nil {
		return nil, err
	}
	if live(held, now) >= mostTokens {
		return nil, fault.New(fault.Conflict, "too_many_tokens", "There are %d tokens already. Revoke one first.", mostTokens)
	}
	return &directory.Token{Owner: in.Owner, Name: in.Name, Scopes: in.Scopes, CreatedAt: now, ExpiresAt: in.ExpiresAt}, nil
}

// MaxListed is more than the tokens that a user has who makes new ones as the old ones expire.
const MaxListed = 1000

func live(list []directory.Token, now time.Time) int {
	n := 0
	for i := range list {
		if list[i].CheckUse(now) == nil {
			n++
		}
	}
	return n
}

// List returns up to limit tokens of the owner that are not revoked and have an id above after.
//
// Faults: Forbidden "not_your_data".
func (s *Tokens) List(ctx context.Context, who permission.Actor, owner ident.UserID, after int64, limit int) ([]directory.Token, error) {
	if err := permission.Check(who, permission.ManageTokens, owner); err != nil {
		return nil, s.refused(ctx, who, permission.ManageTokens, "", err)
	}
	var list []directory.Token
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		list, err = r.Tokens.List(ctx, owner, after, limit)
		return err
	})
	return list, err
}

// Revoke ends a token at once.
//
// Faults: Forbidden "not_your_data"; NotFound "token_not_found".
func (s *Tokens) Revoke(ctx context.Context, who permission.Actor, owner ident.UserID, id int64) error {
	err := permission.Check(who, permission.ManageTokens, owner)
	if err == nil {
		err = s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
			entry := s.entry(who, permission.ManageTokens, tokenID(id)).Changing([]string{"revoked_at"}, nil, nil)
			if err := r.Tokens.Revoke(ctx, owner, id, entry.At); err != nil {
				return err
			}
			return r.Audit.Record(ctx, entry)
		})
	}
	s.happened(ctx, "token.revoked", who, err)
	return s.refused(ctx, who, permission.ManageTokens, tokenID(id), err, "revoked_at")
}

func tokenID(id int64) string { return strconv.FormatInt(id, 10) }

// revokeAll ends the tokens of a user who is deactivated, in the transaction that does it.
// Source: spec/decisions.md 2.9.
func revokeAll(ctx context.Context, r ports.Repos, id ident.UserID, at time.Time) error {
	_, err := r.Tokens.RevokeAll(ctx, id, at)
	return err
}
