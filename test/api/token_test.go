package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

// token puts an API token of a user on the stage and gives it with its text.
func (p *program) token(owner string, life time.Duration, scopes ...string) (*directory.Token, string) {
	p.t.Helper()
	random := make([]byte, 32)
	_, _ = rand.Read(random)
	text := directory.TokenText(random)
	digest, err := directory.DigestToken(text)
	if err != nil {
		p.t.Fatal(err)
	}
	set, err := permission.ParseTokenScopes(scopes)
	if err != nil {
		p.t.Fatal(err)
	}
	made := &directory.Token{
		Owner: ident.UserID(owner), Name: "a test", Digest: digest, Scopes: set, CreatedAt: p.clock.Now(), ExpiresAt: p.clock.Now().Add(life),
	}
	p.inTx(func(ctx context.Context, r ports.Repos) error { return r.Tokens.Add(ctx, made) })
	return made, text
}

// tokens lists the ids of a user's own tokens.
func (p *program) tokens(as string) []any {
	p.t.Helper()
	var ids []any
	for _, t := range p.get("/tokens", as).is(200).at("tokens").([]any) {
		ids = append(ids, t.(map[string]any)["token_id"])
	}
	return ids
}

func TestATokenFromCreationToRevocation(t *testing.T) {
	withTokens(t, nil, func(p *program, _ *given.Issuer) {
		p.cast()
		made := p.send(http.MethodPost, "/tokens", "provider", map[string]any{"name": "export", "scopes": []string{"cases:read", "admin"}}).is(201)
		made.has("name", "export", "scopes.0", "cases:read", "expires_at", "2026-05-31T09:30:15.123456Z", "last_used_at", nil)
		text := made.at("token").(string)
		if !regexp.MustCompile(`^sc_[A-Za-z0-9_-]{43}$`).MatchString(text) || made.header.Get("Location") != "/tokens" {
			p.t.Errorf("made %q at %s", text, made.header.Get("Location"))
		}
		id := made.at("token_id")
		program := bearerOf(text)
		p.get("/case_filter?filter=0", "", program...).is(200)
		p.get("/user", "", program...).is(200).has("user_id", "provider")
		p.get("/tokens", "provider").is(200).lacks(text).has("tokens.0.token_id", id, "tokens.0.last_used_at", "2026-03-02T09:30:15.123456Z")
		p.get("/tokens", "system-admin").is(200).none("tokens")

		revoke := "/tokens?token_id=" + fmt.Sprint(id)
		p.send(http.MethodDelete, revoke, "system-admin", nil).refused(404, "token_not_found")
		p.get("/user", "", program...).is(200)
		p.send(http.MethodDelete, revoke, "provider", nil).is(200).has("token_id", id)
		p.get("/user", "", program...).refused(401, "token_revoked")
		p.send(http.MethodDelete, revoke, "provider", nil).refused(404, "token_not_found")
		p.get("/tokens", "provider").is(200).none("tokens")

		p.keepsNothingOf(text)
		trail := p.database().rows("SELECT actor_id, action, entity, entity_id, outcome FROM audit_entries WHERE entity = 'token' ORDER BY entry_id")
		number := fmt.Sprint(id)
		want := [][]string{
			{"provider", "token.manage", "token", number, "done"},
			{"system-admin", "token.manage", "token", number, "refused"},
			{"provider", "token.manage", "token", number, "done"},
			{"provider", "token.manage", "token", number, "refused"},
		}
		if !slices.EqualFunc(trail, want, slices.Equal[[]string]) {
			p.t.Errorf("the trail holds %q, want %q", trail, want)
		}
	})
}

// keepsNothingOf demands that a secret is in no table, no log line, and no file of the database.
func (p *program) keepsNothingOf(secret string) {
	p.t.Helper()
	db := p.database()
	for _, table := range append(db.tables, "audit_entries", "idempotency_keys") {
		for _, row := range db.rows("SELECT * FROM " + table) {
			if strings.Contains(strings.Join(row, "|"), secret) {
				p.t.Errorf("table %s holds the token", table)
			}
		}
	}
	if strings.Contains(p.log.String(), secret) {
		p.t.Error("the log holds the token")
	}
	files, _ := filepath.Glob(strings.TrimPrefix(p.databaseURL, "sqlite://") + "*")
	for _, file := range files {
		if content, err := os.ReadFile(file); err != nil || strings.Contains(string(content), secret) {
			p.t.Errorf("%s holds the token, or cannot be read: %v", file, err)
		}
	}
}

