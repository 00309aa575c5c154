package api

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"surgicase/test/given"
)

// long are the texts of a JSON document that may be keys or tokens.
var long = regexp.MustCompile(`: ?"([A-Za-z0-9+/=_-]{20,})"`)

// secretsOf are what only the program may know, by what names it.
func secretsOf(t *testing.T, settings map[string]string) map[string]string {
	t.Helper()
	secrets := map[string]string{}
	for name, value := range settings {
		found := [][]string{{"", value}}
		if u, err := url.Parse(value); err == nil && u.User != nil {
			password, _ := u.User.Password()
			found = [][]string{{"", password}}
		} else if strings.HasPrefix(value, "{") {
			found = long.FindAllStringSubmatch(value, -1)
		}
		if len(found) == 0 {
			t.Fatalf("%s holds no secret", name)
		}
		for i, f := range found {
			secrets[fmt.Sprint(name, " ", i)] = f[1]
		}
	}
	return secrets
}

// TestNothingTellsASecret has everything outside fail at once, with credentials in each address, and looks for them
// in what people, monitors and the log are told of it.
func TestNothingTellsASecret(t *testing.T) {
	t.Parallel()
	secret := map[string]string{
		"SURGICASE_KEYS": given.KeySet(t), "SURGICASE_CHECKPOINT_KEY": given.CheckpointKey, "SURGICASE_BACKUP_KEY": backupKey(t), "METRICS_TOKEN": metricsToken,
		"EMAIL_URL": "smtp://postmaster:qxmailpassword@127.0.0.1:1", "STORAGE_URL": "minio://qxaccess:qxstoragesecret@127.0.0.1:1/documents?tls=false",
		"SURGICASE_MAIN": `{"CLICKUP_API_TOKEN": "pk_qxtrackertoken_1234567890", "CLICKUP_LIST_URL": "https://app.clickup.com/1/v/li/42"}`,
	}
	more := map[string]string{"LOG_LEVEL": "DEBUG", "EMAIL_FROM": "SurgiCase <noreply@practice.example.com>", "BUG_TRACKER": "clickup", "CLICKUP_API_URL": "http://127.0.0.1:1"}
	for name, value := range secret {
		more[name] = value
	}
	p := start(t, given.TempSQLite(t), more)
	at := p.cast()
	token := p.send(http.MethodPost, "/tokens", "system-admin", map[string]any{"name": "night", "scopes": []string{"cases:read"}}).is(201).at("token").(string)
	p.send(http.MethodPost, "/case", "provider", caseOf("c-1", "provider", at["provider"])).is(201)
	p.send(http.MethodPost, "/case_files?case_id=c-1&kind=note", "provider", somePDF, "Content-Type", "application/pdf").refused(503, "storage_unavailable")
	p.send(http.MethodPost, "/bugs", "provider", oldBug("It does not work")).is(201)
	p.track()
	p.at("2026-03-03 02:00") // the backup fails, and so does the mail about it
	p.send(http.MethodPost, "/scheduler/jobs/backup/run", "system-admin", nil)
	p.get("/case?case_id=c-1", "", "Authorization", "Bearer "+token)
	told := map[string]string{"the log": p.log.String()}
	for _, path := range []string{
		"/health", "/health/system", "/health/ready", "/metrics", "/metrics/summary", "/metrics/health", "/metrics/system", "/metrics/database", "/metrics/business",
		"/metrics/endpoints", "/metrics/self", "/secrets_cache_stats", "/build_dashboard", "/scheduler/jobs", "/bugs", "/audit_log",
	} {
		a := p.get(path, "system-admin")
		told[path] = string(a.raw) + headersOf(a.header)
	}
	if !strings.Contains(told["/health"], "storage_unavailable") || !strings.Contains(told["the log"], "storage_unavailable") {
		t.Errorf("nothing failed: %s", told["/health"])
	}
	secrets := secretsOf(t, secret)
	secrets["a token"] = token
	for where, text := range told {
		for name, value := range secrets {
			if strings.Contains(text, value) {
				t.Errorf("%s tells %s", where, name)
			}
		}
	}
}
