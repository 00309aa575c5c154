package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// example is a valid request to an endpoint, with every member of its body that may be sent.
type example struct {
	path  map[string]string
	query map[string]string
	body  map[string]any
	limit int    // of the body in bytes, 1 MiB if 0
	text  string // the body as it is, where it is not JSON
}

// abused is a stage on which requests are spoiled.
type abused struct {
	*program
	at     place // of dr-a
	own    place // of root
	places map[string]place
	made   int
}

// root is the caller who may do most, so that what refuses him is not a lack of rights.
const root = "system-admin"

func (s *abused) next(prefix string) string {
	s.made++
	return fmt.Sprintf("%s-%d", prefix, s.made)
}

// one gives a fresh draft of dr-a, whose patient nobody else has.
func (s *abused) draft() string {
	s.t.Helper()
	id := s.next("c")
	s.drafts("dr-a", s.at, id)
	return id
}

func (s *abused) deleted() string {
	s.t.Helper()
	id := s.draft()
	s.send(http.MethodDelete, "/case?case_id="+id, root, nil).is(200)
	return id
}

// unpriced gives a case with a code that has no price.
func (s *abused) unpriced() string {
	s.t.Helper()
	id := s.next("c")
	s.send(http.MethodPost, "/case", "dr-a", caseOf(id, "dr-a", s.at, "procedure_codes", []string{"Q0000"})).is(201)
	return id
}

func (s *abused) user() string {
	s.t.Helper()
	id := s.next("u")
	s.person(id, permission.Provider, 1)
	return id
}

func (s *abused) newGroup() string {
	s.t.Helper()
	var id int64
	s.inTx(func(ctx context.Context, r ports.Repos) error {
		g := &directory.Group{Description: "a group", Members: []directory.Membership{{User: ident.UserID("dr-a")}}}
		err := r.Groups.Add(ctx, g)
		id = g.ID
		return err
	})
	return fmt.Sprint(id)
}

// exampleOf gives a fresh valid request to an operation.
func (s *abused) exampleOf(op *operation) example {
	s.t.Helper()
	fresh, known := examples[op.base()]
	if !known {
		s.t.Fatalf("%s (%s) has no example: add one to abuse_examples_test.go", op, op.ID)
	}
	return fresh(s)
}

