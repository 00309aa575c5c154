// Package docs holds what is written to what is true: generated pages to the code, the README's tour
// to the running product.
package docs

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"surgicase/bootstrap"
	"surgicase/domain/permission"
)

// write makes the test write the generated pages: `make docs`.
var write = flag.Bool("write", false, "write the generated pages")

func TestGeneratedPagesAreUpToDate(t *testing.T) {
	for name, page := range map[string]string{"configuration.md": configuration(), "permissions.md": permissions(), "metrics.md": metricsPage(t), "openapi.json": openAPI(t)} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("..", "..", "docs", name)
			if *write {
				if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			have, err := os.ReadFile(path)
			if err != nil || string(have) != page {
				t.Errorf("docs/%s is not what the code says: run `make docs` (%v)", name, err)
			}
		})
	}
}

func configuration() string {
	var b strings.Builder
	b.WriteString("# Configuration\n\nGenerated from `bootstrap/config.go`: `make docs`. Environment variables only.\n\n| variable | default | meaning |\n|---|---|---|\n")
	for _, v := range bootstrap.Variables() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", v.Name, code(v.Default), v.Meaning)
	}
	b.WriteString("\nSecrets, with `SECRETS_PROVIDER=env`: the variable, or else the file in `DATA_DIR/keys`.\n\n| secret | variable | file | what it is |\n|---|---|---|---|\n")
	b.WriteString("| `surgicase/keys` | `SURGICASE_KEYS` | `surgicase-keys.json` | the key set of the encrypted columns; made on first start when the database is SQLite |\n")
	b.WriteString("| `surgicase/checkpoint-key` | `SURGICASE_CHECKPOINT_KEY` | `surgicase-checkpoint-key.json` | the key that signs checkpoints of the audit trail; made on first start when the database is SQLite |\n")
	b.WriteString("| `surgicase/backup-key` | `SURGICASE_BACKUP_KEY` | `surgicase-backup-key.json` | the private key that reads backups, as age-keygen writes it; made with the first backup when the database is SQLite and `BACKUP_RECIPIENT` is not set |\n")
	b.WriteString("| `surgicase/backup-signing-key` | `SURGICASE_BACKUP_SIGNING_KEY` | `surgicase-backup-signing-key.json` | the Ed25519 key that signs backups, and the public keys of those before it; made with the first backup when the database is SQLite, else by `surgicase backup keys --new` |\n")
	b.WriteString("| `surgicase/gateway-secret` | `GATEWAY_SECRET`, `SURGICASE_GATEWAY_SECRET` | `surgicase-gateway-secret.json` | with `AUTH_MODE=gateway`: what the gateway sends, at least 32 characters |\n")
	b.WriteString("| `surgicase/link-key` | `SURGICASE_LINK_KEY` | `surgicase-link-key.json` | with `STORAGE_URL=file://`: seals signed links, 32 random characters or more; made on first start when the database is SQLite, else links end with the process that made them |\n")
	b.WriteString("| `surgicase/s3-user-reports` | `SURGICASE_S3_USER_REPORTS` | `surgicase-s3-user-reports.json` | with `STORAGE_URL=secret`: `{\"bucket_name\": …, \"region\": …}`, and perhaps `encryption`, `kms_key`, `endpoint`, `aws_access_key_id`, `aws_secret_access_key` |\n")
	b.WriteString("| `surgicase/smtp-password` | `SURGICASE_SMTP_PASSWORD` | `surgicase-smtp-password.json` | with `EMAIL_URL=smtp://user@host`: the user's password, as plain text |\n")
	b.WriteString("| `surgicase/main` | `SURGICASE_MAIN` | `surgicase-main.json` | with `BUG_TRACKER=clickup`, for what is not set: `{\"CLICKUP_LIST_URL\": …, \"CLICKUP_API_TOKEN\": …}` |\n")
	b.WriteString("| `surgicase/ses_keys` | `SURGICASE_SES_KEYS` | `surgicase-ses_keys.json` | without `EMAIL_FROM`: `{\"ses_default_from_email\": …}`, the sender |\n")
	b.WriteString("| `surgicase/database` | `SURGICASE_DATABASE` | `surgicase-database.json` | with `DATABASE_URL=secret`: `{host, port, database, user, password}`; `dbname` and `username` will do, too |\n")
	b.WriteString("| `surgicase/metrics-token` | `METRICS_TOKEN`, `SURGICASE_METRICS_TOKEN` | `surgicase-metrics-token.json` | what opens `/metrics` and the components of `/health` |\n")
	return b.String()
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func permissions() string {
	var b strings.Builder
	b.WriteString("# Who may do what\n\nGenerated from `domain/permission/table.go`: `make docs`. The columns say from which user type on an action is allowed:\n" +
		"on one's own things, on those of members of groups that one administers, on anybody's. The column token is the scope that an API token needs for it.\nTypes: 1 provider, 7 group admin, 10 case admin, 20 user admin, 100 global admin, 999 system admin.\n\n" +
		"| action | what | own | group | any | token | and |\n|---|---|---|---|---|---|---|\n")
	for _, r := range permission.Table {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | `%s` | %s |\n", r.Action, r.Meaning, from(r, permission.Own), from(r, permission.Grouped), from(r, permission.Other), r.Needs, r.Remark)
	}
	return b.String()
}

func from(r permission.Rule, rel permission.Relation) string {
	if t := r.From(rel); t != 0 {
		return fmt.Sprint(int(t))
	}
	return "-"
}

// TestTheSecurityPageNamesRealTests looks for every test that docs/security.md names.
func TestTheSecurityPageNamesRealTests(t *testing.T) {
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	sources := testSources(t)
	named := regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(string(page), -1)
	if len(named) < 20 {
		t.Errorf("the page names only %d tests", len(named))
	}
	for _, name := range named {
		if !strings.Contains(sources, "func "+name[1]+"(") {
			t.Errorf("docs/security.md names %s, which does not exist", name[1])
		}
	}
}

func testSources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		all.Write(source)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
