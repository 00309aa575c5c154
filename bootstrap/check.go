package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"go.uber.org/fx"

	"surgicase/adapters/cli"
	"surgicase/adapters/sqlstore"
	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Check opens what the configuration names and says what works.
func (p *program) Check(ctx context.Context) ([]cli.Finding, error) {
	c, err := LoadConfig(p.env, false)
	if err != nil {
		return nil, err
	}
	c.looking = true
	findings, err := p.check(ctx, c)
	if err == nil && !slices.ContainsFunc(findings, func(f cli.Finding) bool { return !f.OK }) {
		findings = append(findings, inTime(ctx, "serve", func(context.Context) []cli.Finding { return p.servesAsWell() })...)
	}
	return findings, err
}

// servesAsWell puts together all that serve does, without starting it: a part of which nothing was said may be wrong.
func (p *program) servesAsWell() []cli.Finding {
	c, err := LoadConfig(p.env, true)
	c.serving, c.looking = false, true
	c, tidy, untried := c.withScratch()
	if untried != nil {
		return []cli.Finding{{What: "serve", OK: true, Warn: true, Detail: "was not put together: " + sentence(untried)}}
	}
	defer tidy()
	var store *sqlstore.Store
	if err == nil {
		err = root(fx.New(core(c, p.env, Parts{}), httpSide(func(net.Addr) {}), fx.Populate(&store)).Err())
	}
	if store != nil {
		err = errors.Join(err, store.Close())
	}
	if err != nil {
		return []cli.Finding{{What: "serve", Detail: "does not start: " + sentence(err)}}
	}
	return nil
}

func (p *program) check(ctx context.Context, c Config) ([]cli.Finding, error) {
	findings := []cli.Finding{{What: "configuration", OK: true, Detail: "every value is valid"}}
	findings = append(findings, servingFindings(p.env)...)
	secrets, err := openSecrets(c, p.env)
	if err != nil {
		return append(findings, found("key set", "", err)), nil
	}
	findings = append(findings, inTime(ctx, "identity provider", func(ctx context.Context) []cli.Finding { return c.authFindings(ctx, secrets) })...)
	findings = append(findings, inTime(ctx, "mail", func(ctx context.Context) []cli.Finding { return []cli.Finding{c.mailFindings(ctx, p.env, secrets)} })...)
	findings = append(findings, c.trackerFinding(secrets)...)
	findings = append(findings, inTime(ctx, "NPI registry", c.registryFinding)...)
	_, err = keyring(ctx, c, secrets)
	keySet := len(findings)
	findings = append(findings, keySetFinding(c, secrets, err))
	findings = append(findings, inTime(ctx, "storage", func(ctx context.Context) []cli.Finding { return []cli.Finding{storageFinding(ctx, c, p.env, secrets)} })...)
	_, deskErr := newDesk(c, secrets, randomIDs{}, deposit{})
	_, vaultErr := newVault(c, secrets, nil).Seal(io.Discard)
	findings = append(findings, c.orMissing(found("backup key", "backups can be encrypted", vaultErr), secrets, ports.BackupKeySecret))
	findings = append(findings, c.orMissing(found("checkpoint key", "from "+secrets.Origin(ports.CheckpointKeySecret), deskErr), secrets, ports.CheckpointKeySecret))
	findings = append(findings, inTime(ctx, "clear text", func(ctx context.Context) []cli.Finding { return c.warningFindings(ctx, p.env, secrets) })...)
	if err != nil {
		return findings, nil
	}
	for _, f := range inTime(ctx, "database", func(ctx context.Context) []cli.Finding { return checkDatabase(ctx, c, secrets) }) {
		if f.What == findings[keySet].What {
			findings[keySet] = f
			continue
		}
		findings = append(findings, f)
	}
	return findings, nil
}

// checkTimeout is how long check waits for each part.
const checkTimeout = 10 * time.Second

