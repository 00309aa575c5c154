package api

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"surgicase/domain/directory"
	"surgicase/domain/permission"
	"surgicase/ports"
)

func TestTheLists(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.get("/doctypes", "provider").is(200).has("document_types.0.doc_type", "Board Certification")
		p.get("/user_doc_types", "provider").is(200).has("user_doc_types.1.doc_prefix", "DEA")
		p.get("/user_types", "provider").is(200).has("user_types.1.user_type", 7, "user_types.5.user_max_case_status", 500)
		p.get("/case_statuses", "provider").is(200).has("case_statuses.12.case_status_desc", "Closed")
		p.get("/faqs", "provider").is(200).has("user_type", 1).none("faqs")
		zones := p.get("/timezones", "provider").is(200).at("timezones").([]any)
		offsets := map[string]string{"America/New_York": "-05:00", "America/Los_Angeles": "-08:00", "UTC": "+00:00", "Australia/Sydney": "+10:00", "Europe/Dublin": "+00:00", "Asia/Kolkata": "+05:30"}
		for _, z := range zones {
			zone := z.(map[string]any)
			if want, ok := offsets[zone["tz_identifier"].(string)]; ok && zone["utc_offset"] != want {
				t.Errorf("%v, want %s", zone, want)
			}
			delete(offsets, zone["tz_identifier"].(string))
		}
		if len(offsets) > 0 {
			t.Errorf("missing zones: %v", offsets)
		}

		faq := map[string]any{"user_type": 7, "faq_header": "When?", "faq_text": "On\nFriday.", "display_order": 2}
		p.send(http.MethodPost, "/faqs", "user-admin", faq).refused(403, "not_allowed")
		p.send(http.MethodPost, "/faqs", "global-admin", faq).is(201).has("faq_text", "On\nFriday.")
		p.get("/faqs", "provider").is(200).none("faqs")
		p.get("/faqs", "group-admin").is(200).has("faqs.0.faq_header", "When?")
		p.send(http.MethodPost, "/case_statuses", "global-admin", map[string]any{"case_status": "10", "case_status_desc": "Ready"}).is(200)
		p.send(http.MethodPost, "/case_statuses", "global-admin", map[string]any{"case_status": 11, "case_status_desc": "Eleven"}).refused(422, "invalid_input")
		p.get("/case_statuses", "provider").is(200).has("case_statuses.2.case_status_desc", "Ready")
		p.send(http.MethodPost, "/user_types", "global-admin", map[string]any{"user_id": "provider", "user_type": 30, "user_type_desc": "Regional"}).refused(403, "not_your_data")
		p.send(http.MethodPost, "/user_types", "global-admin", map[string]any{"user_id": "global-admin", "user_type": 30, "user_type_desc": "Regional"}).is(201).
			has("user_max_case_status", nil)
		p.send(http.MethodPost, "/user_doc_types", "global-admin", map[string]any{"doc_type": "Résumé", "doc_prefix": "CV"}).is(201)
		p.get("/user_doc_types", "provider").is(200).has("user_doc_types.3.doc_type", "Résumé")
	})
}

func TestTheCodeCatalogue(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.get("/cpt_codes?count=true", "provider").is(200).none("cpt_codes")
		p.inTx(func(ctx context.Context, r ports.Repos) error {
			codes := make([]directory.ProcedureCode, 1200)
			for i := range codes {
				codes[i] = directory.ProcedureCode{Code: fmt.Sprintf("Y%04d", i), Kind: "cpt", Description: fmt.Sprintf("Invented procedure %d", i)}
			}
			return r.Codes.Put(ctx, codes)
		})
		all := p.get("/cpt_codes?count=true", "provider").is(200).has("cpt_codes.1199.cpt_code", "Y1199", "cpt_codes.0.category", nil)
		if got := all.header.Get("X-Total-Count"); got != "1200" {
			t.Errorf("X-Total-Count is %q", got)
		}
		p.get("/cpt_codes?search=y001", "provider").is(200).has("cpt_codes.9.cpt_code", "Y0019")
		page := p.get("/cpt_codes?limit=7&search=procedure", "provider").is(200).has("cpt_codes.6.cpt_code", "Y0006")
		p.get(next(page), "provider").is(200).has("cpt_codes.0.cpt_code", "Y0007")
	})
}

func TestPermissions(t *testing.T) {
	p := start(t, databases[0].url(t), nil)
	p.cast()
	answer := p.get("/permissions", "group-admin").is(200).has("user_id", "group-admin", "user_type", 7)
	for i, entry := range answer.at("permissions").([]any) {
		rule, said := permission.Table[i], entry.(map[string]any)
		if said["action"] != string(rule.Action) || said["any"] != rule.Allows(permission.GroupAdmin, permission.Other) {
			t.Errorf("%v, want %+v", said, rule)
		}
	}
}

func TestTheDashboards(t *testing.T) {
	everywhere(t, func(p *program) {
		places := p.cast()
		p.prices()
		p.drafts("provider", places["provider"], "c-1", "c-2")
		p.send(http.MethodPost, "/case", "provider", caseOf("c-3", "provider", places["provider"], "procedure_codes", []string{"X0000"})).is(201)
		for _, path := range []string{"/case_dashboard_data", "/casedashboarddata", "/user_dashboard_data", "/userdashboarddata", "/build_dashboard"} {
			p.get(path, "group-admin").refused(403, "not_allowed")
		}
		p.get("/casedashboarddata", "case-admin").is(200).has("dashboard_data.0.case_status", 0, "dashboard_data.0.cases", 3, "dashboard_data.0.case_status_desc", "Draft",
			"dashboard_data.0.total_amount", 2000, "summary.total_cases", 3, "summary.unpriced_cases", 1, "filters.start_date", nil)
		p.get("/case_dashboard_data?start_date=2030-01-01", "case-admin").is(200).has("summary.total_amount", 0).none("dashboard_data")
		p.get("/case_dashboard_data?start_date=2026-02-30", "case-admin").refused(422, "invalid_input")
		p.get("/build_dashboard?start_date=2026-02-02&end_date=2026-02-01", "case-admin").refused(400, "dates_reversed")
		p.get("/user_dashboard_data", "case-admin").is(200).has("user_types.0.user_type", 1, "user_types.0.count", 1, "summary.total_users", 6)
		// Nobody runs jobs here, on purpose: that is healthy.
		p.get("/build_dashboard?start_date=2020-01-01", "case-admin").is(200).has("status", "complete", "errors", nil, "summary.total_cases", 3, "summary.total_users", 6,
			"data.health.service", "surgicase-api", "summary.overall_health", "healthy", "request_filters.start_date", "2020-01-01", "request_filters.user_id", "case-admin", "data.users.summary.total_users", 6)
	})
}
