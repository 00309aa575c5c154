package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"surgicase/domain/permission"
	"surgicase/test/given"
)

// scopesOfRoutes says which scope an API token needs for an endpoint, written down by hand; "" means
// that every token will do. A new route needs a line.
var scopesOfRoutes = map[string]string{
	"get-case": "cases:read", "case-history": "cases:read", "case-pay": "cases:read", "filter-cases": "cases:read", "group-cases": "cases:read",
	"cases-by-status": "cases:read", "case-dashboard": "cases:read", "user-dashboard": "cases:read", "build-dashboard": "cases:read",
	"list-surgeons": "cases:read", "list-facilities": "cases:read", "list-cpt-codes": "cases:read", "check-npi": "cases:read", "search-surgeon": "cases:read", "search-facility": "cases:read",

	"list-case-files": "cases:read", "get-case-images": "cases:read", "get-case-file": "cases:read",
	"list-case-file-versions": "cases:read", "get-case-file-version": "cases:read", "delete-case-file-version": "cases:write",
	"upload-case-file": "cases:write", "delete-case-file": "cases:write", "presign-case-file": "cases:write", "complete-case-file": "cases:write",
	"upload-user-file": "admin", "list-user-files": "admin", "get-user-file": "admin", "delete-user-file": "admin", "presign-user-file": "admin", "complete-user-file": "admin",
	"create-case": "cases:write", "change-case": "cases:write", "delete-case": "cases:write", "restore-case": "cases:write", "purge-case": "admin", "move-cases": "cases:write", "confirm-duplicates": "cases:write",
	"create-surgeon": "cases:write", "change-surgeon": "cases:write", "delete-surgeon": "cases:write",
	"create-facility": "cases:write", "change-facility": "cases:write", "delete-facility": "cases:write",

	"open-run": "payments", "list-runs": "payments", "get-run": "payments", "settle-run": "payments", "reverse-run": "payments",
	"payment-report": "payments", "summary-report": "payments", "individual-reports": "payments", "my-report": "payments", "report-password": "payments",
	"export-cases": "cases:read", "export-cases-csv": "cases:read",
	"quickbooks-vendors": "payments", "quickbooks-transactions": "payments", "list-files": "payments", "get-file": "payments",
	"approve-zero": "payments", "list-pay-tiers": "payments", "tiers-summary": "payments", "load-pay-tiers": "payments", "confirm-pay-tiers": "payments", "rename-vendor": "payments",

	"get-user": "admin", "user-environment": "admin", "create-user": "admin", "change-user": "admin", "delete-user": "admin", "list-users": "admin", "audit-log": "admin",
	"list-groups": "admin", "create-group": "admin", "get-group": "admin", "change-group": "admin", "delete-group": "admin",
	"set-group-member": "admin", "remove-group-member": "admin",
	"metrics": "admin", "metrics-summary": "admin", "metrics-health": "admin", "metrics-system": "admin", "metrics-database": "admin", "metrics-business": "admin", "metrics-endpoints": "admin", "metrics-self": "admin", "secrets-cache-stats": "admin",
	"list-jobs": "admin", "run-job": "admin",
	"list-tokens": "admin", "create-token": "admin", "revoke-token": "admin",
	"list-recipients": "admin", "create-recipient": "admin", "delete-recipient": "admin", "email-log": "admin", "mail-reports": "admin",
	"report-bug": "cases:write", "change-bug": "cases:write", "list-bugs": "cases:read", "log-request": "cases:read",
	"put-case-status": "admin", "put-user-type": "admin", "put-user-doc-type": "admin", "create-faq": "admin",

	"list-doctypes": "", "list-timezones": "", "list-user-types": "", "list-case-statuses": "", "list-user-doc-types": "", "list-faqs": "", "list-permissions": "",
}

