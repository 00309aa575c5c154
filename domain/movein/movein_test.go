package movein_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/movein"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// record makes a row out of column, value, column, value.
func record(table string, pairs ...string) movein.Record {
	r := movein.Record{Table: table, Values: map[string]surgical.PHI{}}
	for i := 0; i < len(pairs); i += 2 {
		r.Values[pairs[i]] = surgical.NewPHI(pairs[i+1])
	}
	return r
}

// codes gives what was found as "effect code column", in order.
func codes(findings []movein.Finding) string {
	var out []string
	for _, f := range findings {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", f.Effect, f.Code, f.Column)))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

var people = movein.People{"dr-a": "Dr-A", "dr-b": "dr-b"}

func oldCase(pairs ...string) movein.Record {
	r := record("cases", "case_id", "c-1", "human_case_id", "7", "user_id", "Dr-A", "case_date", "2025-03-01", "patient_first", "Pat", "patient_last", "Ient",
		"case_create_ts", "2025-03-01 10:00:00", "case_updated_ts", "2025-03-02 10:00:00", "case_status", "0", "pay_amount", "0.00", "active", "1")
	for i := 0; i < len(pairs); i += 2 {
		r.Values[pairs[i]] = surgical.NewPHI(pairs[i+1])
	}
	return r
}

func read(rec movein.Record, parts []movein.Record, gone bool) movein.Moved[movein.Case] {
	places := movein.Places{Surgeons: map[int64]int64{5: 5, 6: 60}, Facilities: map[int64]int64{9: 9}}
	return movein.ReadCase(rec, parts, people, places, gone, "system:import", now)
}

func TestStatusAndMoney(t *testing.T) {
	for _, c := range []struct {
		says   string
		row    []string
		gone   bool
		status surgical.Status
		debt   movein.Debt
		pay    pay.Status
		found  string
	}{
		{"a draft", nil, false, 0, movein.Nothing, pay.ZeroApproved, ""},
		{"no status is a draft", []string{"case_status", ""}, false, 0, movein.Nothing, pay.ZeroApproved, ""},
		{"7 becomes 1", []string{"case_status", "7"}, false, 1, movein.Nothing, pay.ZeroApproved, "changed status_mapped case_status"},
		{"8 becomes 0", []string{"case_status", "8"}, false, 0, movein.Nothing, pay.ZeroApproved, "changed status_mapped case_status"},
		{"at 15 the payment is open", []string{"case_status", "15", "pay_amount", "10.00"}, false, 15, movein.Open, pay.Priced, ""},
		{"at 15 and deleted it never was", []string{"case_status", "15"}, true, 10, movein.Nothing, pay.ZeroApproved, "changed deleted_before_it_was_paid case_status"},
		{"at 20 it was paid, time or not", []string{"case_status", "20", "pay_amount", "10.00", "pay_category", "GYN"}, false, 20, movein.Settled, pay.Priced, ""},
		{"paid nothing", []string{"case_status", "20"}, false, 20, movein.Settled, pay.ZeroApproved, ""},
		{"above with a time it was paid", []string{"case_status", "60", "paid_to_provider_ts", "2025-03-02 08:00:00", "pay_amount", "1.00"}, false, 60, movein.Settled, pay.Priced, ""},
		{"above without it was not", []string{"case_status", "500", "pay_amount", "1.00"}, false, 500, movein.Waived, pay.Waived, "kept never_paid pay_amount"},
		{"rejected at zero", []string{"case_status", "400"}, false, 400, movein.Waived, pay.Waived, ""},
		{
			"thrown back after it was paid",
			[]string{"case_status", "10", "paid_to_provider_ts", "2025-03-02 08:00:00", "closed_ts", "2025-03-03 08:00:00", "pay_amount", "1.00"},
			false, 20, movein.Settled, pay.Priced,
			"changed paid_and_thrown_back case_status, changed time_of_later_status closed_ts",
		},
		{"a time that is not real", []string{"case_status", "60", "paid_to_provider_ts", "0000-00-00 00:00:00"}, false, 60, movein.Waived, pay.Waived, "damaged zero_date paid_to_provider_ts"},
	} {
		m := read(oldCase(c.row...), nil, c.gone)
		got := m.Thing
		if m.Held || got.Status != c.status || got.Debt != c.debt || (got.Frozen() && got.Pay.Status != c.pay) || codes(m.Findings) != c.found {
			t.Errorf("%s: status %d debt %d pay %s found %q", c.says, got.Status, got.Debt, got.Pay.Status, codes(m.Findings))
		}
		if got.Debt == movein.Settled && (got.Entry().SettledAt.IsZero() || got.Entry().Amount != got.Old) || got.Debt == movein.Open && !got.Entry().SettledAt.IsZero() {
			t.Errorf("%s: entry %+v", c.says, got.Entry())
		}
		if len(got.Moves) > 0 && got.Moves[len(got.Moves)-1].To != got.Status {
			t.Errorf("%s: its history ends at %d", c.says, got.Moves[len(got.Moves)-1].To)
		}
	}
}

func TestWhatIsHeld(t *testing.T) {
	for want, row := range map[string][]string{
		"held id_not_valid":                  {"case_id", "Pat Ient 4 March"},
		"held status_unknown case_status":    {"case_status", "3"},
		"held status_unknown case_status ":   {"case_status", "paid"},
		"held amount_not_valid pay_amount":   {"pay_amount", "-1.00"},
		"held amount_not_valid pay_amount ":  {"pay_amount", "1.005"},
		"held owner_unknown user_id":         {"user_id", "nobody"},
		"held encrypted_there phi_encrypted": {"phi_encrypted", "1"},
	} {
		m := read(oldCase(row...), nil, false)
		if !m.Held || codes(m.Findings) != strings.TrimSpace(want) {
			t.Errorf("%v: %q", row, codes(m.Findings))
		}
		if strings.Contains(fmt.Sprint(m.Findings), "Ient") {
			t.Errorf("%v: the finding shows what may be a name", row)
		}
	}
}

func TestTheRestOfACase(t *testing.T) {
	parts := []movein.Record{
		record("case_procedure_codes", "procedure_code", "z9001-lt "), record("case_procedure_codes", "procedure_code", "Z9001-LT"), record("case_procedure_codes", "procedure_code", "spine"+"s"),
	}
	m := read(oldCase("user_id", "dr-a", "case_date", "0000-00-00", "patient_dob", "1960-02-03", "surgeon_id", "6", "facility_id", "10", "human_case_id", "x",
		"demo_file", "demo.pdf", "note_file", "../x", "ins_provider", strings.Repeat("x", 251), "patient_last", "Ient\x00"), parts, false)
	const want = "changed code_form procedure_code, changed code_twice procedure_code, changed id_taken surgeon_id, changed letter_case user_id," +
		" damaged code_not_valid procedure_code, damaged control_characters patient_last, damaged file_name_not_valid note_file, damaged id_not_valid human_case_id," +
		" damaged no_date case_date, damaged orphan facility_id, damaged too_long ins_provider, damaged zero_date case_date"
	if got := codes(m.Findings); got != want {
		t.Errorf("found %s", got)
	}
	c := m.Thing
	if c.Owner != "Dr-A" || c.SurgeonID != 60 || c.FacilityID != 0 || c.Date.String() != "2025-03-01" || c.Patient.Born.Reveal() != "1960-02-03" || len(c.Codes) != 1 || c.Number != 0 {
		t.Errorf("case %+v", c.Case)
	}
	if key := c.Files[surgical.DemoFile].Key.Reveal(); key != "private/case-documents/Dr-A/demo.pdf" {
		t.Errorf("its file is at %s", key)
	}
	many := make([]movein.Record, surgical.MaxCodes+1)
	for i := range many {
		many[i] = record("case_procedure_codes", "procedure_code", fmt.Sprintf("Z%04d", i))
	}
	if m := read(oldCase("case_date", "1815-06-18", "surgeon_id", "0"), many, false); codes(m.Findings) != "damaged too_many_codes procedure_code, kept date_not_plausible case_date" {
		t.Errorf("found %s", codes(m.Findings))
	}
}

func TestPriceOfAnOldCase(t *testing.T) {
	table := pay.NewTable(3, []pay.Row{{Tier: 1, Code: "Z9001", Category: "SPINE", Amount: 100000}})
	code := []movein.Record{record("case_procedure_codes", "procedure_code", "Z9001")}
	for _, c := range []struct {
		row    []string
		amount pay.Cents
		table  pay.TableVersion
		found  bool
	}{
		{[]string{"pay_amount", "1000.00"}, 100000, 3, false},
		{[]string{"pay_amount", "999.00"}, 100000, 3, true},
		{[]string{"pay_amount", "1000.00", "pay_category", "SPINE", "case_status", "20"}, 100000, 3, false},
		{[]string{"pay_amount", "999.00", "pay_category", "SPINE", "case_status", "20"}, 99900, 0, false},
	} {
		m := read(oldCase(c.row...), code, false)
		_, found := m.Thing.Price(1, table)
		if m.Thing.Pay.Amount != c.amount || m.Thing.Pay.Table != c.table || found != c.found {
			t.Errorf("%v: %+v %t", c.row, m.Thing.Pay, found)
		}
	}
}

func TestRename(t *testing.T) {
	m := read(oldCase(), nil, true)
	if err := m.Thing.Rename(); err != nil || m.Thing.ID != "c-1:deleted-7" {
		t.Errorf("%s, %v", m.Thing.ID, err)
	}
	m.Thing.ID = ident.CaseID(strings.Repeat("x", ident.MaxLength))
	if m.Thing.Rename() == nil {
		t.Error("an id beyond the longest was taken")
	}
}

func TestUsers(t *testing.T) {
	whole := record("user_profile", "user_id", "dr-a", "user_email", "a@Example.com", "first_name", "Ann", "telephone", "5035550100", "user_npi", "1555123458", "user_type", "10",
		"user_tier", "2", "max_case_status", "500", "active", "1", "create_ts", "2024-01-02 03:04:05", "last_updated_ts", "2024-01-03 00:00:00", "ins_exp_date", "2027-01-01")
	documents := []movein.Record{
		record("user_documents", "document_type", "License", "document_name", "a.pdf"), record("user_documents", "document_type", "License", "document_name", "/private/user-documents/dr-a/b.pdf"),
		record("user_documents", "document_name", "private/user-documents/dr-b/c.pdf"), record("user_documents", "document_name", "x/d.pdf"),
	}
	m := movein.User(whole, documents, false, now)
	if u := m.Thing; u.Email != "a@example.com" || u.Type != 10 || u.Tier != 2 || !u.Active || len(u.Documents) != 2 || u.Documents[1].Key.Reveal() != "private/user-documents/dr-a/b.pdf" {
		t.Errorf("user %+v", u)
	}
	if got := codes(m.Findings); got != "damaged file_name_not_valid document_name, damaged file_name_not_valid document_name" {
		t.Errorf("found %s", got)
	}
	gone := movein.User(record("deleted_users", "user_id", "x", "max_case_status", "16", "active", "1"), nil, true, now)
	if gone.Thing.Active || gone.Thing.Cap != 15 || !gone.Thing.DeactivatedAt.Equal(now) || gone.Thing.Type != 1 || gone.Thing.Tier != 1 {
		t.Errorf("user %+v", gone.Thing)
	}
	for _, id := range []string{"", "a\tb", "system:cli"} {
		if !movein.User(record("user_profile", "user_id", id), nil, false, now).Held {
			t.Errorf("a user %q was taken", id)
		}
	}
}

func TestPlacesAndGroups(t *testing.T) {
	s := movein.Surgeon(record("surgeon_list", "surgeon_id", "5", "user_id", "DR-A", "surgeon_npi", "0", "surgeon_state", "or"), people, true, now)
	if s.Thing.Owner != "Dr-A" || s.Thing.ID != 5 || s.Thing.Address.State != "OR" || s.Thing.DeletedAt.IsZero() || codes(s.Findings) != "changed letter_case user_id" {
		t.Errorf("surgeon %+v, found %s", s.Thing, codes(s.Findings))
	}
	f := movein.Facility(record("facility_list", "facility_id", "9", "user_id", "gone", "facility_name", "Center"), people, false, now)
	if !f.Held || !f.Thing.DeletedAt.IsZero() {
		t.Errorf("facility %+v", f)
	}
	g := movein.Group(record("group_list", "group_id", "3", "group_desc", "All"), []movein.Record{
		record("user_groups", "user_id", "Dr-A", "group_admin", "\x01"), record("user_groups", "user_id", "dr-b", "group_admin", "\x00"),
		record("user_groups", "user_id", "dr-b"), record("user_groups", "user_id", "nobody"),
	}, people)
	if want := []directory.Membership{{User: "Dr-A", Admin: true}, {User: "dr-b"}}; !slices.Equal(g.Thing.Members, want) || codes(g.Findings) != "changed member_twice user_id, held owner_unknown user_id" {
		t.Errorf("group %+v, found %s", g.Thing, codes(g.Findings))
	}
}

func TestLists(t *testing.T) {
	for want, m := range map[string]movein.Moved[pay.Row]{
		"":                                      movein.Price(record("procedure_codes", "procedure_code", "z9001", "code_pay_amount", "12.50", "code_category", "GYN")),
		"held code_not_valid procedure_code":    movein.Price(record("procedure_codes", "procedure_code", "Z9")),
		"held tier_not_valid tier":              movein.Price(record("procedure_codes", "procedure_code", "Z9001", "tier", "0")),
		"held amount_not_valid code_pay_amount": movein.Price(record("procedure_codes", "procedure_code", "Z9001", "code_pay_amount", "-1")),
	} {
		if codes(m.Findings) != want || (want == "" && m.Thing != pay.Row{Tier: 1, Code: "Z9001", Category: "GYN", Amount: 1250}) {
			t.Errorf("%+v, found %s", m.Thing, codes(m.Findings))
		}
	}
	if m := movein.Code(record("procedure_codes_desc", "procedure_code", "Z9001", "procedure_desc", "Invented")); m.Held || m.Thing.Description != "Invented" {
		t.Errorf("code %+v", m)
	}
	if !movein.Code(record("cpt_codes", "cpt_code", "")).Held || !movein.DocType(record("user_doc_type_list")).Held || !movein.StatusLabel(record("case_status_list", "case_status", "7")).Held ||
		!movein.UserTypeLabel(record("user_type_list", "user_type", "1007")).Held {
		t.Error("something was taken that has no place here")
	}
	if m := movein.UserTypeLabel(record("user_type_list", "user_type", "1", "user_type_desc", "Provider", "user_max_case_status", "17")); m.Thing.MaxStatus != 15 || codes(m.Findings) != "changed status_unknown max_case_status" {
		t.Errorf("label %+v, found %s", m.Thing, codes(m.Findings))
	}
	if m := movein.Recipient(record("report_email_list", "report_name", "provider_payment_report_weekly", "email_address", "a@Example.com"), now); m.Held || m.Thing.Address != "a@example.com" {
		t.Errorf("recipient %+v", m)
	}
	if !movein.Recipient(record("report_email_list", "report_name", "x"), now).Held || !movein.Recipient(record("report_email_list", "report_name", "provider_payment_report_weekly"), now).Held {
		t.Error("a recipient was taken of whom nobody knows what or where")
	}
	if m := movein.FAQ(record("faq_list", "user_type", "1", "faq_header", "Why?", "faq_text", "So.", "display_order", "3")); m.Thing.Order != 3 || len(m.Findings) != 0 {
		t.Errorf("faq %+v", m)
	}
}

func TestAmounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cents := pay.Cents(rapid.Int64Range(-1e14, 1e14).Draw(t, "cents"))
		if got, ok := movein.ParseAmount(cents.String()); !ok || got != cents {
			t.Fatalf("%s reads as %s", cents, got)
		}
	})
	for _, text := range []string{"", "1.234", "x", "--1", "1e3", "99999999999999999999"} {
		if _, ok := movein.ParseAmount(text); ok {
			t.Errorf("%q was taken for an amount", text)
		}
	}
}

