package contract

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/mail"
	"surgicase/ports"
)

// Post is a mailer to be tried, and what lies behind it.
type Post struct {
	ports.Mailer
	Arrived  func() []mail.Letter     // what a receiver has, in order; To, Text, HTML and Enclosed are empty for a mailer that delivers nothing
	Delivers bool                     // whether those are filled in
	Trouble  map[string]func(on bool) // ways of failing, by the code that they must lead to and what they are
}

// Mailer is the contract of ports.Mailer.
func Mailer(t *testing.T, open func(*testing.T) Post) {
	t.Run("a letter arrives whole, with its Message-ID", func(t *testing.T) { wholeLetter(t, open(t)) })
	t.Run("a letter of plain text has no other part", func(t *testing.T) { plainLetter(t, open(t)) })
	t.Run("the same letter twice has the same Message-ID", func(t *testing.T) { sameLetter(t, open(t)) })
	t.Run("twenty letters at once all arrive", func(t *testing.T) { manyLetters(t, open(t)) })
	t.Run("what breaks out of a header is refused", func(t *testing.T) { brokenLetters(t, open(t)) })
	t.Run("whoever has gone away sends nothing", func(t *testing.T) { lateLetter(t, open(t)) })
	for what := range open(t).Trouble {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			troubled(t, open(t), what)
		})
	}
}

func letterTo(address string, n int) mail.Letter {
	return mail.Letter{MessageID: fmt.Sprintf("0190-%d@surgicase.example", n), To: []string{address}, Subject: "Weekly report", Text: "Good morning.\n"}
}

func enclosure(name, kind string, content []byte) mail.Enclosure {
	return mail.Enclosure{Name: name, ContentType: kind, Content: content}
}

// send hands a letter over within the time that tests have.
func (p Post) send(t *testing.T, letter mail.Letter) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := p.Send(ctx, letter)
	if !p.Delivers && fault.CodeOf(err) == mail.NotDelivered {
		return nil
	}
	return err
}

func (p Post) mustSend(t *testing.T, letter mail.Letter) {
	t.Helper()
	if err := p.send(t, letter); err != nil {
		t.Fatalf("unexpected: %v", err)
	}
}

func wholeLetter(t *testing.T, p Post) {
	binary := make([]byte, 100_000)
	for i := range binary {
		binary[i] = byte(i * 7)
	}
	sent := mail.Letter{
		MessageID: "0190a-b.c@surgicase.example", To: []string{"ann@example.com", "bob@example.com"},
		Subject: "Bericht für Zoë 🫀 – " + strings.Repeat("lang ", 30) + "Ende",
		Text:    "Good morning, Zoë.\n.\n..dots at the beginning\n" + strings.Repeat("x", 2000) + "\n", HTML: "<p>Good morning, Zoë.</p>",
		Enclosed: []mail.Enclosure{enclosure("report.pdf", "application/pdf", binary), enclosure("checkpoint.json", "application/json", []byte("{}\n"))},
	}
	p.mustSend(t, sent)
	want := sent
	if !p.Delivers {
		want = mail.Letter{MessageID: sent.MessageID, Subject: sent.Subject}
	}
	equal(t, "arrived", p.Arrived(), []mail.Letter{want})
}

func plainLetter(t *testing.T, p Post) {
	sent := letterTo("ann@example.com", 1)
	p.mustSend(t, sent)
	got := p.Arrived()
	if len(got) != 1 || got[0].HTML != "" || len(got[0].Enclosed) > 0 || (p.Delivers && got[0].Text != sent.Text) {
		t.Errorf("arrived as %+v", got)
	}
}

func sameLetter(t *testing.T, p Post) {
	p.mustSend(t, letterTo("ann@example.com", 1))
	p.mustSend(t, letterTo("ann@example.com", 1))
	got := p.Arrived()
	if len(got) != 2 || got[0].MessageID != got[1].MessageID {
		t.Errorf("arrived as %+v", got)
	}
}

