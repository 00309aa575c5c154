package api

import (
	"net/http"
	"strings"
	"testing"
)

// TestWhatAProviderWhoLeftIsPaidIsRead by the office, under the password of the organisation, and by themselves once a User
// Admin lets them in again: their own password is nobody else's.
func TestWhatAProviderWhoLeftIsPaidIsRead(t *testing.T) {
	everywhere(t, func(p *program) {
		run := stageForReports(p)
		own := p.get("/my_payment_report?run_id="+run, "dr-a").is(200)
		password := p.get("/report_password", "dr-a").is(200).at("password").(string)
		p.send(http.MethodDelete, "/user?user_id=dr-a", "user-admin", nil).is(200)
		p.get("/my_payment_report?run_id="+run, "dr-a").refused(401, "unknown_caller")
		p.get("/report_password?user_id=dr-a", "system-admin").refused(403, "not_your_data")

		shared := p.get("/report_password?scope=organisation", "global-admin").is(200).at("password").(string)
		part := p.get("/provider_payment_report?run_id="+run+"&user_id=dr-a", "case-admin").is(200)
		if got := readPDF(p.t, part.raw, shared); !strings.Contains(got, "Canary") || !strings.Contains(got, "$2000.00") {
			p.t.Errorf("the office reads %s", got)
		}

		back := map[string]any{"user_id": "dr-a", "active": true}
		p.send(http.MethodPatch, "/user", "user-admin", back).is(200)
		again := p.get("/my_payment_report?run_id="+run, "dr-a").is(200)
		if got := readPDF(p.t, again.raw, password); !strings.Contains(got, "$2000.00") || string(again.raw) != string(own.raw) {
			p.t.Errorf("who is back reads %s", got)
		}
	})
}
