package httpapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// challengeSchemes are what WWW-Authenticate asks for, by AUTH_MODE. Only Bearer is a registered one;
// the others say that the caller must be named by somebody who is trusted.
var challengeSchemes = map[string]string{ModeTrusted: "Trusted", ModeGateway: "Gateway", ModeToken: bearerScheme}

const bearerScheme = "Bearer"

// challenge is the WWW-Authenticate of a problem, "" if it needs none. Source: RFC 9110 11.6.1 and
// RFC 6750 3: whoever sent no token is told of no error.
func (p *Problem) challenge() string {
	asked := p.scheme + ` realm="surgicase"`
	switch {
	case p.Status == http.StatusUnauthorized && p.scheme == bearerScheme && p.Code != "no_caller":
		return asked + `, error="invalid_token", error_description="` + p.Detail + `"`
	case p.Status == http.StatusUnauthorized:
		return asked
	case p.Code == "scope_missing":
		return asked + `, error="insufficient_scope", scope="` + p.about["scope"] + `"`
	}
	return ""
}

// describeAuth adds to the description what callers must send in this mode.
func (a *API) describeAuth(config *huma.Config) {
	auth, schemes := a.settings.Auth, map[string]*huma.SecurityScheme{}
	switch auth.Mode {
	case ModeGateway:
		schemes["caller"] = &huma.SecurityScheme{Type: "apiKey", In: "header", Name: headerCaller, Description: "Who calls, as the gateway has found out."}
		schemes["gateway"] = &huma.SecurityScheme{Type: "apiKey", In: "header", Name: headerSecret, Description: "What the gateway shares with this service. Clients never send it."}
		config.Security = []map[string][]string{{"caller": {}, "gateway": {}}}
	case ModeToken:
		schemes["token"] = &huma.SecurityScheme{Type: "http", Scheme: "bearer", BearerFormat: "sc_…", Description: "An API token: POST /tokens or `surgicase token create`. It opens what its scopes say."}
		config.Security = []map[string][]string{{"token": {}}}
		if auth.Issuer != "" {
			schemes["oidc"] = &huma.SecurityScheme{Type: "openIdConnect", OpenIDConnectURL: auth.Issuer + "/.well-known/openid-configuration", Description: "A token of the identity provider, sent as a bearer token."}
			config.Security = append(config.Security, map[string][]string{"oidc": {}})
		}
	default:
		schemes["trusted"] = &huma.SecurityScheme{Type: "apiKey", In: "header", Name: headerCaller, Description: "AUTH_MODE=trusted: who calls. Without it the user_id parameter counts."}
		config.Security = []map[string][]string{{"trusted": {}}}
	}
	config.Components.SecuritySchemes = schemes
}
