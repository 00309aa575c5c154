// Package agevault encrypts backups with age: to a public key that the server holds, so that who breaks
// into it cannot read old backups, and by a format that other tools read, too.
package agevault

import (
	"errors"
	"io"
	"strings"

	"filippo.io/age"

	"surgicase/domain/fault"
)

// Vault is a ports.Vault.
type Vault struct {
	recipients []age.Recipient
	identities []age.Identity
}

// Open reads the public keys to encrypt to (age1…, separated by commas or white space) and the text of
// the private keys that decrypt (AGE-SECRET-KEY-1…, one a line, as age-keygen writes them). Without
// public keys it encrypts to those of the private ones. Either may be missing. Invalid
// "invalid_backup_key" for what is no key.
func Open(recipients, identities string) (*Vault, error) {
	v := &Vault{}
	for _, text := range strings.FieldsFunc(recipients, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' }) {
		recipient, err := age.ParseX25519Recipient(text)
		if err != nil {
			return nil, notAKey(err)
		}
		v.recipients = append(v.recipients, recipient)
	}
	if strings.TrimSpace(identities) != "" {
		var err error
		if v.identities, err = age.ParseIdentities(strings.NewReader(identities)); err != nil {
			return nil, notAKey(errors.New("it does not begin with AGE-SECRET-KEY-1")) // the parser's error may show the key
		}
	}
	if len(v.recipients) == 0 {
		for _, identity := range v.identities {
			if own, ok := identity.(*age.X25519Identity); ok {
				v.recipients = append(v.recipients, own.Recipient())
			}
		}
	}
	return v, nil
}

func notAKey(cause error) error {
	return fault.New(fault.Invalid, "invalid_backup_key", "A key of the backups is not valid.").Because(cause)
}

// NewIdentity makes a private key.
func NewIdentity() (string, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return "", err
	}
	return identity.String(), nil
}

// Seal implements ports.Vault. Invalid "backup_key_missing" if there is nobody to encrypt to.
func (v *Vault) Seal(to io.Writer) (io.WriteCloser, error) {
	if len(v.recipients) == 0 {
		return nil, fault.New(fault.Invalid, "backup_key_missing", "There is no key to encrypt backups to: set BACKUP_RECIPIENT.")
	}
	return age.Encrypt(to, v.recipients...)
}

// Unseal implements ports.Vault.
func (v *Vault) Unseal(from io.Reader) (io.Reader, error) {
	if len(v.identities) == 0 {
		return nil, fault.New(fault.Invalid, "backup_key_wrong", "There is no private key to read backups with: the secret surgicase/backup-key.")
	}
	text, err := age.Decrypt(from, v.identities...)
	if err != nil {
		return nil, fault.New(fault.Invalid, "backup_key_wrong", "No key at hand opens this backup, or its beginning is damaged.").Because(err)
	}
	return text, nil
}
