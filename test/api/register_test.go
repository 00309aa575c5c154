package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"surgicase/domain/permission"
	"surgicase/test/given"
)

var registering = map[string]string{"AUTH_SELF_REGISTRATION": "true"}

func TestSomebodyRegistersHimself(t *testing.T) {
	withTokens(t, registering, func(p *program, _ *given.Issuer) {
		p.cast()
		p.get("/user", "newbie").refused(401, "unknown_caller")
		p.send(http.MethodPost, "/user", "newbie", userOf("newbie")).is(201).has("user_id", "newbie")
		for _, method := range []string{http.MethodGet, http.MethodPost} { // he waits for a User Admin
			p.send(method, "/user", "newbie", map[string]any{"GET": nil, "POST": userOf("newbie")}[method]).refused(401, "unknown_caller")
		}
		row := p.database().rows("SELECT user_type, user_tier, max_case_status, active FROM users WHERE user_id = 'newbie'")
		if fmt.Sprint(row) != "[[1 1 20 0]]" {
			p.t.Errorf("he is %v", row)
		}
		p.send(http.MethodPatch, "/user", "newbie", map[string]any{"user_id": "newbie", "active": 1}).refused(401, "unknown_caller")
		p.send(http.MethodPatch, "/user", "case-admin", map[string]any{"user_id": "newbie", "active": 1}).refused(403, "not_your_data")
		p.send(http.MethodPatch, "/user", "user-admin", map[string]any{"user_id": "newbie", "active": 1}).is(200)
		p.get("/user", "newbie").is(200).has("user.user_type", 1)
		p.send(http.MethodPost, "/user", "newbie", userOf("another")).refused(403, "not_allowed")
		trail := p.database().rows("SELECT actor_id, actor_type, credential, auth_mode, entity_id, outcome FROM audit_entries WHERE action = 'user.create' ORDER BY entry_id")
		want := [][]string{{"newbie", "0", "oidc", "token", "newbie", "done"}, {"newbie", "1", "oidc", "token", "another", "refused"}}
		if !slices.EqualFunc(trail, want, slices.Equal[[]string]) {
			p.t.Errorf("the trail holds %q, want %q", trail, want)
		}
	})
}

// Source: spec/decisions.md 11.12. Auth0 and AD FS name people by more characters than ids of users have.
func TestSubjectsOfIdentityProvidersAreMappedToUsers(t *testing.T) {
	withTokens(t, registering, func(p *program, _ *given.Issuer) {
		p.cast()
		for i, subject := range []string{"auth0|5f7c8ec7c33c6c004bbafe82", "dlvyg+PkAtlCmoJtTqbT+W8AJ743J2PaovD5oe6mrHs=", `DOMAIN\ada`, strings.Repeat("x", 255)} {
			p.get("/user", subject).refused(401, "unknown_caller")
			creator := []string{subject, "user-admin"}[i%2] // whoever registers, and whom an administrator makes
			id := p.send(http.MethodPost, "/user", creator, userOf(subject)).is(201).at("user_id").(string)
			if creator == subject {
				p.send(http.MethodPatch, "/user", "user-admin", map[string]any{"user_id": id, "active": 1}).is(200)
			}
			p.get("/user", subject).is(200).has("user_id", id)
			p.get("/surgeons?user_id="+url.QueryEscape(subject), subject).is(200)
			p.get("/check_npi?npi=1555123458&user_id="+url.QueryEscape(subject), subject).is(200)
			p.get("/user", id).refused(401, "unknown_caller") // a token cannot name the mapped id itself
			p.send(http.MethodPost, "/user", "user-admin", userOf(subject)).refused(409, "user_exists")
		}
		p.send(http.MethodPost, "/user", "user-admin", userOf(strings.Repeat("x", 256))).is(422)
		p.send(http.MethodPost, "/user", "user-admin", userOf("ünicode|7")).is(422)
	})
}

