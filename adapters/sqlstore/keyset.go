package sqlstore

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// A key set is kept in the secrets provider as JSON with these members: two Tink key sets, one that
// seals and one for digests, when the keys of the first were added and promoted, and the chain keys of the audit log. Members we do
// not know are kept: a newer version may have put them there. The digest keys are never rotated, or
// no duplicate would be found any more.
const (
	memberSeal   = "seal"
	memberDigest = "digest"
	memberDates  = "dates"
	memberChain  = "chain"
)

type keyDates struct {
	Added    time.Time `json:"added,omitzero"`
	Promoted time.Time `json:"promoted,omitzero"`
}

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
	set, err := json.Marshal(map[string]json.RawMessage{memberSeal: seal, memberDigest: digest})
	if err != nil {
		return nil, err
	}
	return withChainKey(set)
}

// withChainKey returns the set with a new chain key. The keys of the audit chain are a list of secrets,
// the newest one last; they are no Tink keys, because an export is verified without a database.
func withChainKey(set []byte) ([]byte, error) {
	read, err := readKeySet(set)
	if err != nil {
		return nil, err
	}
	secrets, err := read.chainSecrets()
	if err != nil {
		return nil, err
	}
	secret := make([]byte, audit.ChainKeyLength)
	_, _ = rand.Read(secret) // never fails
	if read.members[memberChain], err = json.Marshal(append(secrets, secret)); err != nil {
		return nil, err
	}
	return json.Marshal(read.members)
}

func (s *keySet) chainSecrets() (secrets [][]byte, err error) {
	if member, ok := s.members[memberChain]; ok {
		if err = json.Unmarshal(member, &secrets); err != nil {
			err = invalidKeySet(errors.New("its chain keys cannot be read")) // the parser's error may show them
		}
	}
	return secrets, err
}

// ChainKeysOf returns the chain keys of a key set, the newest one last. Invalid "invalid_key_set" if it is none.
func ChainKeysOf(set []byte) ([]audit.ChainKey, error) {
	read, err := readKeySet(set)
	if err != nil {
		return nil, err
	}
	secrets, err := read.chainSecrets()
	if err != nil {
		return nil, err
	}
	keys := make([]audit.ChainKey, len(secrets))
	for i, secret := range secrets {
		if keys[i], err = audit.NewChainKey(secret); err != nil {
			return nil, invalidKeySet(err)
		}
	}
	return keys, nil
}

// AddChainKey implements ports.Encryption.
func (*Store) AddChainKey(set []byte) ([]byte, string, error) {
	changed, err := withChainKey(set)
	if err != nil {
		return nil, "", err
	}
	keys, err := ChainKeysOf(changed)
	if err != nil {
		return nil, "", err
	}
	return changed, keys[len(keys)-1].ID(), nil
}

func cleartext(handle *keyset.Handle, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out))
	return out.Bytes(), err
}

func invalidKeySet(because error) error {
	return fault.New(fault.Invalid, "invalid_key_set", "the key set is not valid").Because(because)
}

// keySet is a key set taken apart.
type keySet struct {
	members map[string]json.RawMessage
	seal    *keyset.Handle
	dates   map[string]keyDates // by key id
}

func readKeySet(set []byte) (*keySet, error) {
	s := &keySet{dates: map[string]keyDates{}}
	if err := json.Unmarshal(set, &s.members); err != nil {
		return nil, invalidKeySet(err)
	}
	if dates, ok := s.members[memberDates]; ok {
		if err := json.Unmarshal(dates, &s.dates); err != nil {
			return nil, invalidKeySet(err)
		}
	}
	var err error
	if s.seal, err = s.handle(memberSeal); err == nil && len(s.keys()) == 0 {
		err = invalidKeySet(errors.New("no key of it may be used"))
	}
	return s, err
}

func (s *keySet) handle(member string) (*keyset.Handle, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(s.members[member])))
	if err != nil {
		return nil, invalidKeySet(err)
	}
	return handle, nil
}

