package bootstrap

import (
	"context"
	"io"

	"surgicase/adapters/cli"
	"surgicase/ports"
)

// Check opens what the configuration names and says what works.
func (p *program) Check(ctx context.Context) ([]cli.Finding, error) {
	c, err := LoadConfig(p.env, false)
	if err != nil {
		return nil, err
	}
	findings := []cli.Finding{{What: "configuration", OK: true, Detail: "every value is valid"}}
	if _, err := LoadConfig(p.env, true); err != nil {
		findings = append(findings, cli.Finding{What: "serve", Detail: "cannot start: " + err.Error()})
	}
	secrets, err := openSecrets(c, p.env)
	if err != nil {
		return append(findings, found("key set", "", err)), nil
	}
	findings = append(findings, c.authFindings(ctx, secrets)...)
	findings = append(findings, c.mailFindings(ctx, p.env, secrets))
	findings = append(findings, c.trackerFinding(secrets)...)
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
	findings = append(findings, found("schema", "is up to date", store.CheckVersion(ctx)))
	return findings, store.Close()
}

func found(what, well string, err error) cli.Finding {
	if err != nil {
		return cli.Finding{What: what, Detail: sentence(err)}
	}
	return cli.Finding{What: what, OK: true, Detail: well}
}
