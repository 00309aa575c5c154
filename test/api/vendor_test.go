package api

import (
	"net/http"
	"strings"
	"testing"
)

// TestAVendorGetsAnotherName: QuickBooks has one list of names for customers, employees and vendors.
func TestAVendorGetsAnotherName(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		p.standing(15, "provider", at, "c-1")
		rename := func(as, user, name string) answer {
			p.t.Helper()
			return p.send(http.MethodPut, "/quickbooks_vendor_names/"+user, as, map[string]any{"vendor_name": name})
		}
		vendors := func(query string) string {
			p.t.Helper()
			return string(p.get("/quickbooks_vendors_csv"+query, "global-admin").is(200).raw)
		}
		run := "?run_id=" + p.database().value("SELECT MAX(run_id) FROM payment_runs")
		before := vendors(run)
		first, _ := rename("global-admin", "provider", "Given Anew, MD").is(200).has("vendor_name", "Given Anew, MD").at("former_name").(string)
		if first == "" || !strings.Contains(before, first) {
			p.t.Errorf("the former name is %q", first)
		}
		if got := vendors(""); !strings.Contains(got, "Given Anew, MD") || strings.Contains(got, first) {
			p.t.Errorf("the next file says\n%s", got)
		}
		if vendors(run) != before {
			p.t.Error("the file of a run was changed")
		}
		rename("global-admin", "provider", "Given Anew, MD").is(200).has("former_name", "Given Anew, MD")
		rename("global-admin", "case-admin", "GIVEN ANEW, md").refused(409, "vendor_name_taken")
		rename("global-admin", "case-admin", "Somebody Else").is(200).has("former_name", nil)
		rename("global-admin", "nobody", "Somebody").refused(404, "user_not_found")
		rename("case-admin", "provider", "Somebody").is(403)
		for _, bad := range []string{"Zoë", "a:b", "=1+1", " a", "a ", "a\tb", `a"b`, strings.Repeat("x", 42)} {
			rename("global-admin", "provider", bad).refused(422, "invalid_input").has("errors.0.location", "body.vendor_name")
		}
	})
}
