package verify

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"surgicase/adapters/smtpmail"
	"surgicase/domain/fault"
	letters "surgicase/domain/mail"
	"surgicase/test/given"
)

// eximConfig makes the mail server of the distribution demand TLS and credentials, put what it takes into
// a folder, and refuse two names.
const eximConfig = `keep_environment =
primary_hostname = mail.test
domainlist local_domains = *
spool_directory = DIR/spool
log_file_path = DIR/log/%%s
pid_file_path = DIR/exim.pid
deliver_drop_privilege = true
tls_advertise_hosts = *
tls_certificate = DIR/cert.pem
tls_privatekey = DIR/key.pem
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
host_lookup =
rfc1413_query_timeout = 0s
begin acl
rcpt:
  deny !authenticated = *
  deny local_parts = nobody
  defer local_parts = later
  accept
begin routers
all:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  maildir_format
  directory = DIR/box
  create_directory
  directory_mode = 0755
  mode = 0644
  envelope_to_add
begin retry
* * F,1h,1m
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${if and{{eq{$auth2}{%s}}{eq{$auth3}{%s}}}}
  server_set_id = $auth2
`

// eximUser is who runs exim in the distribution.
const eximUser = "Debian-exim"

// startExim starts the server and gives its port, its box and who vouches for it.
func startExim(t *testing.T) (port int, box string, roots *x509.CertPool) {
	t.Helper()
	dir, err := os.MkdirTemp("", "exim")
	if err != nil {
		t.Fatal(err)
	}
	root := os.Getuid() == 0
	t.Cleanup(func() {
		if !root {
			run(t, "sudo", "-n", "chown", "-R", strconv.Itoa(os.Getuid()), dir)
		}
		_ = os.RemoveAll(dir)
	})
	for _, name := range []string{"spool", "log"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=mail.test", "-addext", "subjectAltName=IP:127.0.0.1",
		"-keyout", filepath.Join(dir, "key.pem"), "-out", filepath.Join(dir, "cert.pem"))
	roots = x509.NewCertPool()
	certificate, err := os.ReadFile(filepath.Join(dir, "cert.pem"))
	if err != nil || !roots.AppendCertsFromPEM(certificate) {
		t.Fatalf("no certificate: %v", err)
	}
	config := strings.ReplaceAll(fmt.Sprintf(eximConfig, given.MailUser, given.MailPassword), "DIR", dir)
	if err := os.WriteFile(filepath.Join(dir, "exim.conf"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	as := []string{"setpriv", "--reuid", eximUser, "--regid", eximUser, "--clear-groups"}
	owning := []string{"chown", "-R", eximUser, dir}
	if !root {
		as, owning = []string{"sudo", "-n", "-u", eximUser}, append([]string{"sudo", "-n"}, owning...)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, owning[0], owning[1:]...)
	port = freePort(t)
	command := exec.Command(as[0], append(as[1:], "exim4", "-C", filepath.Join(dir, "exim.conf"), "-bdf", "-odi", "-oX", fmt.Sprintf("127.0.0.1.%d", port))...)
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	ended, err := given.Process(t, command)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		_ = ended()
	})
	for range 100 {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			_ = c.Close()
			return port, filepath.Join(dir, "box"), roots
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("exim does not answer: %s", said.String())
	return 0, "", nil
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, text, _ := net.SplitHostPort(l.Addr().String())
	port, _ := strconv.Atoi(text)
	return port
}

// arrived waits for so many letters in the box.
func arrived(t *testing.T, box string, want int) []letters.Letter {
	t.Helper()
	var files []string
	for range 100 {
		if files, _ = filepath.Glob(filepath.Join(box, "new", "*")); len(files) >= want {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	var all []letters.Letter
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatalf("%v in %s", err, raw)
		}
		if !strings.Contains(parsed.Header.Get("Received"), "esmtpsa ") {
			t.Errorf("it did not come encrypted and with credentials: %s", parsed.Header.Get("Received"))
		}
		all = append(all, given.Delivered{To: []string{parsed.Header.Get("Envelope-To")}, Raw: raw, Header: parsed.Header}.Letter(t))
	}
	return all
}

func TestAMailServerOfTheDistributionTakesOurMail(t *testing.T) {
	judges(t, "exim4", "openssl", "setpriv")
	port, box, roots := startExim(t)
	mailer := func(password string) *smtpmail.Mailer {
		m, err := smtpmail.New(smtpmail.Config{
			Host: "127.0.0.1", Port: port, Encryption: smtpmail.StartTLS, User: given.MailUser, From: "SurgiCase <noreply@example.com>", Roots: roots,
			Password: func(context.Context) (string, error) { return password, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := mailer(given.MailPassword)
	if err := m.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	letter := letters.Letter{
		MessageID: "0190-1@example.com", To: []string{"ann@example.com"}, Subject: "Bericht für Zoë 🫀", Text: "Good morning, Zoë.\n.\n..dots\n", HTML: "<p>Zoë</p>",
		Enclosed: []letters.Enclosure{{Name: "report.pdf", ContentType: "application/pdf", Content: bytes.Repeat([]byte("%PDF\r\n.\r\n\x00\xff"), 300_000)}},
	}
	for range 2 {
		if err := m.Send(t.Context(), letter); err != nil {
			t.Fatal(err)
		}
	}
	got := arrived(t, box, 2)
	if len(got) != 2 {
		t.Fatalf("%d letters arrived", len(got))
	}
	for _, l := range got {
		if l.MessageID != letter.MessageID || l.Subject != letter.Subject || l.Text != letter.Text || l.HTML != letter.HTML || l.To[0] != letter.To[0] ||
			len(l.Enclosed) != 1 || !bytes.Equal(l.Enclosed[0].Content, letter.Enclosed[0].Content) {
			t.Errorf("it arrived as %q to %v, %q, %q, with %d enclosures", l.Subject, l.To, l.Text, l.HTML, len(l.Enclosed))
		}
	}
	for to, want := range map[string]string{"nobody@example.com": letters.Refused, "later@example.com": letters.Unavailable} {
		if err := m.Send(t.Context(), letters.Letter{MessageID: "0190-2@example.com", To: []string{to}, Subject: "s", Text: "t"}); fault.CodeOf(err) != want {
			t.Errorf("%s: %v", to, err)
		}
	}
	if err := mailer("guess").Send(t.Context(), letter); fault.CodeOf(err) != letters.Unavailable {
		t.Errorf("a wrong password: %v", err)
	}
	t.Logf("exim took 2 letters of %d bytes, refused one recipient, put one off, and let nobody in with a wrong password", len(letter.Enclosed[0].Content))
}
