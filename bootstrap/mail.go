package bootstrap

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/mail"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/fx"

	"surgicase/adapters/httpapi"
	"surgicase/adapters/logmail"
	"surgicase/adapters/sesmail"
	"surgicase/adapters/smtpmail"
	"surgicase/application/operations"
	"surgicase/application/statements"
	"surgicase/application/support"
	"surgicase/domain/fault"
	letters "surgicase/domain/mail"
	"surgicase/ports"
)

// mailing provides everything about mail and support.
func mailing() fx.Option {
	return fx.Options(
		fx.Provide(openTracker, support.New, openMailer, operations.NewPost, operations.NewMail, newStationery, statements.NewMailings, newNoticeDesk, newOffice, newCourier, operations.NewNotices),
		fx.Decorate(withMailJobs),
	)
}

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
	return sesmail.Open(ctx, sesmail.Config{
		Region: region, Endpoint: cmp.Or(p.env["AWS_ENDPOINT_URL_SESV2"], p.env["AWS_ENDPOINT_URL"]),
		KeyID: p.env["AWS_ACCESS_KEY_ID"], KeySecret: p.env["AWS_SECRET_ACCESS_KEY"], SessionToken: p.env["AWS_SESSION_TOKEN"], From: from,
	})
}

//go:embed templates/*.txt
var builtIn embed.FS

const templateEnd = ".txt"

// templates are the built-in ones, each replaced by that of the same name in TEMPLATES_DIR.
func (c Config) templates() (letters.Templates, error) {
	sources := map[string]string{}
	if err := readTemplates(builtIn, "templates", sources); err != nil {
		return nil, err
	}
	if c.TemplatesDir != "" {
		if err := readTemplates(os.DirFS(c.TemplatesDir), ".", sources); err != nil {
			return nil, err
		}
	}
	return letters.ParseTemplates(sources)
}

func readTemplates(from fs.FS, dir string, into map[string]string) error {
	entries, err := fs.ReadDir(from, dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name, isTemplate := strings.CutSuffix(entry.Name(), templateEnd)
		if !isTemplate {
			continue
		}
		if !slices.Contains(letters.TemplateNames(), name) {
			return fmt.Errorf("%s is the name of no template; those are %s", entry.Name(), strings.Join(letters.TemplateNames(), ", "))
		}
		source, err := fs.ReadFile(from, path.Join(dir, entry.Name()))
		if err != nil {
			return err
		}
		into[name] = string(source)
	}
	return nil
}

// checkTemplates says what is wrong with the templates in TEMPLATES_DIR.
func (c Config) checkTemplates() ConfigFaults {
	_, err := c.templates()
	if err == nil {
		return nil
	}
	var bad *fault.Error
	if !errors.As(err, &bad) {
		return ConfigFaults{fmt.Sprintf("TEMPLATES_DIR holds %q; it may hold a folder of templates: %v", c.TemplatesDir, err)}
	}
	var faults ConfigFaults
	for _, field := range bad.Fields {
		faults = append(faults, fmt.Sprintf("TEMPLATES_DIR holds %q; in it %s%s %s", c.TemplatesDir, field.Location, templateEnd, field.Message))
	}
	return faults
}

// WriteTemplates writes the built-in templates into a folder, to be edited there. It replaces nothing.
func (p *program) WriteTemplates(dir string) (written []string, err error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	for _, name := range letters.TemplateNames() {
		source, err := builtIn.ReadFile("templates/" + name + templateEnd)
		if err != nil {
			return written, err
		}
		path := filepath.Join(dir, name+templateEnd)
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640) //nolint:gosec // templates hold no secret; whoever edits them may be of the group
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return written, err
		}
		_, err = file.Write(source)
		if err = errors.Join(err, file.Close()); err != nil {
			return written, err
		}
		written = append(written, path)
	}
	return written, nil
}

// newStationery is what letters are written on. Message-IDs end with the sender's domain.
func newStationery(c Config, secrets ports.Secrets) (letters.Stationery, error) {
	templates, err := c.templates()
	s := letters.Stationery{Templates: templates, Domain: "surgicase.invalid"}
	if err != nil || c.EmailURL.scheme() == "log" {
		return s, err
	}
	from, err := c.sender(context.Background(), secrets)
	if err != nil {
		return s, err
	}
	address, err := mail.ParseAddress(from)
	if err == nil {
		_, s.Domain, _ = strings.Cut(address.Address, "@")
	}
	return s, err
}

func newNoticeDesk(c Config, stationery letters.Stationery) operations.NoticeDesk {
	return operations.NoticeDesk{Stationery: stationery, To: c.FailureRecipients}
}

func newOffice(mail *operations.Mail, mailings *statements.Mailings, bugs *support.Service) httpapi.Office {
	return httpapi.Office{Mail: mail, Mailings: mailings, Support: bugs}
}
