package permission_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"surgicase/domain/fault"
	"surgicase/domain/permission"
)

func scopes(t *testing.T, names ...string) permission.TokenScopes {
	t.Helper()
	set, err := permission.ParseTokenScopes(names)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestTokenScopes(t *testing.T) {
	t.Run("names go in and come out in their usual order, once each", func(t *testing.T) {
		equal(t, "names", scopes(t, "payments", "cases:read", "payments").Names(), []string{"cases:read", "payments"})
		equal(t, "names of none", permission.TokenScopes(0).Names(), []string{})
	})
	for _, wrong := range [][]string{nil, {""}, {"cases"}, {"cases:read", "Admin"}, {"cases:read,admin"}} {
		t.Run(fmt.Sprintf("%q is refused", wrong), func(t *testing.T) {
			_, err := permission.ParseTokenScopes(wrong)
			equal(t, "invalid", errors.Is(err, fault.Invalid), true)
		})
	}
	t.Run("a scope opens itself, and writing includes reading", func(t *testing.T) {
		for _, held := range permission.AllTokenScopes {
			for _, asked := range permission.AllTokenScopes {
				want := held == asked || (held == permission.CasesWrite && asked == permission.CasesRead)
				equal(t, fmt.Sprint(held, " opens ", asked), scopes(t, string(held)).Opens(asked), want)
			}
		}
		equal(t, "everybody's opens to every token", permission.TokenScopes(0).Opens(permission.AnyToken), true)
		_, err := permission.ParseTokenScopes([]string{"any"})
		equal(t, "and is no scope of one", err != nil, true)
		equal(t, "nothing opens nothing", permission.TokenScopes(0).Opens(permission.CasesRead), false)
	})
}

// TestATokenNeverHasMoreThanItsOwner: for every set of scopes, type, rule and relation, a token allows
// a thing exactly if its owner may do it and its scopes open it.
func TestATokenNeverHasMoreThanItsOwner(t *testing.T) {
	for set := permission.TokenScopes(0); set < 1<<len(permission.AllTokenScopes); set++ {
		for _, rule := range permission.Table {
			for _, typ := range types {
				for _, rel := range []permission.Relation{permission.Own, permission.Grouped, permission.Other} {
					owner, token := someone(typ), someone(typ).LimitedTo(set)
					may := permission.CheckRelation(owner, rule.Action, rel)
					got := permission.CheckRelation(token, rule.Action, rel)
					switch {
					case may != nil:
						equal(t, "refusal of a token", got, may)
					case set.Opens(rule.Needs):
						equal(t, "refusal of a token with the scope", got, error(nil))
					default:
						wantCode(t, got, "scope_missing")
					}
				}
				scope, err := permission.ScopeFor(someone(typ).LimitedTo(set), rule.Action)
				equal(t, "refused", err != nil, !set.Opens(rule.Needs))
				if err != nil {
					equal(t, "scope", scope, permission.Scope{})
				}
			}
		}
	}
}

// opens is what each scope of a token opens. Source: spec/decisions.md 2.3.
var opens = map[permission.TokenScope][]permission.Action{
	permission.CasesRead: {
		permission.ReadCase, permission.ReadPay, permission.ListAllCases, permission.ListGroupCases, permission.SeeDashboards, permission.ExportCases,
		permission.LoadImages, permission.ReadPlaces, permission.LookUpCodes, permission.LookUpNPI, permission.ReadAllBugs, permission.LogClientRequest,
	},
	permission.CasesWrite: {
		permission.CreateCase, permission.EditCase, permission.DeleteCase, permission.RestoreCase, permission.AssignCase, permission.AttachAdmin,
		permission.MoveCase, permission.ConfirmDuplicate, permission.EditPlaces, permission.ReportBug, permission.EditBug,
	},
	permission.Payments: {
		permission.MoveMoney, permission.ApproveZero, permission.ManagePrices, permission.ReadOwnReport, permission.ReadReports, permission.ReadPassword,
		permission.ReadRuns, permission.ManageRuns, permission.NameVendors,
	},
	permission.Administration: {
		permission.PurgeCase, permission.ReadProfile, permission.EditProfile, permission.RankUser, permission.CreateUser, permission.DeactivateUser,
		permission.ListUsers, permission.ManageGroups, permission.ManageTokens, permission.EditLists, permission.RunJobs, permission.SendMail,
		permission.ReadAudit, permission.ReadOperations, permission.ManageKeys, permission.MoveIn, permission.ManageBackups, permission.ManageStorage,
	},
	permission.AnyToken: {permission.ReadLists},
}

func TestEveryRuleNeedsAScope(t *testing.T) {
	for _, rule := range permission.Table {
		if !slices.Contains(opens[rule.Needs], rule.Action) {
			t.Errorf("%s needs %q", rule.Action, rule.Needs)
		}
	}
	t.Run("a refusal names the scope", func(t *testing.T) {
		var f *fault.Error
		if !errors.As(permission.Check(someone(999).LimitedTo(0), permission.MoveMoney, ""), &f) {
			t.Fatal("no fault")
		}
		equal(t, "about", f.About, map[string]string{"scope": "payments"})
	})
}

// TestWhatBelongsToAnAction: a step of what a token opens needs no scope of its own; the type decides as ever.
func TestWhatBelongsToAnAction(t *testing.T) {
	payer := scopes(t, "payments")
	wantCode(t, permission.Check(someone(100).LimitedTo(payer), permission.EditCase, ""), "scope_missing")
	wantCode(t, permission.Check(someone(100).LimitedTo(payer).Wholly(), permission.EditCase, ""), "")
	wantCode(t, permission.Check(someone(1).LimitedTo(payer).Wholly(), permission.MoveMoney, ""), "not_allowed")
}

func TestATokenMakesNoWiderOne(t *testing.T) {
	everything := scopes(t, "cases:read", "cases:write", "payments", "admin")
	wantCode(t, permission.CheckGrant(someone(1), everything), "")
	wantCode(t, permission.CheckGrant(someone(1).LimitedTo(everything), everything), "")
	wantCode(t, permission.CheckGrant(someone(1).LimitedTo(scopes(t, "admin", "cases:write")), scopes(t, "cases:read", "admin")), "")
	wantCode(t, permission.CheckGrant(someone(1).LimitedTo(scopes(t, "admin", "cases:read")), scopes(t, "cases:write")), "scope_missing")
	wantCode(t, permission.CheckGrant(permission.System("cli"), everything), "")
}

// TestANewcomerMayNothing: who is not a user yet may do nothing by the table; registering himself has
// a rule of its own.
func TestANewcomerMayNothing(t *testing.T) {
	who := permission.Newcomer("new")
	equal(t, "newcomer", who.IsNewcomer(), true)
	equal(t, "a user is no newcomer", someone(1).IsNewcomer(), false)
	for _, rule := range permission.Table {
		for _, rel := range []permission.Relation{permission.Own, permission.Grouped, permission.Other} {
			equal(t, string(rule.Action), permission.CheckRelation(who, rule.Action, rel) != nil, true)
		}
	}
}