// examples are the valid requests, by operation id. A new operation needs one.
var examples = map[string]func(*abused) example{
	"health-live": nothing, "health-ready": nothing, "health-simple": nothing, "health": nothing, "health-system": nothing,
	"metrics": nothing, "metrics-summary": nothing, "metrics-health": nothing, "metrics-system": nothing, "metrics-database": nothing, "metrics-business": nothing, "metrics-endpoints": nothing, "metrics-self": nothing, "secrets-cache-stats": nothing,
	"get-case-images": func(s *abused) example {
		return example{query: map[string]string{"names": "false"}, body: map[string]any{"case_ids": []any{s.filed(s.draft(), "dr-a")}}}
	},
	"upload-case-file": func(s *abused) example {
		return example{query: map[string]string{"case_id": s.draft(), "kind": "demo", "file_name": "demo.pdf"}, text: somePDF}
	},
	"list-case-files": aCase,
	"get-case-file": func(s *abused) example {
		return example{query: map[string]string{"case_id": s.filed(s.draft(), "dr-a"), "kind": "demo"}}
	},
	"delete-case-file": func(s *abused) example {
		return example{query: map[string]string{"case_id": s.filed(s.draft(), "dr-a"), "kind": "demo"}}
	},
	"list-case-file-versions":  aCase,
	"get-case-file-version":    func(s *abused) example { return s.versioned(s.draft(), "dr-a") },
	"delete-case-file-version": func(s *abused) example { return s.versioned(s.draft(), "dr-a") },
	"presign-case-file": func(s *abused) example {
		return example{body: planned(map[string]any{"case_id": s.draft(), "kind": "note"})}
	},
	"complete-case-file": func(s *abused) example {
		id := s.draft()
		return example{body: map[string]any{"case_id": id, "kind": "note", "key": s.uploadedByLink("/case_files", map[string]any{"case_id": id, "kind": "note"}), "file_name": "note.pdf"}}
	},
	"upload-user-file": func(*abused) example {
		return example{query: map[string]string{"user_id": "dr-a", "document_type": "Medical License", "file_name": "license.pdf"}, text: somePDF}
	},
	"list-user-files":  ofDrA,
	"get-user-file":    func(s *abused) example { return example{query: s.paper(s.user())} },
	"delete-user-file": func(s *abused) example { return example{query: s.paper(s.user())} },
	"presign-user-file": func(s *abused) example {
		return example{body: planned(map[string]any{"user_id": root})}
	},
	"complete-user-file": func(s *abused) example {
		return example{body: map[string]any{"user_id": root, "document_type": "Board Certificate", "key": s.uploadedByLink("/user_files", map[string]any{"user_id": root}), "file_name": "board.pdf"}}
	},
	"follow-link": func(s *abused) example {
		return example{path: map[string]string{"token": s.linkToken(s.filed(s.draft(), "dr-a"))}}
	},
	"upload-by-link": func(s *abused) example {
		link := s.send("POST", "/case_files/presign", root, planned(map[string]any{"case_id": s.draft(), "kind": "note"})).is(200).at("link.url").(string)
		return example{path: map[string]string{"token": strings.TrimPrefix(link, "/file_links/")}, text: somePDF}
	},
	"list-doctypes": nothing, "list-timezones": nothing, "list-user-types": nothing, "list-case-statuses": nothing, "list-user-doc-types": nothing,
	"list-faqs": nothing, "list-permissions": nothing, "tiers-summary": nothing, "user-dashboard": nothing, "list-users": nothing, "list-groups": nothing,
	"list-recipients": func(*abused) example {
		return example{query: map[string]string{"report_name": "provider_payment_report_weekly", "limit": "10", "count": "true"}}
	},
	"create-recipient": func(s *abused) example {
		return example{body: map[string]any{
			"report_name": "provider_payment_report_weekly", "email_address": s.next("box") + "@example.com", "first_name": "Alex", "last_name": "Example",
		}}
	},
	"delete-recipient": func(s *abused) example { return example{query: map[string]string{"recipient_id": s.recipient()}} },
	"mail-reports": func(s *abused) example {
		s.opened()
		s.recipient()
		return example{body: map[string]any{
			"report": "individual_provider_payment_report", "email_type": "weekly", "provider_id": "dr-a", "start_date": "2026-01-01", "end_date": "2026-12-31",
		}}
	},
	"report-bug": func(*abused) example {
		return example{body: map[string]any{
			"calling_page": "/cases/list", "priority": "high", "request_id": "0f1e2d3c",
			"bug": map[string]any{"title": "The list is empty", "description": "After searching it stays empty.\nAlways."},
		}}
	},
	"list-bugs": func(*abused) example {
		return example{query: map[string]string{"include_closed": "true", "limit": "10"}}
	},
	"change-bug": func(s *abused) example {
		return example{body: map[string]any{
			"bug_id": s.bug(root), "title": s.next("title"), "description": "Another text.", "priority": "low", "status": "Resolved",
		}}
	},
	"log-request": func(*abused) example {
		return example{body: map[string]any{"endpoint": "/case_filter", "method": "GET", "response_status": 200, "execution_time_ms": 35}}
	},
	"email-log": func(*abused) example {
		return example{query: map[string]string{"status": "sent", "report_type": "audit_checkpoint", "limit": "10", "count": "true"}}
	},
	"list-tokens": nothing, "create-token": func(s *abused) example {
		return example{body: map[string]any{"name": s.next("token"), "scopes": []any{"cases:read", "admin"}, "expires_at": "2026-05-01T00:00:00Z"}}
	},
	"revoke-token":  func(s *abused) example { return theirToken(s, root) },
	"list-surgeons": ofDrA, "list-facilities": ofDrA, "get-user": ofDrA, "user-environment": ofDrA,
	"list-cpt-codes": func(*abused) example {
		return example{query: map[string]string{"search": "knee", "kind": "cpt", "date": "2026-03-01"}}
	},
	"audit-log": func(*abused) example {
		return example{query: map[string]string{
			"actor": "dr-a", "action": "case.read", "entity": "case", "outcome": "done", "from": "2026-01-01T00:00:00Z", "to": "2026-12-31T00:00:00Z",
		}}
	},
	"search-surgeon": func(*abused) example {
		return example{query: map[string]string{"first_name": "ro", "last_name": "testwell", "state": "OR"}}
	},
	"search-facility": func(*abused) example {
		return example{query: map[string]string{"facility_name": "marys example", "state": "OR"}}
	},
	"check-npi": func(*abused) example {
		return example{query: map[string]string{"npi": "1555123458", "facility": "false"}}
	},
	"list-pay-tiers":  func(*abused) example { return example{query: map[string]string{"user_tier": "1"}} },
	"case-dashboard":  between,
	"build-dashboard": between,

	"get-case":     aCase,
	"case-history": aCase,
	"case-pay":     aCase,
	"delete-case":  aCase,
	"filter-cases": func(*abused) example {
		return example{query: map[string]string{"user_id": "dr-a", "filter": "0,1", "limit": "10", "count": "true"}}
	},
	"cases-by-status": func(*abused) example {
		return example{query: map[string]string{"filter": "0,1", "start_date": "2026-01-01", "end_date": "2026-12-31", "limit": "10", "count": "true"}}
	},
	"group-cases": func(*abused) example {
		return example{query: map[string]string{"target_user_id": root, "filter": "all", "limit": "10", "count": "true"}}
	},
	"create-case": func(s *abused) example {
		return example{body: map[string]any{
			"user_id": root, "case_id": s.next("c"), "case_date": "2026-02-20", "surgeon_id": s.own.surgeon, "facility_id": fmt.Sprint(s.own.facility),
			"patient": map[string]any{"first": s.next("First"), "last": "Patient", "ins_provider": "Example Health Plan"}, "patient_dob": "1961-04-12",
			"ins_provider": "Example Health Plan", "demo_file": "demo.pdf", "note_file": "note.pdf", "misc_file": "misc.pdf",
			"procedure_codes": []any{"Z9001-50", "Z9002"}, "force_duplicate": false,
		}}
	},
	"change-case": func(s *abused) example {
		return example{body: map[string]any{
			"case_id": s.draft(), "user_id": "dr-a", "case_date": "2026-02-21", "surgeon_id": s.at.surgeon, "facility_id": fmt.Sprint(s.at.facility),
			"patient_first": s.next("First"), "patient_last": "Patient", "patient_dob": "1961-04-12", "ins_provider": "Other Health Plan",
			"demo_file": "demo2.pdf", "note_file": "note2.pdf", "misc_file": "misc2.pdf", "admin_file": "admin.pdf",
			"procedure_codes": []any{"Z9002"}, "force_duplicate": false,
		}}
	},
	"restore-case": func(s *abused) example {
		return example{body: map[string]any{"case_id": s.deleted(), "force_duplicate": false}}
	},
	"purge-case": func(s *abused) example {
		return example{body: map[string]any{"case_id": s.deleted(), "reason": "erasure_request"}}
	},
	"move-cases": func(s *abused) example {
		return example{query: map[string]string{"dry_run": "false"}, body: map[string]any{"case_ids": []any{s.draft()}, "new_status": 1, "force": false, "reason": "because"}}
	},
	"confirm-duplicates": func(s *abused) example {
		id := s.draft()
		s.markFound(id)
		return example{query: map[string]string{"dry_run": "false"}, body: map[string]any{"case_ids": []any{id}, "reason": "because", "user_id": root}}
	},
	"approve-zero": func(s *abused) example {
		return example{body: map[string]any{"case_ids": []any{s.unpriced()}, "reason": "because", "user_id": root}}
	},

	"create-user": func(s *abused) example {
		return example{body: map[string]any{
			"user_id": s.next("u"), "user_email": "robin@example.org", "first_name": "Robin", "last_name": "Provider", "addr1": "1 Sample Plaza", "addr2": "Suite 2",
			"city": "Portland", "state": "OR", "zipcode": "97201", "telephone": "(503) 555-0100", "user_npi": 1234567893, "message_pref": 1,
			"states_licensed": "OR, WA", "referred_by_user": "dr-a", "timezone": "America/Los_Angeles", "credentials": "MD", "ins_exp_date": "2027-06-30",
			"tax_id": "99-0000001", "user_type": 1, "user_tier": "1", "max_case_status": 20, "documents": documents(),
		}}
	},
	"change-user": func(s *abused) example {
		return example{body: map[string]any{
			"user_id": s.user(), "user_email": "robin@example.org", "first_name": "Robin", "last_name": "Provider", "addr1": "2 Sample Plaza", "addr2": "Suite 3",
			"city": "Portland", "state": "OR", "zipcode": "97201", "telephone": 5035550100, "user_npi": "1234567893", "message_pref": 2,
			"states_licensed": "OR", "referred_by_user": "dr-a", "timezone": "America/Los_Angeles", "credentials": "MD", "ins_exp_date": "2027-06-30",
			"tax_id": "99-0000001", "user_type": 2, "user_tier": 2, "max_case_status": 30, "active": 1, "last_login_dt": "2026-02-02T15:04:05Z", "documents": documents(),
		}}
	},
	"delete-user": func(s *abused) example { return example{query: map[string]string{"user_id": s.user()}} },

	"create-surgeon": func(*abused) example {
		return example{body: map[string]any{
			"user_id": "dr-a", "first_name": "Avery", "last_name": "Surgeon", "surgeon_npi": 1234567893, "surgeon_addr": "1 Sample Plaza",
			"surgeon_city": "Portland", "surgeon_state": "OR", "surgeon_zip": "97201",
		}}
	},
	"change-surgeon": func(s *abused) example {
		return example{body: map[string]any{
			"surgeon_id": s.person(s.next("u"), permission.Provider, 1).surgeon, "first_name": "Blair", "last_name": "Cutter", "surgeon_npi": "1234567893",
			"surgeon_addr": "2 Sample Plaza", "surgeon_city": "Salem", "surgeon_state": "OR", "surgeon_zip": "97301",
		}}
	},
	"delete-surgeon": func(s *abused) example {
		return example{query: map[string]string{"surgeon_id": fmt.Sprint(s.person(s.next("u"), permission.Provider, 1).surgeon)}}
	},
	"create-facility": func(*abused) example {
		return example{body: map[string]any{
			"user_id": "dr-a", "facility_name": "Example Center", "facility_npi": 1234567893, "facility_addr": "1 Sample Plaza",
			"facility_city": "Portland", "facility_state": "OR", "facility_zip": "97201",
		}}
	},
	"change-facility": func(s *abused) example {
		return example{body: map[string]any{
			"facility_id": s.person(s.next("u"), permission.Provider, 1).facility, "facility_name": "Other Center", "facility_npi": "1234567893",
			"facility_addr": "2 Sample Plaza", "facility_city": "Salem", "facility_state": "OR", "facility_zip": "97301",
		}}
	},
	"delete-facility": func(s *abused) example {
		return example{query: map[string]string{"facility_id": fmt.Sprint(s.person(s.next("u"), permission.Provider, 1).facility)}}
	},

	"create-group": func(*abused) example { return example{body: map[string]any{"group_desc": "North"}} },
	"get-group":    aGroup,
	"delete-group": aGroup,
	"change-group": func(s *abused) example {
		return example{path: map[string]string{"group_id": s.newGroup()}, body: map[string]any{"group_desc": "South"}}
	},
	"set-group-member": func(s *abused) example {
		return example{path: map[string]string{"group_id": s.newGroup()}, body: map[string]any{"user_id": s.user(), "group_admin": true}}
	},
	"remove-group-member": func(s *abused) example {
		return example{path: map[string]string{"group_id": s.newGroup()}, query: map[string]string{"member_user_id": "dr-a"}}
	},

	"put-case-status": func(*abused) example {
		return example{body: map[string]any{"user_id": root, "case_status": 10, "case_status_desc": "Ready"}}
	},
	"put-user-type": func(*abused) example {
		return example{body: map[string]any{"user_id": root, "user_type": "30", "user_type_desc": "Regional", "user_max_case_status": 20}}
	},
	"put-user-doc-type": func(s *abused) example {
		return example{body: map[string]any{"user_id": root, "doc_type": s.next("Kind"), "doc_prefix": "K"}}
	},
	"create-faq": func(*abused) example {
		return example{body: map[string]any{"user_id": root, "user_type": 1, "faq_header": "When?", "faq_text": "On\nFriday.", "display_order": 2}}
	},
	"open-run": func(s *abused) example {
		return example{query: map[string]string{"dry_run": "false"}, body: map[string]any{
			"user_id": root, "pay_date": "2026-03-20", "case_ids": []any{s.ready()},
		}}
	},
	"list-runs":      nothing,
	"payment-report": aReport, "summary-report": aReport, "quickbooks-vendors": aReport, "quickbooks-transactions": aReport,
	"individual-reports": func(s *abused) example {
		s.opened()
		return example{query: map[string]string{"start_date": "2026-01-01", "end_date": "2026-12-31", "email_type": "weekly"}}
	},
	"export-cases": anExport, "export-cases-csv": anExport,
	"my-report":       func(s *abused) example { return theirRun(s, root) },
	"report-password": nothing,
	"list-files":      nothing,
	"get-file":        func(s *abused) example { return theirReport(s, "dr-a") },
	"get-run":         aRun,
	"settle-run":      aRun,
	"list-jobs":       nothing,
	"run-job": func(s *abused) example {
		s.ready()
		return example{path: map[string]string{"name": "open_payment_run"}, query: map[string]string{"dry_run": "false"}}
	},
	"reverse-run": func(s *abused) example {
		e := aRun(s)
		e.body = map[string]any{"user_id": root, "reason": "because"}
		return e
	},
	"rename-vendor": func(s *abused) example {
		return example{path: map[string]string{"user_id": s.user()}, query: map[string]string{"dry_run": "false"}, body: map[string]any{"vendor_name": "Vendor " + s.next("n")}}
	},
	"confirm-pay-tiers": func(*abused) example {
		return example{query: map[string]string{"dry_run": "false"}, body: map[string]any{"user_id": root, "table_version": 1}}
	},
	"load-pay-tiers": func(*abused) example {
		row := map[string]any{"user_tier": 9, "procedure_code": "Z9001", "code_category": "SPINE", "code_pay_amount": 1250.5}
		return example{limit: 8 << 20, query: map[string]string{"dry_run": "false"}, body: map[string]any{
			"user_id": root, "rows": []any{row}, "replace_tiers": false, "source": "a test",
		}}
	},
}
