package permission_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"surgicase/domain/fault"
	"surgicase/domain/permission"
)

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if got := fault.CodeOf(err); got != code || (err != nil) != (code != "") {
		t.Errorf("got %q (%v), want %q", got, err, code)
	}
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// types are the six with a name and their neighbours, plus what is no type at all.
var types = []permission.UserType{-1, 0, 1, 2, 6, 7, 9, 10, 11, 19, 20, 99, 100, 101, 998, 999}

func someone(t permission.UserType) permission.Actor {
	return permission.Actor{User: "me", Type: t}
}

// The table of spec/decisions.md 2.6 line by line: what each rank may do beyond the ranks below it,
// to own things, to those of its group, to everybody's (or to things that nobody owns).
type may struct{ own, group, any []permission.Action }

var ranks = map[permission.UserType]may{
	permission.Provider: {
		own: []permission.Action{
			// own cases, files, surgeons, facilities, profile
			permission.ReadCase, permission.CreateCase, permission.EditCase, permission.DeleteCase, permission.ReadPay,
			permission.ReadPlaces, permission.EditPlaces, permission.ReadProfile, permission.EditProfile,
			// own report and its password
			permission.ReadOwnReport,
			// own API tokens (2.3)
			permission.ManageTokens,
			// own bug reports
			permission.EditBug,
		},
		any: []permission.Action{
			// own bug reports, lists, NPI and code look-ups: nobody owns these
			permission.ReportBug, permission.ReadLists, permission.LookUpNPI, permission.LookUpCodes, permission.LogClientRequest,
		},
	},
	permission.GroupAdmin: {
		group: []permission.Action{permission.ReadCase},
		any:   []permission.Action{permission.ListGroupCases},
	},
	permission.CaseAdmin: {
		any: []permission.Action{
			// every case
			permission.ReadCase, permission.CreateCase, permission.EditCase, permission.DeleteCase, permission.AssignCase,
			permission.AttachAdmin, permission.ReadPay, permission.ReadPlaces, permission.EditPlaces,
			// bulk status, cases_by_status, dashboards, case images, exports
			permission.MoveCase, permission.ConfirmDuplicate, permission.ListAllCases, permission.SeeDashboards, permission.LoadImages, permission.ExportCases,
			// payment reports and generated files, reading payment runs, GET /users, all bug reports
			permission.ReadReports, permission.ReadRuns, permission.ListUsers, permission.ReadProfile, permission.ReadAllBugs, permission.EditBug,
		},
	},
	permission.UserAdmin: {
		any: []permission.Action{
			permission.CreateUser, permission.EditProfile, permission.RankUser, permission.DeactivateUser, permission.ManageGroups,
		},
	},
	permission.GlobalAdmin: {
		any: []permission.Action{
			// lists, pay tiers, scheduler, opening, settling and reversing runs, mailings, recipients,
			// e-mail log, audit log, restore, leaving Paid
			permission.EditLists, permission.ManagePrices, permission.RunJobs, permission.ManageRuns, permission.NameVendors, permission.SendMail,
			permission.ReadAudit, permission.RestoreCase, permission.MoveMoney,
			permission.ApproveZero,    // 4.2
			permission.ReadPassword,   // 7.3
			permission.ReadOperations, // 2.5
		},
	},
	permission.SystemAdmin: {any: []permission.Action{permission.PurgeCase}},
}

// operators are the actions of the operator on the command line: over HTTP they are nobody's, whatever his type.
var operators = []permission.Action{permission.ManageKeys, permission.MoveIn, permission.ManageBackups, permission.ManageStorage}

type question struct {
	action permission.Action
	rel    permission.Relation
}

// from gives the lowest type that may do a thing in a relation, by the lines above.
func from() map[question]permission.UserType {
	least := map[question]permission.UserType{}
	note := func(actions []permission.Action, t permission.UserType, rels ...permission.Relation) {
		for _, a := range actions {
			for _, rel := range rels {
				if was, known := least[question{a, rel}]; !known || t < was {
					least[question{a, rel}] = t
				}
			}
		}
	}
	for t, m := range ranks {
		note(m.own, t, permission.Own)
		note(m.group, t, permission.Grouped)
		note(m.any, t, permission.Own, permission.Grouped, permission.Other)
	}
	return least
}

func TestPolicy(t *testing.T) {
	least := from()
	names := map[permission.Relation]string{permission.Own: "own", permission.Grouped: "a group member's", permission.Other: "other"}
	for _, rule := range permission.Table {
		t.Run("somebody may "+string(rule.Action), func(t *testing.T) {
			if _, known := least[question{rule.Action, permission.Own}]; known == slices.Contains(operators, rule.Action) {
				t.Error("this test does not know the action: read the decision and add it above")
			}
		})
		for rel, name := range names {
			first, known := least[question{rule.Action, rel}]
			t.Run(fmt.Sprintf("who may %s of %s things", rule.Action, name), func(t *testing.T) {
				for _, typ := range types {
					want := known && typ >= first
					err := permission.CheckRelation(someone(typ), rule.Action, rel)
					equal(t, fmt.Sprintf("type %d", typ), err == nil, want)
					equal(t, fmt.Sprintf("type %d by the rule", typ), rule.Allows(typ, rel), want)
				}
				wantCode(t, permission.CheckRelation(permission.System("job"), rule.Action, rel), "")
			})
		}
	}
	t.Run("the table names each action once and says what it means", func(t *testing.T) {
		seen := map[permission.Action]bool{}
		for _, rule := range permission.Table {
			if seen[rule.Action] || rule.Meaning == "" {
				t.Errorf("%s is there twice or without a meaning", rule.Action)
			}
			seen[rule.Action] = true
			equal(t, "rule", permission.RuleOf(rule.Action), rule)
		}
	})
	t.Run("an action without a rule is nobody's but the system's", func(t *testing.T) {
		for _, typ := range types {
			for rel := range names {
				wantCode(t, permission.CheckRelation(someone(typ), "no.such", rel), "not_allowed")
			}
			equal(t, "scope", scopeOf(someone(typ), "no.such").All, false)
		}
		wantCode(t, permission.Check(permission.System("cli"), "no.such", ""), "")
	})
}

// TestHigherTypesMayMore: nothing is taken away from a higher type.
func TestHigherTypesMayMore(t *testing.T) {
	for _, rule := range permission.Table {
		for _, rel := range []permission.Relation{permission.Own, permission.Grouped, permission.Other} {
			for i := 1; i < len(types); i++ {
				if rule.Allows(types[i-1], rel) && !rule.Allows(types[i], rel) {
					t.Errorf("%s: type %d may, type %d may not", rule.Action, types[i-1], types[i])
				}
			}
		}
	}
}
