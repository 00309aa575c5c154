package api

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

// relations are how the caller may stand to the owner of a thing.
var relations = []string{"own", "member", "stranger"}

// stageForMatrix has a caller of every type who administers the group of "member", a "stranger" in a
// group of others, and an "operator" who sets the stage.
func stageForMatrix(p *program) *abused {
	p.t.Helper()
	s := &abused{program: p, places: p.cast()}
	p.prices()
	for _, name := range []string{"member", "stranger", "dr-a"} {
		s.places[name] = p.person(name, permission.Provider, 1)
	}
	p.person("operator", permission.SystemAdmin, 1)
	s.at, s.own = s.places["dr-a"], s.places[root]
	s.administered("member")
	p.join("operator", true, "stranger", false)
	p.send(http.MethodPost, "/user_types", root, examples["put-user-type"](s).body).is(201)
	return s
}

// administered puts a user into a group that every caller administers.
func (s *abused) administered(user string) {
	s.t.Helper()
	members := []directory.Membership{{User: ident.UserID(user)}}
	for _, r := range roles {
		members = append(members, directory.Membership{User: ident.UserID(r.name), Admin: true})
	}
	s.group(members...)
}

// placeOf gives a new surgeon and a new facility of a user.
func (s *abused) placeOf(owner string) place {
	s.t.Helper()
	var at place
	s.inTx(func(ctx context.Context, r ports.Repos) error {
		surgeon, facility := given.Surgeon(ident.UserID(owner)), given.Facility(ident.UserID(owner))
		if err := r.Surgeons.Add(ctx, surgeon); err != nil {
			return err
		}
		err := r.Places.Add(ctx, facility)
		at = place{surgeon.ID, facility.ID}
		return err
	})
	return at
}

