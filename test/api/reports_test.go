package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"surgicase/domain/permission"
	"surgicase/test/iif"
)

// reportPaths are the reports and accounting files that come as files.
var reportPaths = []string{"/provider_payment_report", "/provider_payment_summary_report", "/quickbooks_vendors_csv", "/quickbooks_transactions_iif"}

// stageForReports has a run of two providers, of whom one was paid for a patient that nobody else may see.
func stageForReports(p *program) (run string) {
	p.t.Helper()
	p.cast()
	p.prices()
	a, b := p.person("dr-a", permission.Provider, 1), p.person("dr-b", permission.Provider, 1)
	canary := map[string]any{"first": "Quetzalcoatlus", "last": "Canary"}
	p.send(http.MethodPost, "/case", "dr-a", caseOf("a-1", "dr-a", a, "patient", canary, "procedure_codes", []string{"Z9001"})).is(201)
	p.allMove("case-admin", 10, []string{"a-1"})
	p.standing(10, "dr-a", a, "a-2")
	p.standing(10, "dr-b", b, "b-1")
	return fmt.Sprint(p.openRun("global-admin", map[string]any{}).is(201).has("total_payments", 3).at("run_id"))
}

func TestFilesOfARunAreMadeOnce(t *testing.T) {
	everywhere(t, func(p *program) {
		run := stageForReports(p)
		first := map[string]answer{}
		for _, path := range reportPaths {
			first[path] = p.get(path+"?run_id="+run, "case-admin").is(200)
			if got := first[path].header; got.Get("X-Preview") != "False" || got.Get("X-Total-Amount") != "3000.00" || got.Get("X-Email-Sent") != "False" || got.Get("Cache-Control") != "no-store" {
				p.t.Errorf("%s: %v", path, got)
			}
			sum := sha256.Sum256(first[path].raw)
			if got := first[path].header.Get("X-Content-SHA256"); got != hex.EncodeToString(sum[:]) {
				p.t.Errorf("%s: the manifest says %s", path, got)
			}
		}
		p.send(http.MethodPost, "/payment_runs/"+run+"/settle", "global-admin", map[string]any{}).is(200)
		p.send(http.MethodPatch, "/user", "user-admin", map[string]any{"user_id": "dr-a", "last_name": "Married"}).is(200)
		for _, path := range reportPaths {
			again := p.get(path+"?run_id="+run, "system-admin").is(200)
			if !bytes.Equal(again.raw, first[path].raw) || again.header.Get("X-File-ID") != first[path].header.Get("X-File-ID") {
				p.t.Errorf("%s is not the same after settling", path)
			}
			fetched := p.get("/generated_files/"+again.header.Get("X-File-ID"), "case-admin").is(200)
			if !bytes.Equal(fetched.raw, again.raw) {
				p.t.Errorf("%s is another file when fetched by its id", path)
			}
		}
		p.get("/generated_files?run_id="+run, "case-admin").is(200).has("generated_files.0.kind", "quickbooks_transactions", "generated_files.0.total", 3000, "generated_files.0.count", 3)
		for _, alias := range []string{"/quickbooks-vendors-csv", "/quickbooks-transactions-iif"} {
			got := p.get(alias+"?run_id="+run, "case-admin").is(200)
			if want := first[strings.ReplaceAll(alias, "-", "_")]; !bytes.Equal(got.raw, want.raw) {
				p.t.Errorf("%s differs from its route", alias)
			}
		}
		if n := len(p.database().rows("SELECT file_id FROM generated_files")); n != len(reportPaths) {
			p.t.Errorf("%d files were made of one run", n)
		}
	})
}

func TestManyAskForTheSameFile(t *testing.T) {
	everywhere(t, func(p *program) {
		run := stageForReports(p)
		answers := together(p, 8, func(int) (answer, error) {
			return p.try(http.MethodGet, "/provider_payment_report?run_id="+run, "case-admin", nil)
		})
		for _, a := range answers {
			a.is(200)
			if !bytes.Equal(a.raw, answers[0].raw) {
				p.t.Error("two requests got different files of one run")
			}
		}
	})
}

