package given

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Audience is whom the tokens of an Issuer are meant for.
const Audience = "surgicase-test"

// Issuer is an identity provider in this process: it publishes keys, signs what it is told to sign,
// and counts who asks.
type Issuer struct {
	URL   string
	Asked atomic.Int64 // requests for the keys

	t     testing.TB
	clock *Clock
	mu    sync.Mutex
	round int               // of key rotation
	keys  []jose.JSONWebKey // private
	odd   http.HandlerFunc  // answers instead, if set
}

// signingKeys are made once: RSA takes a moment.
var signingKeys = sync.OnceValue(func() map[jose.SignatureAlgorithm]crypto.Signer {
	must := func(key crypto.Signer, err error) crypto.Signer {
		if err != nil {
			panic(err)
		}
		return key
	}
	rsaKey := func() crypto.Signer { key, err := rsa.GenerateKey(rand.Reader, 2048); return must(key, err) }
	ecKey := func(c elliptic.Curve) crypto.Signer {
		key, err := ecdsa.GenerateKey(c, rand.Reader)
		return must(key, err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	shared := rsaKey()
	return map[jose.SignatureAlgorithm]crypto.Signer{
		jose.RS256: shared, jose.RS384: shared, jose.RS512: shared, jose.PS256: shared, jose.PS384: shared, jose.PS512: shared,
		jose.ES256: ecKey(elliptic.P256()), jose.ES384: ecKey(elliptic.P384()), jose.ES512: ecKey(elliptic.P521()), jose.EdDSA: must(edKey, err),
		"stranger": rsaKey(),
	}
})

// NewIssuer starts a provider that reads the clock. It ends with the test.
func NewIssuer(t testing.TB, clock *Clock) *Issuer {
	t.Helper()
	i := &Issuer{t: t, clock: clock}
	i.Rotate()
	server := httptest.NewServer(http.HandlerFunc(i.serve))
	t.Cleanup(server.Close)
	i.URL = server.URL
	return i
}

// Rotate replaces all keys: same keys, new ids, which is what a client looks at.
func (i *Issuer) Rotate() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.round++
	i.keys = nil
	for _, algorithm := range []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA} {
		i.keys = append(i.keys, jose.JSONWebKey{Key: signingKeys()[algorithm], KeyID: i.keyID(algorithm), Use: "sig"})
	}
}

func (i *Issuer) keyID(algorithm jose.SignatureAlgorithm) string {
	if slices.Contains([]jose.SignatureAlgorithm{jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512}, algorithm) {
		algorithm = jose.RS256 // one RSA key for all
	}
	return fmt.Sprintf("%s-%d", algorithm, i.round)
}

// Behave has the provider answer everything like this, or as it should if nil.
func (i *Issuer) Behave(odd http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.odd = odd
}

func (i *Issuer) serve(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	odd, keys := i.odd, i.keys
	i.mu.Unlock()
	switch {
	case odd != nil:
		odd(w, r)
	case r.URL.Path == "/.well-known/openid-configuration":
		i.answer(w, map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	case r.URL.Path == "/keys":
		i.Asked.Add(1)
		public := []any{map[string]any{"kty": "unheard-of"}, jose.JSONWebKey{Key: []byte("a shared secret by mistake"), KeyID: "oct"}}
		for _, key := range keys {
			public = append(public, key.Public())
		}
		i.answer(w, map[string]any{"keys": public})
	default:
		http.NotFound(w, r)
	}
}

func (i *Issuer) answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		i.t.Error(err)
	}
}

