package api

import (
	"fmt"
	"net/http"
	"testing"

	"surgicase/domain/permission"
)

// cost counts the statements of a request.
func (p *program) cost(do func() answer) (int64, answer) {
	p.t.Helper()
	before := p.statements.Load()
	a := do()
	return p.statements.Load() - before, a
}

func (p *program) atMost(most int64, what string, do func() answer) {
	p.t.Helper()
	if n, _ := p.cost(do); n > most {
		p.t.Errorf("%s takes %d statements, at most %d are allowed", what, n, most)
	} else {
		p.t.Logf("%s: %d statements", what, n)
	}
}

func TestOneCaseTakesFewStatements(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", permission.Provider, 1)
		p.prices()
		body := func(id string) map[string]any {
			return caseOf(id, "dr-a", at, "demo_file", "d.pdf", "note_file", "n.pdf", "misc_file", "m.pdf", "procedure_codes", []string{"Z9001-50", "Z9002", "Z9003", "Q0001"})
		}
		// A transaction that writes begins with reading the caller again: one statement each.
		p.atMost(14, "POST /case", func() answer { return p.send(http.MethodPost, "/case", "dr-a", body("c-1")).is(201) })
		p.atMost(17, "POST /case with Idempotency-Key", func() answer {
			return p.send(http.MethodPost, "/case", "dr-a", body("c-2"), "Idempotency-Key", "key").is(201)
		})
		p.atMost(6, "GET /case", func() answer { return p.get("/case?case_id=c-1", "dr-a").is(200) })
		p.atMost(6, "GET /case of nobody", func() answer { return p.get("/case?case_id=c-9", "dr-a").refused(404, "case_not_found") })
	})
}

func TestListsTakeAsManyStatementsForThreeHundredCasesAsForOne(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		p.join("group-admin", true, "provider", false)
		p.drafts("provider", at, "c-first")
		lists := map[string]string{
			"/case_filter?user_id=provider&count=true": "case-admin", "/case_filter?filter=0,1": "provider", "/cases_by_status?count=true": "case-admin",
			"/group_cases": "group-admin", "/case_dashboard_data": "case-admin", "/build_dashboard": "case-admin", "/cases_by_status?limit=50": "case-admin",
		}
		p.get("/health", "") // is kept for a while, and shown by the dashboard
		few := map[string]int64{}
		for path, as := range lists {
			few[path], _ = p.cost(func() answer { return p.get(path, as).is(200) })
		}
		p.drafts("provider", at, names("c", 299)...)
		for path, as := range lists {
			many, list := p.cost(func() answer { return p.get(path, as).is(200) })
			if cases, ok := list.body["cases"].([]any); ok && len(cases) < 50 {
				p.t.Errorf("%s gives only %d cases", path, len(cases))
			}
			if many != few[path] || many > 12 {
				p.t.Errorf("%s takes %d statements for one case and %d for 300", path, few[path], many)
			}
		}
		p.t.Logf("statements: %v", few)
	})
}

func TestAThousandCasesMoveInFewStatements(t *testing.T) {
	oneByOne(t)
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		ids := names("c", 1000)
		p.drafts("provider", at, ids...)
		journey := []struct {
			from, to int
			with     []any
		}{
			{0, 1, nil},
			{1, 10, nil},
			{10, 15, nil},
			{15, 10, []any{"reason", "wrong"}},
			{10, 15, nil},
			{15, 20, nil},
			{20, 10, []any{"force", true, "reason", "wrong"}},
			{10, 1, []any{"force", true, "reason", "back"}},
			{1, 400, []any{"reason", "rejected"}},
		}
		for _, step := range journey {
			dry := "/bulk_update_case_status?dry_run=true"
			p.atMost(24, fmt.Sprintf("a dry run of 1,000 cases from %d to %d", step.from, step.to), func() answer {
				return p.send(http.MethodPatch, dry, "global-admin", moveOf(step.to, ids, step.with...)).is(200).has("total_updated", 1000)
			})
			p.atMost(21, fmt.Sprintf("moving 1,000 cases from %d to %d", step.from, step.to), func() answer {
				return p.allMove("global-admin", step.to, ids, step.with...)
			})
		}
		p.database().holds("moving a thousand cases")
	})
}
