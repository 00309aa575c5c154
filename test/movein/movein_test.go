// Package movein_test moves an old database in, with every damage that old rows are known to have.
package movein_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"surgicase/adapters/reference"
	"surgicase/adapters/sqlstore"
	"surgicase/application/movein"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	domain "surgicase/domain/movein"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// Moving in is tried on a dump of the old service's tables in a real MariaDB, into both databases.

// stage is an empty store of ours beside a database of the service before.
type stage struct {
	t     *testing.T
	store *sqlstore.Store
	from  string
	url   string
}

// onBoth runs a test on SQLite and MariaDB.
func onBoth(t *testing.T, test func(*stage)) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		url := given.TempSQLite(t)
		test(&stage{t, opened(t, sqlstore.OpenSQLite, url), given.Reference(t), url})
	})
	t.Run("MariaDB", func(t *testing.T) {
		t.Parallel()
		url := given.MariaDB(t)
		test(&stage{t, opened(t, sqlstore.OpenMySQL, url), given.Reference(t), url})
	})
}

func opened(t *testing.T, open func(sqlstore.Config) (*sqlstore.Store, error), url string) *sqlstore.Store {
	t.Helper()
	keys, err := sqlstore.OpenKeyring([]byte(given.KeySet(t)))
	if err != nil {
		t.Fatal(err)
	}
	store, err := open(sqlstore.Config{URL: url, Keys: keys, PoolSize: 4, PoolOverflow: 4, PoolTimeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if _, err := store.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store
}

func silent(int64, int64) {}

type deaf struct{}

func (deaf) Happened(context.Context, ports.Event) {}

// importing runs one import.
func (s *stage) importing(dry bool) movein.Report {
	s.t.Helper()
	old := s.old()
	defer old.Close()
	var told [2]int64
	report, err := s.service().Import(s.t.Context(), domain.By, old, dry, func(rows, of int64) {
		if rows < told[0] {
			s.t.Errorf("%d rows after %d", rows, told[0])
		}
		told = [2]int64{rows, of}
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if told[0] != told[1] || told[0] == 0 {
		s.t.Errorf("in the end %d rows of %d were told", told[0], told[1])
	}
	return report
}

func (s *stage) old() *reference.Database {
	s.t.Helper()
	old, err := reference.Open(s.t.Context(), s.from)
	if err != nil {
		s.t.Fatal(err)
	}
	return old
}

func (s *stage) service() *movein.Service {
	return movein.New(s.store, given.NewClock(), &given.IDs{}, deaf{}, pay.Rules{PayDay: time.Friday})
}

func (s *stage) get(id ident.CaseID) *surgical.Case {
	s.t.Helper()
	var c *surgical.Case
	err := s.store.View(s.t.Context(), func(ctx context.Context, r ports.Repos) (err error) {
		c, err = r.Cases.Get(ctx, id, permission.Scope{All: true})
		return err
	})
	if err != nil {
		s.t.Fatalf("%s: %v", id, err)
	}
	return c
}

func lines(findings []domain.Finding) []string {
	out := make([]string, len(findings))
	for i, f := range findings {
		out[i] = strings.TrimSpace(fmt.Sprintf("%s %s %s.%s %s", f.Effect, f.Code, f.Table, f.Column, f.ID))
		if f.Was != "" || f.Now != "" {
			out[i] += fmt.Sprintf(" (%q, now %q)", f.Was, f.Now)
		}
	}
	slices.Sort(out)
	return out
}

// planted is all the damage in reference.sql: what is not here must not be reported, and nothing else
// may be.
const planted = `
changed code_form case_procedure_codes.procedure_code whole-10 ("z9001", now "Z9001")
changed code_twice case_procedure_codes.procedure_code whole-10 ("Z9001", now "")
changed code_twice procedure_codes_desc. Z9001
changed deleted_before_it_was_paid deleted_cases.case_status gone-15 ("15", now "10")
changed id_taken deleted_cases.case_id whole-10 ("whole-10", now "whole-10:deleted-2")
changed id_taken deleted_cases.human_case_id whole-10 ("2", now "a new one")
changed id_taken deleted_facilities.facility_id 1000001 ("1000001", now "1000002")
changed letter_case cases.user_id review-7 ("DR-WHOLE", now "dr-whole")
changed letter_case surgeon_list.user_id 100002 ("dr-case", now "Dr-Case")
changed letter_case user_groups.user_id 3 ("DR-CASE", now "Dr-Case")
changed paid_and_thrown_back cases.case_status thrown-back ("10", now "20")
changed priced_anew cases.pay_amount stale-pay ("999.99", now "400.00")
changed status_mapped cases.case_status documents-8 ("8", now "0")
changed status_mapped cases.case_status review-7 ("7", now "1")
changed status_unknown user_profile.max_case_status dr-damaged ("7", now "1")
changed time_of_later_status cases.pending_payment_ts taken-back ("2025-03-16 08:00:00", now "")
changed white_space cases.patient_first twin
changed white_space user_profile.last_name dr-damaged ("Damaged ", now "Damaged")
damaged code_not_valid case_procedure_codes.procedure_code review-7 ("spine op", now "")
damaged control_characters user_profile.first_name dr-damaged ("Dan\r\ntab", now "Dantab")
damaged email_not_valid user_profile.user_email dr-damaged ("not an address", now "")
damaged file_name_not_valid cases.demo_file zero-date
damaged file_name_not_valid user_documents.document_name dr-whole
damaged no_date cases.case_date zero-date ("0000-00-00", now "2025-03-11")
damaged npi_not_valid deleted_surgeons.surgeon_npi 99001 ("1234567890", now "")
damaged npi_not_valid user_profile.user_npi dr-damaged ("1555123459", now "")
damaged orphan cases.facility_id zero-date ("66", now "")
damaged orphan cases.surgeon_id zero-date ("55", now "")
damaged out_of_range user_profile.message_pref dr-damaged ("9", now "0")
damaged out_of_range user_profile.user_tier dr-damaged ("0", now "1")
damaged out_of_range user_profile.user_type dr-damaged ("1007", now "1")
damaged state_not_valid surgeon_list.surgeon_state 100002 ("Orgeon", now "")
damaged state_not_valid user_profile.state dr-damaged ("Oregon", now "")
damaged telephone_not_valid user_profile.telephone dr-damaged ("0", now "")
damaged timezone_not_valid user_profile.timezone dr-damaged ("Pacific", now "")
damaged zero_date cases.case_date zero-date ("0000-00-00", now "")
damaged zero_date cases.patient_dob zero-date
damaged zero_date user_profile.last_login_dt dr-damaged ("0000-00-00 00:00:00", now "")
damaged zip_not_valid user_profile.zipcode dr-damaged ("97", now "")
held amount_not_valid cases.pay_amount negative ("-1.00", now "")
held amount_not_valid procedure_codes.code_pay_amount Z9004/1 ("-5.00", now "")
held code_not_valid cpt_codes.cpt_code
held code_not_valid procedure_codes.procedure_code Z9/1 ("Z9", now "")
held encrypted_there cases.phi_encrypted sealed ("1", now "")
held email_not_valid report_email_list.email_address provider_payment_report_weekly/nowhere ("nowhere", now "")
held report_unknown report_email_list.report_name no_such_report/books@example.com ("no_such_report", now "")
held id_not_valid cases. human_case_id 17
held id_not_valid user_profile.user_id not an id ("not an id", now "")
held id_taken deleted_users. DR-WHOLE
held orphan case_procedure_codes. no-such-case
held orphan user_documents. nobody
held orphan user_groups. 9
held owner_unknown cases.user_id orphan-owner ("nobody", now "")
held owner_unknown surgeon_list.user_id 100003 ("nobody", now "")
held owner_unknown user_groups.user_id 3 ("nobody", now "")
held status_unknown case_status_list.case_status 7 ("7", now "")
held status_unknown case_status_list.case_status 8 ("8", now "")
held status_unknown cases.case_status unknown-3 ("3", now "")
held tier_not_valid procedure_codes.tier Z9003/0 ("0", now "")
held type_unknown user_type_list.user_type 1007 ("1007", now "")
kept never_paid cases.pay_amount closed-500 ("77.00", now "waived")
kept possible_duplicate cases. twin
`

func TestEveryDamageIsReported(t *testing.T) {
	onBoth(t, func(s *stage) {
		t := s.t
		tried := s.importing(true)
		if after := s.content(); after != s.content() || strings.Contains(after, "dr-whole") {
			t.Error("a dry run has written something")
		}
		r := s.importing(false)
		for what, report := range map[string]movein.Report{"dry run": tried, "import": r} {
			t.Run(what, func(t *testing.T) { compare(t, report) })
		}
		if tried.Pay != r.Pay {
			t.Errorf("the dry run says %+v, the import %+v", tried.Pay, r.Pay)
		}
		s.holdsWhatItMovedIn()
	})
}

// compare holds a report against what was planted.
func compare(t *testing.T, r movein.Report) {
	t.Helper()
	want := strings.Split(strings.TrimSpace(planted), "\n")
	got := lines(r.Findings)
	for i, line := range got { // a dry run does not know the id that the database will give
		if got[i] = line; r.DryRun && strings.Contains(line, "deleted_facilities.facility_id") {
			got[i] = strings.ReplaceAll(line, "a new one", "1000002")
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("reported, and not planted: %s", line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("planted, and not reported: %s", line)
		}
	}
	for _, table := range r.Tables {
		if table.Why == "" && table.Rows != table.Moved+table.Before+table.Held {
			t.Errorf("of %d rows of %s it says %d", table.Rows, table.Name, table.Moved+table.Before+table.Held)
		}
		if table.Name == "scratch_2024" && table.Why == "" {
			t.Error("a table that nobody knows is not named")
		}
	}
	if text := fmt.Sprintf("%+v", r); strings.Contains(text, "Canary") || strings.Contains(text, "licence.pdf") {
		t.Error("the report shows a patient's name or a file's")
	}
	sums := r.Pay
	if !sums.Agree() || sums.Before != 734333 || sums.Held != 51634 || sums.Repriced != -59999 || sums.Frozen.Open != 40000 || sums.Frozen.Settled != 295000 || sums.Frozen.Waived != 7700 {
		t.Errorf("sums of pay: %+v", sums)
	}
}

// holdsWhatItMovedIn looks at what is here now as every other part of the program does.
func (s *stage) holdsWhatItMovedIn() {
	t := s.t
	for id, want := range map[ident.CaseID]string{
		"whole-10":     "1 status 10 priced 1000.00 owner dr-whole surgeon 100001 facility 1000001 codes Z9001 Z9002 payment 0",
		"pending-15":   "2 status 15 priced 400.00 owner dr-whole surgeon 100001 facility 0 codes Z9002 payment 1",
		"paid-20":      "3 status 20 priced 1250.00 owner Dr-Case surgeon 0 facility 0 codes Z9001 payment 2",
		"jumped-20":    "4 status 20 zero_approved 0.00 owner left surgeon 0 facility 0 codes payment 2",
		"closed-500":   "6 status 500 waived 77.00 owner dr-whole surgeon 0 facility 0 codes Z9009 payment 0",
		"rejected-400": "7 status 400 waived 0.00 owner dr-whole surgeon 0 facility 0 codes payment 0",
		"review-7":     "8 status 1 priced 1000.00 owner dr-whole surgeon 0 facility 0 codes Z9001-50 payment 0",
		"stale-pay":    "13 status 10 priced 400.00 owner dr-whole surgeon 0 facility 0 codes Z9002 payment 0",
		"thrown-back":  "15 status 20 priced 1000.00 owner dr-whole surgeon 0 facility 0 codes Z9001 payment 2",
	} {
		c := s.get(id)
		codes := ""
		for _, code := range c.Codes {
			codes += " " + code.String()
		}
		got := fmt.Sprintf("%d status %d %s %s owner %s surgeon %d facility %d codes%s payment %d", c.Number, c.Status, c.Pay.Status, c.Pay.Amount, c.Owner, c.SurgeonID, c.FacilityID, codes, c.Payment)
		if got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	if c := s.get("whole-10"); c.Patient.First.Reveal() != "Canary" || c.Patient.Born.Reveal() != "1960-02-03" || c.Files[surgical.NoteFile].Name.Reveal() != "note.pdf" {
		t.Error("the patient of whole-10 is another one")
	}
	if paid := s.get("paid-20").Stamps[surgical.Paid]; !paid.Equal(time.Date(2025, 3, 6, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("paid-20 was paid at %v", paid)
	}
	content := s.content()
	if strings.Contains(content, "Canary") {
		t.Error("a patient's name stands in the clear in the database")
	}
	for _, want := range []string{"|case|whole-10|", "|user|dr-whole|", "|run|1|", "|surgeon|100001|"} {
		if !strings.Contains(content, "reference.import"+want) {
			t.Errorf("no audit entry with %s", want)
		}
	}
}

func TestMovingInAgainChangesNothing(t *testing.T) {
	onBoth(t, func(s *stage) {
		s.importing(false)
		before := s.content()
		again := s.importing(false)
		if after := s.content(); after != before {
			s.t.Error("the second import has changed something")
		}
		for _, table := range again.Tables {
			if table.Moved != 0 {
				s.t.Errorf("%d rows of %s were moved in again", table.Moved, table.Name)
			}
		}
		if !again.Pay.Agree() || again.Pay.Earlier+again.Pay.Held != again.Pay.Before {
			s.t.Errorf("sums of pay: %+v", again.Pay)
		}
		given.Statements(s.t, s.from, "UPDATE cases SET user_id = 'dr-whole' WHERE case_id = 'orphan-owner'; UPDATE cases SET ins_provider = 'Another' WHERE case_id = 'whole-10'")
		third := s.importing(false)
		if s.get("orphan-owner").Payment != surgical.PaymentSettled || !third.Pay.Agree() || third.Pay.Moved != 50000 {
			s.t.Errorf("a row that was mended does not move in: %+v", third.Pay)
		}
		if !slices.Contains(lines(third.Findings), `kept changed_there_since cases. whole-10 ("", now "whole-10")`) {
			s.t.Error("that a row has changed there since is not reported")
		}
	})
}

// halfway is an old database that goes away before its cases are read.
type halfway struct{ ports.Reference }

var errAway = errors.New("away")

func (h halfway) Rows(ctx context.Context, table string, order ...string) iter.Seq2[domain.Record, error] {
	if table == "deleted_cases" {
		return func(yield func(domain.Record, error) bool) { yield(domain.Record{}, errAway) }
	}
	return h.Reference.Rows(ctx, table, order...)
}

func TestAnImportThatBrokeOffGoesOn(t *testing.T) {
	onBoth(t, func(s *stage) {
		old := s.old()
		defer old.Close()
		if _, err := s.service().Import(s.t.Context(), domain.By, halfway{old}, false, silent); !errors.Is(err, errAway) {
			s.t.Fatalf("unexpected: %v", err)
		}
		if r := s.importing(false); !r.Pay.Agree() || r.Pay.Earlier == 0 || r.Pay.Moved != 70000 {
			s.t.Errorf("what was left over: %+v", r.Pay)
		}
		s.holdsWhatItMovedIn()
	})
}

func TestOnlyTheOperatorMovesIn(t *testing.T) {
	onBoth(t, func(s *stage) {
		old := s.old()
		defer old.Close()
		_, err := s.service().Import(s.t.Context(), permission.Actor{User: "boss", Type: permission.SystemAdmin}, old, false, silent)
		if !errors.Is(err, fault.Forbidden) {
			s.t.Errorf("unexpected: %v", err)
		}
	})
}

func (s *stage) content() string { return given.Content(s.t, s.url) }
