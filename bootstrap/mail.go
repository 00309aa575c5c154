package bootstrap

import (
	"cmp"
	"context"
	"strconv"

	"surgicase/adapters/logmail"
	"surgicase/adapters/sesmail"
	"surgicase/adapters/smtpmail"
	"surgicase/ports"
)

// post is what an adapter of ports.Mailer may be made of.
type post struct {
	Config
	env     environment
	secrets ports.Secrets
	events  ports.Events
}

// openMailer opens the configured way to send mail. It connects to nothing yet.
func openMailer(c Config, env environment, secrets ports.Secrets, events ports.Events) (ports.Mailer, error) {
	return mailers[c.EmailURL.scheme()](context.Background(), post{c, env, secrets, events})
}

func openLogMail(_ context.Context, p post) (ports.Mailer, error) { return logmail.Open(p.events), nil }

func openSMTP(ctx context.Context, p post) (ports.Mailer, error) {
	from, err := p.sender(ctx, p.secrets)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(p.EmailURL.port())
	if err != nil {
		return nil, err
	}
	return smtpmail.New(smtpmail.Config{
		Host: p.EmailURL.url.Hostname(), Port: port, Encryption: p.EmailURL.encryption(), User: p.EmailURL.url.User.Username(),
		Password: p.mailPassword(p.secrets), From: from,
	})
}

// openSES takes the credentials from the environment if they are there, as AWS's own tools do.
func openSES(ctx context.Context, p post) (ports.Mailer, error) {
	from, err := p.sender(ctx, p.secrets)
	if err != nil {
		return nil, err
	}
	region := cmp.Or(p.EmailURL.url.Query().Get("region"), p.AWSRegion)
	if region == "" {
		return nil, ConfigFaults{`EMAIL_URL holds "ses://"; without AWS_REGION it may hold only ses://?region=…, such as ses://?region=us-east-1`}
	}
	return sesmail.Open(ctx, sesmail.Config{
		Region: region, Endpoint: cmp.Or(p.env["AWS_ENDPOINT_URL_SESV2"], p.env["AWS_ENDPOINT_URL"]),
		KeyID: p.env["AWS_ACCESS_KEY_ID"], KeySecret: p.env["AWS_SECRET_ACCESS_KEY"], SessionToken: p.env["AWS_SESSION_TOKEN"], From: from,
	})
}
