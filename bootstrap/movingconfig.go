package bootstrap

import (
	"encoding/base64"
	"strings"

	"surgicase/adapters/agevault"
	"surgicase/domain/audit"
)

// MovingConfig is what can be set about moving in and out.
type MovingConfig struct {
	BackupRecipient  Recipients   `env:"BACKUP_RECIPIENT" doc:"public keys that backups are encrypted to (age1…, separated by commas); without one that of the secret surgicase/backup-key, which is made in DATA_DIR when the database is SQLite"`
	BackupVerifyKeys PublicKeys   `env:"BACKUP_VERIFY_KEYS" doc:"public keys by which the signatures of backups are verified (base64, separated by commas; surgicase backup keys prints them); without one those of the secret surgicase/backup-signing-key, which is made in DATA_DIR when the database is SQLite"`
	BackupDays       Count        `env:"BACKUP_RETENTION_DAYS" envDefault:"35" doc:"days for which backups are kept; the newest one always is"`
	ReferenceURL     ReferenceURL `env:"REFERENCE_URL" doc:"database of the service before this one, for import-reference: mysql://user:password@host:3306/database"`
}

// Recipients are public keys of age.
type Recipients string

// UnmarshalText reads the keys.
func (r *Recipients) UnmarshalText(text []byte) error {
	if _, err := agevault.Open(string(text), ""); err != nil {
		return holds(string(text), "public keys of age, such as age1…, separated by commas")
	}
	*r = Recipients(text)
	return nil
}

// ReferenceURL names another database, with a password in it that must not be printed.
type ReferenceURL struct{ url string }

// UnmarshalText takes the URL of a database of MySQL.
func (r *ReferenceURL) UnmarshalText(text []byte) error {
	if r.url = string(text); !isMySQL(r.url, true) {
		return holds(shownURL(r.url), "mysql://user:password@host:port/database?tls=true (or false, skip-verify, preferred); "+encodePassword)
	}
	return nil
}

// String says nothing of what it holds.
func (ReferenceURL) String() string { return "mysql://…" }

// GoString is String for %#v.
func (r ReferenceURL) GoString() string { return r.String() }

// PublicKeys are public keys of Ed25519.
type PublicKeys []audit.PublicKey

// UnmarshalText reads the keys.
func (k *PublicKeys) UnmarshalText(text []byte) error {
	for part := range strings.SplitSeq(string(text), ",") {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(part))
		if err != nil {
			return holds(string(text), "public keys in base64, separated by commas")
		}
		key, err := audit.ParsePublicKey(raw)
		if err != nil {
			return holds(string(text), "public keys of 32 bytes in base64, separated by commas")
		}
		*k = append(*k, key)
	}
	return nil
}
