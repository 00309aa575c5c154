package api

import (
	"net/http"
	"testing"
	"time"

	"surgicase/domain/permission"
	"surgicase/test/given"
)

// Against a provider that nobody here wrote: its discovery document, its keys, its tokens.
func TestTokensOfARealProvider(t *testing.T) {
	t.Parallel()
	provider := given.NewProvider(t)
	clock := given.NewClock()
	clock.Set(time.Now().UTC().Truncate(time.Microsecond)) // its tokens are of today
	p := startAt(t, clock, given.TempSQLite(t), and(unlimited, map[string]string{
		"AUTH_MODE": "token", "AUTH_ISSUER": provider.URL, "AUTH_AUDIENCE": given.Audience,
	}))
	p.person("ann", permission.Provider, 1)
	p.identify = func(req *http.Request, token string) { req.Header.Set("Authorization", "Bearer "+token) }

	ann := provider.Token("ann")
	p.get("/user", ann).is(200).has("user_id", "ann")
	p.get("/user", provider.Token("bob")).refused(401, "unknown_caller")
	p.get("/user", ann[:len(ann)-4]+"AAAA").refused(401, "bad_token")

	clock.Advance(10 * time.Second)
	provider.AddKey()
	for range 2 { // one by each key
		p.get("/user", provider.Token("ann")).is(200).has("user_id", "ann")
	}
	clock.Advance(2 * time.Hour)
	p.get("/user", ann).refused(401, "token_expired")
}
