package api

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/mail"
	"surgicase/ports"
	"surgicase/test/given"
)

// preferring changes how a user wants messages.
func (p *program) preferring(id string, with func(*directory.User)) {
	p.t.Helper()
	p.inTx(func(ctx context.Context, r ports.Repos) error {
		u, err := r.Users.Get(ctx, ident.UserID(id))
		if err != nil {
			return err
		}
		with(u)
		return r.Users.Save(ctx, u)
	})
}

// payday has three providers with a payment each in an open run: one wants mail, one wants none, one has no
// address any more.
func (p *program) payday() (run string) {
	p.t.Helper()
	p.cast()
	p.prices()
	var ids []string
	for _, name := range []string{"dr-mail", "dr-silent", "dr-gone"} {
		at := p.person(name, 1, 1)
		p.standing(10, name, at, "case-"+name)
		ids = append(ids, "case-"+name)
	}
	p.preferring("dr-mail", func(u *directory.User) { u.MessagePref, u.Email, u.Timezone = 3, "dr.mail@example.com", "" })
	p.preferring("dr-silent", func(u *directory.User) { u.MessagePref = 2 })
	p.preferring("dr-gone", func(u *directory.User) { u.Active = false })
	opened := p.send(http.MethodPost, "/payment_runs", root, map[string]any{"case_ids": ids}).is(201)
	return fmt.Sprint(opened.at("run_id"))
}

func (p *program) onList(list mail.List, address, first string) {
	p.t.Helper()
	p.send(http.MethodPost, "/report_recipients", root, map[string]any{"report_name": list, "email_address": address, "first_name": first}).is(201)
}

