package directory

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

// Token is an API token: what a user gives to a program that acts for him. The token itself is shown
// once, to him; what is kept is a digest of it. Source: spec/decisions.md 2.3.
type Token struct {
	ID         int64
	Owner      ident.UserID
	Name       string // what it is for, in the owner's words
	Digest     []byte // SHA-256 of the text
	Scopes     permission.TokenScopes
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt time.Time // to within a few minutes; zero if never
	RevokedAt  time.Time // zero while it is not revoked
}

const (
	// TokenPrefix begins every token, so that people and scanners recognise a leaked one.
	TokenPrefix = "sc_"

	// MaxTokenName is the longest name of a token, in characters.
	MaxTokenName = 100

	tokenBytes = 32 // 256 bits: nobody guesses one, so a plain digest is enough to store
)

// How long a token lives when nobody says, and at most.
const (
	UsualTokenLife = 90 * 24 * time.Hour
	MaxTokenLife   = 366 * 24 * time.Hour
)

// TokenText is the token made of 32 random bytes: sc_ and 43 characters of base64url.
func TokenText(random []byte) string {
	return TokenPrefix + base64.RawURLEncoding.EncodeToString(random)
}

// LooksLikeToken says whether a credential is meant to be one of our tokens.
func LooksLikeToken(text string) bool { return strings.HasPrefix(text, TokenPrefix) }

// DigestToken is what is stored of a token.
//
// Faults: Unauthenticated "bad_token" for what cannot be one.
func DigestToken(text string) ([]byte, error) {
	encoded, found := strings.CutPrefix(text, TokenPrefix)
	random, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	// The length of the text counts, too: decoding passes over line breaks.
	if !found || err != nil || len(random) != tokenBytes || len(encoded) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return nil, BadToken()
	}
	digest := sha256.Sum256([]byte(text))
	return digest[:], nil
}

// BadToken is the one answer to a token that we do not know or that is not in order.
func BadToken() *fault.Error {
	return fault.New(fault.Unauthenticated, "bad_token", "The token is not valid.")
}

// ExpiredToken is the answer to a token whose time is over.
func ExpiredToken() *fault.Error {
	return fault.New(fault.Unauthenticated, "token_expired", "The token has expired.")
}

// CheckUse says whether the token opens anything at this time.
//
// Faults: Unauthenticated "token_revoked", "token_expired".
func (t *Token) CheckUse(now time.Time) error {
	switch {
	case !t.RevokedAt.IsZero():
		return fault.New(fault.Unauthenticated, "token_revoked", "The token was revoked.")
	case !now.Before(t.ExpiresAt):
		return ExpiredToken()
	}
	return nil
}

// usageStep is how precisely the last use is noted: writing each would make every read a write.
const usageStep = 5 * time.Minute

// UseWorthNoting says whether so much time has passed since the last use that was noted.
func (t *Token) UseWorthNoting(now time.Time) bool { return now.Sub(t.LastUsedAt) >= usageStep }

// CheckTokenLife says whether a token made now may live until then.
//
// Faults: Invalid.
func CheckTokenLife(now, until time.Time) error {
	if !until.After(now) {
		return fault.New(fault.Invalid, "expiry_passed", "must lie in the future")
	}
	if until.Sub(now) > MaxTokenLife {
		return fault.New(fault.Invalid, "expiry_too_late", "must lie at most %d days ahead", int(MaxTokenLife.Hours()/24))
	}
	return nil
}

// Contents lists what a digest of the token in the audit trail covers.
func (t *Token) Contents() []string {
	return []string{string(t.Owner), t.Name, strings.Join(t.Scopes.Names(), ","), t.ExpiresAt.Format(time.RFC3339)}
}
