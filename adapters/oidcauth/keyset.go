package oidcauth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"surgicase/domain/fault"
)

const (
	// freshFor is how long keys are used without asking again. Providers publish a new key hours
	// before they use it, and take a leaked one away.
	freshFor = 15 * time.Minute

	// judgedFor is how old keys may be that a token is judged by before the provider is asked: who holds a
	// key that was taken away waits for a time in which nobody calls.
	judgedFor = time.Hour

	// keptFor is how long keys stay in use while the provider is away. Its tokens have run out by then,
	// and it gives no others.
	keptFor = 4 * time.Hour

	// pause is how long after asking the provider nobody asks again: tokens with made-up key ids must
	// not become requests to it.
	pause = 5 * time.Second

	mostKeys = 50

	// RSA keys outside these sizes are too weak, or too slow to check.
	leastRSA, mostRSA = 2048, 8192
)

// keySet holds the keys that the provider publishes. Keys once fetched stay in use for a while when it
// is away.
type keySet struct {
	issuer string
	client *http.Client
	now    func() time.Time

	turn chan struct{} // held by the one who asks the provider

	mu      sync.Mutex
	keys    []jose.JSONWebKey
	fetched time.Time // when the keys came
	tried   time.Time // when they were asked for
	failed  error     // what came of it
}

func newKeySet(issuer string, now func() time.Time) *keySet {
	return &keySet{issuer: issuer, client: newClient(issuer), now: now, turn: make(chan struct{}, 1)}
}

// verdict carries past go-oidc, which makes texts of errors, that the provider was away.
type verdict struct{ away error }

type verdictKey struct{}

func withVerdict(ctx context.Context) (context.Context, *verdict) {
	v := &verdict{}
	return context.WithValue(ctx, verdictKey{}, v), v
}

// VerifySignature implements oidc.KeySet.
func (s *keySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	signed, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil {
		return nil, errors.New("the token is malformed")
	}
	header := signed.Signatures[0].Header
	if !isForAccess(header) {
		return nil, errors.New("the token is of another type")
	}
	keys, err := s.find(ctx, header)
	if err != nil {
		if v, ok := ctx.Value(verdictKey{}).(*verdict); ok {
			v.away = err
		}
		return nil, err
	}
	for _, key := range keys {
		if payload, err := signed.Verify(key.Key); err == nil {
			return payload, nil
		}
	}
	return nil, errors.New("no key of the provider made this signature")
}

// isForAccess keeps out tokens that say they are for something else, such as a logout.
func isForAccess(header jose.Header) bool {
	typ, given := header.ExtraHeaders[jose.HeaderType]
	if !given {
		return true
	}
	name, _ := typ.(string)
	name = strings.TrimPrefix(strings.ToLower(name), "application/")
	return name == "jwt" || name == "at+jwt"
}

// age says what to do about keys before a token is judged by them.
type age int

const (
	fresh age = iota // nothing
	old              // have somebody ask again meanwhile
	stale            // ask again first
)

// find gives the keys that may have made a signature. A key that is not known is asked for.
func (s *keySet) find(ctx context.Context, header jose.Header) ([]jose.JSONWebKey, error) {
	found, age := s.held(header)
	switch {
	case len(found) == 0 || age == stale:
		err := s.fetch(ctx)
		found, age = s.held(header) // the provider may be away, and the keys not too old for that
		if err != nil && (len(found) == 0 || age == stale) {
			return nil, err
		}
	case age == old:
		go func() { _ = s.fetch(context.WithoutCancel(ctx)) }() // a failure is noted, and the keys stay
	}
	return found, nil
}

// held gives the keys at hand that may have made a signature; none if they are too old for anything.
func (s *keySet) held(header jose.Header) (found []jose.JSONWebKey, _ age) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	since, asked := now.Sub(s.fetched), now.Sub(s.tried)
	if since >= keptFor {
		return nil, stale
	}
	for _, key := range s.keys {
		if (header.KeyID == "" || header.KeyID == key.KeyID) && fits(key, jose.SignatureAlgorithm(header.Algorithm)) {
			found = append(found, key)
		}
	}
	switch {
	case since >= judgedFor && asked >= freshFor: // else it is known to be away
		return found, stale
	case since >= freshFor && asked >= pause:
		return found, old
	}
	return found, fresh
}

// curveSizes are the bits of the curve that belongs to an algorithm. Source: RFC 7518 3.4.
var curveSizes = map[jose.SignatureAlgorithm]int{jose.ES256: 256, jose.ES384: 384, jose.ES512: 521}

// fits says whether a key makes signatures of this algorithm.
func fits(key jose.JSONWebKey, algorithm jose.SignatureAlgorithm) bool {
	if key.Algorithm != "" && key.Algorithm != string(algorithm) {
		return false
	}
	switch public := key.Key.(type) {
	case *rsa.PublicKey:
		size := public.N.BitLen()
		return strings.Contains("RS256 RS384 RS512 PS256 PS384 PS512", string(algorithm)) && size >= leastRSA && size <= mostRSA
	case *ecdsa.PublicKey:
		return curveSizes[algorithm] == public.Curve.Params().BitSize
	case ed25519.PublicKey:
		return algorithm == jose.EdDSA
	}
	return false // a shared secret, published by mistake
}

// fetch asks the provider for its keys unless somebody did just now.
func (s *keySet) fetch(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	tried, failed := s.tried, s.failed
	s.mu.Unlock()
	if !tried.IsZero() && s.now().Sub(tried) < pause {
		return failed
	}
	keys, err := s.download(context.WithoutCancel(ctx)) // others wait for it, too
	if err != nil {
		err = fault.New(fault.Unavailable, "issuer_unavailable", "The identity provider is not available at the moment.").Because(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried, s.failed = s.now(), err
	if err == nil {
		s.keys, s.fetched = keys, s.tried
	}
	return err
}

// download reads the discovery document and the keys behind it.
func (s *keySet) download(ctx context.Context) ([]jose.JSONWebKey, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, s.client), s.issuer)
	if err != nil {
		return nil, err
	}
	var found struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&found); err != nil {
		return nil, err
	}
	if at, err := url.Parse(found.Keys); err != nil || (at.Scheme != "https" && !strings.HasPrefix(s.issuer, "http://")) {
		return nil, errors.New("the provider publishes its keys without https")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, found.Keys, nil)
	if err != nil {
		return nil, err
	}
	res, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the provider answers %d instead of its keys", res.StatusCode)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	return readKeys(body)
}

// readKeys reads a key set and leaves out what is not for signatures, or of a kind we do not know.
func readKeys(body []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, err
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys[:min(len(set.Keys), mostKeys)] {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(withoutCertificates(raw)) != nil || !key.Valid() || !key.IsPublic() || (key.Use != "" && key.Use != "sig") {
			continue
		}
		if slices.ContainsFunc(algorithms, func(a jose.SignatureAlgorithm) bool { return fits(key, a) }) {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the provider publishes no key that we can use")
	}
	return keys, nil
}

// withoutCertificates leaves out what a key says of its certificates: nothing here is judged by them, and providers
// write their digests in ways of their own.
func withoutCertificates(raw json.RawMessage) []byte {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return raw
	}
	for _, name := range []string{"x5c", "x5t", "x5t#S256", "x5u"} {
		delete(members, name)
	}
	rest, err := json.Marshal(members)
	if err != nil {
		return raw
	}
	return rest
}
