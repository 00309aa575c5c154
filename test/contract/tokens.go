package contract

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

// Tokens is the contract of ports.Tokens.
func Tokens(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"a token comes back as stored, to the microsecond, with its owner", tokenRoundTrip},
		{"an unknown digest, and one of an inactive owner, is NotFound", unknownToken},
		{"a digest is compared byte for byte, and stored once", tokenDigests},
		{"a list holds the owner's tokens that are not revoked, page by page, without digests", listTokens},
		{"a token is revoked once, by its owner's id and its own", revokeToken},
		{"all tokens of an owner are revoked, and those of others are not", revokeAllTokens},
		{"a use is noted, and never an earlier one", tokenUsed},
		{"of twenty who revoke the same token one does it", racingRevokers},
	})
}

func tokenOf(owner ident.UserID, n byte) *directory.Token {
	scopes, _ := permission.ParseTokenScopes([]string{"cases:write", "admin"})
	return &directory.Token{
		Owner: owner, Name: fmt.Sprintf("Zoë's script 🫀 %d", n), Digest: bytes.Repeat([]byte{n}, 32), Scopes: scopes,
		CreatedAt: given.Morning, ExpiresAt: given.Morning.Add(time.Hour + time.Microsecond),
	}
}

// issue stores tokens of a user, numbered from 1.
func (w *world) issue(owner ident.UserID, numbers ...byte) []directory.Token {
	w.t.Helper()
	made := make([]directory.Token, len(numbers))
	w.do(func(ctx context.Context, r ports.Repos) error {
		for i, n := range numbers {
			t := tokenOf(owner, n)
			if err := r.Tokens.Add(ctx, t); err != nil {
				return err
			}
			made[i] = *t
		}
		return nil
	})
	return made
}

type tokenAndOwner struct {
	token *directory.Token
	owner permission.Actor
}

func (w *world) tokenBy(digest []byte) (tokenAndOwner, error) {
	return attempt(w, func(ctx context.Context, r ports.Repos) (tokenAndOwner, error) {
		t, who, err := r.Tokens.ByDigest(ctx, digest)
		return tokenAndOwner{t, who}, err
	})
}

func (w *world) tokenForUse(id int64) (tokenAndOwner, error) {
	return attempt(w, func(ctx context.Context, r ports.Repos) (tokenAndOwner, error) {
		t, who, err := r.Tokens.ForUse(ctx, id)
		return tokenAndOwner{t, who}, err
	})
}

func (w *world) tokensOf(owner ident.UserID, after int64, limit int) []directory.Token {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]directory.Token, error) {
		return r.Tokens.List(ctx, owner, after, limit)
	})
}

func tokenRoundTrip(w *world) {
	w.hire(20, "ann")
	full := tokenOf("ann", 1)
	full.LastUsedAt, full.RevokedAt = given.Morning.Add(time.Microsecond), given.Morning.Add(2*time.Microsecond)
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Tokens.Add(ctx, full) })
	sparse := w.issue("ann", 2)[0]
	if full.ID == 0 || sparse.ID <= full.ID {
		w.t.Errorf("ids are %d and %d", full.ID, sparse.ID)
	}
	for _, want := range []*directory.Token{full, &sparse} {
		for _, ask := range []func() (tokenAndOwner, error){
			func() (tokenAndOwner, error) { return w.tokenBy(want.Digest) }, func() (tokenAndOwner, error) { return w.tokenForUse(want.ID) },
		} {
			got, err := ask()
			if err != nil {
				w.t.Fatal(err)
			}
			equal(w.t, "token", got.token, want)
			equal(w.t, "owner", got.owner, permission.Actor{User: "ann", Type: 20})
		}
	}
}

func unknownToken(w *world) {
	w.hire(1, "ann")
	held := w.issue("ann", 1)[0]
	_, err := w.tokenBy(bytes.Repeat([]byte{9}, 32))
	refused(w.t, err, fault.NotFound, "token_not_found")
	_, err = w.tokenBy(nil)
	refused(w.t, err, fault.NotFound, "token_not_found")
	_, err = w.tokenForUse(held.ID + 1)
	refused(w.t, err, fault.NotFound, "token_not_found")
	w.do(func(ctx context.Context, r ports.Repos) error {
		u, err := r.Users.Get(ctx, "ann")
		if err != nil {
			return err
		}
		u.Deactivate(w.clock.Now())
		return r.Users.Save(ctx, u)
	})
	_, err = w.tokenBy(held.Digest)
	refused(w.t, err, fault.NotFound, "token_not_found")
	_, err = w.tokenForUse(held.ID)
	refused(w.t, err, fault.NotFound, "token_not_found")
}

