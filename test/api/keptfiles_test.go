package api

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"surgicase/domain/directory"
)

func TestPreviewsGoAfterAWeekAndFilesOfRunsStay(t *testing.T) {
	everywhere(t, func(p *program) {
		run := stageForReports(p)
		preview := p.get("/provider_payment_report", "case-admin").is(200).header.Get("X-File-ID")
		kept := p.get("/provider_payment_report?run_id="+run, "case-admin").is(200).header.Get("X-File-ID")
		cleaned := func(outcome string) {
			p.send(http.MethodPost, "/scheduler/jobs/report_cleanup/run", "system-admin", nil).is(200).has("outcome", outcome)
		}
		p.clock.Advance(7 * 24 * time.Hour)
		cleaned("0 previews removed")
		p.get("/generated_files/"+preview, "case-admin").is(200)
		p.clock.Advance(time.Second)
		cleaned("1 previews removed")
		p.get("/generated_files/"+preview, "case-admin").refused(404, "file_not_found")
		p.get("/generated_files/"+kept, "case-admin").is(200)
		if left := p.objects(); len(left) != 1 {
			p.t.Errorf("left are %q", left)
		}
	})
}

// What lies in the storage was not made by us: nobody pays by it.
func TestAReportThatWasChangedInTheStorageIsNotGiven(t *testing.T) {
	everywhere(t, func(p *program) {
		run := stageForReports(p)
		path := "/quickbooks_transactions_iif?run_id=" + run
		file := p.get(path, "case-admin").is(200)
		objects := p.objects()
		if len(objects) != 1 {
			p.t.Fatalf("the storage holds %q", objects)
		}
		object := filepath.Join(p.dataDir, "objects", objects[0])
		if err := os.WriteFile(object, append(file.raw, "forged\n"...), 0o600); err != nil {
			p.t.Fatal(err)
		}
		p.get(path, "case-admin").refused(503, "document_damaged").lacks("forged", "BILL")
		p.get("/generated_files/"+file.header.Get("X-File-ID"), "case-admin").refused(503, "document_damaged").lacks("forged", "BILL")
	})
}

// Where passwords are made of last name and NPI, a provider without them has none: he gets no report, and the others get theirs.
func TestWithoutAPasswordThereIsNoReport(t *testing.T) {
	t.Parallel()
	for _, db := range databases {
		p := start(t, db.url(t), map[string]string{"REPORT_PASSWORD": "npi"})
		run := stageForReports(p)
		p.preferring("dr-a", func(u *directory.User) { u.NPI = 0 })
		p.get("/individual_provider_reports?run_id="+run, "case-admin").is(200).has("success", true, "reports_generated", 1, "providers_processed", 2, "files.0.provider_id", "dr-b",
			"errors.0.error", "The provider has no last name or NPI to make the password of.")
		p.get("/my_payment_report?run_id="+run, "dr-a").refused(409, "no_password")
		p.get("/report_password", "dr-a").refused(409, "no_password")
		p.get("/my_payment_report?run_id="+run, "dr-b").is(200)
	}
}

// Whoever is given a file is on the trail, also when another has made it.
func TestReportsThatWereMadeBeforeAreOnTheTrail(t *testing.T) {
	everywhere(t, func(p *program) {
		run := stageForReports(p)
		path := "/individual_provider_reports?run_id=" + run
		first := p.get(path, "case-admin").is(200)
		p.get(path, "global-admin").is(200).has("reports_generated", 2)
		p.seal()
		var want []string
		for _, id := range first.each("files", "file_id") {
			want = append([]string{"global-admin report.read " + id + " read"}, want...)
		}
		p.get("/audit_log?actor=global-admin&action=report.read", "system-admin").logs(want...)
	})
}

