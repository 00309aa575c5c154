package bootstrap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strconv"
	"strings"

	"surgicase/adapters/cli"
	"surgicase/adapters/smtpmail"
	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// MailConfig is how mail leaves the house, and who hears of trouble.
type MailConfig struct {
	EmailURL          MailURL   `env:"EMAIL_URL" envDefault:"log://" doc:"how mail is sent: log:// (not at all, a log line each), smtp://user:password@host:587 (with ?encryption=starttls, implicit or off) or ses:// (Amazon SES in AWS_REGION, or ses://?region=us-east-1)"`
	EmailFrom         Sender    `env:"EMAIL_FROM" doc:"with smtp:// and ses://: the sender, such as SurgiCase <noreply@example.com>; or ses_default_from_email in the secret surgicase/ses_keys"`
	FailureRecipients Addresses `env:"JOB_FAILURE_RECIPIENTS" doc:"addresses, separated by commas, that hear of failed jobs and get the checkpoints of the audit trail"`
	TemplatesDir      string    `env:"TEMPLATES_DIR" doc:"folder with templates of mails to use instead of the built-in ones, under the same names; surgicase templates DIR writes those"`
}

// The secrets about mail.
const (
	SMTPPasswordSecret = "surgicase/smtp-password" //nolint:gosec // the name of a secret, not a secret
	SESSecret          = "surgicase/ses_keys"      // the old product's: {"ses_default_from_email": …}
)

// MailURL is how mail is sent. It may hold a password: it prints without it.
type MailURL struct{ url *url.URL }

const mailURLs = "log://, smtp://user:password@host:port?encryption=starttls (or implicit, or off for this machine) or ses://?region=us-east-1"

// UnmarshalText reads a URL of one of the known schemes.
func (m *MailURL) UnmarshalText(text []byte) error {
	u, err := url.Parse(string(text))
	if err != nil {
		return holds(shownURL(string(text)), mailURLs+"; "+encodePassword)
	}
	m.url = u
	if _, known := mailers[u.Scheme]; !known || !m.complete() {
		return holds(shownURL(string(text)), mailURLs+"; "+encodePassword)
	}
	return nil
}

// complete says whether the parts are those that the scheme has.
func (m MailURL) complete() bool {
	query, err := url.ParseQuery(m.url.RawQuery)
	allowed := map[string]string{"smtp": "encryption", "ses": "region"}[m.url.Scheme]
	for name, values := range query {
		if name != allowed || len(values) != 1 {
			return false
		}
	}
	if err != nil || strings.Trim(m.url.Path, "/") != "" || m.url.Fragment != "" || m.url.Opaque != "" {
		return false
	}
	if m.url.Scheme != "smtp" {
		return m.url.Host == "" && m.url.User == nil
	}
	port, err := strconv.ParseUint(m.port(), 10, 16)
	if err != nil || port == 0 || m.url.Hostname() == "" {
		return false
	}
	switch m.encryption() {
	case smtpmail.StartTLS, smtpmail.Implicit:
		return true
	case smtpmail.Open:
		return Address(m.url.Host).loopback() || Address(m.url.Host+":25").loopback()
	}
	return false
}

func (m MailURL) scheme() string {
	if m.url == nil {
		return ""
	}
	return m.url.Scheme
}

// encryption is what the URL says, else what its port is for.
func (m MailURL) encryption() smtpmail.Encryption {
	switch said := m.url.Query().Get("encryption"); {
	case said != "":
		return smtpmail.Encryption(said)
	case m.url.Port() == "465":
		return smtpmail.Implicit
	}
	return smtpmail.StartTLS
}

// port is what the URL says, else the usual one of its encryption.
func (m MailURL) port() string {
	if port := m.url.Port(); port != "" {
		return port
	}
	return map[smtpmail.Encryption]string{smtpmail.StartTLS: "587", smtpmail.Implicit: "465", smtpmail.Open: "25"}[m.encryption()]
}

