package bootstrap

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"surgicase/adapters/envsecrets"
	"surgicase/adapters/logmail"
	"surgicase/adapters/sesmail"
	"surgicase/adapters/smtpmail"
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
		{"EMAIL_URL", "pigeon://", "pigeon:"},
		{"EMAIL_URL", "smtp://user:geheim@host/inbox", "smtp://user:xxxxx@host/inbox"},
		{"EMAIL_URL", "smtp://user:geheim@", "smtp://user:xxxxx@"},
		{"EMAIL_URL", "smtp://user:geheim@host:0", "smtp://user:xxxxx@host:0"},
		{"EMAIL_URL", "smtp://user:geheim@host:port", "(no URL)"},
		{"EMAIL_URL", "smtp://mail.example.com?encryption=off", "smtp://mail.example.com?encryption=off"},
		{"EMAIL_URL", "smtp://mail.example.com?encryption=maybe", "smtp://mail.example.com?encryption=maybe"},
		{"EMAIL_URL", "smtp://mail.example.com?tls=true", "smtp://mail.example.com?tls=true"},
		{"EMAIL_URL", "ses://us-east-1", "ses://us-east-1"},
		{"EMAIL_URL", "log://file", "log://file"},
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
		"ses without a region":    {map[string]string{"EMAIL_URL": "ses://", "EMAIL_FROM": from}, nil, `EMAIL_URL holds "ses://"; without AWS_REGION`},
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
