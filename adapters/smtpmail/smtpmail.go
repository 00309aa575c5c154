// Package smtpmail sends mail through a mail server.
package smtpmail

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"surgicase/domain/fault"
	letters "surgicase/domain/mail"
)

// Encryption is how the connection to the server is protected.
type Encryption string

// The ways to protect the connection. Nothing is sent over one that is not protected as asked for.
const (
	StartTLS Encryption = "starttls" // begins in the open and must switch
	Implicit Encryption = "implicit" // from the first byte on
	Open     Encryption = "off"      // for a server on the same machine
)

// Config is where the server is and who sends.
type Config struct {
	Host       string
	Port       int
	Encryption Encryption
	User       string                                // none when empty
	Password   func(context.Context) (string, error) // asked anew for every letter, so that it may change
	From       string                                // such as "SurgiCase <noreply@example.com>"
	Roots      *x509.CertPool                        // the system's when nil
	Patience   time.Duration                         // for one letter; 30 s unless it is set
}

const usualPatience = 30 * time.Second

// Mailer is a ports.Mailer.
type Mailer struct {
	c       Config
	options []mail.Option
}

// New makes the mailer. It connects to nothing yet.
func New(c Config) (*Mailer, error) {
	if err := mail.NewMsg().From(c.From); err != nil {
		return nil, fault.New(fault.Invalid, "sender_invalid", "the sender of mail is no address")
	}
	c.Patience = cmp.Or(c.Patience, usualPatience)
	m := &Mailer{c: c, options: []mail.Option{
		mail.WithPort(c.Port), mail.WithTimeout(c.Patience), mail.WithoutNoop(), mail.WithoutRset(),
		mail.WithTLSConfig(&tls.Config{ServerName: c.Host, RootCAs: c.Roots, MinVersion: tls.VersionTLS12}),
	}}
	switch c.Encryption {
	case Implicit:
		m.options = append(m.options, mail.WithSSL())
	case Open:
		m.options = append(m.options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		m.options = append(m.options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	_, err := mail.NewClient(c.Host, m.options...)
	return m, err
}

// Send implements ports.Mailer.
func (m *Mailer) Send(ctx context.Context, letter letters.Letter) error {
	if err := letter.Check(); err != nil {
		return err
	}
	message, err := m.message(letter)
	if err != nil {
		return fault.New(fault.Invalid, letters.Refused, "The mail cannot be written.").Because(err)
	}
	client, connection, err := m.dial(ctx)
	if err != nil {
		return err
	}
	err = client.SendWithSMTPClient(connection, message) // go-mail has its own limit from here on
	if message.IsDelivered() {
		_ = client.CloseWithSMTPClient(connection)
		return nil // taken is taken, however the parting goes
	}
	_ = connection.Close()
	return translated(err)
}

// Ping says whether the server is there and lets us in.
func (m *Mailer) Ping(ctx context.Context) error {
	client, connection, err := m.dial(ctx)
	if err != nil {
		return err
	}
	return client.CloseWithSMTPClient(connection)
}

func (m *Mailer) dial(ctx context.Context) (*mail.Client, *smtp.Client, error) {
	options := m.options
	if m.c.User != "" {
		password, err := m.c.Password(ctx)
		if err != nil {
			return nil, nil, away("The password for the mail server is not to be had.").Because(err)
		}
		options = append(slices.Clip(options), mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(m.c.User), mail.WithPassword(password))
	}
	client, err := mail.NewClient(m.c.Host, options...)
	if err != nil {
		return nil, nil, err
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return nil, nil, away("The mail server is away.").Because(err)
	}
	return client, connection, nil
}

func (m *Mailer) message(letter letters.Letter) (*mail.Msg, error) {
	message := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := errors.Join(message.From(m.c.From), message.To(letter.To...)); err != nil {
		return nil, err
	}
	message.SetMessageIDWithValue(letter.MessageID)
	message.SetDate()
	message.Subject(letter.Subject)
	message.SetGenHeader("Auto-Submitted", "auto-generated") // keeps holiday notices away; RFC 3834
	message.SetBodyString(mail.TypeTextPlain, letter.Text)
	if letter.HTML != "" {
		message.AddAlternativeString(mail.TypeTextHTML, letter.HTML)
	}
	for _, e := range letter.Enclosed {
		message.AttachReadSeeker(e.Name, bytes.NewReader(e.Content), mail.WithFileContentType(mail.ContentType(e.ContentType)))
	}
	return message, nil
}

// lasting is where the answers begin that another attempt does not change. Source: RFC 5321 4.2.1.
const lasting = 500

// translated sorts what the server said. Its words are left out: they repeat addresses.
func translated(err error) error {
	var said *mail.SendError
	if !errors.As(err, &said) {
		return away("The mail server went away.").Because(err)
	}
	answer := fmt.Errorf("%s: %d %s", said.Reason, said.ErrorCode(), said.EnhancedStatusCode())
	aboutLetter := said.Reason == mail.ErrSMTPRcptTo || said.Reason == mail.ErrSMTPData || said.Reason == mail.ErrSMTPDataClose
	switch {
	case said.Reason == mail.ErrSMTPDataClose && said.ErrorCode() == 0:
		return fault.New(fault.Unavailable, letters.Unconfirmed, "The mail server did not say whether it took the mail.").Because(answer)
	case aboutLetter && said.ErrorCode() >= lasting:
		return fault.New(fault.Invalid, letters.Refused, "The mail server refuses the mail for good (%d).", said.ErrorCode()).Because(answer)
	}
	return away("The mail server does not take the mail now (%d).", said.ErrorCode()).Because(answer)
}

func away(format string, args ...any) *fault.Error {
	return fault.New(fault.Unavailable, letters.Unavailable, format, args...)
}