// Each route with a token of each scope: the right one does what its owner may do, the others get 403
// scope_missing and change nothing.
func TestATokenOpensWhatItsScopesSay(t *testing.T) {
	oneByOne(t)
	withTokens(t, nil, func(p *program, _ *given.Issuer) {
		s := stageForMatrix(p)
		all := permission.AllTokenScopes
		tokens := map[permission.TokenScope]string{}
		for _, scope := range all {
			_, tokens[scope] = p.token(root, time.Hour, string(scope))
			p.get("/permissions", "", bearerOf(tokens[scope])...).is(200) // its use is noted now
		}
		db := p.database()
		for _, op := range p.described().operations(p.t) {
			if op.open() || op.alias() {
				continue
			}
			needs, known := scopesOfRoutes[op.base()]
			if !known {
				p.t.Errorf("%s (%s) has no scope: add it to scope_test.go", op, op.ID)
				continue
			}
			for _, scope := range all {
				e := examples[op.base()](s)
				if op.base() == "create-token" {
					e.body["scopes"] = []any{scope} // it makes none that opens more than itself
				}
				before := db.print()
				got := s.sendBy(op, e, tokens[scope])
				switch {
				case op.base() == "move-cases" && scope == permission.Payments:
					// Some moves to this status move money, so it is for each case to say.
					got.is(200).has("total_updated", 0, "exceptions.0.code", "scope_missing")
				case needs == "" || needs == string(scope) || (needs == "cases:read" && scope == permission.CasesWrite):
					if got.status > 299 {
						p.t.Errorf("%s with the scope %s: %d %.300s", op, scope, got.status, got.raw)
					}
				default:
					s.wantScopeMissing(op, got, scope, needs)
					if tables := changed(before, db.print()); len(tables) > 0 {
						p.t.Errorf("%s without its scope changed %v", op, tables)
					}
				}
			}
		}
	})
}

func (s *abused) sendBy(op *operation, e example, token string) answer {
	s.t.Helper()
	identify := s.identify
	defer func() { s.identify = identify }()
	s.identify = func(req *http.Request, _ string) { req.Header.Set("Authorization", "Bearer "+token) }
	return s.sendAs(op, root, e)
}

func (s *abused) wantScopeMissing(op *operation, got answer, scope permission.TokenScope, needs string) {
	s.t.Helper()
	challenge := got.header.Get("WWW-Authenticate")
	if got.status != 403 || got.body["code"] != "scope_missing" || !strings.Contains(challenge, `error="insufficient_scope"`) {
		s.t.Errorf("%s with the scope %s: %d %v, %q; want 403 scope_missing of %s", op, scope, got.status, got.body["code"], challenge, needs)
	}
}

func TestMovesThatMoveMoneyNeedTheScopeForIt(t *testing.T) {
	withTokens(t, nil, func(p *program, _ *given.Issuer) {
		at := p.cast()["provider"]
		p.prices()
		p.standing(10, "provider", at, "c-1")
		_, writer := p.token("global-admin", time.Hour, "cases:write")
		_, payer := p.token("global-admin", time.Hour, "cases:write", "payments")
		_, only := p.token("global-admin", time.Hour, "payments")
		move := func(token string, to int) answer {
			return p.send(http.MethodPatch, "/bulk_update_case_status", "", moveOf(to, []string{"c-1"}), bearerOf(token)...)
		}
		move(writer, 15).refused(403, "scope_missing").has("scope", "payments")
		move(payer, 15).is(200).has("total_updated", 1)
		move(only, 20).is(200).has("total_updated", 1)
		move(only, 30).is(200).has("total_updated", 0, "exceptions.0.code", "scope_missing")
		move(writer, 30).is(200).has("total_updated", 1)
		p.database().holds("moves by tokens")
	})
}

// A token makes no token that opens more than itself, and one without the scope makes none.
func TestATokenMakesNoWiderToken(t *testing.T) {
	withTokens(t, nil, func(p *program, _ *given.Issuer) {
		p.cast()
		_, narrow := p.token("system-admin", time.Hour, "admin", "cases:read")
		ask := func(token string, scopes ...string) answer {
			return p.send(http.MethodPost, "/tokens", "", map[string]any{"name": "wider", "scopes": scopes}, bearerOf(token)...)
		}
		ask(narrow, "cases:read", "cases:write").refused(403, "scope_missing").has("scope", "cases:write")
		ask(narrow, "payments").refused(403, "scope_missing").has("scope", "payments")
		child := ask(narrow, "cases:read", "admin").is(201).at("token").(string)
		ask(child, "payments").refused(403, "scope_missing")
		reader := ask(narrow, "cases:read").is(201).at("token").(string)
		ask(reader, "cases:read").refused(403, "scope_missing").has("scope", "admin")
		if got := fmt.Sprint(p.database().rows("SELECT DISTINCT fields FROM audit_entries WHERE action = 'token.manage' AND outcome = 'refused'")); got != "[[scopes]]" {
			p.t.Errorf("the trail of the refusals names the fields %s", got)
		}
		said := p.get("/permissions", "", bearerOf(reader)...).is(200)
		for _, row := range said.at("permissions").([]any) {
			row := row.(map[string]any)
			if open := row["own"] == true || row["any"] == true; open && row["scope"] != "cases:read" && row["scope"] != "any" {
				p.t.Errorf("a reading token is told that it may %s, which needs %s", row["action"], row["scope"])
			}
		}
	})
}
