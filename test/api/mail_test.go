package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"surgicase/domain/mail"
	"surgicase/ports"
	"surgicase/test/given"
)

// recipient puts somebody on a list and gives the id.
func (p *program) recipient() string {
	p.t.Helper()
	var id int64
	p.inTx(func(ctx context.Context, r ports.Repos) error {
		to := mail.Recipient{
			List: mail.ListOf(mail.PaymentReport, mail.Weekly), Address: fmt.Sprintf("box-%d@example.org", time.Now().UnixNano()), CreatedAt: given.Morning,
		}
		err := r.Recipients.Add(ctx, &to)
		id = to.ID
		return err
	})
	return fmt.Sprint(id)
}

func TestRecipientsOfReports(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		add := func(list, address string) answer {
			return p.send(http.MethodPost, "/report_recipients", root, map[string]any{"report_name": list, "email_address": address, "first_name": "Zoë"})
		}
		made := add("provider_payment_report_weekly", "Ann@Example.COM").is(201).has("email_address", "Ann@example.com", "first_name", "Zoë", "last_name", "")
		add("provider_payment_report_weekly", "Ann@example.com").refused(409, "recipient_exists")
		add("provider_payment_report_weekly", "ann@example.com").is(201) // the part before the @ may mean somebody else
		add("provider_payment_summary_report_weekly", "Ann@example.com").is(201)
		add("individual_provider_payment_report_weekly", "ann@example.com").is(422)
		add("provider_payment_report_weekly", "ann@example.com\r\nBcc: eve@example.com").is(422)
		p.get("/report_recipients?count=true&limit=2", root).is(200).has("recipients.0.email_address", "Ann@example.com").hasHeader("X-Total-Count", "3")
		p.get("/report_recipients?report_name=provider_payment_summary_report_weekly", root).is(200).has("recipients.0.report_name", "provider_payment_summary_report_weekly").
			lacks("provider_payment_report_weekly")
		id := fmt.Sprint(made.at("recipient_id"))
		p.send(http.MethodDelete, "/report_recipients?recipient_id="+id, root, nil).is(200)
		p.send(http.MethodDelete, "/report_recipients?recipient_id="+id, root, nil).refused(404, "recipient_not_found")
	})
}

// hasHeader demands a header.
func (a answer) hasHeader(name, want string) answer {
	a.t.Helper()
	if got := a.header.Get(name); got != want {
		a.t.Errorf("%s is %q, want %q", name, got, want)
	}
	return a
}

// withMail runs a scenario with a mail server behind the program.
func withMail(t *testing.T, more map[string]string, scenario func(*program, *given.MailServer)) {
	t.Helper()
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			server := given.StartMailServer(t, given.MailOpen)
			env := map[string]string{
				"EMAIL_URL":  fmt.Sprintf("smtp://%s:%s?encryption=off", server.Host, server.Port),
				"EMAIL_FROM": "SurgiCase <noreply@practice.example.com>", "JOB_FAILURE_RECIPIENTS": "ops@example.com, chief@example.com",
			}
			for name, value := range more {
				env[name] = value
			}
			scenario(start(t, db.url(t), env), server)
		})
	}
}

// deliver has the outbox of mails worked on.
func (p *program) deliver() {
	p.t.Helper()
	if err := p.Courier.Mail.Work(context.Background()); err != nil {
		p.t.Fatal(err)
	}
}

// checkpoint puts something on the trail and has it sealed and signed.
func (p *program) checkpoint() {
	p.t.Helper()
	p.recipient()
	p.get("/email_log", "provider").refused(403, "not_allowed")
	if _, err := p.Notary.Sign(context.Background()); err != nil {
		p.t.Fatal(err)
	}
}

