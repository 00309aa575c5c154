package sqlstore

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"

	"surgicase/domain/surgical"
)

// Keyring seals what the database must not show: patients' names, birth dates, file names, tax ids.
// It rests on Tink: AES-256-GCM, with the id of the key in front of each value, so that a key set
// may hold old keys beside the one in use.
type Keyring struct {
	seal    tink.AEAD
	digests *prf.Set
}

// keySets is how a key set is kept in the secrets provider: two Tink key sets in JSON form. The
// digest keys are never rotated, or no duplicate would be found any more.
type keySets struct {
	Seal   json.RawMessage `json:"seal"`
	Digest json.RawMessage `json:"digest"`
}

const digestLength = 32

// NewKeySet makes a fresh key set to be kept in the secrets provider.
func NewKeySet() ([]byte, error) {
	seal, err := cleartext(keyset.NewHandle(aead.AES256GCMKeyTemplate()))
	if err != nil {
		return nil, err
	}
	digest, err := cleartext(keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate()))
	if err != nil {
		return nil, err
	}
	return json.Marshal(keySets{Seal: seal, Digest: digest})
}

func cleartext(handle *keyset.Handle, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out))
	return out.Bytes(), err
}

// OpenKeyring reads a key set made by NewKeySet.
func OpenKeyring(secret []byte) (*Keyring, error) {
	var sets keySets
	if err := json.Unmarshal(secret, &sets); err != nil {
		return nil, fmt.Errorf("the key set is not valid: %w", err)
	}
	sealing, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(sets.Seal)))
	if err != nil {
		return nil, fmt.Errorf("the key set is not valid: %w", err)
	}
	digesting, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(sets.Digest)))
	if err != nil {
		return nil, fmt.Errorf("the key set is not valid: %w", err)
	}
	k := &Keyring{}
	if k.seal, err = aead.New(sealing); err != nil {
		return nil, fmt.Errorf("the key set is not valid: %w", err)
	}
	if k.digests, err = prf.NewPRFSet(digesting); err != nil {
		return nil, fmt.Errorf("the key set is not valid: %w", err)
	}
	return k, nil
}

// place says where a sealed value belongs. It is bound to the value, so that one row's name cannot
// be copied into another.
func place(column, id string) []byte { return []byte(column + "\x1f" + id) }

func (k *Keyring) sealBytes(plain, where []byte) ([]byte, error) { return k.seal.Encrypt(plain, where) }

func (k *Keyring) openBytes(sealed, where []byte) ([]byte, error) {
	return k.seal.Decrypt(sealed, where)
}

// sealer seals several values and keeps the first error.
type sealer struct {
	keys *Keyring
	err  error
}

func (s *sealer) text(p surgical.PHI, column, id string) []byte {
	if p.IsEmpty() {
		return nil
	}
	return s.bytes([]byte(p.Reveal()), column, id)
}

func (s *sealer) bytes(plain []byte, column, id string) []byte {
	if s.err != nil {
		return nil
	}
	sealed, err := s.keys.sealBytes(plain, place(column, id))
	s.err = err
	return sealed
}

func (s *sealer) openText(sealed []byte, column, id string) surgical.PHI {
	return surgical.NewPHI(string(s.openBytes(sealed, column, id)))
}

func (s *sealer) openBytes(sealed []byte, column, id string) []byte {
	if s.err != nil || len(sealed) == 0 {
		return nil
	}
	plain, err := s.keys.openBytes(sealed, place(column, id))
	if err != nil {
		s.err = fmt.Errorf("cannot open %s of %s: %w", column, id, err)
	}
	return plain
}

// digest is the keyed digest that finds equal texts without storing them.
func (k *Keyring) digest(text surgical.PHI) ([]byte, error) {
	return k.digests.ComputePrimaryPRF([]byte(text.Reveal()), digestLength)
}
