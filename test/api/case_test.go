package api

import (
	"net/http"
	"testing"

	"surgicase/domain/permission"
)

func TestACaseFromDraftToSubmitted(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", permission.Provider, 1)
		p.person("dr-b", permission.Provider, 1)
		p.prices()

		created := p.send(http.MethodPost, "/case", "dr-a", caseOf("c-1", "dr-a", at, "procedure_codes", []string{"Z9001-50", "Z9002"})).is(201)
		created.has("case_id", "c-1", "user_id", "dr-a", "status_update.success", false, "pay_amount_update.pay_amount", 1000, "pay_amount_update.pay_category", "SPINE")
		if got := created.header.Get("Location"); got != "/case?case_id=c-1" {
			t.Errorf("Location is %q", got)
		}

		read := p.get("/case?case_id=c-1", "dr-a").is(200)
		read.has("case.case_status", 0, "case.patient_first", "Canaryc-1", "case.surgeon_name", "Sam Surgeon", "case.pay_status", "priced",
			"case.procedure_codes.0.procedure_code", "Z9001", "case.procedure_codes.0.modifiers.0", "50", "user_id", "dr-a")

		patch := map[string]any{"case_id": "c-1", "demo_file": "demo.pdf", "note_file": "note.pdf"}
		p.send(http.MethodPatch, "/case", "dr-a", patch, "If-Match", read.header.Get("ETag")).is(200).
			has("status_update.case_status", 1, "updated_fields.0", "demo_file", "updated_fields.1", "note_file")
		p.send(http.MethodPatch, "/case", "dr-a", map[string]any{"case_id": "c-1", "misc_file": "m.pdf"}, "If-Match", read.header.Get("ETag")).
			refused(412, "version_mismatch")
		p.send(http.MethodPatch, "/case", "dr-a", patch).is(200)

		p.get("/case?case_id=c-1", "dr-b").refused(404, "case_not_found").lacks("canary")
		p.get("/case?case_id=c-1", "").refused(401, "no_caller")
		p.get("/case?case_id=c-1", "nobody").refused(401, "unknown_caller")
		p.get("/case?case_id=c-1&user_id=dr-b", "dr-a").refused(403, "not_your_data")
		p.get("/case?case_id=c-1&user_id=dr-a", "").is(200)

		p.get("/case_history?case_id=c-1", "dr-a").is(200).has("history.0.from_status", 0, "history.0.to_status", 1, "history.0.actor_id", "system:auto")
		p.get("/case_pay?case_id=c-1", "dr-a").is(200).has("pay_amount", 1000, "winner", "Z9001", "table_version", 1, "user_tier", 1)
	})
}
