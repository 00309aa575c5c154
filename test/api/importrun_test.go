package api

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// TestNoFileCarriesWhatWasPaidBefore: accounting paid an import run long ago, and a file of it would have it
// paid again. What a person reads of it is no bill. Source: spec/decisions.md 5.3a.
func TestNoFileCarriesWhatWasPaidBefore(t *testing.T) {
	everywhere(t, func(p *program) {
		run := stageForReports(p)
		p.spoil("UPDATE payment_runs SET kind = 'import' WHERE run_id = " + run)
		p.spoil("UPDATE payment_entries SET settled_at = (SELECT opened_at FROM payment_runs WHERE run_id = " + run + ") WHERE run_id = " + run)
		for _, path := range []string{"/quickbooks_vendors_csv", "/quickbooks_transactions_iif", "/quickbooks-vendors-csv", "/quickbooks-transactions-iif"} {
			p.get(path+"?run_id="+run, "system-admin").refused(409, "import_run")
		}
		p.get("/provider_payment_summary_report?run_id="+run, "case-admin").is(200)
		if made := p.database().value("SELECT COUNT(*) FROM generated_files WHERE kind LIKE 'quickbooks%'"); made != "0" {
			p.t.Errorf("%s files were made for accounting all the same", made)
		}
	})
}

// TestWhatWasOpenWhenMovingInReachesTheAccountant: Thursday's job settles it, so a file of its own has bills of it, and
// what is taken back of it is carried. Source: docs/DECISIONS.md, 2026-11-30.
func TestWhatWasOpenWhenMovingInReachesTheAccountant(t *testing.T) {
	everywhere(t, func(p *program) {
		run := stageForReports(p)
		p.spoil("UPDATE payment_runs SET kind = 'import' WHERE run_id = " + run)
		p.spoil("UPDATE payment_entries SET settled_at = (SELECT opened_at FROM payment_runs WHERE run_id = " + run + ") - 1 WHERE run_id = " + run + " AND provider_id <> 'dr-a'")
		p.spoil("UPDATE cases SET case_status = 20 WHERE user_id <> 'dr-a' AND case_status = 15") // the legacy service paid them
		p.get("/quickbooks_transactions_iif", "case-admin").is(200)                               // a preview of what is open
		file := p.transactions(run)
		if len(file.Blocks) != 2 || len(file.Vendors) != 1 {
			p.t.Fatalf("the file of what was open: %+v", file)
		}
		first := p.get("/quickbooks_transactions_iif?run_id="+run, "case-admin").is(200)
		if h := first.header; h.Get("X-Fetched-Before") != "True" || h.Get("X-Made-By") == "" || h.Get("X-Bills-Not-To-Pay") != "" || h.Get("X-Bills-Not-To-Pay-Count") != "0" {
			p.t.Errorf("fetched again: %v", h)
		}
		back := p.send(http.MethodPatch, "/bulk_update_case_status", "global-admin", map[string]any{"case_ids": []string{"a-1"}, "new_status": 10, "reason": "wrong code"}).is(200)
		number := fmt.Sprint(back.at("bills_not_to_pay.0"))
		marked := p.get("/quickbooks_transactions_iif?run_id="+run, "case-admin").is(200)
		if marked.header.Get("X-Bills-Not-To-Pay") != number || string(marked.raw) != string(first.raw) {
			p.t.Errorf("not to pay: %q, want %q", marked.header.Get("X-Bills-Not-To-Pay"), number)
		}
		p.clock.Advance(time.Hour)
		p.send(http.MethodPost, "/payment_runs/"+run+"/settle", "global-admin", nil).is(200).has("total_updated", 1)
		p.send(http.MethodPost, "/payment_runs/"+run+"/reverse", "global-admin", map[string]any{"reason": "bank error"}).is(200)
		next := fmt.Sprint(p.openRun("global-admin", map[string]any{}).is(201).at("run_id"))
		refunds := 0
		for _, b := range p.transactions(next).Blocks {
			if b.Kind == "BILL REFUND" {
				refunds++
			}
		}
		if refunds != 2 { // the cancellation and the reversal of dr-a, nothing of what was paid before
			p.t.Errorf("%d refunds are carried", refunds)
		}
	})
}

// A provider's part of a run's file has his bills alone; a file made after a cancellation marks its bill, and the lists
// can be left out.
func TestPartsOfARunsFile(t *testing.T) {
	everywhere(t, func(p *program) {
		run := stageForReports(p)
		p.send(http.MethodPatch, "/bulk_update_case_status", "global-admin", map[string]any{"case_ids": []string{"a-1"}, "new_status": 10, "reason": "wrong code"}).is(200)
		path := "/quickbooks_transactions_iif?run_id=" + run
		part, whole := p.get(path+"&user_id=dr-a", "case-admin").is(200), p.get(path, "case-admin").is(200)
		if a, all := count(part.raw, "\nTRNS\t"), count(whole.raw, "\nTRNS\t"); a != 2 || all != 3 || count(whole.raw, "DO NOT PAY, cancelled: Case 1\t") != 1 || count(part.raw, "DO NOT PAY") != 1 {
			p.t.Errorf("%d of %d bills: %s", a, all, part.raw)
		}
		alone := p.get(path+"&lists=false", "case-admin").is(200)
		if count(alone.raw, "ACCNT\t") != count(alone.raw, "\tACCNT\t") || count(alone.raw, "VEND\t") != 0 || count(alone.raw, "\nTRNS\t") != 3 || !bytes.HasSuffix(whole.raw, alone.raw) {
			p.t.Errorf("without lists: %s", alone.raw)
		}
		p.get(path+"&lists=no", "case-admin").refused(422, "invalid_input")
	})
}

func count(text []byte, part string) int { return bytes.Count(text, []byte(part)) }