// inTime returns what look finds, or that the part does not answer.
func inTime(ctx context.Context, what string, look func(context.Context) []cli.Finding) []cli.Finding {
	findings, err := timely(ctx, checkTimeout, func(ctx context.Context) ([]cli.Finding, error) { return look(ctx), nil }, func([]cli.Finding) {})
	if err != nil {
		return []cli.Finding{{What: what, Detail: fmt.Sprintf("does not answer within %v", checkTimeout)}}
	}
	return findings
}

// checkDatabase looks at the database. A finding on the key set replaces what was found without reading.
func checkDatabase(ctx context.Context, c Config, secrets ports.Secrets) (findings []cli.Finding) {
	if f, missing := c.missingDatabase(); missing {
		return append(findings, f)
	}
	store, err := openStore(ctx, c, secrets, hearing{})
	if err == nil {
		err = store.Ping(ctx)
	}
	if err != nil {
		return append(findings, found("database", "", err))
	}
	schema := store.CheckVersion(ctx)
	if schema == nil {
		if err := readsAll(ctx, store, secrets); err != nil {
			findings = append(findings, found("key set", "", err))
		}
		err = tryWriting(ctx, store)
		findings = append(findings, c.chainFinding(store, secrets)...)
	}
	findings = append(findings, found("database", c.DatabaseURL.scheme()+" answers", err), c.schemaFinding(ctx, store, schema))
	if c.registry() == "local" && schema == nil {
		findings = append(findings, directoryFinding(ctx, store))
	}
	if err := store.Close(); err != nil {
		findings = append(findings, found("database", "", err))
	}
	return findings
}

var errTakenBack = errors.New("taken back")

// tryWriting writes an entry on the trail and takes it back: a disk, a server or an account may be for reading only.
func tryWriting(ctx context.Context, store ports.Store) error {
	entry := audit.Record(permission.System("cli"), permission.ReadOperations, "check", "", systemClock{}.Now())
	err := store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		if err := r.Audit.Record(ctx, entry); err != nil {
			return err
		}
		return errTakenBack
	})
	if errors.Is(err, errTakenBack) {
		return nil
	}
	return err
}

// readsAll says whether the key set reads every value in the database.
func readsAll(ctx context.Context, store *sqlstore.Store, secrets ports.Secrets) error {
	status, err := newKeys(store, secrets, systemClock{}, randomIDs{}, nil).Status(ctx, permission.System("cli"))
	if err == nil {
		err = status.Err()
	}
	return err
}

// servingFindings are the reasons for which serve would not start, each with a line of its own.
func servingFindings(env environment) (findings []cli.Finding) {
	_, err := LoadConfig(env, true)
	var faults ConfigFaults
	if err != nil && !errors.As(err, &faults) {
		faults = ConfigFaults{err.Error()}
	}
	for _, reason := range faults {
		findings = append(findings, cli.Finding{What: "serve", Detail: "does not start: " + reason})
	}
	return findings
}

// schemaFinding says whether the schema fits the program. On SQLite serve sees to that.
func (c Config) schemaFinding(ctx context.Context, store *sqlstore.Store, err error) cli.Finding {
	if fault.CodeOf(err) == "schema_version" && c.DatabaseURL.scheme() == "sqlite" {
		return cli.Finding{What: "schema", OK: true, Warn: true, Detail: "is older than the program; serve brings it up to date when it starts, surgicase migrate up now"}
	}
	if schema, unread := store.Schema(ctx); err == nil && unread == nil && schema.IsNewer() {
		detail := fmt.Sprintf("has version %d, this program knows %d and may run on it", schema.Have, schema.Known)
		return cli.Finding{What: "schema", OK: true, Warn: true, Detail: detail}
	}
	return found("schema", "is up to date", err)
}

func found(what, well string, err error) cli.Finding {
	if err != nil {
		return cli.Finding{What: what, Detail: sentence(err)}
	}
	return cli.Finding{What: what, OK: true, Detail: well}
}
