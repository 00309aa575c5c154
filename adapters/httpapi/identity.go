package httpapi

import (
	"net"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

// ModeTrusted is the AUTH_MODE in which a header on a loopback connection names the caller.
const ModeTrusted = "trusted"

// identify finds out who calls and puts him into the call. Source: spec/decisions.md 2.
func (a *API) identify(hc huma.Context, next func(huma.Context)) {
	if open, _ := hc.Operation().Metadata[metaOpen].(bool); open {
		next(hc)
		return
	}
	if err := a.identifyTrusted(hc); err != nil {
		_ = huma.WriteErr(a.huma, hc, http.StatusInternalServerError, unexpected, err)
		return
	}
	next(hc)
}

// identifyTrusted takes the caller from the X-User-ID header, else from the user_id parameter, which
// is caller and subject at once then. Only for programs on this machine.
func (a *API) identifyTrusted(hc huma.Context) error {
	if err := onlyLocal(hc); err != nil {
		return err
	}
	claimed, credential := hc.Header("X-User-ID"), "header"
	if claimed == "" {
		claimed, credential = hc.Query("user_id"), "query"
	}
	id, err := ident.ParseUserID(claimed)
	if err != nil {
		return fault.New(fault.Unauthenticated, "no_caller", "Say who calls with the X-User-ID header or the user_id parameter.")
	}
	actor, err := a.Access.Actor(hc.Context(), id)
	if err != nil {
		return err
	}
	c := callOf(hc.Context())
	actor.Credential, actor.Mode, actor.RequestID, actor.Address = credential, a.settings.AuthMode, c.requestID, c.address
	c.actor = actor
	return checkSubject(hc, actor)
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
		if given := hc.Query(name); given != "" && !actor.Is(ident.UserID(given)) {
			return permission.NotYourData()
		}
	}
	return nil
}

// onlyLocal refuses what a proxy passed on, and hosts that are not this machine (DNS rebinding).
func onlyLocal(hc huma.Context) error {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if hc.Header(name) != "" {
			return fault.New(fault.Forbidden, "not_local", "In trusted mode requests must not come through a proxy.")
		}
	}
	host := hc.Host()
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if ip := net.ParseIP(host); host == "localhost" || (ip != nil && ip.IsLoopback()) {
		return nil
	}
	return fault.New(fault.Forbidden, "not_local", "In trusted mode the host must be this machine.")
}
