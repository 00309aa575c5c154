package contract

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/ports"
	"surgicase/test/given"
)

// OpenVerifier opens a verifier that trusts an issuer, for tokens that name the user by a claim.
type OpenVerifier func(t *testing.T, issuer, claim string, clock *given.Clock) ports.Verifier

// provider is what a test of a verifier starts with.
type provider struct {
	t      *testing.T
	issuer *given.Issuer
	clock  *given.Clock
	ports.Verifier
}

// accepts demands that a token names a user.
func (p provider) accepts(what, token, user string) {
	p.t.Helper()
	if got, err := p.Verify(p.t.Context(), token); err != nil || got.Name != user {
		p.t.Errorf("%s: got %q, %v", what, got.Name, err)
	}
}

// byFirstKey is a token that the first key of the provider signed, whatever it publishes now.
func (p provider) byFirstKey(user string) string {
	return p.issuer.Sign(jose.RS256, p.issuer.Claims(user), "kid", "RS256-1")
}

// denies demands that a token does not count.
func (p provider) denies(what, token, code string) {
	p.t.Helper()
	got, err := p.Verify(p.t.Context(), token)
	kind := fault.Unauthenticated
	if code == "issuer_unavailable" {
		kind = fault.Unavailable
	}
	if got.Name != "" {
		p.t.Errorf("%s: names %q", what, got.Name)
	}
	p.t.Run(what, func(t *testing.T) { refused(t, err, kind, code) })
}

// Verifier is the contract of ports.Verifier, for adapters that ask a provider.
func Verifier(t *testing.T, open OpenVerifier) {
	t.Helper()
	for says, holds := range map[string]func(provider){
		"a good token names its user, by every algorithm that counts": verifyGood,
		"what nobody could sign who may is refused":                   verifyForged,
		"claims must be ours and in force, within a minute":           verifyClaims,
		"a token for something else is no credential":                 verifyOtherKinds,
		"garbage is refused without asking anybody":                   verifyGarbage,
		"keys are fetched once, and again when they rotate":           verifyRotation,
		"known keys work while the provider is away, but not forever": verifyAway,
		"a key that was taken away does not count after a quiet time": verifyWithdrawn,
		"a provider that answers nonsense is away":                    verifyNonsense,
		"a redirect to another host is not followed":                  verifyRedirect,
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			clock := given.NewClock()
			issuer := given.NewIssuer(t, clock)
			holds(provider{t, issuer, clock, open(t, issuer.URL, "sub", clock)})
		})
	}
	t.Run("another claim may name the user, an address only if it is confirmed", func(t *testing.T) { verifyClaim(t, open) })
}

// NoVerifier is the contract of ports.Verifier, for the adapter that knows no provider.
func NoVerifier(t *testing.T, v ports.Verifier) {
	t.Helper()
	clock := given.NewClock()
	p := provider{t, given.NewIssuer(t, clock), clock, v}
	p.denies("a good token of somebody's provider", p.issuer.Token("ann"), "bad_token")
	p.denies("nothing", "", "bad_token")
}

func verifyGood(p provider) {
	p.accepts("as usual", p.issuer.Token("ann"), "ann")
	for _, algorithm := range []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA} {
		p.accepts(string(algorithm), p.issuer.Sign(algorithm, p.issuer.Claims("ann")), "ann")
	}
	p.accepts("no key id", p.issuer.Sign(jose.RS256, p.issuer.Claims("ann"), "kid", ""), "ann")
	p.accepts("type at+jwt", p.issuer.Sign(jose.RS256, p.issuer.Claims("ann"), "typ", "application/at+JWT"), "ann")
	p.accepts("several audiences", p.issuer.Token("ann", "aud", []string{"account", given.Audience}), "ann")
	p.accepts("an access token of Cognito", p.issuer.Token("ann", "aud", nil, "client_id", given.Audience, "token_use", "access"), "ann")
	p.accepts("no nbf", p.issuer.Token("ann", "nbf", nil), "ann")
	p.accepts("claims of the provider's own under names that mean something elsewhere",
		p.issuer.Token("ann", "events", []string{"meeting"}, "client_id", []string{"a", "b"}, "token_use", 7), "ann")
	p.accepts("a subject of Auth0", p.issuer.Token("auth0|5f7c8ec7c33c6c004bbafe82"), "auth0|5f7c8ec7c33c6c004bbafe82")
	p.accepts("a name in any script", p.issuer.Token("山田"), "山田")
}

func verifyForged(p provider) {
	for what, token := range p.issuer.Forged("ann") {
		p.denies(what, token, "bad_token")
	}
	good := p.issuer.Token("ann")
	for _, at := range []int{1, len(good) / 2, len(good) - 2} {
		changed := good[:at] + map[bool]string{true: "A", false: "B"}[good[at] != 'A'] + good[at+1:]
		p.denies(fmt.Sprint("byte ", at, " changed"), changed, "bad_token")
	}
}

