package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestOneUnreadableValueHidesNoList: what cannot be decrypted is empty and named, everything beside it is shown, and nothing
// writes the gap back. Neither is a server error.
func TestOneUnreadableValueHidesNoList(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.drafts("provider", at, "c-1", "c-2", "c-3")
		p.filed("c-2", "provider")
		broken := "x'00010203040506'"
		p.spoil("UPDATE cases SET patient_first = " + broken + ", patient_dob = patient_last WHERE case_id = 'c-1'")
		p.spoil("UPDATE case_documents SET file_name = " + broken + " WHERE slot = 0 AND kind = 'demo' AND human_case_id =" +
			" (SELECT human_case_id FROM cases WHERE case_id = 'c-2')")
		p.get("/case?case_id=c-1", "provider").is(200).has("case.patient_first", "", "case.patient_dob", nil, "case.patient_last", "Patient-c-1",
			"case.unreadable_fields.0", "patient_first", "case.unreadable_fields.1", "patient_dob")
		p.get("/case?case_id=c-2", "provider").is(200).has("case.demo_file", nil, "case.unreadable_fields.0", "demo_file")
		for _, path := range []string{"/case_filter?user_id=provider", "/cases_by_status?filter=0,1", "/export_cases", "/export_cases_csv"} {
			method, body := http.MethodGet, any(nil)
			if strings.HasPrefix(path, "/export") {
				method, body = http.MethodPost, map[string]any{"all": true}
			}
			a := p.send(method, path, "case-admin", body).is(200)
			for _, id := range []string{"c-1", "c-2", "c-3"} {
				if !strings.Contains(string(a.raw), id) {
					t.Errorf("%s lacks %s: %s", path, id, a.raw)
				}
			}
			if !strings.Contains(string(a.raw), "Patient-c-3") {
				t.Errorf("%s: %s", path, a.raw)
			}
		}
		for _, id := range []string{"c-1", "c-2"} {
			change := map[string]any{"case_id": id, "ins_provider": "Other"}
			refusal := p.send(http.MethodPatch, "/case", "provider", change).is(503)
			if detail := fmt.Sprint(refusal.at("detail")); strings.ContainsAny(detail, "0123456789") {
				t.Errorf("the refusal tells of the key: %s", detail)
			}
		}
		got := fmt.Sprint(p.database().rows("SELECT hex(patient_first) FROM cases WHERE case_id = 'c-1'"))
		if got != "[[00010203040506]]" {
			t.Errorf("the broken value is %s now", got)
		}
	})
}
