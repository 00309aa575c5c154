package bootstrap

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"surgicase/adapters/envsecrets"
	"surgicase/adapters/logmail"
	"surgicase/adapters/sesmail"
	"surgicase/adapters/smtpmail"
	"surgicase/domain/mail"
	"surgicase/ports"
)

func TestMailURLs(t *testing.T) {
	for text, want := range map[string]string{
		"log://":                                      "log",
		"smtp://mail.example.com":                     "smtp mail.example.com:587 starttls",
		"smtp://mail.example.com:465":                 "smtp mail.example.com:465 implicit",
		"smtp://u:p@mail.example.com:2525":            "smtp mail.example.com:2525 starttls",
		"smtp://mail.example.com?encryption=implicit": "smtp mail.example.com:465 implicit",
		"smtp://127.0.0.1?encryption=off":             "smtp 127.0.0.1:25 off",
		"smtp://localhost:1025?encryption=off":        "smtp localhost:1025 off",
		"ses://":                                      "ses",
		"ses://?region=eu-central-1":                  "ses",
	} {
		c, err := LoadConfig(map[string]string{"EMAIL_URL": text}, false)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := c.EmailURL.scheme()
		if got == "smtp" {
			got = fmt.Sprintf("smtp %s:%s %s", c.EmailURL.url.Hostname(), c.EmailURL.port(), c.EmailURL.encryption())
		}
		if got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

func TestEveryWrongMailSettingGetsItsLine(t *testing.T) {
	for _, x := range []struct{ name, value, shown string }{
		{"EMAIL_URL", "pigeon://", "pigeon://…"},
		{"EMAIL_URL", "smtp://user:geheim@host/inbox", "smtp://…"},
		{"EMAIL_URL", "smtp://user:geheim@", "smtp://…"},
		{"EMAIL_URL", "smtp://user:geheim@host:0", "smtp://…"},
		{"EMAIL_URL", "smtp://user:geheim@host:port", "smtp://…"},
		{"EMAIL_URL", "smtp://mail.example.com?encryption=off", "smtp://…"},
		{"EMAIL_URL", "smtp://mail.example.com?encryption=maybe", "smtp://…"},
		{"EMAIL_URL", "smtp://mail.example.com?tls=true", "smtp://…"},
		{"EMAIL_URL", "ses://us-east-1", "ses://…"},
		{"EMAIL_URL", "log://file", "log://…"},
		{"EMAIL_FROM", "Clinic (Main) <noreply@example.com>", "Clinic (Main) <noreply@example.com>"},
		{"EMAIL_FROM", `"Say ""hi""" <noreply@example.com>`, `"Say ""hi""" <noreply@example.com>`},
		{"EMAIL_FROM", "SurgiCase", "SurgiCase"},
		{"EMAIL_FROM", "SurgiCase <noreply>", "SurgiCase <noreply>"},
		{"JOB_FAILURE_RECIPIENTS", "ops@example.com,nobody", "ops@example.com,nobody"},
	} {
		_, err := LoadConfig(map[string]string{x.name: x.value}, false)
		var faults ConfigFaults
		if !errors.As(err, &faults) || len(faults) != 1 || !strings.HasPrefix(faults[0], fmt.Sprintf("%s holds %q; it may hold ", x.name, x.shown)) {
			t.Errorf("%s=%s: %v", x.name, x.value, err)
		}
		if err != nil && strings.Contains(err.Error(), "geheim") {
			t.Errorf("the password is in %s", err)
		}
	}
}

func TestEveryMailerOpensAndSaysWhatItLacks(t *testing.T) {
	from := "SurgiCase <noreply@example.com>"
	for what, x := range map[string]struct {
		env  map[string]string
		want any
		line string
	}{
		"log":                     {map[string]string{}, &logmail.Mailer{}, ""},
		"smtp":                    {map[string]string{"EMAIL_URL": "smtp://mail.example.com", "EMAIL_FROM": from}, &smtpmail.Mailer{}, ""},
		"smtp with a secret":      {map[string]string{"EMAIL_URL": "smtp://u@mail.example.com", "SURGICASE_SES_KEYS": `{"ses_default_from_email":"noreply@example.com"}`}, &smtpmail.Mailer{}, ""},
		"ses":                     {map[string]string{"EMAIL_URL": "ses://?region=us-east-1", "EMAIL_FROM": from}, &sesmail.Mailer{}, ""},
		"ses in our region":       {map[string]string{"EMAIL_URL": "ses://", "AWS_REGION": "us-east-1", "EMAIL_FROM": from}, &sesmail.Mailer{}, ""},
		"smtp without a sender":   {map[string]string{"EMAIL_URL": "smtp://mail.example.com"}, nil, `EMAIL_FROM holds ""; with EMAIL_URL=smtp:// it may hold only a sender`},
		"smtp with a junk secret": {map[string]string{"EMAIL_URL": "smtp://mail.example.com", "SURGICASE_SES_KEYS": `{"ses_default_from_email":"nobody"}`}, nil, `EMAIL_FROM holds ""`},
		"ses without a region":    {map[string]string{"EMAIL_URL": "ses://", "EMAIL_FROM": from}, &sesmail.Mailer{}, ""},
	} {
		c, err := LoadConfig(x.env, false)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		mailer, err := openMailer(c, x.env, envsecrets.Open(x.env, t.TempDir()), nil)
		if x.line != "" {
			if err == nil || !strings.HasPrefix(err.Error(), x.line) {
				t.Errorf("%s: %v", what, err)
			}
			continue
		}
		if err != nil || fmt.Sprintf("%T", mailer) != fmt.Sprintf("%T", x.want) {
			t.Errorf("%s: %T, %v", what, mailer, err)
		}
	}
}

func TestThePasswordOfTheMailServerIsNeverPrinted(t *testing.T) {
	c, err := LoadConfig(map[string]string{"EMAIL_URL": "smtp://user:geheim@mail.example.com"}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%s", "%#v"} {
		if text := fmt.Sprintf(format, c.EmailURL); strings.Contains(text, "geheim") {
			t.Errorf("%s prints %s", format, text)
		}
	}
	if password, err := c.mailPassword(nil)(t.Context()); err != nil || password != "geheim" {
		t.Errorf("the password is %q, %v", password, err)
	}
	c, err = LoadConfig(map[string]string{"EMAIL_URL": "smtp://user@mail.example.com"}, false)
	if err != nil {
		t.Fatal(err)
	}
	var secrets ports.Secrets = envsecrets.Open(map[string]string{"SURGICASE_SMTP_PASSWORD": "geheim\n"}, t.TempDir())
	if password, err := c.mailPassword(secrets)(t.Context()); err != nil || password != "geheim" {
		t.Errorf("the password is %q, %v", password, err)
	}
}

func TestTemplatesCanBeWrittenOutAndEdited(t *testing.T) {
	dir := t.TempDir()
	p := &program{}
	written, err := p.WriteTemplates(dir)
	if err != nil || len(written) != len(mail.TemplateNames()) {
		t.Fatalf("%d templates, %v", len(written), err)
	}
	edited := filepath.Join(dir, "job_failure_alert.txt")
	if err := os.WriteFile(edited, []byte("Subject: Ach, {job}!\n\n{outcome}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if written, err = p.WriteTemplates(dir); err != nil || len(written) > 0 {
		t.Errorf("%v, %v", written, err)
	}
	c, err := LoadConfig(map[string]string{"TEMPLATES_DIR": dir}, false)
	if err != nil {
		t.Fatal(err)
	}
	stationery, err := newStationery(c, nil)
	if letter := stationery.Letter(mail.JobFailed, "", "1", mail.Values{"job": "open_run"}); err != nil || letter.Subject != "Ach, open_run!" {
		t.Errorf("%+v, %v", letter, err)
	}
}

func TestEveryWrongTemplateGetsItsLine(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"job_failure_alert.txt": "Subject: {patient}\n\n.", "audit_checkpoint.txt": "Hello", "notes.md": "no template",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := LoadConfig(map[string]string{"TEMPLATES_DIR": dir}, false)
	var faults ConfigFaults
	if !errors.As(err, &faults) || len(faults) != 2 || !strings.Contains(err.Error(), "in it audit_checkpoint.txt must begin with") ||
		!strings.Contains(err.Error(), "in it job_failure_alert.txt uses {patient}; it may use {job}") {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "job_failure_alarm.txt"), []byte("Subject: s\n\n."), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadConfig(map[string]string{"TEMPLATES_DIR": dir}, false); err == nil || !strings.Contains(err.Error(), "job_failure_alarm.txt is the name of no template") {
		t.Errorf("got %v", err)
	}
	if _, err := LoadConfig(map[string]string{"TEMPLATES_DIR": filepath.Join(dir, "none")}, false); err == nil || !strings.HasPrefix(err.Error(), "TEMPLATES_DIR holds") {
		t.Errorf("got %v", err)
	}
}
