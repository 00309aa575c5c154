package httpapi

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

// The values of AUTH_MODE. Source: spec/decisions.md 2.
const (
	ModeTrusted = "trusted" // a header names the caller, and only programs on this machine call
	ModeGateway = "gateway" // a header names the caller, and only the gateway calls
	ModeToken   = "token"   // a bearer token names the caller
)

// Auth is how callers are identified.
type Auth struct {
	Mode             string
	TrustedProxies   []netip.Prefix                        // whose word counts: for a caller's address, and in gateway mode for the caller
	GatewaySecret    func(context.Context) (string, error) // what the gateway shares with us
	Issuer           string                                // of the identity provider, "" if there is none
	SelfRegistration bool                                  // strangers with a token of the issuer may create their own user
}

const (
	headerCaller = "X-User-ID"
	headerSecret = "X-Gateway-Secret"
)

// credentialQuery marks a caller whom only the user_id parameter names.
const credentialQuery = "query"

// identify finds out who calls and puts him into the call. Source: spec/decisions.md 2.
func (a *API) identify(hc huma.Context, next func(huma.Context)) {
	c := callOf(hc.Context())
	c.operation, _ = hc.Operation().Metadata[metaID].(string)
	if watch, _ := hc.Operation().Metadata[metaWatch].(bool); watch {
		c.watching = a.watching(hc)
	}
	if open, _ := hc.Operation().Metadata[metaOpen].(bool); open || c.watching {
		if watch, _ := hc.Operation().Metadata[metaWatch].(bool); watch && !c.watching {
			ctx, cancel := context.WithTimeout(hc.Context(), curiousTimeout)
			_ = a.admit(huma.WithContext(hc, ctx)) // nobody in particular may ask, too
			cancel()
		}
		next(hc)
		return
	}
	err := a.admit(hc)
	if watch, _ := hc.Operation().Metadata[metaWatch].(bool); watch && err != nil {
		err = a.guessed(hc, err)
	}
	if err != nil {
		if errors.Is(err, fault.Unauthenticated) {
			a.Access.Refused(hc.Context(), a.settings.Auth.Mode, err)
		}
		_ = huma.WriteErr(a.huma, hc, http.StatusInternalServerError, unexpected, err)
		return
	}
	if c.confirmed == nil {
		next(hc)
		return
	}
	gc := humagin.Unwrap(hc)
	w := &confirmedWriter{ResponseWriter: gc.Writer, call: c}
	gc.Writer = w
	next(hc)
	w.breakOff()
}

// curiousTimeout is how long an open route waits to learn who calls: /health answers while the database hangs, too.
const curiousTimeout = 400 * time.Millisecond

// guessed counts a bad METRICS_TOKEN, where bearer tokens mean nothing else.
func (a *API) guessed(hc huma.Context, refusal error) error {
	sent, ok := bearer(hc)
	if !ok || a.settings.Auth.Mode == ModeToken {
		return refusal
	}
	return a.guarded(hc, sent, func() error { return refusal })
}

func (a *API) admit(hc huma.Context) error {
	actor, err := a.caller(hc)
	if err != nil {
		return err
	}
	c := callOf(hc.Context())
	actor.Mode, actor.RequestID, actor.Address = a.settings.Auth.Mode, c.requestID, c.address
	c.actor = actor
	if a.Access.Confirm(&c.caller, actor) {
		ctx := hc.Context()
		c.confirmed = &confirmation{at: time.Now(), again: func() error { return a.Access.LookAgain(ctx) }} //nolint:forbidigo // real seconds
	}
	return checkSubject(hc, actor)
}

// identityHeaders say who calls, each in a mode. Two of one kind identify nobody in any mode: whatever stands before us
// may read the other, and the operator may change the mode.
var identityHeaders = []string{"Authorization", headerSecret, headerCaller}

func (a *API) caller(hc huma.Context) (permission.Actor, error) {
	actor, err := a.callerByMode(hc)
	if err != nil {
		return actor, err
	}
	for _, name := range identityHeaders {
		if len(humagin.Unwrap(hc).Request.Header.Values(name)) > 1 {
			return permission.Actor{}, noCaller("The header " + name + " must be sent once.")
		}
	}
	return actor, nil
}

func (a *API) callerByMode(hc huma.Context) (permission.Actor, error) {
	switch a.settings.Auth.Mode {
	case ModeTrusted:
		return a.fromLocal(hc)
	case ModeGateway:
		return a.fromGateway(hc)
	case ModeToken:
		return a.fromToken(hc)
	}
	return permission.Actor{}, errors.New("no such AUTH_MODE: " + a.settings.Auth.Mode)
}