// letterTo gives the one letter that arrived at an address.
func letterTo(t *testing.T, server *given.MailServer, address string) mail.Letter {
	t.Helper()
	var found []mail.Letter
	for _, d := range server.Letters() {
		if slices.Contains(d.To, address) {
			found = append(found, d.Letter(t))
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d letters for %s", len(found), address)
	}
	return found[0]
}

func TestProvidersGetTheirOwnReportByMail(t *testing.T) {
	withMail(t, nil, func(p *program, server *given.MailServer) {
		run := p.payday()
		body := map[string]any{"report": "individual_provider_payment_report", "email_type": "weekly", "run_id": atoi(run)}
		first := p.send(http.MethodPost, "/report_mailings", root, body, "Idempotency-Key", "k-1").is(201).has("queued", 1)
		if n := len(server.Letters()); n != 0 {
			p.t.Errorf("%d letters went out before the outbox was worked on", n)
		}
		reasons := map[any]any{}
		for _, entry := range first.at("not_mailed").([]any) {
			entry := entry.(map[string]any)
			reasons[entry["user_id"]] = entry["reason"]
		}
		if len(reasons) != 2 || reasons["dr-silent"] != "message_pref" || reasons["dr-gone"] != "user_inactive" {
			p.t.Errorf("not mailed: %v", reasons)
		}
		p.deliver()
		letter := letterTo(p.t, server, "dr.mail@example.com")
		password := p.get("/report_password", "dr-mail").is(200).at("password").(string)
		if letter.Subject != "Your Personal Payment Report - March 02, 2026" || !strings.Contains(letter.Text, "Total: $1000.00") || !strings.Contains(letter.Text, "Cases: 1") {
			p.t.Errorf("%s: %s", letter.Subject, letter.Text)
		}
		if len(letter.Enclosed) != 1 || !bytes.HasPrefix(letter.Enclosed[0].Content, []byte("%PDF-2.0")) || bytes.Contains(letter.Enclosed[0].Content, []byte("case-dr")) {
			p.t.Errorf("enclosed: %d", len(letter.Enclosed))
		}
		whole := fmt.Sprint(letter.Subject, letter.Text, p.database().rows("SELECT * FROM email_log"), p.log)
		if strings.Contains(whole, password) || strings.Contains(whole, "Patient-case") {
			p.t.Errorf("the password or a patient is in %s", whole)
		}
		again := p.send(http.MethodPost, "/report_mailings", root, body, "Idempotency-Key", "k-1").is(201).has("queued", 1, "mailing_id", first.at("mailing_id"))
		if fmt.Sprint(again.at("not_mailed")) != fmt.Sprint(first.at("not_mailed")) {
			p.t.Errorf("again: %s", again.raw)
		}
		p.deliver()
		if n := len(server.Letters()); n != 1 {
			p.t.Errorf("%d letters after the same request again", n)
		}
		p.get("/email_log?count=true&report_type=individual_provider_payment_report", root).is(200).hasHeader("X-Total-Count", "3").has("email_log.0.run_id", atoi(run))
	})
}

func atoi(text string) int {
	n := 0
	_, _ = fmt.Sscan(text, &n)
	return n
}

func TestReportsOfAllGoToTheirLists(t *testing.T) {
	withMail(t, nil, func(p *program, server *given.MailServer) {
		run := p.payday()
		send := func(report, rhythm string) answer {
			return p.send(http.MethodPost, "/report_mailings", root, map[string]any{"report": report, "email_type": rhythm, "run_id": atoi(run)})
		}
		send("provider_payment_report", "weekly").refused(409, "no_recipients").has("report_name", "provider_payment_report_weekly")
		p.onList("provider_payment_report_weekly", "books@example.com", "Zoë")
		p.onList("provider_payment_report_weekly", "chief@example.com", "")
		send("provider_payment_report", "weekly").is(201).has("queued", 2)
		send("provider_payment_report", "on_demand").refused(409, "no_recipients")
		p.deliver()
		letter := letterTo(p.t, server, "books@example.com")
		for _, want := range []string{"Good morning Zoë,", "for payment run " + run + ", paid on March 06, 2026", "Providers: 3", "Cases:     3", "Total:     $3000.00"} {
			if !strings.Contains(letter.Text, want) {
				p.t.Errorf("no %q in %s", want, letter.Text)
			}
		}
		if other := letterTo(p.t, server, "chief@example.com"); !strings.Contains(other.Text, "Good morning Valued Partner,") || strings.Contains(string(other.Text), "books@") {
			p.t.Errorf("the other got %s", other.Text)
		}
		password := p.get("/report_password?scope=organisation", root).is(200).at("password").(string)
		if strings.Contains(letter.Text, password) {
			p.t.Error("the password is mailed with the file")
		}
		send("provider_payment_summary_report", "weekly").is(201).has("queued", 2) // by the list of the payment report
		p.send(http.MethodPost, "/report_mailings", root, map[string]any{"report": "provider_payment_report", "provider_id": "dr-mail"}).refused(400, "provider_of_all")
		p.send(http.MethodPost, "/report_mailings", root, map[string]any{"report": "provider_payment_report", "run_id": 4711}).refused(404, "run_not_found")
		p.send(http.MethodPost, "/report_mailings", "user-admin", map[string]any{"report": "provider_payment_report"}).refused(403, "not_allowed")
	})
}

// The list of a report and the report have the same name on every route, whichever of its names is used.
func TestReportsHaveOneNameEverywhere(t *testing.T) {
	withMail(t, nil, func(p *program, _ *given.MailServer) {
		run := atoi(p.payday())
		for i, names := range []map[string]any{
			{"report": "provider_payment_report", "email_type": "weekly"},
			{"report_name": "provider_payment_report", "email_type": "weekly"},
			{"report": "provider_payment_report_weekly"},
			{"report_name": "provider_payment_report_weekly"},
			{"report_name": "provider_payment_report_weekly", "email_type": "weekly", "report": "provider_payment_report_weekly"},
			{"report": "provider_payment_summary_report"},
			{"report_name": "provider_payment_summary_report_on_demand"},
		} {
			list, rhythm := "provider_payment_report_weekly", "weekly"
			if i > 4 {
				list, rhythm = "provider_payment_summary_report_on_demand", "on_demand"
			}
			with := func(more ...any) map[string]any {
				body := maps.Clone(names)
				for i := 0; i < len(more); i += 2 {
					body[more[i].(string)] = more[i+1]
				}
				return body
			}
			refused := p.send(http.MethodPost, "/report_mailings", root, with("run_id", run)).refused(409, "no_recipients").has("report_name", list)
			if detail := fmt.Sprint(refused.at("detail")); !strings.Contains(detail, list) {
				p.t.Errorf("the list is not named: %s", detail)
			}
			made := p.send(http.MethodPost, "/report_recipients", root, with("email_address", "a@example.com")).is(201).has("report_name", list)
			p.send(http.MethodPost, "/report_mailings", root, with("run_id", run)).is(201).has("queued", 1)
			if kept := p.database().value("SELECT email_type FROM email_log ORDER BY email_id DESC LIMIT 1"); kept != rhythm {
				p.t.Errorf("%v was mailed as %s", names, kept)
			}
			query := url.Values{}
			for name, value := range names {
				query.Set(name, fmt.Sprint(value))
			}
			p.get("/report_recipients?"+query.Encode(), root).is(200).has("recipients.0.report_name", list)
			p.send(http.MethodDelete, fmt.Sprintf("/report_recipients?recipient_id=%v", made.at("recipient_id")), root, nil).is(200)
		}
	})
}

func TestReportNamesThatContradict(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		for _, c := range []struct {
			names map[string]any
			field string
		}{
			{map[string]any{}, ""},
			{map[string]any{"email_type": "weekly"}, ""},
			{map[string]any{"report_name": "provider_payment_report_weekly", "email_type": "on_demand"}, "email_type"},
			{map[string]any{"report": "provider_payment_report_weekly", "report_name": "provider_payment_report_on_demand"}, "report"},
			{map[string]any{"report": "provider_payment_report", "report_name": "provider_payment_summary_report"}, "report"},
			{map[string]any{"report": "Provider_Payment_Report"}, "report"},
			{map[string]any{"report_name": "provider_payment_report_monthly"}, "report_name"},
		} {
			p.send(http.MethodPost, "/report_mailings", root, c.names).refused(422, "invalid_input").
				has("errors.0.location", "body."+cmp.Or(c.field, "report"))
			body := maps.Clone(c.names)
			body["email_address"] = "a@example.com"
			p.send(http.MethodPost, "/report_recipients", root, body).refused(422, "invalid_input").
				has("errors.0.location", "body."+cmp.Or(c.field, "report_name"))
		}
		p.get("/report_recipients?report_name=provider_payment_report_weekly&email_type=on_demand", root).refused(422, "invalid_input").has("errors.0.location", "query.email_type")
		p.get("/report_recipients?email_type=on_demand", root).refused(422, "invalid_input").has("errors.0.location", "query.report_name")
		for _, list := range []mail.List{"provider_payment_report_weekly", "provider_payment_report_on_demand", "provider_payment_summary_report_weekly"} {
			p.onList(list, "a@example.com", "")
		}
		p.get("/report_recipients?report=provider_payment_report&count=true&limit=1", root).is(200).hasHeader("X-Total-Count", "2")
	})
}