func manyLetters(t *testing.T, p Post) {
	for _, err := range together(20, func(i int) error { return p.send(t, letterTo("ann@example.com", i)) }) {
		if err != nil {
			t.Error(err)
		}
	}
	seen := map[string]bool{}
	for _, letter := range p.Arrived() {
		seen[letter.MessageID] = true
	}
	equal(t, "letters", len(seen), 20)
}

func brokenLetters(t *testing.T, p Post) {
	for what, spoil := range map[string]func(*mail.Letter){
		"no recipient":               func(l *mail.Letter) { l.To = nil },
		"no address":                 func(l *mail.Letter) { l.To = []string{"ann"} },
		"one of two no address":      func(l *mail.Letter) { l.To = []string{"ann@example.com", "bob@"} },
		"a header in the recipient":  func(l *mail.Letter) { l.To = []string{"ann@example.com\r\nBcc: eve@example.com"} },
		"two addresses in one":       func(l *mail.Letter) { l.To = []string{"ann@example.com,eve@example.com"} },
		"a header in the subject":    func(l *mail.Letter) { l.Subject = "Hello\r\nBcc: eve@example.com" },
		"no subject":                 func(l *mail.Letter) { l.Subject = "" },
		"an endless subject":         func(l *mail.Letter) { l.Subject = strings.Repeat("x", 501) },
		"no Message-ID":              func(l *mail.Letter) { l.MessageID = "" },
		"a header in the Message-ID": func(l *mail.Letter) { l.MessageID = "a@b\nBcc: eve@example.com" },
		"a bracket in it":            func(l *mail.Letter) { l.MessageID = "a@b> <c@d" },
		"a path as a file name":      func(l *mail.Letter) { l.Enclosed = []mail.Enclosure{enclosure("../a.pdf", "application/pdf", nil)} },
		"a header in a file name": func(l *mail.Letter) {
			l.Enclosed = []mail.Enclosure{enclosure("a\r\nBcc: eve", "application/pdf", nil)}
		},
		"a header in a file's type": func(l *mail.Letter) { l.Enclosed = []mail.Enclosure{enclosure("a.pdf", "a/b\r\nBcc: eve", nil)} },
	} {
		letter := letterTo("ann@example.com", 1)
		spoil(&letter)
		if err := p.send(t, letter); !errors.Is(err, fault.Invalid) || fault.CodeOf(err) != mail.Refused {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := p.Arrived(); len(got) > 0 {
		t.Errorf("arrived: %+v", got)
	}
}

func lateLetter(t *testing.T, p Post) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Send(ctx, letterTo("ann@example.com", 1)); err == nil || fault.CodeOf(err) == mail.Unconfirmed {
		t.Errorf("got %v", err)
	}
	if got := p.Arrived(); len(got) > 0 {
		t.Errorf("arrived: %+v", got)
	}
}

// troubled demands the code that the trouble is filed under, and that a letter goes out afterwards.
func troubled(t *testing.T, p Post, what string) {
	code, _, _ := strings.Cut(what, ": ")
	kind := fault.Unavailable
	if code == mail.Refused {
		kind = fault.Invalid
	}
	before := len(p.Arrived())
	p.Trouble[what](true)
	began := time.Now()
	err := p.send(t, letterTo("victim@example.com", 1))
	refused(t, err, kind, code)
	if took := time.Since(began); took > patience/2 {
		t.Errorf("it took %v to say so", took)
	}
	if err != nil && strings.Contains(err.Error(), "victim") {
		t.Errorf("the fault names the recipient: %v", err)
	}
	if got := p.Arrived(); code != mail.Unconfirmed && len(got) > before {
		t.Errorf("it arrived: %+v", got)
	}
	p.Trouble[what](false)
	before = len(p.Arrived())
	p.mustSend(t, letterTo("ann@example.com", 2))
	equal(t, "letters afterwards", len(p.Arrived())-before, 1)
}
