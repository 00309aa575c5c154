package permission_test

import (
	"fmt"
	"strings"
	"testing"

	"surgicase/domain/permission"
)

func scopeOf(a permission.Actor, action permission.Action) permission.Scope {
	scope, err := permission.ScopeFor(a, action)
	if err != nil {
		panic(err)
	}
	return scope
}

// TestExplainAgreesWithCheck: an explanation that decides otherwise than the check would be worse
// than none.
func TestExplainAgreesWithCheck(t *testing.T) {
	for _, rule := range permission.Table {
		for _, rel := range []permission.Relation{permission.Own, permission.Grouped, permission.Other} {
			for _, typ := range types {
				d := permission.Explain(someone(typ), rule.Action, rel)
				checked := permission.CheckRelation(someone(typ), rule.Action, rel)
				want := checked == nil && (rel != permission.Own || rule.NeverOwn == "")
				what := fmt.Sprintf("type %d, %s, %s", typ, rule.Action, rel)
				equal(t, what+" allowed", d.Allowed, want)
				equal(t, what+" has a code", d.Code != "", !want)
				equal(t, what+" names the rule", d.Rule, rule)
				from := rule.From(rel)
				equal(t, what+" from", from != 0 && typ >= from, want)
				equal(t, what+" says the type", strings.Contains(d.Because, fmt.Sprintf("type %d", from)), from != 0)
			}
		}
	}
}

func TestExplain(t *testing.T) {
	reader, _ := permission.ParseTokenScopes([]string{"cases:read"})
	for _, x := range []struct {
		who     permission.Actor
		action  permission.Action
		rel     permission.Relation
		code    string
		because string
	}{
		{someone(1), permission.ReadCase, permission.Own, "", "With his own it is allowed from type 1 on, and he is of type 1."},
		{someone(20), permission.ReadCase, permission.Other, "", "With anybody's it is allowed from type 10 on, and he is of type 20."},
		{someone(1), permission.ReadCase, permission.Other, "not_your_data", "With anybody's it takes type 10, and he is of type 1."},
		{someone(7), permission.ReadCase, permission.Grouped, "", "With a group member's it is allowed from type 7 on, and he is of type 7."},
		{someone(999), permission.ApproveZero, permission.Own, "own_case", "Nobody may do this with his own, whatever his type."},
		{someone(999), permission.DeactivateUser, permission.Own, "not_on_yourself", "Nobody may do this with his own, whatever his type."},
		{someone(1), permission.ApproveZero, permission.Own, "not_allowed", "Nobody may do this with his own."},
		{someone(999), permission.ReadOwnReport, permission.Other, "not_your_data", "Nobody may do this with anybody's."},
		{someone(20).LimitedTo(reader), permission.EditCase, permission.Other, "scope_missing", "His type may, but his token lacks the scope cases:write."},
		{permission.System("job"), permission.MoveMoney, permission.Other, "", "The system may everything."},
		{someone(999), "no.such", permission.Own, "not_allowed", "Nobody may do this with his own."},
	} {
		t.Run(fmt.Sprint(x.who.Type, x.action, x.rel), func(t *testing.T) {
			d := permission.Explain(x.who, x.action, x.rel)
			equal(t, "code", d.Code, x.code)
			equal(t, "because", d.Because, x.because)
		})
	}
}

// TestRefusals: what the policy refuses is told from what the state of a case refuses.
func TestRefusals(t *testing.T) {
	for code, want := range map[string]bool{
		"not_allowed": true, "own_case": true, "scope_missing": true,
		"": false, "case_locked": false, "case_status_same": false, "unpriced": false, "case_not_found": false,
	} {
		t.Run(fmt.Sprintf("%q", code), func(t *testing.T) { equal(t, "a refusal", permission.Refuses(code), want) })
	}
}

// TestWhatNobodyDoesToHisOwn: source spec/decisions.md 2.7.
func TestWhatNobodyDoesToHisOwn(t *testing.T) {
	never := map[permission.Action]string{
		permission.AssignCase: "own_case", permission.ApproveZero: "own_case", permission.ConfirmDuplicate: "own_case",
		permission.PurgeCase: "own_case",
		permission.RankUser:  "not_on_yourself", permission.DeactivateUser: "not_on_yourself",
	}
	for _, rule := range permission.Table {
		equal(t, string(rule.Action), rule.NeverOwn, never[rule.Action])
	}
}
