package api

import (
	"context"
	"crypto/rand"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// token puts an API token of a user on the stage and gives it with its text.
func (p *program) token(owner string, life time.Duration, scopes ...string) (*directory.Token, string) {
	p.t.Helper()
	random := make([]byte, 32)
	_, _ = rand.Read(random)
	text := directory.TokenText(random)
	digest, err := directory.DigestToken(text)
	if err != nil {
		p.t.Fatal(err)
	}
	set, err := permission.ParseTokenScopes(scopes)
	if err != nil {
		p.t.Fatal(err)
	}
	made := &directory.Token{
		Owner: ident.UserID(owner), Name: "a test", Digest: digest, Scopes: set, CreatedAt: p.clock.Now(), ExpiresAt: p.clock.Now().Add(life),
	}
	p.inTx(func(ctx context.Context, r ports.Repos) error { return r.Tokens.Add(ctx, made) })
	return made, text
}
