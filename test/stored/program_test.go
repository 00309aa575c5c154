package stored

import (
	"context"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// linkSecret is the secret that links of the file store are made with.
const linkSecret = "0123456789abcdef0123456789abcdef"

// written are requests that leave digests behind.
var written = []struct{ path, body, key string }{
	{"/user", `{"user_id":"dr-b","user_email":"b@example.com","first_name":"Robin","last_name":"Provider","addr1":"1 Plaza",
		"city":"Portland","state":"OR","zipcode":"97201","telephone":"2175550100","user_npi":1234567893,"message_pref":1,
		"states_licensed":"OR","user_type":1}`, ""},
	{"/surgeon", `{"user_id":"dr-a","first_name":"Avery","last_name":"Surgeon","surgeon_npi":1234567893,"surgeon_addr":"1 Plaza",
		"surgeon_city":"Portland","surgeon_state":"OR","surgeon_zip":"97201"}`, ""},
	{"/facility", `{"user_id":"dr-a","facility_name":"Center","facility_npi":1234567893,"facility_addr":"1 Plaza",
		"facility_city":"Portland","facility_state":"OR","facility_zip":"97201"}`, ""},
	{"/groups", `{"group_desc":"North"}`, ""},
	{"/tokens", `{"name":"laptop","scopes":["cases:read"],"expires_at":"2026-05-01T00:00:00Z"}`, ""},
	{"/report_recipients", `{"report_name":"provider_payment_report_weekly",
		"email_address":"box@example.com","first_name":"Alex"}`, ""},
	{"/bugs", `{"calling_page":"/cases","priority":"high","request_id":"req-1",
		"bug":{"title":"It is slow","description":"Very."}}`, ""},
	{"/payment_runs", `{"case_ids":["c-1"]}`, ""},
	{"/report_mailings", `{"report":"provider_payment_report","email_type":"weekly",` +
		`"start_date":"2026-01-01","end_date":"2026-12-31"}`, "k-1"},
}

// noteProgram notes what the running program keeps of requests: the digests in its audit log, whose keys name what they
// are of, the fingerprint of a body, and the name of a mailing.
func noteProgram(t *testing.T, note func(string, []byte)) {
	t.Helper()
	p := start(t)
	p.populate()
	for _, x := range written {
		headers := []string{}
		if x.key != "" {
			headers = append(headers, "Idempotency-Key", x.key)
		}
		if w := p.ask(http.MethodPost, x.path, "root", x.body, headers...); w.Code != http.StatusCreated {
			t.Fatalf("%s: %d %s", x.path, w.Code, w.Body)
		}
	}
	rows := given.Rows(t, p.databaseURL, "SELECT 'audit log: ' || entity || ' by ' || action || '=' || lower(hex(after_digest))"+
		" FROM audit_entries WHERE after_digest IS NOT NULL")
	for _, row := range rows {
		name, digest, _ := strings.Cut(strings.TrimSpace(row), "=")
		sum, err := hex.DecodeString(digest)
		if err != nil {
			t.Fatal(row, err)
		}
		note(name, sum)
	}
	if len(rows) < 5 {
		t.Errorf("only %d digests in the audit log", len(rows))
	}
	note("fingerprint of a body", one(t, p.databaseURL, "SELECT hex(body_hash) FROM idempotency_keys"))
	note("mailing of a request", one(t, p.databaseURL, "SELECT hex(occasion) FROM email_log"))
}

// populate stores two people and a case that is ready for billing.
func (p program) populate() {
	p.t.Helper()
	err := p.Store.InTx(p.t.Context(), func(ctx context.Context, r ports.Repos) error {
		surgeon, facility := given.Surgeon("dr-a"), given.Facility("dr-a")
		for _, add := range []func() error{
			func() error { return r.Users.Add(ctx, given.User("root", permission.SystemAdmin)) },
			func() error { return r.Users.Add(ctx, given.User("dr-a", permission.Provider)) },
			func() error { return r.Surgeons.Add(ctx, surgeon) },
			func() error { return r.Places.Add(ctx, facility) },
		} {
			if err := add(); err != nil {
				return err
			}
		}
		row := pay.Row{Tier: 1, Code: "Z9001", Category: "SPINE", Amount: 100_000}
		if _, err := r.Prices.Load(ctx, []pay.Row{row}, false, "test", "system:test", given.Morning); err != nil {
			return err
		}
		c := given.Case("c-1", "dr-a")
		c.SurgeonID, c.FacilityID, c.Status = surgeon.ID, facility.ID, surgical.ReadyForBilling
		return r.Cases.Add(ctx, c)
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// TestLinksStay follows a link to the file store that was made with the same secret long ago.
func TestLinksStay(t *testing.T) {
	p := start(t)
	link, err := os.ReadFile("testdata/link.txt")
	if err != nil {
		t.Fatal(err)
	}
	const content = "%PDF-1.7 what the link leads to"
	path := filepath.Join(p.dataDir, "objects", "private", "case-documents", "dr-a", "linked.pdf")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	w := p.ask(http.MethodGet, strings.TrimSpace(string(link)), "", "")
	if w.Code != http.StatusOK || w.Body.String() != content {
		t.Errorf("the link is not followed: %d %s", w.Code, w.Body)
	}
}
