package sqlstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Keyring seals what the database must not show: patients' names, birth dates, file names, tax ids.
// It rests on Tink: AES-256-GCM, with the id of the key in front of each value, so that a key set
// may hold old keys beside the one in use. It takes up a changed key set while it works.
type Keyring struct {
	current atomic.Pointer[keys]
	source  KeySource

	loading sync.Mutex
	asked   time.Time // when a value with an unknown key last made it ask
}

// KeySource gives the key set as it is kept in the secrets provider; fresh means past every cache.
type KeySource func(ctx context.Context, fresh bool) ([]byte, error)

// keys is a key set in use.
type keys struct {
	set     []byte
	seal    tink.AEAD
	digests *prf.Set
	primary ports.KeyID
	known   map[ports.KeyID]bool
	chain   []audit.ChainKey // the newest one last

	// before is the set that this one replaced. If keys were dropped from it, those who read from an
	// older snapshot of the database may still come upon their values.
	before *keys
}

const (
	digestLength = 32

	// How often values with unknown keys may send us to the provider, and how long it may take.
	askPause   = time.Second
	askTimeout = 10 * time.Second
)

// OpenKeyring reads a key set that never changes.
func OpenKeyring(set []byte) (*Keyring, error) {
	k := &Keyring{}
	_, err := k.adopt(set)
	return k, err
}

// LoadKeyring reads the key set from where it is kept, and reads it again when asked to (Refresh) or
// when a value turns up that is sealed with a key it does not know.
func LoadKeyring(ctx context.Context, source KeySource) (*Keyring, error) {
	k := &Keyring{source: source}
	_, err := k.Refresh(ctx)
	return k, err
}

// Refresh takes up the key set if it was changed, and says whether it was. What is not valid or
// belongs to another database is not taken up.
func (k *Keyring) Refresh(ctx context.Context) (changed bool, err error) {
	k.loading.Lock()
	defer k.loading.Unlock()
	return k.load(ctx, false)
}

func (k *Keyring) load(ctx context.Context, fresh bool) (changed bool, err error) {
	if k.source == nil {
		return false, nil
	}
	set, err := k.source(ctx, fresh)
	if err != nil {
		return false, err
	}
	return k.adopt(set)
}

func (k *Keyring) adopt(set []byte) (changed bool, err error) {
	now := k.current.Load()
	if now != nil && bytes.Equal(now.set, set) {
		return false, nil
	}
	next, err := openKeys(set)
	if err != nil {
		return false, err
	}
	if now != nil {
		if !now.sameDigests(next) {
			return false, invalidKeySet(errors.New("its digest keys are those of another database"))
		}
		replaced := *now
		replaced.before = nil
		next.before = &replaced
	}
	k.current.Store(next)
	return true, nil
}

func openKeys(set []byte) (*keys, error) {
	read, err := readKeySet(set)
	if err != nil {
		return nil, err
	}
	digests, err := read.handle(memberDigest)
	if err != nil {
		return nil, err
	}
	opened := &keys{set: bytes.Clone(set), known: map[ports.KeyID]bool{}}
	if opened.seal, err = aead.New(read.seal); err != nil {
		return nil, invalidKeySet(err)
	}
	if opened.digests, err = prf.NewPRFSet(digests); err != nil {
		return nil, invalidKeySet(err)
	}
	if opened.chain, err = ChainKeysOf(set); err != nil {
		return nil, err
	}
	for _, key := range read.keys() {
		opened.known[key.ID] = true
		if key.Primary {
			opened.primary = key.ID
		}
	}
	return opened, nil
}

func (s *keys) sameDigests(other *keys) bool {
	mine, err := s.digests.ComputePrimaryPRF([]byte("same?"), digestLength)
	theirs, otherErr := other.digests.ComputePrimaryPRF([]byte("same?"), digestLength)
	return err == nil && otherErr == nil && bytes.Equal(mine, theirs)
}

// place says where a sealed value belongs. It is bound to the value, so that one row's name cannot
// be copied into another.
func place(column, id string) []byte { return []byte(column + "\x1f" + id) }

func (k *Keyring) sealBytes(plain, where []byte) ([]byte, error) {
	return k.current.Load().seal.Encrypt(plain, where)
}

func (k *Keyring) openBytes(sealed, where []byte) ([]byte, error) {
	keys := k.current.Load()
	plain, err := keys.seal.Decrypt(sealed, where)
	if err == nil {
		return plain, nil
	}
	id, ok := keyOf(sealed)
	if !ok || keys.known[id] {
		return nil, err
	}
	return k.openUnknown(keys, id, sealed, where)
}