func TestAddressesAreComparedWithoutRegardToCase(t *testing.T) {
	withTokens(t, map[string]string{"AUTH_SELF_REGISTRATION": "true", "AUTH_USER_CLAIM": "email"}, func(p *program, issuer *given.Issuer) {
		p.identify = func(req *http.Request, as string) {
			req.Header.Set("Authorization", "Bearer "+issuer.Token("1", "email", as, "email_verified", true))
		}
		p.person("Dr.Ada@Example.org", permission.Provider, 1)
		p.person("ben@example.org", permission.Provider, 1)
		p.person("BEN@example.org", permission.Provider, 1)
		for _, spelled := range []string{"dr.ada@example.org", "DR.ADA@EXAMPLE.ORG", "Dr.Ada@Example.org"} {
			p.get("/user", spelled).is(200).has("user_id", "Dr.Ada@Example.org")
		}
		p.get("/user", "BEN@example.org").is(200).has("user_id", "BEN@example.org")
		p.get("/user", "Ben@example.org").refused(401, "unknown_caller") // two could be meant
		p.send(http.MethodPost, "/user", "DR.ada@example.org", userOf("DR.ada@example.org")).refused(403, "not_allowed")
	})
}

func TestWhoRegistersMakesNobodyElseAndRanksNobody(t *testing.T) {
	withTokens(t, registering, func(p *program, issuer *given.Issuer) {
		p.cast()
		p.person("left", permission.Provider, 1)
		p.deactivated("left")
		db := p.database()
		before := db.print()
		for _, w := range []struct {
			body   map[string]any
			code   string
			fields string
		}{
			{userOf("somebody"), "not_your_data", "user_id"},
			{userOf("provider"), "not_your_data", "user_id"},
			{userOf("newbie", "user_type", 999), "not_allowed", "user_type"},
			{userOf("newbie", "user_type", 2), "not_allowed", "user_type"},
			{userOf("newbie", "user_tier", 2, "max_case_status", 500), "not_allowed", "user_tier,max_case_status"},
		} {
			p.send(http.MethodPost, "/user", "newbie", w.body).refused(403, w.code)
			last := db.rows("SELECT actor_id, fields, code FROM audit_entries ORDER BY entry_id DESC LIMIT 1")
			if want := fmt.Sprintf("[[newbie %s %s]]", w.fields, w.code); fmt.Sprint(last) != want {
				p.t.Errorf("the trail ends with %v, want %s", last, want)
			}
		}
		p.send(http.MethodPost, "/user", "newbie", userOf("newbie", "active", true)).refused(422, "invalid_input")
		p.send(http.MethodPost, "/user", "system:cli", userOf("system:cli")).refused(422, "invalid_input")
		p.send(http.MethodPost, "/user", "left", userOf("left")).refused(401, "unknown_caller")
		p.send(http.MethodPost, "/user?user_id=newbie", "", userOf("newbie")).refused(401, "no_caller")
		_, orphan := p.token("left", time.Hour, "admin")
		p.send(http.MethodPost, "/user", "", userOf("left"), bearerOf(orphan)...).refused(401, "bad_token")
		for what, token := range issuer.Forged("newbie") {
			if a := p.send(http.MethodPost, "/user", "", userOf("newbie"), from(newAddress(), token)...); a.status != 401 {
				p.t.Errorf("%s registers: %d", what, a.status)
			}
		}
		if tables := changed(before, db.print()); !slices.Equal(tables, []string{"api_tokens"}) { // orphan
			p.t.Errorf("%v changed", tables)
		}
	})
}

// Every other route is closed to those whom only the identity provider knows.
func TestWhoIsNotYetAUserMayOnlyRegister(t *testing.T) {
	withTokens(t, registering, func(p *program, _ *given.Issuer) {
		s := stageForMatrix(p)
		for _, op := range p.described().operations(p.t) {
			if !op.open() && op.base() != "create-user" {
				s.sendAs(op, "newbie", examples[op.base()](s)).refused(401, "unknown_caller")
			}
		}
	})
}

func TestWithoutTheSettingNobodyRegisters(t *testing.T) {
	withTokens(t, nil, func(p *program, _ *given.Issuer) {
		p.send(http.MethodPost, "/user", "newbie", userOf("newbie")).refused(401, "unknown_caller")
	})
}
