package mail_test

import (
	"strings"
	"testing"

	"surgicase/domain/fault"
	"surgicase/domain/mail"
)

func TestLetter_Check(t *testing.T) {
	good := func() mail.Letter {
		return mail.Letter{To: []string{"a@example.com"}, MessageID: "1@example.com", Subject: "Report", Enclosed: []mail.Enclosure{{Name: "report.pdf", ContentType: "application/pdf"}}}
	}
	for name, spoil := range map[string]func(*mail.Letter){
		"no recipient":                    func(l *mail.Letter) { l.To = nil },
		"a recipient who is no address":   func(l *mail.Letter) { l.To = append(l.To, "nobody") },
		"a recipient with a second line":  func(l *mail.Letter) { l.To[0] = "a@example.com\r\nBcc: b@example.com" },
		"no id":                           func(l *mail.Letter) { l.MessageID = "" },
		"an id without a place":           func(l *mail.Letter) { l.MessageID = "1@" },
		"an id with a bracket":            func(l *mail.Letter) { l.MessageID = "1>@example.com" },
		"an id that is too long":          func(l *mail.Letter) { l.MessageID = strings.Repeat("1", 500) + "@example.com" },
		"no subject":                      func(l *mail.Letter) { l.Subject = "" },
		"a subject with a second line":    func(l *mail.Letter) { l.Subject = "Report\nBcc: b@example.com" },
		"an attachment without a name":    func(l *mail.Letter) { l.Enclosed[0].Name = "" },
		"an attachment in another folder": func(l *mail.Letter) { l.Enclosed[0].Name = "../report.pdf" },
		"a type with a second line":       func(l *mail.Letter) { l.Enclosed[0].ContentType = "text/plain\r\nX: y" },
	} {
		l := good()
		if err := l.Check(); err != nil {
			t.Fatal(err)
		}
		spoil(&l)
		if got := fault.CodeOf(l.Check()); got != mail.Refused {
			t.Errorf("%s: code %q", name, got)
		}
	}
}

func TestParsePayload(t *testing.T) {
	p := mail.Posted{ID: 42}
	if got, err := mail.ParsePayload(p.Payload()); got != 42 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
	if _, err := mail.ParsePayload("x"); fault.CodeOf(err) != "payload_invalid" {
		t.Errorf("got %v", err)
	}
}