func verifyClaims(p provider) {
	now := p.clock.Now()
	for what, x := range map[string]struct {
		claims []any
		code   string
	}{
		"another issuer":                  {[]any{"iss", "https://evil.example"}, "bad_token"},
		"the issuer with a slash":         {[]any{"iss", p.issuer.URL + "/"}, "bad_token"},
		"no issuer":                       {[]any{"iss", nil}, "bad_token"},
		"another audience":                {[]any{"aud", "somebody-else"}, "bad_token"},
		"no audience":                     {[]any{"aud", nil}, "bad_token"},
		"a client id is no audience":      {[]any{"aud", nil, "client_id", given.Audience}, "bad_token"},
		"Cognito's, for another client":   {[]any{"aud", nil, "client_id", "other", "token_use", "access"}, "bad_token"},
		"expired":                         {[]any{"exp", now.Add(-61 * time.Second).Unix()}, "token_expired"},
		"expired within the skew":         {[]any{"exp", now.Add(-59 * time.Second).Unix()}, ""},
		"expired in another year":         {[]any{"exp", 1}, "token_expired"},
		"no expiry":                       {[]any{"exp", nil}, "bad_token"},
		"an expiry that is no time":       {[]any{"exp", "tomorrow"}, "bad_token"},
		"not yet valid":                   {[]any{"nbf", now.Add(62 * time.Second).Unix()}, "token_not_yet_valid"},
		"valid within the skew":           {[]any{"nbf", now.Add(59 * time.Second).Unix()}, ""},
		"no subject":                      {[]any{"sub", nil}, "bad_token"},
		"an empty subject":                {[]any{"sub", ""}, "bad_token"},
		"a subject that is no text":       {[]any{"sub", 7}, "bad_token"},
		"a logout message":                {[]any{"events", map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}}, "bad_token"},
		"claims that live somewhere else": {[]any{"_claim_names", map[string]any{"sub": "x"}}, "bad_token"},
	} {
		if token := p.issuer.Token("ann", x.claims...); x.code == "" {
			p.accepts(what, token, "ann")
		} else {
			p.denies(what, token, x.code)
		}
	}
}

func verifyOtherKinds(p provider) {
	for _, typ := range []any{"logout+jwt", "dpop+jwt", "secevent+jwt", "", 7} {
		p.denies(fmt.Sprintf("type %v", typ), p.issuer.Sign(jose.RS256, p.issuer.Claims("ann"), "typ", typ), "bad_token")
	}
}

func verifyGarbage(p provider) {
	good := p.issuer.Token("ann")
	for what, token := range map[string]string{
		"nothing": "", "a word": "token", "dots": "..", "more dots": good + ".", "a cut token": good[:60],
		"two tokens": good + good, "JSON": `{"payload":"x","signatures":[]}`, "NUL": "a\x00.b.c", "huge": strings.Repeat("a", 1<<20) + ".b.c",
		"an API token": "sc_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	} {
		p.denies(what, token, "bad_token")
	}
	if asked := p.issuer.Asked.Load(); asked != 0 {
		p.t.Errorf("the provider was asked %d times", asked)
	}
}

func verifyRotation(p provider) {
	before := p.issuer.Token("ann")
	for range 3 {
		p.accepts("the first keys", before, "ann")
	}
	p.asked("for many tokens", 1)
	p.issuer.Rotate()
	after := p.issuer.Token("ann")
	p.clock.Advance(10 * time.Second)
	p.accepts("the next keys", after, "ann")
	p.asked("after a rotation", 2)
	p.denies("a token of the old keys", before, "bad_token")
	for n := range 20 {
		p.denies(fmt.Sprint("made-up key id ", n), p.issuer.Sign(jose.RS256, p.issuer.Claims("ann"), "kid", fmt.Sprint("made-up-", n)), "bad_token")
	}
	p.asked("for made-up key ids at the same time", 2)
	p.clock.Advance(time.Hour)
	p.accepts("keys grown old", p.issuer.Token("ann"), "ann")
	for deadline := time.Now().Add(patience); p.issuer.Asked.Load() != 3; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("old keys were fetched %d times, want 3", p.issuer.Asked.Load())
		}
	}
}

func (p provider) asked(what string, want int64) {
	p.t.Helper()
	if got := p.issuer.Asked.Load(); got != want {
		p.t.Errorf("%s the provider was asked %d times, want %d", what, got, want)
	}
}