func TestNothingIsMailedByAGET(t *testing.T) {
	withMail(t, nil, func(p *program, server *given.MailServer) {
		run := p.payday()
		p.onList("provider_payment_report_weekly", "books@example.com", "")
		p.onList("provider_payment_summary_report_weekly", "books@example.com", "")
		for _, path := range []string{"/provider_payment_report", "/provider_payment_summary_report", "/individual_provider_reports", "/quickbooks_vendors_csv", "/quickbooks_transactions_iif"} {
			for _, query := range []string{"?email_type=weekly", "?email_type=weekly&run_id=" + run} {
				if a := p.get(path+query, root); a.status != 200 {
					p.t.Errorf("%s: %d %.200s", path+query, a.status, a.raw)
				}
			}
		}
		p.deliver()
		if n := len(server.Letters()); n != 0 {
			p.t.Errorf("%d letters", n)
		}
		p.get("/email_log?count=true", root).is(200).hasHeader("X-Total-Count", "0")
	})
}

// However long a list is, everybody on it gets the report.
func TestALongListIsMailedToItsEnd(t *testing.T) {
	t.Parallel()
	p := start(t, databases[0].url(t), nil)
	run := p.payday()
	const most = 1203 // more than one page of any kind holds
	p.inTx(func(ctx context.Context, r ports.Repos) error {
		for i := range most {
			to := mail.Recipient{List: "provider_payment_report_weekly", Address: fmt.Sprintf("reader-%d@example.com", i), CreatedAt: p.clock.Now()}
			if err := r.Recipients.Add(ctx, &to); err != nil {
				return err
			}
		}
		return nil
	})
	p.send(http.MethodPost, "/report_mailings", root, map[string]any{"report": "provider_payment_report", "email_type": "weekly", "run_id": atoi(run)}).is(201).has("queued", most)
	p.get("/email_log?count=true&status=queued", root).is(200).hasHeader("X-Total-Count", fmt.Sprint(most))
}