func TestPreviewsShowWhatIsOpen(t *testing.T) {
	everywhere(t, func(p *program) {
		run := stageForReports(p)
		db := p.database()
		before := db.print()
		for _, path := range reportPaths {
			got := p.get(path+"?start_date=2026-01-01&email_type=weekly", "case-admin").is(200)
			if h := got.header; h.Get("X-Preview") != "True" || h.Get("X-Total-Amount") != "3000.00" || !strings.Contains(h.Get("Content-Disposition"), "_preview_") {
				p.t.Errorf("%s: %v", path, h)
			}
			if got := p.get(path+"?user_id=dr-b", "case-admin").is(200).header.Get("X-Total-Amount"); got != "1000.00" {
				p.t.Errorf("%s of dr-b comes to %s", path, got)
			}
			p.get(path+"?end_date=2020-01-01", "case-admin").refused(404, "cases_not_found")
			p.get(path+"?start_date=2026-02-01&end_date=2026-01-01", "case-admin").refused(400, "dates_reversed")
			p.get(path+"?start_date=2026-02-31", "case-admin").refused(422, "invalid_input")
			p.get(path+"?run_id="+run+"&start_date=2026-01-01", "case-admin").refused(400, "run_with_dates")
			p.get(path+"?run_id=4711", "case-admin").refused(404, "run_not_found")
		}
		for _, table := range changed(before, db.print()) {
			switch table {
			case "generated_files", "report_passwords", "audit_entries", "audit_seal":
			default:
				p.t.Errorf("reading reports changed %s", table)
			}
		}
		p.send(http.MethodPost, "/payment_runs/"+run+"/settle", "global-admin", map[string]any{}).is(200)
		p.get("/provider_payment_report", "case-admin").refused(404, "cases_not_found")
		p.get("/individual_provider_reports", "case-admin").is(200).has("success", true, "providers_processed", 0, "message", "No providers found with cases")
	})
}

// TestQuickBooksGetsWhatTheLedgerSays: bills of a run, and what was taken back of it in the next one's file.
func TestQuickBooksGetsWhatTheLedgerSays(t *testing.T) {
	everywhere(t, func(p *program) {
		run := stageForReports(p)
		file := p.transactions(run)
		if len(file.Blocks) != 3 || len(file.Vendors) != 2 || strings.Contains(fmt.Sprint(file), "Canary") {
			p.t.Fatalf("the file: %+v", file)
		}
		p.send(http.MethodPost, "/payment_runs/"+run+"/settle", "global-admin", map[string]any{}).is(200)
		p.send(http.MethodPost, "/payment_runs/"+run+"/reverse", "global-admin", map[string]any{"reason": "wrong week"}).is(200)
		next := fmt.Sprint(p.openRun("global-admin", map[string]any{}).is(201).at("run_id"))
		if again := p.transactions(run); len(again.Blocks) != 3 {
			p.t.Errorf("the first file changed: %+v", again.Blocks)
		}
		var sum int64
		numbers := map[string]bool{}
		for _, b := range p.transactions(next).Blocks {
			sum += b.Cents
			numbers[b.Kind+" "+b.Number] = true
		}
		if sum != 0 || len(numbers) != 6 || !numbers["BILL 1-2"] || !numbers["BILL REFUND 1"] {
			p.t.Errorf("the next file comes to %d: %v", sum, numbers)
		}
		vendors := p.get("/quickbooks_vendors_csv?run_id="+next, "case-admin").is(200)
		rows, err := csv.NewReader(bytes.NewReader(vendors.raw)).ReadAll()
		if err != nil || len(rows) != 3 || rows[1][0] != file.Vendors[0]["NAME"] || rows[1][10] != "" {
			p.t.Errorf("vendors: %v, %v", rows, err)
		}
		p.database().holds("reports of two runs")
	})
}

