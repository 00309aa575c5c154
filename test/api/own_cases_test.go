package api

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"surgicase/domain/permission"
)

// payable gives the cases of an owner that a run opened by somebody else would pay.
func (p *program) payable(owner string) []string {
	p.t.Helper()
	a := p.send(http.MethodPost, "/payment_runs?dry_run=true", "auditor", map[string]any{}).is(200)
	ids := []string{}
	for _, payment := range a.at("payments").([]any) {
		if line := payment.(map[string]any); line["user_id"] == owner {
			ids = append(ids, line["case_id"].(string))
		}
	}
	slices.Sort(ids)
	return ids
}

// ownCases puts cases of one owner on the stage that no run would pay, at every status and for every reason.
func ownCases(p *program, owner string, at place) []string {
	p.t.Helper()
	ids := map[string][]string{}
	for _, status := range []int{0, 1, 10, 15, 20, 30, 400, 500} {
		ids["standing"] = append(ids["standing"], fmt.Sprintf("%s-at-%d", owner, status))
		p.standing(status, owner, at, ids["standing"][len(ids["standing"])-1])
	}
	for _, status := range []int{30, 400, 500} {
		ids["waived"] = append(ids["waived"], fmt.Sprintf("%s-waived-%d", owner, status))
		p.waived(status, owner, at, ids["waived"][len(ids["waived"])-1])
	}
	for _, status := range []int{0, 1, 10, 30, 400} {
		id := fmt.Sprintf("%s-deleted-%d", owner, status)
		p.standing(status, owner, at, id)
		p.send(http.MethodDelete, "/case?case_id="+id, "case-admin", nil).is(200)
		ids["deleted"] = append(ids["deleted"], id)
	}
	p.send(http.MethodDelete, "/case?case_id="+owner+"-at-10", "case-admin", nil).is(200)
	for i, codes := range [][]string{{"Q0000"}, nil} {
		id := fmt.Sprintf("%s-unpriced-%d", owner, i)
		p.send(http.MethodPost, "/case", owner, caseOf(id, owner, at, "procedure_codes", codes)).is(201)
		p.allMove("case-admin", 10, []string{id})
		ids["unpriced"] = append(ids["unpriced"], id)
	}
	return slices.Concat(slices.Collect(maps.Values(ids))...)
}

// TestNoOneMakesAnOwnCasePayable walks everything that administrators can do with cases of their own, and looks
// after each step whether somebody else's run would pay one that it would not have paid before.
func TestNoOneMakesAnOwnCasePayable(t *testing.T) {
	oneByOne(t)
	everywhere(t, func(p *program) {
		s := stageForAbuse(p)
		p.person("auditor", permission.SystemAdmin, 1)
		types := []permission.UserType{permission.GlobalAdmin, permission.SystemAdmin}
		if !strings.HasPrefix(p.databaseURL, "sqlite") {
			types = types[:1] // the rules are the same on each database, and this one takes seven times as long
		}
		for _, typ := range types {
			owner := fmt.Sprintf("owner-%d", typ)
			at := p.person(owner, typ, 1)
			ids := ownCases(p, owner, at)
			if already := p.payable(owner); len(already) > 0 {
				t.Fatalf("payable from the beginning: %v", already)
			}
			did := func(what string, a answer) {
				if now := p.payable(owner); len(now) > 0 {
					t.Fatalf("%s: answered %d, and a run would pay %v", what, a.status, now)
				}
			}
			walkOwnCases(p, owner, at, ids, did)
			s.walkAllOperations(owner, ids, did)
			p.database().holds("the acts of " + owner)
		}
	})
}

// walkOwnCases tries every move, every change and every restore of each case.
func walkOwnCases(p *program, owner string, at place, ids []string, did func(string, answer)) {
	for round := range 2 { // what the first round has made possible is tried in the second
		for _, id := range ids {
			for _, forced := range []bool{false, true} {
				did("restoring "+id, p.send(http.MethodPost, "/case/restore", owner, map[string]any{"case_id": id, "force_duplicate": forced}))
			}
			for field, value := range map[string]any{
				"procedure_codes": []string{"Z9001"}, "case_date": "2026-02-2" + fmt.Sprint(round+3), "patient": map[string]any{"first": "Other"},
				"user_id": owner, "ins_provider": "Another Plan", "surgeon_id": at.surgeon, "demo_file": "new.pdf",
			} {
				did("changing "+field+" of "+id, p.send(http.MethodPatch, "/case", owner, map[string]any{"case_id": id, field: value, "force_duplicate": true}))
			}
			did("giving away "+id, p.send(http.MethodPatch, "/case", owner, map[string]any{"case_id": id, "user_id": "dr-a"}))
			did("approving "+id, p.send(http.MethodPost, "/case_pay/approve_zero", owner, map[string]any{"case_ids": []string{id}, "reason": "free"}))
		}
		for _, to := range []int{10, 1, 0, 10, 15, 20, 30, 400, 500, 10, 1, 10} {
			did(fmt.Sprint("moving to ", to), p.move(owner, to, ids, "force", true, "reason", "because"))
		}
		for field, values := range ranks {
			did("setting "+field, p.send(http.MethodPatch, "/user", owner, map[string]any{"user_id": owner, field: values[0]}))
		}
		for run := range 8 {
			did("settling", p.send(http.MethodPost, fmt.Sprintf("/payment_runs/%d/settle", run+1), owner, nil))
			did("reversing", p.send(http.MethodPost, fmt.Sprintf("/payment_runs/%d/reverse", run+1), owner, map[string]any{"reason": "wrong"}))
		}
		if round == 0 {
			for _, id := range ids[:len(ids)/2] {
				did("deleting "+id, p.send(http.MethodDelete, "/case?case_id="+id, owner, nil))
			}
		}
	}
}

// walkAllOperations sends every writing operation of the program, once for each own case that it can be about.
// Prices that the owner loads are held by a rule of their own.
func (s *abused) walkAllOperations(owner string, ids []string, did func(string, answer)) {
	s.t.Helper()
	for _, op := range s.described().operations(s.t) {
		if op.method == http.MethodGet || op.alias() || op.ID == "load-pay-tiers" {
			continue
		}
		for i, id := range ids {
			r := s.exampleOf(op).whole()
			body, _ := r.body.(map[string]any)
			named := r.query.Has("case_id")
			if named {
				r.query.Set("case_id", id)
			}
			if _, has := body["case_id"]; has {
				body["case_id"], named = id, true
			}
			if _, has := body["case_ids"]; has {
				body["case_ids"], named = []string{id}, true
			}
			if _, has := body["user_id"]; has {
				body["user_id"] = owner
			}
			did(fmt.Sprintf("%s about %s", op, id), s.send(op.method, pathOf(op, r), owner, r.body, r.headers...))
			if !named && i == 0 {
				break
			}
		}
	}
}
