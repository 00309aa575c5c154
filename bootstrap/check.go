package bootstrap

import (
	"context"
	"errors"
	"io"

	"surgicase/adapters/cli"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// Check opens what the configuration names and says what works.
func (p *program) Check(ctx context.Context) ([]cli.Finding, error) {
	c, err := LoadConfig(p.env, false)
	if err != nil {
		return nil, err
	}
	findings := []cli.Finding{{What: "configuration", OK: true, Detail: "every value is valid"}}
	findings = append(findings, servingFindings(p.env)...)
	secrets, err := openSecrets(c, p.env)
	if err != nil {
		return append(findings, found("key set", "", err)), nil
	}
	findings = append(findings, c.authFindings(ctx, secrets)...)
	findings = append(findings, c.mailFindings(ctx, p.env, secrets))
	findings = append(findings, c.trackerFinding(secrets)...)
	findings = append(findings, c.registryFinding(ctx)...)
	_, err = keyring(ctx, c, secrets)
	findings = append(findings, keySetFinding(c, secrets, err), storageFinding(ctx, c, p.env, secrets))
	_, deskErr := newDesk(c, secrets, randomIDs{}, deposit{})
	_, vaultErr := newVault(c, secrets).Seal(io.Discard)
	findings = append(findings, found("backup key", "backups can be encrypted", vaultErr))
	findings = append(findings, found("checkpoint key", "from "+secrets.Origin(ports.CheckpointKeySecret), deskErr))
	if err != nil {
		return findings, nil
	}
	store, err := openStore(ctx, c, secrets, hearing{})
	if err == nil {
		err = store.Ping(ctx)
	}
	findings = append(findings, found("database", c.DatabaseURL.scheme()+" answers", err))
	if err != nil {
		return findings, nil
	}
	schema := store.CheckVersion(ctx)
	findings = append(findings, c.schemaFinding(schema))
	if c.registry() == "local" && schema == nil {
		findings = append(findings, directoryFinding(ctx, store))
	}
	return findings, store.Close()
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
func (c Config) schemaFinding(err error) cli.Finding {
	if fault.CodeOf(err) == "schema_version" && c.DatabaseURL.scheme() == "sqlite" {
		return cli.Finding{What: "schema", OK: true, Warn: true, Detail: "is older than the program; serve brings it up to date when it starts, surgicase migrate up now"}
	}
	return found("schema", "is up to date", err)
}

func found(what, well string, err error) cli.Finding {
	if err != nil {
		return cli.Finding{What: what, Detail: sentence(err)}
	}
	return cli.Finding{What: what, OK: true, Detail: well}
}