func (p *program) transactions(run string) *iif.File {
	p.t.Helper()
	file, err := iif.Read(p.get("/quickbooks_transactions_iif?run_id="+run, "case-admin").is(200).raw)
	if err != nil {
		p.t.Fatal(err)
	}
	return file
}

// TestAProvidersReportIsHisAlone: it opens with his password, and holds no case of another.
func TestAProvidersReportIsHisAlone(t *testing.T) {
	everywhere(t, func(p *program) {
		run := stageForReports(p)
		p.get("/individual_provider_reports?run_id="+run, "case-admin").is(200).has("reports_generated", 2, "emails_sent", 0, "success", true)
		own, other := p.get("/my_payment_report?run_id="+run, "dr-a").is(200), p.get("/my_payment_report?run_id="+run, "dr-b").is(200)
		p.get("/generated_files/"+own.header.Get("X-File-ID"), "dr-a").is(200)
		p.get("/generated_files/"+own.header.Get("X-File-ID"), "dr-b").refused(404, "file_not_found")
		p.get("/generated_files/"+own.header.Get("X-File-ID")+"9", "dr-b").refused(404, "file_not_found")
		password := p.get("/report_password", "dr-a").is(200).has("scope", "provider").at("password").(string)
		if again := p.get("/report_password", "dr-a").at("password"); again != password || len(password) != 19 {
			p.t.Errorf("the password is %q, then %q", password, again)
		}
		if theirs := p.get("/report_password", "dr-b").at("password"); theirs == password {
			p.t.Error("two providers have one password")
		}
		p.get("/report_password?user_id=dr-a", "system-admin").refused(403, "not_your_data")
		p.get("/report_password?scope=organisation", "user-admin").refused(403, "not_allowed")
		shared := p.get("/report_password?scope=organisation", "global-admin").is(200).at("password").(string)
		text := func(a answer, password string) string { return readPDF(p.t, a.raw, password) }
		if got := text(own, password); !strings.Contains(got, "Canary") || !strings.Contains(got, "$2000.00") {
			p.t.Errorf("the own report says %s", got)
		}
		if got := text(other, p.get("/report_password", "dr-b").at("password").(string)); strings.Contains(got, "Canary") || strings.Contains(got, "dr-a") || !strings.Contains(got, "$1000.00") {
			p.t.Errorf("the other's report says %s", got)
		}
		all := text(p.get("/provider_payment_report?run_id="+run, "case-admin"), shared)
		if !strings.Contains(all, "Canary") || !strings.Contains(all, "$3000.00") || !strings.Contains(all, "Page 1 of 3") {
			p.t.Errorf("the report of all says %s", all)
		}
		if got := text(p.get("/provider_payment_summary_report?run_id="+run, "case-admin"), shared); strings.Contains(got, "Canary") || !strings.Contains(got, "$3000.00") {
			p.t.Errorf("the summary says %s", got)
		}
		if raw := fmt.Sprint(p.database().rows("SELECT report_password FROM report_passwords")); strings.Contains(raw, password) || strings.Contains(raw, shared) {
			p.t.Error("a password lies in the database in the clear")
		}
	})
}

// readPDF gives the text of a locked PDF, and makes sure that it opens with its password only.
func readPDF(t *testing.T, document []byte, password string) string {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		const reason = "no pdftotext here (apt-get install poppler-utils)"
		if os.Getenv("CI") == "true" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	run := func(password string) (string, error) {
		cmd := exec.Command("pdftotext", "-layout", "-upw", password, "-", "-")
		cmd.Stdin = bytes.NewReader(document)
		out, err := cmd.Output()
		return string(out), err
	}
	if _, err := run(password + "x"); err == nil {
		t.Error("a wrong password opens the report")
	}
	text, err := run(password)
	if err != nil {
		t.Fatalf("pdftotext: %v", err)
	}
	return text
}
