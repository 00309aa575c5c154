package contract_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"surgicase/adapters/logmail"
	"surgicase/adapters/sesmail"
	"surgicase/adapters/smtpmail"
	"surgicase/bootstrap"
	"surgicase/domain/fault"
	"surgicase/domain/mail"
	"surgicase/ports"
	"surgicase/test/contract"
	"surgicase/test/given"
)

// mailers are the adapters of ports.Mailer, the one for mail servers with each protection.
var mailers = map[string]func(*testing.T) contract.Post{
	"smtp": func(t *testing.T) contract.Post { return bySMTP(t, given.MailStartTLS, smtpmail.StartTLS) },
	"smtp from the first byte on": func(t *testing.T) contract.Post {
		return bySMTP(t, given.MailImplicitTLS, smtpmail.Implicit)
	},
	"smtp in the open": func(t *testing.T) contract.Post { return bySMTP(t, given.MailOpen, smtpmail.Open) },
	"ses":              bySES,
	"log":              byLog,
}

func TestMailer(t *testing.T) {
	t.Parallel()
	for name, open := range mailers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contract.Mailer(t, open)
		})
	}
}

func TestNoMailerSkipsItsContract(t *testing.T) {
	for _, name := range bootstrap.MailAdapters() {
		if mailers[name] == nil {
			t.Errorf("adapter %s is not held to the contract of its port", name)
		}
	}
}

const sender = "SurgiCase <noreply@example.com>"

func passwordOf(text string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return text, nil }
}

func smtpTo(t *testing.T, server *given.MailServer, with func(*smtpmail.Config)) *smtpmail.Mailer {
	t.Helper()
	port, _ := strconv.Atoi(server.Port)
	c := smtpmail.Config{
		Host: server.Host, Port: port, User: given.MailUser, Password: passwordOf(given.MailPassword), From: sender, Roots: server.Roots, Patience: 2 * time.Second,
	}
	with(&c)
	m, err := smtpmail.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func bySMTP(t *testing.T, security given.MailSecurity, how smtpmail.Encryption) contract.Post {
	t.Helper()
	server := given.StartMailServer(t, security)
	m := smtpTo(t, server, func(c *smtpmail.Config) {
		if c.Encryption = how; how == smtpmail.Open {
			c.User = ""
		}
	})
	fails := func(how given.MailTrouble) func(bool) {
		return func(on bool) {
			if !on {
				how = given.MailTrouble{}
			}
			server.Fails(how)
		}
	}
	return contract.Post{
		Mailer: m, Delivers: true,
		Arrived: func() []mail.Letter {
			var letters []mail.Letter
			for _, d := range server.Letters() {
				if d.Encrypted != (security != given.MailOpen) || (d.User == "") != (security == given.MailOpen) || d.From[0] != "noreply@example.com" {
					t.Errorf("a letter from %v, encrypted %t, user %q", d.From, d.Encrypted, d.User)
				}
				letters = append(letters, d.Letter(t))
			}
			return letters
		},
		Trouble: map[string]func(bool){
			"mail_refused: the recipient":                  fails(given.MailTrouble{Recipient: 550}),
			"mail_refused: the letter":                     fails(given.MailTrouble{Letter: 554}),
			"mail_unavailable: the sender is not welcome":  fails(given.MailTrouble{Sender: 550}),
			"mail_unavailable: the recipient, for now":     fails(given.MailTrouble{Recipient: 450}),
			"mail_unavailable: the letter, for now":        fails(given.MailTrouble{Letter: 451}),
			"mail_unconfirmed: cut in the letter":          fails(given.MailTrouble{CutInLetter: true}),
			"mail_unconfirmed: cut after the letter":       fails(given.MailTrouble{CutAfterLetter: true}),
			"mail_unconfirmed: no answer after the letter": fails(given.MailTrouble{Mute: true}),
		},
	}
}

func bySES(t *testing.T) contract.Post {
	t.Helper()
	fake := given.StartSES(t)
	m, err := sesmail.Open(t.Context(), sesmail.Config{
		Region: given.AWSRegion, Endpoint: fake.URL, KeyID: given.AWSKeyID, KeySecret: given.AWSSecret, From: sender, Patience: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	answers := func(how http.HandlerFunc) func(bool) {
		return func(on bool) {
			if !on {
				how = nil
			}
			fake.Answer(how)
		}
	}
	faults := func(status int, kind string) func(bool) {
		return answers(func(w http.ResponseWriter, _ *http.Request) { given.SESFault(w, status, kind) })
	}
	return contract.Post{
		Mailer: m, Delivers: true,
		Arrived: func() []mail.Letter {
			var letters []mail.Letter
			for _, l := range fake.Letters() {
				letters = append(letters, fromSES(t, l))
			}
			return letters
		},
		Trouble: map[string]func(bool){
			"mail_refused: the letter":           faults(400, "MessageRejected"),
			"mail_refused: the request":          faults(400, "BadRequestException"),
			"mail_unavailable: throttled":        faults(429, "TooManyRequestsException"),
			"mail_unavailable: paused":           faults(400, "SendingPausedException"),
			"mail_unavailable: no right":         faults(403, "AccessDeniedException"),
			"mail_unavailable: a failure of AWS": faults(500, "InternalServiceErrorException"),
			"mail_unconfirmed: a web page": answers(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "<html>Welcome to the hotel</html>")
			}),
			"mail_unconfirmed: an empty answer":   answers(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }),
			"mail_unconfirmed: a cut line":        answers(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
			"mail_unconfirmed: a line that hangs": answers(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() }),
		},
	}
}