// sendAs sends an example as a caller.
func (s *abused) sendAs(op *operation, as string, e example) answer {
	s.t.Helper()
	path := op.path
	for name, value := range e.path {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	r := e.whole()
	return s.send(op.method, path+"?"+r.query.Encode(), as, r.body, r.headers...)
}

// rowOf gives the row of an operation.
func rowOf(t *testing.T, op *operation) matrixRow {
	t.Helper()
	row, known := matrixRows[op.base()]
	if !known {
		t.Fatalf("%s (%s) has no row: add one to matrix_rows_test.go", op, op.ID)
	}
	return row
}

func TestEveryRoleGetsFromEveryRouteWhatTheMatrixSays(t *testing.T) { everywhere(t, holdsTheMatrix) }

// holdsTheMatrix tries every cell, however callers are identified.
func holdsTheMatrix(p *program) {
	s := stageForMatrix(p)
	for _, op := range p.described().operations(p.t) {
		if op.open() {
			continue
		}
		row := rowOf(p.t, op)
		if row.about == nil {
			for i, r := range roles {
				s.wantCell(op, r, r.name, field(p.t, op, row.all, i), s.exampleOf(op), "")
			}
			continue
		}
		for _, relation := range relations {
			line := map[string]string{"own": row.own, "member": row.member, "stranger": row.stranger}[relation]
			for i, r := range roles {
				owner := relation
				if relation == "own" {
					owner = r.name
				}
				s.wantCell(op, r, owner, field(p.t, op, line, i), row.about(s, owner), row.told)
			}
		}
	}
}

// field gives a column of a line of the matrix.
func field(t *testing.T, op *operation, line string, i int) string {
	t.Helper()
	fields := strings.Fields(line)
	if len(fields) != len(roles) {
		t.Fatalf("%s: the line %q has not six columns", op, line)
	}
	return fields[i]
}

// wantCell tries one cell of the matrix.
func (s *abused) wantCell(op *operation, as role, owner, want string, e example, told string) {
	s.t.Helper()
	if user, named := e.body["user_id"]; named && user == root && op.base() != "change-user" {
		e.body = maps.Clone(e.body)
		e.body["user_id"] = as.name // where a body may only repeat the caller
	}
	got := s.sendAs(op, as.name, e)
	where := fmt.Sprintf("%s by %s, about %s", op, as.name, owner)
	if fmt.Sprint(got.status) != want {
		s.t.Errorf("%s: %d, want %s: %.300s", where, got.status, want, got.raw)
		return
	}
	code, _ := got.body["code"].(string)
	switch got.status {
	case http.StatusNotFound:
		if !strings.HasSuffix(code, "_not_found") || strings.Contains(string(got.raw), "Provider-"+owner) {
			s.t.Errorf("%s: %s", where, got.raw)
		}
	case http.StatusForbidden:
		if code != "not_allowed" && code != "not_your_data" && code != "not_on_yourself" && code != "own_case" {
			s.t.Errorf("%s: refused with %q", where, code)
		}
	case http.StatusOK:
		// Nobody approves own zero pay: his own case is left out.
		if changed := 1.0; told != "" {
			if (op.base() == "approve-zero" || op.base() == "confirm-duplicates") && owner == as.name {
				changed = 0
			}
			if got.at(told) != changed {
				s.t.Errorf("%s: %s is %v, want %v: %s", where, told, got.at(told), changed, got.raw)
			}
		}
	}
}

func TestNobodyIsLetInWithoutAnActiveAccount(t *testing.T) {
	everywhere(t, func(p *program) {
		s := stageForMatrix(p)
		for _, r := range roles {
			p.person("left-"+r.name, r.typ, 1)
			p.deactivated("left-" + r.name)
		}
		db := p.database()
		for _, op := range p.described().operations(p.t) {
			if op.open() {
				if e := s.exampleOf(op); op.takes("token") {
					s.sendAs(op, "", e).is(200)
				} else {
					s.sendAs(op, "", example{}).is(200)
				}
				continue
			}
			e := s.exampleOf(op)
			before := db.print()
			delete(e.query, "user_id")
			s.sendAs(op, "", e).refused(401, "no_caller")
			s.sendAs(op, "never-was", e).refused(401, "unknown_caller")
			for _, r := range roles {
				s.sendAs(op, "left-"+r.name, e).refused(401, "unknown_caller").lacks("left", "inactive user")
			}
			if tables := changed(before, db.print()); len(tables) > 0 {
				p.t.Errorf("%s by nobody changed %v", op, tables)
			}
		}
		for _, path := range []string{"/docs", "/docs/", "/openapi.json"} {
			if a := p.get(path, ""); a.status != http.StatusOK {
				p.t.Errorf("%s without a caller is answered %d", path, a.status)
			}
		}
	})
}

// userParameters are the parameters that name a user.
var userParameters = []string{"user_id", "requesting_user_id", "calling_user_id"}

func TestNamingAnotherUserIsRefusedAlikeWhetherOrNotHeExists(t *testing.T) {
	oneByOne(t)
	everywhere(t, func(p *program) {
		s := stageForMatrix(p)
		for _, op := range p.described().operations(p.t) {
			if op.open() {
				continue
			}
			for _, as := range roles[:2] {
				for _, name := range userParameters {
					if op.takes(name) {
						alike(s, op, as, func(user string) example {
							e := s.exampleOf(op)
							e.query = maps.Clone(e.query)
							if e.query == nil {
								e.query = map[string]string{}
							}
							e.query[name] = user
							return e
						})
					}
				}
				if _, named := s.exampleOf(op).body["user_id"]; named && op.base() != "change-case" && op.base() != "set-group-member" {
					alike(s, op, as, func(user string) example {
						e := s.exampleOf(op)
						e.body["user_id"] = user
						return e
					})
				}
			}
		}
	})
}

// alike demands one refusal for a user who exists and for one who does not.
func alike(s *abused, op *operation, as role, naming func(string) example) {
	s.t.Helper()
	var told []string
	for _, user := range []string{"stranger", "somebody"} {
		a := s.sendAs(op, as.name, naming(user)).is(403)
		delete(a.body, "instance")
		told = append(told, strings.ReplaceAll(fmt.Sprint(a.body), user, "USER"))
	}
	if told[0] != told[1] {
		s.t.Errorf("%s by %s about a user who exists: %s, about one who does not: %s", op, as.name, told[0], told[1])
	}
}

func TestUserIdMayOnlyRepeatTheCallerWhereItIsNoOwner(t *testing.T) {
	everywhere(t, func(p *program) {
		s := stageForMatrix(p)
		for _, op := range p.described().operations(p.t) {
			owner := map[string]bool{ // decisions 2.3a; DELETE /user names its subject
				"upload-user-file": true, "list-user-files": true, "get-user-file": true, "delete-user-file": true,
				"filter-cases": true, "list-surgeons": true, "list-facilities": true, "get-user": true, "user-environment": true, "delete-user": true,
				"create-case": true, "create-surgeon": true, "create-facility": true,
				"payment-report": true, "summary-report": true, "quickbooks-vendors": true, "quickbooks-transactions": true, // the provider filter
			}[op.base()]
			if op.open() || owner || !op.takes("user_id") {
				continue
			}
			e := s.exampleOf(op)
			e.query = maps.Clone(e.query)
			if e.query == nil {
				e.query = map[string]string{}
			}
			e.query["user_id"] = "stranger"
			s.sendAs(op, root, e).refused(403, "not_your_data")
			e.query["user_id"] = root
			if a := s.sendAs(op, root, e); a.status > 299 {
				s.t.Errorf("%s with user_id repeating the caller: %d %.200s", op, a.status, a.raw)
			}
		}
	})
}
