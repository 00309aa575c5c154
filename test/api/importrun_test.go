package api

import "testing"

// TestNoFileCarriesWhatWasPaidBefore: accounting paid an import run long ago, and a file of it would have it
// paid again. What a person reads of it is no bill. Source: spec/decisions.md 5.3a.
func TestNoFileCarriesWhatWasPaidBefore(t *testing.T) {
	everywhere(t, func(p *program) {
		run := stageForReports(p)
		p.spoil("UPDATE payment_runs SET kind = 'import' WHERE run_id = " + run)
		for _, path := range []string{"/quickbooks_vendors_csv", "/quickbooks_transactions_iif", "/quickbooks-vendors-csv", "/quickbooks-transactions-iif"} {
			p.get(path+"?run_id="+run, "system-admin").refused(409, "import_run")
		}
		p.get("/provider_payment_summary_report?run_id="+run, "case-admin").is(200)
		if made := p.database().value("SELECT COUNT(*) FROM generated_files WHERE kind LIKE 'quickbooks%'"); made != "0" {
			p.t.Errorf("%s files were made for accounting all the same", made)
		}
	})
}