// Claims are good claims of a user, with others on top; nil takes one away.
func (i *Issuer) Claims(user string, with ...any) map[string]any {
	now := i.clock.Now()
	claims := map[string]any{
		"iss": i.URL, "aud": Audience, "sub": user, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	for n := 0; n+1 < len(with); n += 2 {
		if claims[with[n].(string)] = with[n+1]; with[n+1] == nil {
			delete(claims, with[n].(string))
		}
	}
	return claims
}

// Token is a good token of a user, with other claims on top.
func (i *Issuer) Token(user string, with ...any) string {
	i.t.Helper()
	return i.Sign(jose.RS256, i.Claims(user, with...), "typ", "JWT")
}

// Sign signs claims by an algorithm, with header members on top. "kid" may be given; a token signed by
// "stranger" claims the id of the RSA key.
func (i *Issuer) Sign(algorithm jose.SignatureAlgorithm, claims map[string]any, header ...any) string {
	i.t.Helper()
	i.mu.Lock()
	key := jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: signingKeys()[algorithm], KeyID: i.keyID(algorithm)}}
	if algorithm == "stranger" {
		key = jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: signingKeys()["stranger"], KeyID: i.keyID(jose.RS256)}}
	}
	i.mu.Unlock()
	options := &jose.SignerOptions{}
	for n := 0; n+1 < len(header); n += 2 {
		if header[n] == "kid" {
			key.Key = jose.JSONWebKey{Key: signingKeys()[algorithm], KeyID: header[n+1].(string)}
			continue
		}
		options = options.WithHeader(jose.HeaderKey(header[n].(string)), header[n+1])
	}
	signer, err := jose.NewSigner(key, options)
	if err != nil {
		i.t.Fatal(err)
	}
	signed, err := signer.Sign(encoded(i.t, claims))
	if err != nil {
		i.t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		i.t.Fatal(err)
	}
	return token
}

// Forged are tokens of a user that nobody signed who could: unsigned, signed by a stranger, and signed
// with the public key as if it were a shared secret.
func (i *Issuer) Forged(user string) map[string]string {
	i.t.Helper()
	public := signingKeys()[jose.RS256].Public()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		i.t.Fatal(err)
	}
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	asJWK := encoded(i.t, jose.JSONWebKey{Key: public, KeyID: i.keyID(jose.RS256)})
	body := i.byHand(map[string]any{"alg": "HS256", "typ": "JWT", "kid": i.keyID(jose.RS256)}, user)
	good := i.Token(user)
	return map[string]string{
		"alg none":                             i.byHand(map[string]any{"alg": "none", "typ": "JWT"}, user) + ".",
		"alg None":                             i.byHand(map[string]any{"alg": "None", "typ": "JWT", "kid": i.keyID(jose.RS256)}, user) + ".",
		"alg none with a signature":            i.byHand(map[string]any{"alg": "none"}, user) + ".c2ln",
		"HS256 signed with the public PEM":     body + "." + mac(asPEM, body),
		"HS256 signed with the public DER":     body + "." + mac(der, body),
		"HS256 signed with the public JWK":     body + "." + mac(asJWK, body),
		"HS256 signed with nothing":            body + "." + mac(nil, body),
		"signed by a stranger with our kid":    i.Sign("stranger", i.Claims(user)),
		"signed by the key it brings along":    i.byHand(map[string]any{"alg": "RS256", "jwk": jose.JSONWebKey{Key: public}}, user) + ".c2ln",
		"the signature of another token":       i.byHand(map[string]any{"alg": "RS256", "typ": "JWT", "kid": i.keyID(jose.RS256)}, user+"x") + good[lastDot(good):],
		"with a critical header we don't know": i.Sign(jose.RS256, i.Claims(user), "crit", []string{"exp"}),
	}
}

func lastDot(token string) int {
	for n := len(token) - 1; n > 0; n-- {
		if token[n] == '.' {
			return n
		}
	}
	return 0
}

// byHand is header and claims of a token, without a signature.
func (i *Issuer) byHand(header map[string]any, user string) string {
	part := base64.RawURLEncoding.EncodeToString
	return part(encoded(i.t, header)) + "." + part(encoded(i.t, i.Claims(user)))
}

func mac(secret []byte, body string) string {
	hash := hmac.New(sha256.New, secret)
	_, _ = hash.Write([]byte(body))
	return base64.RawURLEncoding.EncodeToString(hash.Sum(nil))
}

func encoded(t testing.TB, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