// openUnknown opens what is sealed with a key that is not in the set at hand: it has just been
// dropped, or it has been added and this process has not heard yet.
func (k *Keyring) openUnknown(at *keys, id ports.KeyID, sealed, where []byte) ([]byte, error) {
	if at.before == nil || !at.before.known[id] {
		var err error
		if at, err = k.ask(at, id); err != nil {
			return nil, fault.New(fault.Unavailable, "key_unknown", "A stored value is encrypted with a key that this server does not have.").
				Because(fmt.Errorf("key %d: %w", id, err))
		}
	}
	if at.known[id] {
		return at.seal.Decrypt(sealed, where)
	}
	return at.before.seal.Decrypt(sealed, where)
}

// ask gives a set with an unknown key. Of many who ask at once one goes to the provider, and nobody
// does for a moment after: a value that is merely broken must not turn reads into a flood of calls.
// It does not end with the caller's request, because others wait for it.
func (k *Keyring) ask(at *keys, id ports.KeyID) (*keys, error) {
	k.loading.Lock()
	defer k.loading.Unlock()
	var err error
	if k.current.Load() == at && time.Since(k.asked) >= askPause { //nolint:forbidigo // spares the provider; no rule depends on it
		k.asked = time.Now() //nolint:forbidigo // as above
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		defer cancel()
		_, err = k.load(ctx, true)
	}
	now := k.current.Load()
	if err == nil && !now.known[id] && (now.before == nil || !now.before.known[id]) {
		err = errors.New("the key set does not hold it")
	}
	return now, err
}

// sealsWith makes sure that values are sealed with this key from here on, if need be by asking for
// the key set anew, and gives the keys for it.
func (k *Keyring) sealsWith(ctx context.Context, id ports.KeyID) (*keys, error) {
	if now := k.current.Load(); now.primary == id {
		return now, nil
	}
	k.loading.Lock()
	defer k.loading.Unlock()
	_, err := k.load(ctx, true)
	if now := k.current.Load(); err == nil && now.primary == id {
		return now, nil
	}
	return nil, fault.New(fault.Unavailable, "key_not_primary", "the key %d is not the primary key of the key set", id).Because(err)
}

// sealer seals several values and keeps the first error.
type sealer struct {
	keys *Keyring
	err  error

	// unreadable, unless nil, takes the columns that cannot be opened. Their values come back empty instead of failing the
	// read: one broken value must not hide a list. Only for what is shown and never saved again.
	unreadable *[]string
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
	if !encryptedColumns[column] {
		s.err = fmt.Errorf("%s is not among encryptedTables: its values would keep their key when all others get a new one", column)
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
	switch {
	case err == nil:
	case s.unreadable != nil:
		*s.unreadable = append(*s.unreadable, column)
	default:
		s.err = unreadable(fmt.Errorf("cannot open %s of %s: %w", column, id, err))
	}
	return plain
}

// unreadable is the fault of a stored value that cannot be opened: nothing that a client sends mends it.
func unreadable(err error) error {
	if fault.CodeOf(err) != "" {
		return err
	}
	return fault.New(fault.Unavailable, "value_unreadable", "A stored value cannot be decrypted.").Because(err)
}

// digest is the keyed digest that finds equal texts without storing them.
func (k *Keyring) digest(text surgical.PHI) ([]byte, error) {
	return k.current.Load().digests.ComputePrimaryPRF([]byte(text.Reveal()), digestLength)
}

// keyDigest finds the documents that have one object.
func (k *Keyring) keyDigest(key surgical.PHI) ([]byte, error) {
	return k.digest(key.Under("object_key\x1f"))
}

// RefreshKeys takes up the key set if it was changed where it is kept, and says whether it was.
func (s *Store) RefreshKeys(ctx context.Context) (changed bool, err error) {
	return s.keys.Refresh(ctx)
}

// KnowsKey says whether values that are sealed with this key can be read.
func (s *Store) KnowsKey(id ports.KeyID) bool { return s.keys.current.Load().known[id] }

var _ ports.ChainKeys = (*Store)(nil)

// ChainKey implements ports.ChainKeys. A store that was opened without keys has none.
func (s *Store) ChainKey(id string) (audit.ChainKey, bool) {
	if s.keys == nil {
		return audit.ChainKey{}, false
	}
	chain := s.keys.current.Load().chain
	for i := len(chain) - 1; i >= 0; i-- {
		if id == "" || chain[i].ID() == id {
			return chain[i], true
		}
	}
	return audit.ChainKey{}, false
}

// ChainKeys returns the chain keys of the key set, the newest one last.
func (s *Store) ChainKeys() []audit.ChainKey { return slices.Clone(s.keys.current.Load().chain) }