// Following a case tells of everybody who was given a file that shows it, not only of who had it made.
func TestWhoeverOpensAReportAgainIsFoundByItsCases(t *testing.T) {
	everywhere(t, func(p *program) {
		run := stageForReports(p)
		made := p.get("/individual_provider_reports?run_id="+run, "case-admin").is(200)
		ids := map[string]string{}
		for _, f := range made.at("files").([]any) {
			ids[fmt.Sprint(f.(map[string]any)["provider_id"])] = fmt.Sprintf("%.0f", f.(map[string]any)["file_id"])
		}
		p.get("/individual_provider_reports?run_id="+run, "global-admin").is(200)
		p.get("/my_payment_report?run_id="+run, "dr-a").is(200)
		p.get("/my_payment_report?run_id="+run, "dr-b").is(200)
		p.get("/generated_files/"+ids["dr-a"], "user-admin").is(200)
		p.get("/generated_files/"+ids["dr-a"], "dr-b").refused(404, "file_not_found")
		reads := func(by, file string) string { return by + " report.read " + file + " read" }
		p.get("/audit_log?action=report.read&case_id=a-2", "system-admin").
			logs(reads("user-admin", ids["dr-a"]), reads("dr-a", ids["dr-a"]), reads("global-admin", ids["dr-a"]), reads("case-admin", ids["dr-a"]))
		number := p.database().value("SELECT human_case_id FROM case_ids WHERE case_id = 'b-1'")
		p.get("/audit_log?action=report.read&human_case_id="+number, "system-admin").
			logs(reads("dr-b", ids["dr-b"]), reads("global-admin", ids["dr-b"]), reads("case-admin", ids["dr-b"]))
	})
}

func TestNobodyTakesTheMoneyOfHisOwnPurgedCaseBack(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()
		p.prices()
		p.standing(30, "global-admin", at["global-admin"], "own")
		db := p.database()
		run := "/payment_runs/" + db.value("SELECT MAX(run_id) FROM payment_runs")
		p.send(http.MethodDelete, "/case?case_id=own", "case-admin", nil).is(200)
		p.clock.Advance(2191 * 24 * time.Hour)
		p.send(http.MethodPost, "/scheduler/jobs/retention/run", "system-admin", nil).is(200).has("outcome", "1 cases purged, 0 rows forgotten, 0 reports of clients forgotten")
		reverse := func(as string) answer {
			return p.send(http.MethodPost, run+"/reverse", as, map[string]any{"reason": "bank error"}).is(200)
		}
		reverse("global-admin").has("total_updated", 0, "reversed_total", 0, "exceptions.0.case_id", "own", "exceptions.0.code", "own_case")
		db.holds("refused")
		reverse("system-admin").has("total_updated", 1, "reversed_total", 1000)
		db.holds("reversed")
	})
}

// TestTheSamePreviewIsStoredOnce: whoever reads a preview again and again does not fill the storage, and whatever changes
// in it makes another one.
func TestTheSamePreviewIsStoredOnce(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		p.standing(15, "provider", at, "c-1")
		files := func() string {
			p.t.Helper()
			return p.database().value("SELECT COUNT(*) FROM generated_files WHERE slot IS NULL")
		}
		reads := func(as string) string {
			p.t.Helper()
			return p.database().value("SELECT COUNT(*) FROM audit_entries WHERE outcome = 'read' AND things LIKE '%1%' AND actor_id = '" + as + "'")
		}
		for _, path := range []string{
			"/my_payment_report", "/provider_payment_report", "/provider_payment_summary_report", "/quickbooks_vendors_csv", "/quickbooks_transactions_iif",
		} {
			as := "global-admin"
			if path == "/my_payment_report" {
				as = "provider"
			}
			before := files()
			first := p.get(path, as).is(200)
			once, read := files(), reads(as)
			again := p.get(path, as).is(200)
			if once == before || files() != once || string(again.raw) != string(first.raw) {
				p.t.Errorf("%s: %s files before, %s after it was read once, %s after twice", path, before, once, files())
			}
			if now := reads(as); now == read {
				p.t.Errorf("%s: that it was read again is not in the audit log", path)
			}
		}
		stored := files()
		p.standing(15, "provider", at, "c-2")
		p.get("/my_payment_report", "provider").is(200)
		if files() == stored {
			p.t.Error("another case made no other report")
		}
		stored = files()
		p.clock.Advance(13 * time.Hour)
		p.get("/my_payment_report", "provider").is(200)
		if files() == stored {
			p.t.Error("a preview of the morning is given in the night, though it is about to go")
		}
	})
}
