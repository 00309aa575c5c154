package mail_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/mail"
)

var morning = time.Date(2026, time.March, 2, 9, 30, 15, 123456000, time.UTC)

func queued() mail.Posted {
	return mail.Posted{ID: 7, Status: mail.Queued, Text: "Good morning.", CreatedAt: morning}
}

// Whatever happens to attempts, and whoever dies in the middle of one: the receiver has the letter at
// most twice, a letter that was sent is never sent again, and every letter ends.
func TestALetterArrivesAtMostTwiceWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, now, arrived := queued(), morning, 0
		for range 100 {
			now = now.Add(time.Duration(rapid.IntRange(1, 20_000).Draw(t, "pause")) * time.Second)
			before := p
			goOn, err := p.Claim(now)
			if err != nil && !before.Claimed.After(now) {
				t.Fatalf("refused with %v", err)
			}
			if !goOn {
				continue
			}
			switch rapid.IntRange(0, 5).Draw(t, "outcome") {
			case 0: // died, before or after the server had it
				arrived += rapid.IntRange(0, 1).Draw(t, "taken")
			case 1:
				arrived++
				p.Conclude(nil, now)
			case 2:
				p.Conclude(fault.New(fault.Unavailable, mail.Unavailable, ""), now)
			case 3:
				arrived += rapid.IntRange(0, 1).Draw(t, "taken")
				p.Conclude(fault.New(fault.Unavailable, mail.Unconfirmed, ""), now)
			case 4:
				p.Conclude(fault.New(fault.Invalid, mail.Refused, ""), now)
			case 5: // something that nobody foresaw
				arrived += rapid.IntRange(0, 1).Draw(t, "taken")
				p.Conclude(errors.New("panic"), now)
			}
		}
		if arrived > 2 {
			t.Fatalf("it arrived %d times", arrived)
		}
		if p.Status == mail.Queued {
			t.Fatalf("after all that time it is still queued: %+v", p)
		}
		if p.Text != "" || p.EndedAt.IsZero() {
			t.Fatalf("it has ended and keeps its text, or not when: %+v", p)
		}
		if p.Status == mail.Sent && arrived == 0 {
			t.Fatal("it is called sent and never was")
		}
	})
}

func TestPosted_Conclude_what_is_not_delivered_was_not_sent(t *testing.T) {
	now := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	p := mail.Posted{Status: mail.Queued, CreatedAt: now}
	if _, err := p.Claim(now); err != nil {
		t.Fatal(err)
	}
	if again := p.Conclude(fault.New(fault.Conflict, mail.NotDelivered, ""), now); again || p.Status != mail.NotMailed || p.Reason != mail.NotDelivered || !p.EndedAt.Equal(now) {
		t.Errorf("got %t, %+v", again, p)
	}
}

func TestAClaimedLetterIsLeftAlone(t *testing.T) {
	p := queued()
	if goOn, err := p.Claim(morning); !goOn || err != nil {
		t.Fatal(goOn, err)
	}
	seen := p
	if goOn, err := p.Claim(morning.Add(mail.ClaimTime - time.Microsecond)); goOn || fault.CodeOf(err) != "letter_claimed" {
		t.Errorf("%t, %v", goOn, err)
	}
	if p.Attempts != seen.Attempts || p.Handovers != seen.Handovers {
		t.Error("the refusal changed it")
	}
	if goOn, err := p.Claim(morning.Add(mail.ClaimTime)); !goOn || err != nil {
		t.Errorf("%t, %v", goOn, err)
	}
}

const source = "Subject: Report of {creation_date}\n\nHello {first_name} {last_name},\n{{literal}} {total_amount}.\n"

// sources are all templates with the same text, but for those given.
func sources(with ...string) map[string]string {
	all := map[string]string{}
	for _, name := range mail.TemplateNames() {
		all[name] = "Subject: About\n\nText.\n"
	}
	for i := 0; i+1 < len(with); i += 2 {
		all[with[i]] = with[i+1]
	}
	return all
}

func TestATemplateIsFilledIn(t *testing.T) {
	templates, err := mail.ParseTemplates(sources("provider_payment_report_weekly", source))
	if err != nil {
		t.Fatal(err)
	}
	s := mail.Stationery{Templates: templates, Domain: "example.com"}
	p := s.Letter(mail.PaymentReport, mail.Weekly, "0190", mail.Values{
		"creation_date": "March 02, 2026\r\nBcc: eve@example.com", "first_name": "Zoë {last_name}", "total_amount": "$1,250.00",
	})
	if p.Subject != "Report of March 02, 2026 Bcc: eve@example.com" || p.MessageID != "0190@example.com" || p.Status != mail.Queued {
		t.Errorf("got %+v", p)
	}
	if p.Text != "Hello Zoë {last_name} ,\n{literal} $1,250.00.\n" {
		t.Errorf("got %q", p.Text)
	}
	long := s.Letter(mail.PaymentReport, mail.Weekly, "0190", mail.Values{"creation_date": strings.Repeat("é", 600)})
	if letter := (mail.Letter{MessageID: long.MessageID, To: []string{"a@example.com"}, Subject: long.Subject}); letter.Check() != nil {
		t.Errorf("a long value makes a letter that cannot be sent: %v", letter.Check())
	}
}

func TestWrongTemplatesAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    `must begin with a line "Subject: …"`,
		"Hello":                               `must begin with a line "Subject: …"`,
		"Subject: \n\nText":                   `must begin with a line "Subject: …"`,
		"Subject: s\nText":                    `must begin with a line "Subject: …"`,
		"Subject: s\n\n  \n":                  `must begin with a line "Subject: …"`,
		"Subject: {patient_name}\n\nText":     "uses {patient_name}; it may use {job}",
		"Subject: s\n\n{outcome":              "has a brace that stands alone",
		"Subject: s\n\noutcome}":              "has a brace that stands alone",
		"Subject: s\n\n{}":                    "uses {}",
		"Subject: s\n\n{outcome} {password}.": "uses {password}",
	} {
		_, err := mail.ParseTemplates(sources("job_failure_alert", text))
		var f *fault.Error
		if !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Location != "job_failure_alert" || !strings.Contains(f.Fields[0].Message, want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	missing := sources()
	delete(missing, "audit_checkpoint")
	if _, err := mail.ParseTemplates(missing); err == nil || !strings.Contains(err.Error(), "audit_checkpoint is missing") {
		t.Errorf("got %v", err)
	}
	for _, fine := range []string{"\ufeffSubject: s\r\n\r\nWindows.\r\n", "Subject: {{}}\n\n{job}{job}"} {
		if _, err := mail.ParseTemplates(sources("job_failure_alert", fine)); err != nil {
			t.Errorf("%q: %v", fine, err)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add(source, "value")
	f.Add("Subject: {{{first_name}}}\n\n}}{{", "{first_name}\r\n")
	f.Fuzz(func(t *testing.T, text, value string) {
		templates, err := mail.ParseTemplates(sources("provider_payment_report_weekly", text))
		if err != nil {
			return
		}
		p := mail.Stationery{Templates: templates, Domain: "example.com"}.Letter(mail.PaymentReport, mail.Weekly, "0190", mail.Values{"first_name": value})
		letter := mail.Letter{MessageID: p.MessageID, To: []string{"a@example.com"}, Subject: p.Subject, Text: p.Text}
		if p.Subject != "" && letter.Check() != nil {
			t.Errorf("a template makes a letter that cannot be sent: %v %q", letter.Check(), p.Subject)
		}
	})
}

func TestWhoGetsNoMail(t *testing.T) {
	for _, x := range []struct {
		pref   int
		active bool
		email  string
		want   string
	}{
		{0, true, "a@example.com", "message_pref"},
		{1, true, "a@example.com", ""},
		{2, true, "a@example.com", "message_pref"},
		{3, true, "a@example.com", ""},
		{1, true, "", "no_address"},
		{3, false, "a@example.com", "user_inactive"},
	} {
		if got := mail.Refusal(&directory.User{MessagePref: x.pref, Active: x.active, Email: x.email}); got != x.want {
			t.Errorf("%+v: %q", x, got)
		}
	}
}

func TestListsOfReports(t *testing.T) {
	if got := mail.ListsOf(mail.SummaryReport, mail.Weekly); len(got) != 2 || got[0] != "provider_payment_summary_report_weekly" || got[1] != "provider_payment_report_weekly" {
		t.Errorf("got %v", got)
	}
	for _, l := range mail.Lists {
		if got, err := mail.ParseList(string(l)); err != nil || got != l {
			t.Errorf("%s: %v", l, err)
		}
	}
	if _, err := mail.ParseList("individual_provider_payment_report_weekly"); !errors.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
}

func TestParseReport(t *testing.T) {
	for _, c := range []struct{ name, beside, kind, rhythm, code string }{
		{"provider_payment_report", "", "provider_payment_report", "", ""},
		{"provider_payment_report", "weekly", "provider_payment_report", "weekly", ""},
		{"provider_payment_report_weekly", "", "provider_payment_report", "weekly", ""},
		{"provider_payment_summary_report_on_demand", "on_demand", "provider_payment_summary_report", "on_demand", ""},
		{"individual_provider_payment_report_weekly", "weekly", "individual_provider_payment_report", "weekly", ""},
		{"provider_payment_report_weekly", "on_demand", "", "", "rhythms_differ"},
		{"provider_payment_report", "monthly", "", "", "unknown_rhythm"},
		{"provider_payment_report_", "", "", "", "unknown_report"},
		{"job_failure_alert", "", "", "", "unknown_report"},
		{"", "weekly", "", "", "unknown_report"},
	} {
		kind, rhythm, err := mail.ParseReport(c.name, c.beside)
		if string(kind) != c.kind || string(rhythm) != c.rhythm || fault.CodeOf(err) != c.code {
			t.Errorf("%q beside %q: got %q, %q, %v", c.name, c.beside, kind, rhythm, err)
		}
	}
}
