package bootstrap

import (
	"fmt"
	"strings"
	"testing"
)

// A value that is refused is named in the first line that the program writes, which goes to the journal and to
// whoever collects it.
func TestLoadConfig_never_shows_a_password(t *testing.T) {
	for _, password := range []string{"2026#geheim", "2026/geheim", "2026?geheim", "p@geheim#w", "geheim", "geheim:", "%zzgeheim", "geheim geheim", "[geheim"} {
		for variable, forms := range map[string][]string{
			"EMAIL_URL":        {"smtp://mailer:%s@mail.example.com:587/x", "smtp://mailer:%s@mail.example.com:port", "mailer:%s@mail.example.com", "//mailer:%s@mail.example.com"},
			"DATABASE_URL":     {"mysql://u:%s@db.example.com/a/b", "u:%s@tcp(db.example.com)/a", "MYSQL:u:%s@host"},
			"STORAGE_URL":      {"minio://key:%s@host/a/b", "s3://key:%s@bucket/a", "key:%s@bucket"},
			"AUTH_ISSUER":      {"https://me:%s@id.example.com", "me:%s@id.example.com"},
			"CLICKUP_LIST_URL": {"https://me:%s@app.clickup.com/1/v/li/9", "me:%s@app.clickup.com"},
			"REFERENCE_URL":    {"mysql://u:%s@db.example.com/a/b", "u:%s@tcp(db.example.com)/a"},
			"CORS_ORIGINS":     {"https://me:%s@app.example.com"},
			"BACKUP_RECIPIENT": {"AGE-SECRET-KEY-1%s", "age-secret-key-1%s"},
			"NPI_REGISTRY_URL": {"https://me:%s@npi.example.com"},
			"HTTP_ADDR":        {"https://me:%s@127.0.0.1:8000"},
		} {
			for _, form := range forms {
				value := fmt.Sprintf(form, password)
				if _, err := LoadConfig(map[string]string{variable: value}, false); err == nil || strings.Contains(err.Error(), "geheim") {
					t.Errorf("%s=%s: got %v", variable, value, err)
				}
			}
		}
	}
}

func TestLoadConfig_tells_how_a_password_is_written(t *testing.T) {
	for variable, value := range map[string]string{
		"EMAIL_URL": "smtp://u:a#b@mail.example.com", "DATABASE_URL": "mysql://u:p@#%:/?@db.example.com/a", "STORAGE_URL": "minio://KEY:abc/def+ghi@host/bucket",
	} {
		if _, err := LoadConfig(map[string]string{variable: value}, false); err == nil || !strings.Contains(err.Error(), "%23") {
			t.Errorf("%s=%s: got %v", variable, value, err)
		}
	}
	c, err := LoadConfig(map[string]string{"STORAGE_URL": "s3://bucket/?region=us-east-1"}, false)
	if err != nil || c.StorageURL.bucket != "bucket" {
		t.Errorf("a slash behind the bucket: got %q, %v", c.StorageURL.bucket, err)
	}
}
