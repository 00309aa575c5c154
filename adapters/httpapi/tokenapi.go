package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"surgicase/application/people"
	"surgicase/domain/directory"
	"surgicase/domain/permission"
)

const tagTokens = "Tokens"

func (a *API) tokenRoutes() {
	register(a, route{
		method: http.MethodGet, path: "/tokens", id: "list-tokens", tag: tagTokens, faults: []int{http.StatusForbidden},
		summary: "List one's own API tokens", description: "Those that are not revoked, in order of id. The tokens themselves are not kept and cannot be shown again.",
	}, a.listTokens)
	register(a, route{
		method: http.MethodPost, path: "/tokens", id: "create-token", noDryRun: "the token is shown once", tag: tagTokens, status: http.StatusCreated,
		faults:  []int{http.StatusForbidden, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Make an API token for oneself",
		description: "For programs that act for the caller: it opens what its scopes say, never more than the caller himself may do. This answer is the only one that shows it. " +
			"With an API token a caller makes only tokens of scopes that his has.",
	}, a.createToken)
	register(a, route{
		method: http.MethodDelete, path: "/tokens", id: "revoke-token", dryRun: true, tag: tagTokens, faults: []int{http.StatusForbidden, http.StatusNotFound},
		summary: "Revoke one of one's own API tokens", description: "It opens nothing from now on.",
	}, a.revokeToken)
}

// TokenBody is a token in answers, without the token.
type TokenBody struct {
	TokenID    int64      `json:"token_id" example:"7"`
	Name       string     `json:"name" example:"monthly export"`
	Scopes     []string   `json:"scopes" nullable:"false" example:"[\"cases:read\"]"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  time.Time  `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at" nullable:"true" doc:"To within five minutes; null if it was never used."`
}

func tokenBodyOf(t *directory.Token) TokenBody {
	return TokenBody{
		TokenID: t.ID, Name: t.Name, Scopes: t.Scopes.Names(), CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, LastUsedAt: nullableTime(t.LastUsedAt),
	}
}

type tokensInput struct {
	PageInput
	CallerInput
}

type tokensAnswer struct {
	PageHeaders
	Body struct {
		Tokens    []TokenBody `json:"tokens" nullable:"false"`
		Truncated bool        `json:"truncated,omitempty" doc:"There are more; page with limit and cursor."`
	}
}

func (a *API) listTokens(ctx context.Context, in *tokensInput) (*tokensAnswer, error) {
	who := actorOf(ctx)
	page, err := pageByID(in.PageInput, "tokens", url.Values{}, func(t directory.Token) int64 { return t.ID },
		func(after int64, limit int) ([]directory.Token, error) {
			return a.Tokens.List(ctx, who, who.User, after, limit)
		})
	if err != nil {
		return nil, err
	}
	out := &tokensAnswer{PageHeaders: page.headers}
	out.Body.Tokens, out.Body.Truncated = make([]TokenBody, len(page.rows)), page.truncated
	for i := range page.rows {
		out.Body.Tokens[i] = tokenBodyOf(&page.rows[i])
	}
	return out, nil
}

type createTokenInput struct {
	CallerInput
	Body struct {
		Name      string   `json:"name" minLength:"1" maxLength:"100" doc:"What it is for." example:"monthly export"`
		Scopes    []string `json:"scopes" nullable:"false" minItems:"1" maxItems:"4" enum:"cases:read,cases:write,payments,admin" doc:"What it opens; cases:write includes cases:read." example:"[\"cases:read\"]"`
		ExpiresAt *string  `json:"expires_at,omitempty" nullable:"true" maxLength:"40" doc:"When it ends: at most 366 days ahead, 90 if left out." example:"2027-01-31T00:00:00Z"`
	}
}

type createdToken struct {
	Location string `header:"Location" doc:"The list that shows it."`
	Body     struct {
		Message string `json:"message" example:"Token created successfully"`
		Token   string `json:"token" doc:"Send it as Authorization: Bearer. It is shown here and never again." example:"sc_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"`
		TokenBody
	}
}

func (a *API) createToken(ctx context.Context, in *createTokenInput) (*createdToken, error) {
	var r reader
	wanted := people.NewToken{Owner: actorOf(ctx).User, Name: r.nameOf("body.name", in.Body.Name, directory.MaxTokenName, true)}
	var err error
	wanted.Scopes, err = permission.ParseTokenScopes(in.Body.Scopes)
	r.bad.Check("body.scopes", err)
	wanted.ExpiresAt = given(in.Body.ExpiresAt, "expires_at", r.instant)
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	made, text, err := a.Tokens.Create(ctx, actorOf(ctx), wanted)
	if err != nil {
		return nil, err
	}
	out := &createdToken{Location: "/tokens"}
	out.Body.Message, out.Body.Token, out.Body.TokenBody = "Token created successfully", text, tokenBodyOf(made)
	return out, nil
}

type revokeTokenInput struct {
	CallerInput
	TokenID int64 `query:"token_id" required:"true" minimum:"1" doc:"The token to revoke." example:"7"`
}

type revokedToken struct {
	Body struct {
		Message string `json:"message" example:"Token revoked successfully"`
		TokenID int64  `json:"token_id" example:"7"`
	}
}

func (a *API) revokeToken(ctx context.Context, in *revokeTokenInput) (*revokedToken, error) {
	who := actorOf(ctx)
	if err := a.Tokens.Revoke(ctx, who, who.User, in.TokenID); err != nil {
		return nil, err
	}
	out := &revokedToken{}
	out.Body.Message, out.Body.TokenID = "Token revoked successfully", in.TokenID
	return out, nil
}