// fromLocal takes the caller from the X-User-ID header, else from the user_id parameter, which is
// caller and subject at once then. Any page in a browser can put that into an address, and is refused.
func (a *API) fromLocal(hc huma.Context) (permission.Actor, error) {
	if a.fromForeignPage(humagin.Unwrap(hc).Request) {
		return permission.Actor{}, fault.New(fault.Forbidden, "foreign_page", "In trusted mode pages of other origins than CORS_ORIGINS must not call.")
	}
	claimed, credential := hc.Header(headerCaller), "header"
	switch _, once := only(hc, headerCaller); {
	case claimed != "" && !once:
		return permission.Actor{}, noCaller("Say who calls with one X-User-ID header.")
	case claimed == "":
		claimed, credential = hc.Query("user_id"), credentialQuery
	}
	return a.named(hc.Context(), claimed, credential, "Say who calls with the X-User-ID header or the user_id parameter.")
}

// fromGateway takes the caller from the X-User-ID header of a request that the gateway has passed on.
func (a *API) fromGateway(hc huma.Context) (permission.Actor, error) {
	secret, once := only(hc, headerSecret)
	if !once { // a client's own beside that of the gateway
		secret = ""
	}
	if err := a.guarded(hc, secret, func() error { return a.checkGateway(hc, secret) }); err != nil {
		return permission.Actor{}, err
	}
	claimed, once := only(hc, headerCaller)
	if !once { // a gateway that adds its header to the client's lets the client choose
		claimed = ""
	}
	return a.named(hc.Context(), claimed, "gateway", "The gateway must say who calls with one X-User-ID header.")
}

// checkGateway says whether a request comes from the gateway: from its address, and with its secret.
func (a *API) checkGateway(hc huma.Context, sent string) error {
	secret, err := a.settings.Auth.GatewaySecret(hc.Context())
	if err != nil {
		return err
	}
	want, got := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(sent)) // of one length, so that it takes one time
	if same := subtle.ConstantTimeCompare(want[:], got[:]) == 1; same && callOf(hc.Context()).proxied {
		return nil
	}
	return fault.New(fault.Unauthenticated, "not_from_gateway", "The request does not come from the gateway.")
}

// fromToken takes the caller from a bearer token.
func (a *API) fromToken(hc huma.Context) (actor permission.Actor, err error) {
	token, ok := bearer(hc)
	if !ok {
		return permission.Actor{}, noCaller("Say who calls with a bearer token in the Authorization header.")
	}
	look := a.Access.Bearer
	if registers, _ := hc.Operation().Metadata[metaRegisters].(bool); registers && a.settings.Auth.SelfRegistration {
		look = a.Access.Registrant
	}
	err = a.guarded(hc, token, func() (err error) {
		actor, err = look(hc.Context(), token)
		return err
	})
	return actor, err
}

// bearer reads "Authorization: Bearer TOKEN". Source: RFC 6750 2.1.
func bearer(hc huma.Context) (string, bool) {
	header, once := only(hc, "Authorization")
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	return token, once && strings.EqualFold(scheme, "Bearer") && token != ""
}

// only reads a header that must be there once.
func only(hc huma.Context, name string) (string, bool) {
	times, found := 0, ""
	hc.EachHeader(func(header, value string) {
		if strings.EqualFold(header, name) {
			times++
			found = value
		}
	})
	return found, times == 1
}

// named finds the active user whom the caller is said to be.
func (a *API) named(ctx context.Context, claimed, credential, missing string) (permission.Actor, error) {
	id, err := ident.ParseUserID(claimed)
	if err != nil {
		return permission.Actor{}, noCaller(missing)
	}
	actor, err := a.Access.Actor(ctx, id)
	actor.Credential = credential
	return actor, err
}

func noCaller(text string) error { return fault.New(fault.Unauthenticated, "no_caller", "%s", text) }

// guarded checks a credential. Only one that is bad waits, when too many bad ones have come from its address or it
// came too often itself: credentials are too long to be guessed, so that the wait saves work and keeps nobody out,
// and behind one address there may be a whole practice, or a proxy that nobody has named.
func (a *API) guarded(hc huma.Context, credential string, check func() error) error {
	address, now := callOf(hc.Context()).address, time.Now() //nolint:forbidigo // real seconds, not the practice's time
	err := check()
	if !errors.Is(err, fault.Unauthenticated) {
		return err
	}
	if pause := a.door.wait(address, credential, now); pause > 0 {
		f := fault.New(fault.Limited, "too_many_failures", "Too many requests with bad credentials. Please wait a moment.")
		f.RetryAfter = pause
		return f
	}
	a.door.failed(address, credential, now)
	return err
}

// isNamed reports whether a parameter names the actor, as id or as subject of the identity provider.
func isNamed(actor permission.Actor, given string) bool {
	id, err := ident.ParseUserID(given)
	return err == nil && actor.Is(id)
}

// checkSubject holds the rule for parameters that name a user: on routes where user_id is the owner
// asked about the use case decides; everywhere else it may only repeat the caller.
// Source: spec/decisions.md 2.3a.
func checkSubject(hc huma.Context, actor permission.Actor) error {
	names := []string{"requesting_user_id", "calling_user_id"}
	if owner, _ := hc.Operation().Metadata[metaOwner].(bool); !owner {
		names = append(names, "user_id")
	}
	for _, name := range names {
		if given := hc.Query(name); given != "" && !isNamed(actor, given) {
			return permission.NotYourData()
		}
	}
	return nil
}
