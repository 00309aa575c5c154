// Package access finds out who calls, and explains what he may do.
package access

import (
	"context"
	"errors"
	"strconv"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Service turns a claimed identity or a credential into an actor.
type Service struct {
	store    ports.Store
	clock    ports.Clock
	verifier ports.Verifier
	events   ports.Events
}

// New makes the service.
func New(store ports.Store, clock ports.Clock, verifier ports.Verifier, events ports.Events) *Service {
	return &Service{store: store, clock: clock, verifier: verifier, events: events}
}

// Actor returns the active user with this id.
//
// Faults: Unauthenticated if unknown or inactive, without saying which.
func (s *Service) Actor(ctx context.Context, id ident.UserID) (permission.Actor, error) {
	var actor permission.Actor
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		actor, err = r.Users.Actor(ctx, id)
		return err
	})
	if errors.Is(err, fault.NotFound) {
		return actor, unknownCaller()
	}
	return actor, err
}

func unknownCaller() *fault.Error {
	return fault.New(fault.Unauthenticated, "unknown_caller", "The caller is not an active user.")
}

// Bearer returns whom a bearer token stands for: one of our API tokens, or one of the identity
// provider.
//
// Faults: Unauthenticated "bad_token", "token_expired", "token_revoked", "token_not_yet_valid",
// "unknown_caller"; Unavailable "issuer_unavailable".
func (s *Service) Bearer(ctx context.Context, token string) (permission.Actor, error) {
	if directory.LooksLikeToken(token) {
		return s.byToken(ctx, token)
	}
	id, err := s.subject(ctx, token)
	if err != nil {
		return permission.Actor{}, err
	}
	actor, err := s.Actor(ctx, id)
	actor.Credential = byProvider
	return actor, err
}

// byProvider is the credential of those whom the identity provider names.
const byProvider = "oidc"

func (s *Service) subject(ctx context.Context, token string) (ident.UserID, error) {
	subject, err := s.verifier.Verify(ctx, token)
	if err != nil {
		return "", err
	}
	id, err := ident.UserIDOfSubject(subject.Name)
	if err != nil {
		return "", unknownCaller().Because(err)
	}
	if !subject.IsEmail {
		return id, nil
	}
	err = s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		id, err = r.Users.FindIgnoringCase(ctx, id)
		return err
	})
	return id, err
}

// Registrant is Bearer for a person who may register himself: one whom the identity provider names
// and who is no user, not even an inactive one, comes back as a newcomer.
//
// Faults: as Bearer.
func (s *Service) Registrant(ctx context.Context, token string) (permission.Actor, error) {
	actor, err := s.Bearer(ctx, token)
	if fault.CodeOf(err) != "unknown_caller" || directory.LooksLikeToken(token) {
		return actor, err
	}
	id, again := s.subject(ctx, token)
	if again != nil {
		return actor, again
	}
	known := s.store.View(ctx, func(ctx context.Context, r ports.Repos) error {
		_, err := r.Users.Get(ctx, id)
		return err
	})
	switch {
	case known == nil:
		return actor, err
	case !errors.Is(known, fault.NotFound):
		return actor, known
	}
	actor = permission.Newcomer(id)
	actor.Credential = byProvider
	return actor, nil
}

func (s *Service) byToken(ctx context.Context, text string) (permission.Actor, error) {
	digest, err := directory.DigestToken(text)
	if err != nil {
		return permission.Actor{}, err
	}
	var token *directory.Token
	var owner permission.Actor
	err = s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		token, owner, err = r.Tokens.ByDigest(ctx, digest)
		return err
	})
	if errors.Is(err, fault.NotFound) {
		return permission.Actor{}, directory.BadToken()
	}
	if err != nil {
		return permission.Actor{}, err
	}
	if err := token.CheckUse(s.clock.Now()); err != nil {
		return permission.Actor{}, err
	}
	s.noteUse(ctx, token)
	owner.Credential, owner.Token = "token:"+strconv.FormatInt(token.ID, 10), token.ID
	return owner.LimitedTo(token.Scopes), nil
}

// noteUse never keeps anybody out: that a use could not be noted is only told.
func (s *Service) noteUse(ctx context.Context, t *directory.Token) {
	now := s.clock.Now()
	if !t.UseWorthNoting(now) {
		return
	}
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error { return r.Tokens.Used(ctx, t.ID, now) })
	if err != nil {
		s.events.Happened(ctx, ports.Event{Name: "token.use_not_noted", Err: err})
	}
}

// errStranger is why X-Forwarded-For of a peer does not count.
var errStranger = fault.New(fault.Upstream, "proxy_not_trusted", "The peer is none of TRUSTED_PROXIES.")

// ForwardedByStranger tells of a peer that says whose requests it passes on, and that nobody has named a proxy.
func (s *Service) ForwardedByStranger(ctx context.Context, peer string) {
	s.events.Happened(ctx, ports.Event{Name: "proxy.not_trusted", Err: errStranger, Values: []ports.Value{{Name: "address", Text: peer}}})
}

// Refused tells of a request whose caller was not accepted. Such requests are counted and not put on
// the trail: anybody could fill it. Source: spec/decisions.md 9.4.
func (s *Service) Refused(ctx context.Context, mode string, err error) {
	s.events.Happened(ctx, ports.Event{Name: "caller.refused", Err: err, Values: []ports.Value{{Name: "mode", Text: mode}}})
}