func verifyAway(p provider) {
	good := p.issuer.Token("ann")
	p.issuer.Behave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	p.denies("no key known yet", good, "issuer_unavailable")
	p.denies("again, without asking", good, "issuer_unavailable")
	p.issuer.Behave(nil)
	p.clock.Advance(10 * time.Second)
	p.accepts("back again", good, "ann")
	p.issuer.Behave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	p.clock.Advance(20 * time.Minute)
	p.accepts("a key known before", good, "ann")
	p.issuer.Rotate()
	p.clock.Advance(10 * time.Second)
	p.denies("an unknown key", p.issuer.Token("ann"), "issuer_unavailable")
	p.accepts("still the key known before", good, "ann")
	for range 10 { // nearly four hours since the keys came
		p.clock.Advance(20 * time.Minute)
		p.accepts("hours later", p.byFirstKey("ann"), "ann")
	}
	p.clock.Advance(20 * time.Minute)
	p.denies("a key that nobody could ask about for hours", p.byFirstKey("ann"), "issuer_unavailable")
	p.issuer.Behave(nil)
	p.clock.Advance(10 * time.Second)
	p.accepts("the next key, once it is back", p.issuer.Token("ann"), "ann")
}

// Who holds a leaked key waits until nobody has called for a while: then nobody has asked for the keys, either.
func verifyWithdrawn(p provider) {
	p.accepts("the first keys", p.issuer.Token("ann"), "ann")
	p.issuer.Rotate()
	p.clock.Advance(time.Hour)
	for range 3 {
		p.denies("a token by the key that was taken away", p.byFirstKey("ann"), "bad_token")
	}
	p.asked("after the quiet time", 2)
	p.accepts("the next keys", p.issuer.Token("ann"), "ann")
}

func verifyNonsense(p provider) {
	good := p.issuer.Token("ann")
	for what, odd := range map[string]http.HandlerFunc{
		"a page of HTML":      func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>Sign in</html>") },
		"an empty answer":     func(http.ResponseWriter, *http.Request) {},
		"another issuer's":    answers(`{"issuer":"https://evil.example","jwks_uri":"https://evil.example/keys"}`),
		"no place for keys":   answers(`{"issuer":"` + p.issuer.URL + `"}`),
		"no keys":             answers(`{"issuer":"` + p.issuer.URL + `","jwks_uri":"` + p.issuer.URL + `/keys","keys":[]}`),
		"a shared secret":     answers(`{"issuer":"` + p.issuer.URL + `","jwks_uri":"` + p.issuer.URL + `/keys","keys":[{"kty":"oct","k":"c2VjcmV0"}]}`),
		"an endless document": func(w http.ResponseWriter, _ *http.Request) { endless(w) },
		"a private address":   answers(`{"issuer":"` + p.issuer.URL + `","jwks_uri":"http://10.0.0.1/keys"}`),
		"this very machine":   answers(`{"issuer":"` + p.issuer.URL + `","jwks_uri":"http://localhost:1/keys"}`),
	} {
		p.issuer.Behave(odd)
		p.denies(what, good, "issuer_unavailable")
		p.clock.Advance(10 * time.Second)
	}
}

func answers(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func endless(w http.ResponseWriter) {
	chunk := []byte(strings.Repeat(" ", 64<<10))
	for n := 0; n < 16<<20; n += len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

func verifyRedirect(p provider) {
	visited := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visited = true }))
	defer elsewhere.Close()
	p.issuer.Behave(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) })
	p.denies("a redirect", p.issuer.Token("ann"), "issuer_unavailable")
	if visited {
		p.t.Error("the other host was asked")
	}
}

func verifyClaim(t *testing.T, open OpenVerifier) {
	clock := given.NewClock()
	issuer := given.NewIssuer(t, clock)
	p := provider{t, issuer, clock, open(t, issuer.URL, "email", clock)}
	p.accepts("a confirmed address", issuer.Token("1", "email", "ann@example.com", "email_verified", true), "ann@example.com")
	p.accepts("confirmed as Cognito says it", issuer.Token("1", "email", "ann@example.com", "email_verified", "true"), "ann@example.com")
	p.denies("not confirmed", issuer.Token("1", "email", "ann@example.com", "email_verified", false), "bad_token")
	p.denies("nothing said of it", issuer.Token("1", "email", "ann@example.com"), "bad_token")
	p.denies("no address", issuer.Token("1", "email_verified", true), "bad_token")
}

func findIgnoringCase(w *world) {
	w.hire(1, "Ada@Example.org", "ben@example.org", "BEN@example.org", "gone@Example.org")
	w.do(func(ctx context.Context, r ports.Repos) error {
		u, err := r.Users.Get(ctx, "gone@Example.org")
		if err != nil {
			return err
		}
		u.Deactivate(given.Morning)
		return r.Users.Save(ctx, u)
	})
	for spelled, want := range map[ident.UserID]ident.UserID{
		"ada@example.org": "Ada@Example.org", "Ada@Example.org": "Ada@Example.org", "ben@example.org": "ben@example.org", "Ben@example.org": "Ben@example.org",
		"GONE@example.org": "gone@Example.org", "adaXexample.org": "adaXexample.org", "ad_@example.org": "ad_@example.org",
	} {
		got := read(w, func(ctx context.Context, r ports.Repos) (ident.UserID, error) {
			return r.Users.FindIgnoringCase(ctx, spelled)
		})
		equal(w.t, string(spelled), got, want)
	}
}