func tokenDigests(w *world) {
	w.hire(1, "ann", "bob")
	lower, upper := tokenOf("ann", 'a'), tokenOf("bob", 'A')
	w.do(func(ctx context.Context, r ports.Repos) error {
		if err := r.Tokens.Add(ctx, copied(lower)); err != nil {
			return err
		}
		return r.Tokens.Add(ctx, copied(upper))
	})
	got, err := w.tokenBy(upper.Digest)
	if err != nil || got.owner.User != "bob" {
		w.t.Errorf("got the token of %s, %v", got.owner.User, err)
	}
	twice := tokenOf("bob", 'a')
	if err := w.try(func(ctx context.Context, r ports.Repos) error { return r.Tokens.Add(ctx, copied(twice)) }); err == nil {
		w.t.Error("a digest was stored twice")
	}
}

func listTokens(w *world) {
	w.hire(1, "ann", "bob")
	mine := w.issue("ann", 1, 2, 3)
	w.issue("bob", 4)
	w.do(func(ctx context.Context, r ports.Repos) error {
		return r.Tokens.Revoke(ctx, "ann", mine[1].ID, w.clock.Now())
	})
	want := []directory.Token{mine[0], mine[2]}
	for i := range want {
		want[i].Digest = nil
	}
	equal(w.t, "list", w.tokensOf("ann", 0, 10), want)
	equal(w.t, "first page", w.tokensOf("ann", 0, 1), want[:1])
	equal(w.t, "second page", w.tokensOf("ann", want[0].ID, 1), want[1:])
	isEmpty(w.t, "after the last", w.tokensOf("ann", want[1].ID, 1))
	isEmpty(w.t, "of nobody", w.tokensOf("Ann", 0, 10))
}

func (w *world) revoking(owner ident.UserID, id int64, at time.Time) error {
	return w.try(func(ctx context.Context, r ports.Repos) error { return r.Tokens.Revoke(ctx, owner, id, at) })
}

func revokeToken(w *world) {
	w.hire(1, "ann", "bob")
	held := w.issue("ann", 1)[0]
	later := given.Morning.Add(time.Minute)
	refused(w.t, w.revoking("bob", held.ID, later), fault.NotFound, "token_not_found")
	refused(w.t, w.revoking("ann", held.ID+1, later), fault.NotFound, "token_not_found")
	if err := w.revoking("ann", held.ID, later); err != nil {
		w.t.Fatal(err)
	}
	refused(w.t, w.revoking("ann", held.ID, later.Add(time.Minute)), fault.NotFound, "token_not_found")
	got, err := w.tokenBy(held.Digest)
	if err != nil || !got.token.RevokedAt.Equal(later) {
		w.t.Errorf("revoked at %v, %v", got.token, err)
	}
}

func revokeAllTokens(w *world) {
	w.hire(1, "ann", "bob")
	w.issue("ann", 1, 2, 3)
	w.issue("bob", 4)
	if err := w.revoking("ann", w.tokensOf("ann", 0, 1)[0].ID, given.Morning); err != nil {
		w.t.Fatal(err)
	}
	for _, want := range []int{2, 0} {
		var ended int
		w.do(func(ctx context.Context, r ports.Repos) (err error) {
			ended, err = r.Tokens.RevokeAll(ctx, "ann", given.Morning.Add(time.Minute))
			return err
		})
		equal(w.t, "ended", ended, want)
	}
	isEmpty(w.t, "left of ann's", w.tokensOf("ann", 0, 10))
	equal(w.t, "left of bob's", len(w.tokensOf("bob", 0, 10)), 1)
	got, err := w.tokenBy(bytes.Repeat([]byte{1}, 32))
	if err != nil || !got.token.RevokedAt.Equal(given.Morning) {
		w.t.Errorf("the one revoked before says %v, %v", got.token, err)
	}
}

func tokenUsed(w *world) {
	w.hire(1, "ann")
	held := w.issue("ann", 1)[0]
	for at, want := range map[time.Duration]time.Duration{0: time.Hour, time.Minute: time.Hour, time.Hour: time.Hour} {
		w.do(func(ctx context.Context, r ports.Repos) error {
			if err := r.Tokens.Used(ctx, held.ID, given.Morning.Add(time.Hour)); err != nil {
				return err
			}
			return r.Tokens.Used(ctx, held.ID, given.Morning.Add(at))
		})
		equal(w.t, "last use", w.tokensOf("ann", 0, 1)[0].LastUsedAt, given.Morning.Add(want))
	}
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Tokens.Used(ctx, 4711, given.Morning) })
}

func racingRevokers(w *world) {
	w.hire(1, "ann")
	held := w.issue("ann", 1)[0]
	oneWins(w.t, together(20, func(int) error { return w.revoking("ann", held.ID, w.clock.Now()) }), fault.NotFound, "token_not_found")
}