func TestContents(t *testing.T) {
	a, b := record("cases", "x", "1", "y", ""), record("cases", "x", "1")
	if !a.Contents().Equal(b.Contents()) || a.Contents().Equal(record("cases", "x", "2").Contents()) {
		t.Error("NULL and empty are the same, and nothing else is")
	}
	if !a.WithParts(b, record("p", "k", "1")).Equal(a.WithParts(record("p", "k", "1"), b)) || a.WithParts(b).Equal(a.WithParts()) {
		t.Error("parts count, their order does not")
	}
	if !movein.IsMoved("cases") || movein.IsMoved("npi_data_0") || !slices.Equal(movein.Unread("cases", []string{"case_id", "biller_status"}), []string{"biller_status"}) {
		t.Error("what is moved in of a table")
	}
}

// Whatever stands in a row, it becomes a case that can be stored, or is held with a reason.
func TestNoRowIsLost(t *testing.T) {
	texts := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "0", "1", "15", "20", "7", "500", "0000-00-00", "2025-03-01", "2025-03-01 10:00:00", "dr-a", "12.50", "-3"}))
	columns := []string{"case_id", "human_case_id", "user_id", "case_date", "patient_first", "patient_dob", "case_status", "pay_amount", "paid_to_provider_ts", "demo_file", "surgeon_id", "active"}
	rapid.Check(t, func(t *rapid.T) {
		rec := oldCase()
		for _, column := range columns {
			if rapid.Bool().Draw(t, "spoil "+column) {
				rec.Values[column] = surgical.NewPHI(texts.Draw(t, column))
			}
		}
		m := read(rec, []movein.Record{record("case_procedure_codes", "procedure_code", texts.Draw(t, "code"))}, rapid.Bool().Draw(t, "gone"))
		c := m.Thing
		switch {
		case m.Held && (len(m.Findings) != 1 || m.Findings[0].Effect != movein.Held):
			t.Fatalf("held without a reason: %+v", m.Findings)
		case m.Held:
		case !slices.Contains(surgical.Statuses, c.Status), c.Date.IsZero(), c.Owner == "", c.Old < 0:
			t.Fatalf("cannot be stored: %+v", c.Standing)
		case (c.Status < surgical.PendingPayment) != (c.Debt == movein.Nothing), (c.Status == surgical.PendingPayment) != (c.Debt == movein.Open):
			t.Fatalf("at %d the ledger holds %d", c.Status, c.Debt)
		case c.Status < surgical.Paid && !c.Stamps[surgical.Paid].IsZero():
			t.Fatal("it would be paid twice")
		}
	})
}
