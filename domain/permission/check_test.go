package permission_test

import (
	"errors"
	"fmt"
	"testing"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

func TestCheck(t *testing.T) {
	provider, admin := someone(permission.Provider), someone(permission.CaseAdmin)
	for _, x := range []struct {
		what   string
		who    permission.Actor
		action permission.Action
		owner  ident.UserID
		code   string
	}{
		{"an own case is his", provider, permission.EditCase, "me", ""},
		{"somebody else's is not", provider, permission.EditCase, "you", "not_your_data"},
		{"ids are compared byte for byte", provider, permission.EditCase, "Me", "not_your_data"},
		{"a thing without an owner is not his", provider, permission.EditCase, "", "not_your_data"},
		{"what providers never do is not allowed on own things either", provider, permission.MoveCase, "me", "not_allowed"},
		{"nor on others'", provider, permission.MoveCase, "you", "not_allowed"},
		{"an administrator acts on everybody's", admin, permission.EditCase, "you", ""},
		{"an unknown caller without id owns nothing", permission.Actor{}, permission.EditCase, "", "not_allowed"},
		{"a caller of a type but without id owns nothing", permission.Actor{Type: permission.Provider}, permission.EditCase, "", "not_your_data"},
		{"an inactive type may nothing", someone(0), permission.ReadCase, "me", "not_allowed"},
		{"nobody fetches another's report password, 999 included", someone(999), permission.ReadOwnReport, "you", "not_your_data"},
		{"but his own", someone(999), permission.ReadOwnReport, "me", ""},
	} {
		t.Run(x.what, func(t *testing.T) {
			err := permission.Check(x.who, x.action, x.owner)
			wantCode(t, err, x.code)
			equal(t, "kind", errors.Is(err, fault.Forbidden), x.code != "")
		})
	}
	t.Run("a refusal names the action, never a user", func(t *testing.T) {
		var f *fault.Error
		if !errors.As(permission.Check(provider, permission.MoveCase, "you"), &f) {
			t.Fatal("no fault")
		}
		equal(t, "about", f.About, map[string]string{"action": "case.move"})
	})
	t.Run("asking about somebody one may not see gives one answer, whoever it is", func(t *testing.T) {
		equal(t, "answer", permission.Check(provider, permission.ReadCase, "you"), error(permission.NotYourData()))
		equal(t, "answer", permission.Check(provider, permission.ReadProfile, "nobody at all"), error(permission.NotYourData()))
	})
}

func TestSystem(t *testing.T) {
	job := permission.System("job")
	t.Run("the system is no person and owns nothing", func(t *testing.T) {
		equal(t, "user", job.User, "system:job")
		equal(t, "credential", job.Credential, "job")
		equal(t, "system", job.IsSystem(), true)
		equal(t, "itself", job.Is("system:job"), false)
		wantCode(t, permission.CheckNotOwnCase(job, "system:job"), "")
		wantCode(t, permission.CheckNotSelf(job, "system:job"), "")
	})
	t.Run("a person who takes the system's id is still a person", func(t *testing.T) {
		fake := permission.Actor{User: "system:job", Type: permission.Provider}
		equal(t, "system", fake.IsSystem(), false)
		wantCode(t, permission.Check(fake, permission.MoveMoney, ""), "not_allowed")
	})
	t.Run("it sees, manages and gives everything", func(t *testing.T) {
		wantCode(t, permission.CheckSee(job, "root", 999), "")
		wantCode(t, permission.CheckManage(job, permission.RankUser, "root", 999), "")
		wantCode(t, permission.CheckGive(job, 999), "")
		equal(t, "scope", scopeOf(job, permission.ReadCase), permission.Scope{All: true})
	})
}

// TestCaps: source spec/decisions.md 2.8.
func TestCaps(t *testing.T) {
	for _, typ := range types {
		for set, want := range map[int]int{0: 20, 10: 10, 20: 20, 500: 500} {
			if typ >= 10 {
				want = 0 // no limit, whatever is set
			}
			t.Run(fmt.Sprintf("type %d with cap %d", typ, set), func(t *testing.T) {
				a := permission.Actor{User: "me", Type: typ, Cap: set}
				equal(t, "highest", a.HighestShown(), want)
				equal(t, "sees everything", a.SeesEverything(), typ >= 10)
			})
		}
	}
}

// TestUsersOfOtherTypes: source spec/decisions.md 2.6 and 2.7, for the six types with a name.
func TestUsersOfOtherTypes(t *testing.T) {
	named := []permission.UserType{1, 7, 10, 20, 100, 999}
	equal(t, "types", permission.Types, named)
	manage := []permission.Action{permission.EditProfile, permission.RankUser, permission.DeactivateUser, permission.CreateUser}
	for _, mine := range named {
		for _, theirs := range named {
			me := someone(mine)
			t.Run(fmt.Sprintf("type %d sees a user of type %d", mine, theirs), func(t *testing.T) {
				want := ""
				switch {
				case mine < 10:
					want = "not_your_data"
				case theirs > mine:
					want = "user_not_found"
				}
				wantCode(t, permission.CheckSee(me, "you", theirs), want)
				wantCode(t, permission.CheckSee(me, "me", theirs), "") // his type may have changed since he was identified
			})
			t.Run(fmt.Sprintf("type %d manages a user of type %d", mine, theirs), func(t *testing.T) {
				for _, action := range manage {
					want := ""
					switch {
					case mine < 20 && action == permission.EditProfile:
						want = "not_your_data"
					case mine < 20:
						want = "not_allowed"
					case mine < 999 && theirs >= mine:
						want = "user_type_too_high"
					}
					wantCode(t, permission.CheckManage(me, action, "you", theirs), want)
				}
				wantCode(t, permission.CheckManage(me, permission.EditProfile, "me", mine), "")
			})
			t.Run(fmt.Sprintf("type %d gives type %d", mine, theirs), func(t *testing.T) {
				want := "user_type_too_high"
				if mine == 999 || theirs < mine {
					want = ""
				}
				wantCode(t, permission.CheckGive(me, theirs), want)
			})
		}
	}
	t.Run("an invisible user is not found, named like any unknown one", func(t *testing.T) {
		err := permission.CheckSee(someone(10), "root", 999)
		var f *fault.Error
		equal(t, "kind", errors.Is(err, fault.NotFound), true)
		equal(t, "answer", err, error(permission.NoSuchUser("root")))
		if errors.As(err, &f) {
			equal(t, "about", f.About, map[string]string{"user_id": "root"})
		}
	})
}

func TestWhatNobodyDoes(t *testing.T) {
	for _, typ := range types {
		t.Run(fmt.Sprintf("type %d", typ), func(t *testing.T) {
			wantCode(t, permission.CheckNotSelf(someone(typ), "me"), "not_on_yourself")
			wantCode(t, permission.CheckNotSelf(someone(typ), "you"), "")
			wantCode(t, permission.CheckNotOwnCase(someone(typ), "me"), "own_case")
			wantCode(t, permission.CheckNotOwnCase(someone(typ), "you"), "")
		})
	}
}

func TestScopes(t *testing.T) {
	own, groups, all := permission.Scope{User: "me"}, permission.Scope{User: "me", Groups: true}, permission.Scope{All: true}
	for _, x := range []struct {
		typ    permission.UserType
		action permission.Action
		want   permission.Scope
	}{
		{1, permission.ReadCase, own},
		{6, permission.ReadCase, own},
		{7, permission.ReadCase, groups},
		{9, permission.ReadCase, groups},
		{10, permission.ReadCase, all},
		{999, permission.ReadCase, all},
		{7, permission.EditCase, own},
		{7, permission.ReadPay, own},
		{10, permission.ReadPay, all},
		{9, permission.DeleteCase, own},
		{1, permission.ReadPlaces, own},
		{10, permission.ReadPlaces, all},
		{999, permission.ReadOwnReport, own},
	} {
		t.Run(fmt.Sprintf("type %d for %s", x.typ, x.action), func(t *testing.T) {
			equal(t, "scope", scopeOf(someone(x.typ), x.action), x.want)
		})
	}
	t.Run("a scope is never wider than what is allowed one by one", func(t *testing.T) {
		for _, rule := range permission.Table {
			for _, typ := range types {
				scope := scopeOf(someone(typ), rule.Action)
				equal(t, fmt.Sprint(rule.Action, typ, " all"), scope.All, rule.Allows(typ, permission.Other))
				equal(t, fmt.Sprint(rule.Action, typ, " groups"), scope.Groups, !scope.All && rule.Allows(typ, permission.Grouped))
				if rule.Allows(typ, permission.Own) {
					equal(t, fmt.Sprint(rule.Action, typ, " own"), scope.All || scope.User == "me", true)
				}
			}
		}
	})
}

// TestCheckUnchanged: source spec/decisions.md 11.10.
func TestCheckUnchanged(t *testing.T) {
	read, write := scopes(t, "cases:read"), scopes(t, "cases:write")
	before := permission.Actor{User: "me", Type: permission.CaseAdmin, Cap: 20, Credential: "token:7", Token: 7, Address: "192.0.2.1"}.LimitedTo(read)
	now := permission.Actor{User: "me", Type: permission.CaseAdmin, Cap: 20}
	wantCode(t, before.CheckUnchanged(now.LimitedTo(read)), "")
	lower, capped := now, now
	lower.Type, capped.Cap = permission.Provider, 10
	for what, other := range map[string]permission.Actor{"scopes": now.LimitedTo(write), "no token": now, "type": lower.LimitedTo(read), "cap": capped.LimitedTo(read)} {
		t.Run(what, func(t *testing.T) { wantCode(t, before.CheckUnchanged(other), "rights_changed") })
	}
}