// withTokens runs a scenario with bearer tokens on each database.
func withTokens(t *testing.T, more map[string]string, scenario func(*program, *given.Issuer)) {
	t.Helper()
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			scenario(startWithTokens(t, db.url(t), and(map[string]string{"LOG_LEVEL": "DEBUG"}, more)))
		})
	}
}

func TestATokenEndsWithItsTimeAndWithItsOwner(t *testing.T) {
	withTokens(t, nil, func(p *program, _ *given.Issuer) {
		p.cast()
		p.person("dr-a", permission.Provider, 1)
		_, short := p.token("dr-a", time.Hour, "admin")
		_, long := p.token("dr-a", 48*time.Hour, "admin")
		p.clock.Advance(time.Hour - time.Microsecond)
		p.get("/user", "", bearerOf(short)...).is(200)
		p.clock.Advance(time.Microsecond)
		p.get("/user", "", bearerOf(short)...).refused(401, "token_expired")
		p.get("/user", "", bearerOf(long)...).is(200)

		deactivate := map[string]func(){
			"DELETE": func() { p.send(http.MethodDelete, "/user?user_id=dr-a", "user-admin", nil).is(200) },
			"active = 0": func() {
				p.send(http.MethodPatch, "/user", "user-admin", map[string]any{"user_id": "dr-a", "active": 0}).is(200)
			},
		}
		for what, do := range deactivate {
			_, text := p.token("dr-a", 48*time.Hour, "admin")
			p.get("/user", "", bearerOf(text)...).is(200)
			do()
			p.get("/user", "", bearerOf(text)...).refused(401, "bad_token")
			p.get("/user", "dr-a").refused(401, "unknown_caller")
			p.send(http.MethodPatch, "/user", "user-admin", map[string]any{"user_id": "dr-a", "active": 1}).is(200)
			p.get("/user", "dr-a").is(200)
			p.get("/user", "", bearerOf(text)...).refused(401, "token_revoked")
			if left := p.tokens("dr-a"); len(left) > 0 {
				p.t.Errorf("after %s the tokens %v are left", what, left)
			}
		}
	})
}

func TestWrongTokens(t *testing.T) {
	withTokens(t, nil, func(p *program, _ *given.Issuer) {
		p.cast()
		ask := func(with ...any) answer {
			body := map[string]any{"name": "n", "scopes": []string{"cases:read"}}
			for i := 0; i+1 < len(with); i += 2 {
				body[with[i].(string)] = with[i+1]
			}
			return p.send(http.MethodPost, "/tokens", "provider", body)
		}
		for _, w := range []struct {
			field    string
			value    any
			location string
		}{
			{"name", "", "body.name"},
			{"name", strings.Repeat("n", 101), "body.name"},
			{"name", "a\nb", "body.name"},
			{"scopes", []string{}, "body.scopes"},
			{"scopes", []string{"everything"}, "body.scopes[0]"},
			{"scopes", nil, "body.scopes"},
			{"expires_at", "2026-03-02T09:30:15Z", "body.expires_at"},
			{"expires_at", "2027-03-04T00:00:00Z", "body.expires_at"},
			{"expires_at", "tomorrow", "body.expires_at"},
			{"user_id", "system-admin", "body.user_id"},
		} {
			ask(w.field, w.value).refused(422, "invalid_input").has("errors.0.location", w.location)
		}
		ask("expires_at", "2027-03-03T00:00:00Z").is(201)
		p.send(http.MethodPost, "/tokens?user_id=system-admin", "provider", map[string]any{"name": "n", "scopes": []string{"admin"}}).refused(403, "not_your_data")
		for n := len(p.tokens("provider")); n < 50; n++ {
			ask().is(201)
		}
		ask().refused(409, "too_many_tokens")
	})
}

// Surgeons and facilities come with the scope that lists them, and the rest of the environment without.
func TestTheEnvironmentShowsATokenNoPlacesWithoutTheirScope(t *testing.T) {
	withTokens(t, nil, func(p *program, _ *given.Issuer) {
		p.cast()
		for _, user := range []string{"provider", "case-admin"} {
			_, narrow := p.token(user, time.Hour, "admin")
			_, wide := p.token(user, time.Hour, "admin", "cases:read")
			for token, places := range map[string]int{narrow: 0, wide: 1} {
				a := p.get("/user_environment?user_id=provider", "", bearerOf(token)...).is(200).has("user_profile.user_id", "provider",
					"environment_info.surgeon_count", places, "environment_info.facility_count", places, "environment_info.case_statuses_count", 5)
				if places == 0 {
					a.none("surgeons").none("facilities")
				}
			}
		}
	})
}