// String names the server and nothing else.
func (m MailURL) String() string {
	if m.url == nil {
		return ""
	}
	return m.url.Scheme + "://" + m.url.Host
}

// GoString is String for %#v.
func (m MailURL) GoString() string { return m.String() }

// Sender is who mail comes from.
type Sender string

// UnmarshalText reads an address with or without a name.
func (s *Sender) UnmarshalText(text []byte) error {
	*s = Sender(text)
	a, err := mail.ParseAddress(string(text))
	if err == nil {
		_, err = directory.ParseEmail(a.Address)
	}
	if len(text) > 0 && (err != nil || !keepsName(string(text), a.Name)) {
		return holds(string(text), "a sender, such as SurgiCase <noreply@example.com>, with a name in quotes if it holds brackets or commas")
	}
	return nil
}

// keepsName reports whether the name of a sender is what was written before the address: comments in brackets and
// words in quotes beside each other are dropped or joined by RFC 5322. Encoded words (RFC 2047) are decoded.
func keepsName(text, name string) bool {
	written := strings.TrimSpace(text[:max(strings.LastIndexByte(text, '<'), 0)])
	if len(written) > 1 && written[0] == '"' && written[len(written)-1] == '"' {
		written = unescape(written[1 : len(written)-1])
	}
	return written == name || strings.Contains(written, "=?")
}

// unescape takes the backslashes out of a quoted string.
func unescape(quoted string) string {
	var b strings.Builder
	escaped := false
	for _, c := range quoted {
		if escaped = c == '\\' && !escaped; !escaped {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// Addresses are e-mail addresses.
type Addresses []string

// UnmarshalText reads addresses separated by commas.
func (a *Addresses) UnmarshalText(text []byte) error {
	*a = nil
	for _, part := range listed(text) {
		address, err := directory.ParseEmail(part)
		if err != nil {
			return holds(string(text), "e-mail addresses, separated by commas")
		}
		*a = append(*a, address)
	}
	return nil
}

// sender is who mail comes from: the setting, else the old product's secret.
func (c Config) sender(ctx context.Context, secrets ports.Secrets) (string, error) {
	if c.EmailFrom != "" {
		return string(c.EmailFrom), nil
	}
	stored, err := secrets.Get(ctx, SESSecret)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return "", err
	}
	var keys struct {
		From Sender `json:"ses_default_from_email"`
	}
	if json.Unmarshal(stored, &keys) != nil || keys.From == "" {
		return "", ConfigFaults{fmt.Sprintf("EMAIL_FROM holds \"\"; with EMAIL_URL=%s:// it may hold only a sender, such as SurgiCase <noreply@example.com>", c.EmailURL.scheme())}
	}
	return string(keys.From), nil
}

// mailPassword gives the password for the mail server: that of EMAIL_URL, else the secret, which may
// change while the program runs.
func (c Config) mailPassword(secrets ports.Secrets) func(context.Context) (string, error) {
	if password, given := c.EmailURL.url.User.Password(); given {
		return func(context.Context) (string, error) { return password, nil }
	}
	return func(ctx context.Context) (string, error) {
		stored, err := secrets.Get(ctx, SMTPPasswordSecret)
		return strings.TrimSpace(string(stored)), err
	}
}

// mailFindings says whether mail can be sent.
func (c Config) mailFindings(ctx context.Context, env environment, secrets ports.Secrets) cli.Finding {
	if c.EmailURL.scheme() == "log" {
		return cli.Finding{What: "mail", OK: true, Warn: c.production(), Detail: "is not sent; each leaves a log line (EMAIL_URL=log://)"}
	}
	mailer, err := openMailer(c, env, secrets, nil)
	if there, ok := mailer.(interface{ Ping(context.Context) error }); ok && err == nil {
		err = there.Ping(ctx)
	}
	return found("mail", "the server of "+c.EmailURL.String()+" lets us in", err)
}
