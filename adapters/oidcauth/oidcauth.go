// Package oidcauth checks tokens of an OpenID Connect provider: that they are signed by a key it
// publishes, meant for us, and in force. It never sees a password.
package oidcauth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// Config says which provider is trusted, and what its tokens must say.
type Config struct {
	Issuer    string           // where its discovery document is, and the "iss" of its tokens
	Audience  string           // the "aud" of tokens meant for us
	UserClaim string           // the claim that names the user
	Now       func() time.Time // by which tokens expire and keys grow old
}

// algorithms are the signatures that count. Those with a shared secret are not among them: whoever
// knows the public key would know the secret. Nor is "none".
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512,
	jose.PS256, jose.PS384, jose.PS512, jose.EdDSA,
}

const (
	// skew is how far the provider's clock and ours may be apart.
	skew = time.Minute

	// longestToken is far more than a provider puts into one.
	longestToken = 16 << 10
)

// Verifier is a ports.Verifier.
type Verifier struct {
	config Config
	keys   *keySet
	tokens *oidc.IDTokenVerifier
}

// Open makes the verifier. It asks the provider for nothing before the first token comes.
func Open(c Config) *Verifier {
	names := make([]string, len(algorithms))
	for i, a := range algorithms {
		names[i] = string(a)
	}
	keys := newKeySet(c.Issuer, c.Now)
	// Audience and times are checked here: go-oidc knows neither a skew nor Cognito's access tokens.
	return &Verifier{config: c, keys: keys, tokens: oidc.NewVerifier(c.Issuer, keys, &oidc.Config{
		SupportedSigningAlgs: names, SkipClientIDCheck: true, SkipExpiryCheck: true,
	})}
}

// Ping says whether the provider answers with keys. Unavailable "issuer_unavailable" if not.
func (v *Verifier) Ping(ctx context.Context) error { return v.keys.fetch(ctx) }

// Verify implements ports.Verifier.
func (v *Verifier) Verify(ctx context.Context, token string) (ports.Subject, error) {
	if len(token) > longestToken || strings.Count(token, ".") != 2 {
		return ports.Subject{}, directory.BadToken()
	}
	ctx, verdict := withVerdict(ctx)
	parsed, err := v.tokens.Verify(ctx, token)
	switch {
	case verdict.away != nil:
		return ports.Subject{}, verdict.away
	case err != nil:
		return ports.Subject{}, directory.BadToken().Because(err)
	}
	var c claims
	if err := parsed.Claims(&c); err != nil {
		return ports.Subject{}, directory.BadToken().Because(err)
	}
	if err := v.inForce(parsed.Expiry, c); err != nil {
		return ports.Subject{}, err
	}
	if !v.forUs(parsed.Audience, c) {
		return ports.Subject{}, directory.BadToken().Because(errors.New("the token is not meant for this audience"))
	}
	return v.user(parsed, c)
}

// claims are those beside what go-oidc reads.
type claims struct {
	NotBefore     float64 `json:"nbf"`
	ClientID      any     `json:"client_id"`
	TokenUse      any     `json:"token_use"`
	EmailVerified any     `json:"email_verified"`
	Events        any     `json:"events"`
}

// isSecurityEvent reports whether the token tells of events, such as a logout: their claim is an object. Providers
// that use the name for something of their own write other types. Source: RFC 8417 2.2.
func (c claims) isSecurityEvent() bool {
	events, isObject := c.Events.(map[string]any)
	return isObject && len(events) > 0
}

func (v *Verifier) inForce(expiry time.Time, c claims) error {
	now := v.config.Now()
	switch {
	case expiry.IsZero():
		return directory.BadToken().Because(errors.New("the token never expires"))
	case !now.Before(expiry.Add(skew)):
		return directory.ExpiredToken()
	case now.Add(skew).Before(time.Unix(int64(c.NotBefore), 0)):
		return fault.New(fault.Unauthenticated, "token_not_yet_valid", "The token is not valid yet.")
	}
	return nil
}

// forUs says whether the token is meant for us. Access tokens of Cognito have no audience: they name
// the client in client_id.
func (v *Verifier) forUs(audience []string, c claims) bool {
	if len(audience) == 0 && c.TokenUse == "access" {
		return c.ClientID == v.config.Audience
	}
	return slices.Contains(audience, v.config.Audience)
}

// user reads the claim that names the user. An address that nobody has confirmed names nobody, and a
// message about a logout is no credential.
func (v *Verifier) user(token *oidc.IDToken, c claims) (ports.Subject, error) {
	var all map[string]any
	if err := token.Claims(&all); err != nil {
		return ports.Subject{}, directory.BadToken().Because(err)
	}
	name, ok := all[v.config.UserClaim].(string)
	isEmail := v.config.UserClaim == "email"
	confirmed := !isEmail || c.EmailVerified == true || c.EmailVerified == "true"
	if !ok || name == "" || !confirmed || c.isSecurityEvent() {
		return ports.Subject{}, directory.BadToken().Because(errors.New("the token names no user by the claim " + v.config.UserClaim))
	}
	return ports.Subject{Name: name, IsEmail: isEmail}, nil
}

// None is the ports.Verifier of an installation without an identity provider: nobody is known to it.
type None struct{}

// Verify implements ports.Verifier.
func (None) Verify(context.Context, string) (ports.Subject, error) {
	return ports.Subject{}, directory.BadToken()
}