// keys lists the keys that can be used, oldest first: Tink adds new ones at the end.
func (s *keySet) keys() []ports.EncryptionKey {
	info := s.seal.KeysetInfo()
	keys := make([]ports.EncryptionKey, 0, len(info.GetKeyInfo()))
	for _, k := range info.GetKeyInfo() {
		if k.GetStatus() != tinkpb.KeyStatusType_ENABLED {
			continue
		}
		dates := s.dates[dateKey(ports.KeyID(k.GetKeyId()))]
		keys = append(keys, ports.EncryptionKey{
			ID: ports.KeyID(k.GetKeyId()), Primary: k.GetKeyId() == info.GetPrimaryKeyId(), Added: dates.Added, Promoted: dates.Promoted,
		})
	}
	return keys
}

func dateKey(id ports.KeyID) string { return strconv.FormatUint(uint64(id), 10) }

// changed writes the key set with other keys that seal.
func (s *keySet) changed(seal *keyset.Handle, err error) ([]byte, error) {
	s.members[memberSeal], err = cleartext(seal, err)
	if err != nil {
		return nil, err
	}
	if s.members[memberDates], err = json.Marshal(s.dates); err != nil {
		return nil, err
	}
	return json.Marshal(s.members)
}

// Keys implements ports.Encryption.
func (s *Store) Keys(set []byte) ([]ports.EncryptionKey, error) {
	read, err := readKeySet(set)
	if err != nil {
		return nil, err
	}
	return read.keys(), nil
}

// AddKey implements ports.Encryption.
func (s *Store) AddKey(set []byte, at time.Time) ([]byte, error) {
	read, err := readKeySet(set)
	if err != nil {
		return nil, err
	}
	manager := keyset.NewManagerFromHandle(read.seal)
	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	read.dates[dateKey(ports.KeyID(id))] = keyDates{Added: at}
	return read.changed(manager.Handle())
}

// Promote implements ports.Encryption.
func (s *Store) Promote(set []byte, at time.Time) ([]byte, error) {
	read, err := readKeySet(set)
	if err != nil {
		return nil, err
	}
	keys := read.keys()
	newest := keys[len(keys)-1]
	manager := keyset.NewManagerFromHandle(read.seal)
	if err := manager.SetPrimary(uint32(newest.ID)); err != nil {
		return nil, err
	}
	read.dates[dateKey(newest.ID)] = keyDates{Added: newest.Added, Promoted: at}
	return read.changed(manager.Handle())
}

// DropKeys implements ports.Encryption.
func (s *Store) DropKeys(set []byte, ids ...ports.KeyID) ([]byte, error) {
	read, err := readKeySet(set)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(read.keys(), func(k ports.EncryptionKey) bool { return k.Primary && slices.Contains(ids, k.ID) }) {
		return nil, fault.New(fault.Conflict, "key_in_use", "the primary key cannot be dropped")
	}
	manager := keyset.NewManagerFromHandle(read.seal)
	for _, id := range ids {
		if err := manager.Delete(uint32(id)); err != nil {
			return nil, err
		}
		delete(read.dates, dateKey(id))
	}
	return read.changed(manager.Handle())
}

// Tink puts a mark and the id of the key in front of each value it encrypts.
const (
	tinkMark   = 1
	prefixSize = 5
)

// prefixOf is how values that a key encrypted begin.
func prefixOf(id ports.KeyID) []byte {
	return binary.BigEndian.AppendUint32([]byte{tinkMark}, uint32(id))
}

// keyOf is the key that a value was encrypted with. False if it is none of Tink's.
func keyOf(sealed []byte) (ports.KeyID, bool) {
	if len(sealed) < prefixSize || sealed[0] != tinkMark {
		return 0, false
	}
	return ports.KeyID(binary.BigEndian.Uint32(sealed[1:prefixSize])), true
}
