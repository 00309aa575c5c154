package given

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// MailServer is a real mail server in this process. It demands credentials if it is told to, and can be
// made to fail in the ways that servers fail.
type MailServer struct {
	Host  string
	Port  string
	Roots *x509.CertPool // those that vouch for it

	t        testing.TB
	secure   bool
	mu       sync.Mutex
	letters  []Delivered
	trouble  MailTrouble
	insisted bool // on credentials
}

// Delivered is a letter as it arrived, with its envelope.
type Delivered struct {
	From, To  []string
	Encrypted bool
	User      string
	Raw       []byte
	Header    mail.Header
}

// MailTrouble says how a server fails; the zero value works.
type MailTrouble struct {
	Sender, Recipient, Letter int  // answers of these numbers, at MAIL, RCPT and after the letter
	CutAfterLetter            bool // takes the letter and drops the connection without a word
	CutInLetter               bool // drops the connection when the letter begins
	Mute                      bool // takes the letter and never answers
}

// Who may send mail by a server that asks.
const (
	MailUser     = "surgicase"
	MailPassword = "correct horse battery staple"
)

// MailSecurity is how the connection to a MailServer is protected.
type MailSecurity int

// The protections.
const (
	MailOpen MailSecurity = iota
	MailStartTLS
	MailImplicitTLS
)

// StartMailServer starts a server; it ends with the test. Protected ones ask for credentials.
func StartMailServer(t testing.TB, security MailSecurity) *MailServer {
	t.Helper()
	m := &MailServer{t: t, secure: security != MailOpen, insisted: security != MailOpen}
	vouched := httptest.NewTLSServer(nil)
	vouched.Close()
	m.Roots = x509.NewCertPool()
	m.Roots.AddCert(vouched.Certificate())
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &mailSession{server: m, conn: c}, nil }))
	server.Domain, server.MaxMessageBytes, server.EnableSMTPUTF8 = "mail.test", 64<<20, true
	server.ErrorLog = silent{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.Host, m.Port, _ = net.SplitHostPort(listener.Addr().String())
	certificates := &tls.Config{Certificates: vouched.TLS.Certificates, MinVersion: tls.VersionTLS12}
	switch security {
	case MailStartTLS:
		server.TLSConfig = certificates
	case MailImplicitTLS:
		listener = tls.NewListener(listener, certificates)
	case MailOpen:
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return m
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// Fails makes it fail from now on; the zero value makes it work again.
func (m *MailServer) Fails(how MailTrouble) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trouble = how
}

// Letters are those that it took, in order.
func (m *MailServer) Letters() []Delivered {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Delivered(nil), m.letters...)
}

func (m *MailServer) fails() MailTrouble {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.trouble
}

type mailSession struct {
	server *MailServer
	conn   *smtp.Conn
	user   string
	letter Delivered
}

func answer(code int) error {
	if code == 0 {
		return nil
	}
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "planted for victim@example.com"}
}

// AuthMechanisms implements smtp.AuthSession.
func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth implements smtp.AuthSession.
func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != MailUser || password != MailPassword {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.insisted && s.user == "" {
		return smtp.ErrAuthRequired
	}
	_, encrypted := s.conn.TLSConnectionState()
	s.letter = Delivered{From: []string{from}, Encrypted: encrypted, User: s.user}
	return answer(s.server.fails().Sender)
}

// Rcpt implements smtp.Session.
func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.letter.To = append(s.letter.To, to)
	return answer(s.server.fails().Recipient)
}

// Data implements smtp.Session.
func (s *mailSession) Data(r io.Reader) error {
	trouble := s.server.fails()
	if trouble.CutInLetter {
		_ = s.conn.Conn().Close()
		return errors.New("cut")
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if trouble.Letter != 0 {
		return answer(trouble.Letter)
	}
	s.letter.Raw = raw
	if parsed, err := mail.ReadMessage(bytes.NewReader(raw)); err == nil {
		s.letter.Header = parsed.Header
	} else {
		s.server.t.Errorf("the mail server got no mail: %v", err)
	}
	s.server.mu.Lock()
	s.server.letters = append(s.server.letters, s.letter)
	s.server.mu.Unlock()
	switch {
	case trouble.CutAfterLetter:
		_ = s.conn.Conn().Close()
	case trouble.Mute:
		_, _ = io.Copy(io.Discard, s.conn.Conn()) // until the client loses patience
	}
	return nil
}

// Reset implements smtp.Session.
func (s *mailSession) Reset() { s.letter = Delivered{} }

// Logout implements smtp.Session.
func (s *mailSession) Logout() error { return nil }

// MessageID is the letter's, without brackets.
func (d Delivered) MessageID() string { return strings.Trim(d.Header.Get("Message-Id"), "<>") }
