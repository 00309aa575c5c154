package api

import (
	"net/http"
	"strings"
	"testing"

	"surgicase/domain/permission"
)

// TestFilesSayWhatWasPaid: a bill, its refund and a report name the procedure codes that a payment was for,
// whatever became of the case before anybody asked for the file. Source: spec/decisions.md 7.5.
func TestFilesSayWhatWasPaid(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.prices()
		at := p.person("dr-a", permission.Provider, 1)
		ids := []string{"a-1", "a-2", "a-3"}
		for _, id := range ids {
			p.send(http.MethodPost, "/case", "dr-a", caseOf(id, "dr-a", at, "procedure_codes", []string{"Z9003", "Z9002-50"})).is(201)
		}
		p.allMove("case-admin", 10, ids)
		open := func() string {
			return p.openRun("global-admin", map[string]any{}).is(201).has("total_payments", 3).header.Get("Location")
		}
		first := open()
		p.allMove("global-admin", 20, ids[1:2])
		p.allMove("global-admin", 10, ids, "force", true, "reason", "wrong codes") // one reversal, two cancellations
		for _, id := range ids {
			p.send(http.MethodPatch, "/case", "case-admin", map[string]any{"case_id": id, "procedure_codes": []string{"Z9001"}}).is(200)
		}
		next := open()
		p.bills(first, map[string]string{"BILL 1": "Z9003, Z9002-50", "BILL 2": "Z9003, Z9002-50", "BILL 3": "Z9003, Z9002-50"})
		p.bills(next, map[string]string{
			"BILL 1-2": "Z9001", "BILL 2-2": "Z9001", "BILL 3-2": "Z9001",
			"BILL REFUND 1": "Z9003, Z9002-50", "BILL REFUND 2": "Z9003, Z9002-50", "BILL REFUND 3": "Z9003, Z9002-50",
		})
		password := p.get("/report_password", "dr-a").is(200).at("password").(string)
		p.get("/individual_provider_reports?run_id="+runID(first), "case-admin").is(200)
		report := readPDF(p.t, p.get("/my_payment_report?run_id="+runID(first), "dr-a").is(200).raw, password)
		if strings.Contains(report, "Z9001") || strings.Count(report, "Z9003, Z9002-50") != 3 {
			p.t.Errorf("the report of the first run says %s", report)
		}
	})
}

// TestOldEntriesSayWhatTheirCasesAre: nobody noted the codes of what was paid before there was a place for
// them, nor do instances that still run the version before.
func TestOldEntriesSayWhatTheirCasesAre(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		p.drafts("provider", at, "c-1", "c-2")
		p.allMove("case-admin", 10, []string{"c-1", "c-2"})
		run := p.openRun("global-admin", map[string]any{}).is(201).header.Get("Location")
		p.spoil("UPDATE payment_entries SET codes = NULL WHERE human_case_id = 1")
		p.allMove("global-admin", 10, []string{"c-1", "c-2"}, "reason", "wrong codes")
		for _, id := range []string{"c-1", "c-2"} {
			p.send(http.MethodPatch, "/case", "case-admin", map[string]any{"case_id": id, "procedure_codes": []string{"Z9002-LT"}}).is(200)
		}
		p.bills(run, map[string]string{"BILL 1": "Z9002-LT", "BILL 2": "Z9001-50"})
		next := p.openRun("global-admin", map[string]any{}).is(201).header.Get("Location")
		p.bills(next, map[string]string{"BILL 1-2": "Z9002-LT", "BILL 2-2": "Z9002-LT", "BILL REFUND 1": "Z9002-LT", "BILL REFUND 2": "Z9001-50"})
	})
}

func runID(location string) string { return location[strings.LastIndex(location, "/")+1:] }

// bills asks for the transactions of a run: "BILL 1" and what its split is for.
func (p *program) bills(run string, want map[string]string) {
	p.t.Helper()
	blocks := p.transactions(runID(run)).Blocks
	for _, b := range blocks {
		if detail, ok := want[b.Kind+" "+b.Number]; !ok || b.Detail != detail {
			p.t.Errorf("the %s %s of %s is for %q, want %q", b.Kind, b.Number, run, b.Detail, detail)
		}
	}
	if len(blocks) != len(want) {
		p.t.Errorf("the file of %s has %d bills and refunds, want %d", run, len(blocks), len(want))
	}
}