func TestCheckpointsLeaveTheHouseByMail(t *testing.T) {
	withMail(t, nil, func(p *program, server *given.MailServer) {
		p.cast()
		p.checkpoint()
		letters := server.Letters()
		if len(letters) != 2 || letters[0].MessageID() == letters[1].MessageID() {
			p.t.Fatalf("%d letters", len(letters))
		}
		letter := letters[0].Letter(p.t)
		for _, want := range []string{`"signature": "`, `"public_key": "`, "surgicase audit verify --checkpoint"} {
			if !strings.Contains(letter.Text, want) {
				p.t.Errorf("no %q in %s", want, letter.Text)
			}
		}
		log := p.get("/email_log?count=true&report_type=audit_checkpoint", root).is(200).hasHeader("X-Total-Count", "2").
			has("email_log.0.status", "sent", "email_log.0.to_address", "chief@example.com", "email_log.0.message_id", letters[1].MessageID(), "email_log.0.attempts", 1)
		log.lacks("signature", "public_key")
		if rows := p.database().rows("SELECT body FROM email_log WHERE body <> ''"); len(rows) > 0 {
			p.t.Errorf("the text of what was sent is kept: %v", rows)
		}
		if strings.Contains(p.log.String(), "chief@example.com") {
			p.t.Errorf("the log names a recipient: %s", p.log)
		}
	})
}

func TestMailThatCannotGoOutWaitsAndIsSentOnce(t *testing.T) {
	withMail(t, map[string]string{"JOB_FAILURE_RECIPIENTS": "ops@example.com"}, func(p *program, server *given.MailServer) {
		p.cast()
		server.Fails(given.MailTrouble{Recipient: 450})
		p.checkpoint()
		p.get("/email_log", root).is(200).has("email_log.0.status", "queued", "email_log.0.reason", "mail_unavailable", "email_log.0.attempts", 1, "email_log.0.ended_at", nil)
		p.deliver()
		p.deliver() // not due yet
		p.get("/email_log", root).is(200).has("email_log.0.attempts", 2)
		server.Fails(given.MailTrouble{})
		p.clock.Advance(time.Minute)
		p.deliver()
		p.get("/email_log?status=sent", root).is(200).has("email_log.0.attempts", 3, "email_log.0.reason", nil)
		p.clock.Advance(time.Hour)
		p.deliver()
		if n := len(server.Letters()); n != 1 {
			p.t.Errorf("%d letters arrived", n)
		}
	})
}

func TestMailThatIsRefusedForGoodIsNotTriedAgain(t *testing.T) {
	withMail(t, map[string]string{"JOB_FAILURE_RECIPIENTS": "ops@example.com"}, func(p *program, server *given.MailServer) {
		p.cast()
		server.Fails(given.MailTrouble{Recipient: 550})
		p.checkpoint()
		server.Fails(given.MailTrouble{})
		for range 3 {
			p.clock.Advance(2 * time.Hour)
			p.deliver()
		}
		p.get("/email_log", root).is(200).has("email_log.0.status", "failed", "email_log.0.reason", "mail_refused", "email_log.0.attempts", 1)
		p.counts(1, "business_events_total", "event", "mail.failed", "outcome", "refused")
		p.counts(0, "background_failures_total", "work", "mail") // the work goes well: the letter is what is wrong
		if n := len(server.Letters()); n != 0 {
			p.t.Errorf("%d letters arrived", n)
		}
	})
}

func TestMailThatNobodyTakesIsGivenUpAfterThreeDays(t *testing.T) {
	withMail(t, map[string]string{"JOB_FAILURE_RECIPIENTS": "ops@example.com"}, func(p *program, server *given.MailServer) {
		p.cast()
		server.Fails(given.MailTrouble{Letter: 451})
		p.checkpoint()
		p.clock.Advance(71 * time.Hour)
		p.deliver()
		p.get("/email_log", root).is(200).has("email_log.0.status", "queued")
		p.clock.Advance(2 * time.Hour)
		p.deliver()
		p.get("/email_log", root).is(200).has("email_log.0.status", "failed", "email_log.0.reason", "mail_unavailable", "email_log.0.attempts", 3)
	})
}

// A server that takes letters and drops the connection gets each at most twice, with one Message-ID.
func TestALetterArrivesAtMostTwice(t *testing.T) {
	withMail(t, map[string]string{"JOB_FAILURE_RECIPIENTS": "ops@example.com"}, func(p *program, server *given.MailServer) {
		p.cast()
		server.Fails(given.MailTrouble{CutAfterLetter: true})
		p.checkpoint()
		for range 5 {
			p.clock.Advance(2 * time.Hour)
			p.deliver()
		}
		letters := server.Letters()
		if len(letters) != 2 || letters[0].MessageID() != letters[1].MessageID() {
			p.t.Errorf("%d letters arrived", len(letters))
		}
		p.get("/email_log", root).is(200).has("email_log.0.status", "unconfirmed", "email_log.0.reason", "mail_unconfirmed", "email_log.0.attempts", 2)
	})
}