func fromSES(t *testing.T, l given.SESLetter) mail.Letter {
	t.Helper()
	simple := l.Content.Simple
	d := given.Delivered{To: l.Destination.ToAddresses, Raw: []byte("Content-Type: text/plain\r\n\r\n")}
	d.Header = map[string][]string{"Subject": {simple.Subject.Data}, "Message-Id": {l.Header(sesmail.IDHeader)}}
	letter := d.Letter(t)
	letter.Text = simple.Body.Text.Data
	if simple.Body.Html != nil {
		letter.HTML = simple.Body.Html.Data
	}
	for _, a := range simple.Attachments {
		if a.ContentDisposition != "ATTACHMENT" || a.ContentTransferEncoding != "BASE64" {
			t.Errorf("the enclosure %s comes as %s, %s", a.FileName, a.ContentDisposition, a.ContentTransferEncoding)
		}
		letter.Enclosed = append(letter.Enclosed, mail.Enclosure{Name: a.FileName, ContentType: a.ContentType, Content: a.RawContent})
	}
	if l.FromEmailAddress != sender || simple.Body.Text.Charset != "UTF-8" {
		t.Errorf("a letter from %q in %s", l.FromEmailAddress, simple.Body.Text.Charset)
	}
	return letter
}

// ear hears events.
type ear struct {
	mu     sync.Mutex
	events []ports.Event
}

// Happened implements ports.Events.
func (e *ear) Happened(_ context.Context, event ports.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events = append(e.events, event)
}

func byLog(t *testing.T) contract.Post {
	t.Helper()
	heard := &ear{}
	return contract.Post{Mailer: logmail.Open(heard), Arrived: func() []mail.Letter {
		heard.mu.Lock()
		defer heard.mu.Unlock()
		var letters []mail.Letter
		for _, event := range heard.events {
			said := map[string]string{}
			for _, v := range event.Values {
				said[v.Name] = v.Text
				for _, secret := range []string{"example.com", "Good morning", ".pdf"} {
					if strings.Contains(v.Text, secret) {
						t.Errorf("the log says %s: %s", v.Name, v.Text)
					}
				}
			}
			letters = append(letters, mail.Letter{MessageID: said["message_id"], Subject: said["subject"]})
		}
		return letters
	}}
}

// Nothing is sent to a server that cannot prove who it is, or takes no protected connection, or does
// not know us: all of that is for the operator to mend, and no letter is lost.
func TestMailWaitsForAServerThatIsNotAsConfigured(t *testing.T) {
	t.Parallel()
	for what, m := range map[string]*smtpmail.Mailer{
		"a stranger's certificate": smtpTo(t, given.StartMailServer(t, given.MailStartTLS), func(c *smtpmail.Config) { c.Roots = nil }),
		"no STARTTLS":              smtpTo(t, given.StartMailServer(t, given.MailOpen), func(c *smtpmail.Config) { c.User = "" }),
		"a wrong password":         smtpTo(t, given.StartMailServer(t, given.MailStartTLS), func(c *smtpmail.Config) { c.Password = passwordOf("guess") }),
		"no credentials":           smtpTo(t, given.StartMailServer(t, given.MailStartTLS), func(c *smtpmail.Config) { c.User = "" }),
		"a password in the open": smtpTo(t, given.StartMailServer(t, given.MailOpen), func(c *smtpmail.Config) {
			c.Encryption = smtpmail.Open
		}),
		"nobody there": smtpTo(t, given.StartMailServer(t, given.MailOpen), func(c *smtpmail.Config) { c.Port = 1 }),
	} {
		err := m.Send(t.Context(), mail.Letter{MessageID: "a@b", To: []string{"ann@example.com"}, Subject: "s", Text: "t"})
		if fault.CodeOf(err) != mail.Unavailable {
			t.Errorf("%s: %v", what, err)
		}
		if err != nil && strings.Contains(err.Error(), given.MailPassword) {
			t.Errorf("%s: the fault says the password: %v", what, err)
		}
		if what != "no credentials" && m.Ping(t.Context()) == nil {
			t.Errorf("%s: the ping finds nothing", what)
		}
	}
}

func TestLetters(t *testing.T)    { onEach(t, contract.Letters) }
func TestRecipients(t *testing.T) { onEach(t, contract.Recipients) }
