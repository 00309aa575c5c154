package operations

import (
	"context"
	"strconv"
	"strings"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Keys looks after the keys of the encrypted columns. All of it is for the operator.
type Keys struct {
	store   KeyStore
	secrets ports.Secrets
	clock   ports.Clock
	events  ports.Events
	holder  string // this process, among those that might do the same
}

// KeyStore is a store together with what it does about its keys.
type KeyStore interface {
	ports.Store
	ports.Encryption
}

// NewKeys makes the service.
func NewKeys(store KeyStore, secrets ports.Secrets, clock ports.Clock, ids ports.IDs, events ports.Events) *Keys {
	return &Keys{store: store, secrets: secrets, clock: clock, events: events, holder: ids.Unique()}
}

// KeyUse is a key and how many values are encrypted with it.
type KeyUse struct {
	ports.EncryptionKey
	Values  int64
	Missing bool // from the key set: its values cannot be read
}

// KeysStatus is how the keys stand, oldest first, those missing last.
type KeysStatus struct {
	Origin string // where the key set is kept
	Keys   []KeyUse
}

// Err says how many values cannot be read because the key set does not hold their key.
func (s KeysStatus) Err() error {
	missing := int64(0)
	for _, key := range s.Keys {
		if key.Missing {
			missing += key.Values
		}
	}
	if missing > 0 {
		return fault.New(fault.Invalid, "keys_missing", "%d values cannot be read: the key set does not hold their key. It is %s.", missing, s.Origin)
	}
	return nil
}

// Status says which keys there are and what is encrypted with them.
//
// Faults: Forbidden; those of ports.Secrets and ports.Encryption.
func (s *Keys) Status(ctx context.Context, who permission.Actor) (KeysStatus, error) {
	if err := s.allowed(ctx, who); err != nil {
		return KeysStatus{}, err
	}
	ring, err := s.look(ctx)
	if err != nil {
		return KeysStatus{}, err
	}
	status := KeysStatus{Origin: s.secrets.Origin(ports.KeySetSecret)}
	for _, key := range ring.keys {
		status.Keys = append(status.Keys, KeyUse{EncryptionKey: key, Values: ring.uses[key.ID]})
		delete(ring.uses, key.ID)
	}
	for id, values := range ring.uses {
		status.Keys = append(status.Keys, KeyUse{EncryptionKey: ports.EncryptionKey{ID: id}, Values: values, Missing: true})
	}
	return status, nil
}

// Retired is what became of old keys.
type Retired struct {
	Dropped  []ports.KeyID
	Kept     []KeyUse // old keys that values are still encrypted with
	HandOver []byte   // the key set, if the operator has to put it in place
}

// Retire drops the old keys that no value is encrypted with from the key set. Learning is how long
// servers take to hear of a changed key set.
//
// Faults: Forbidden; Conflict "rotation_unfinished", "lease_held".
func (s *Keys) Retire(ctx context.Context, who permission.Actor, learning time.Duration) (Retired, error) {
	if err := s.allowed(ctx, who); err != nil {
		return Retired{}, err
	}
	var done Retired
	err := s.alone(ctx, func(ctx context.Context) error {
		ring, err := s.look(ctx)
		if err != nil {
			return err
		}
		newest := ring.newest()
		if !newest.Primary || s.clock.Now().Before(newest.Promoted.Add(learning)) {
			return fault.New(fault.Conflict, "rotation_unfinished", "not every server encrypts with the key %d yet: finish with `surgicase keys rotate`", newest.ID)
		}
		for _, key := range ring.keys {
			switch values := ring.uses[key.ID]; {
			case key.Primary:
			case values > 0:
				done.Kept = append(done.Kept, KeyUse{EncryptionKey: key, Values: values})
			default:
				done.Dropped = append(done.Dropped, key.ID)
			}
		}
		if len(done.Dropped) == 0 {
			return nil
		}
		set, err := s.encryption().DropKeys(ring.set, done.Dropped...)
		if err != nil {
			return err
		}
		done.HandOver, err = s.keep(ctx, who, "retired", set, done.Dropped...)
		return err
	})
	return done, err
}

// ChainKeyAdded is a new key of the audit chain.
type ChainKeyAdded struct {
	ID       string
	HandOver []byte // the key set, if the operator has to put it in place
}

// AddChainKey adds a key of the audit chain to the key set. Instances seal with it as they hear of it: the
// first one signs the boundary at which it begins.
//
// Faults: Forbidden; Conflict "lease_held"; those of ports.Secrets and ports.Encryption.
func (s *Keys) AddChainKey(ctx context.Context, who permission.Actor) (added ChainKeyAdded, err error) {
	if err := s.allowed(ctx, who); err != nil {
		return added, err
	}
	err = s.alone(ctx, func(ctx context.Context) error {
		set, err := s.secrets.Fresh(ctx, ports.KeySetSecret)
		if err != nil {
			return err
		}
		changed, id, err := s.encryption().AddChainKey(set)
		if err != nil {
			return err
		}
		added.ID = id
		err = s.secrets.Put(ctx, ports.KeySetSecret, changed)
		if fault.CodeOf(err) == "secret_read_only" {
			added.HandOver = changed
			return nil
		}
		s.events.Happened(ctx, ports.Event{Name: "keys.chain_added", Err: err, Values: []ports.Value{{Name: "keys", Text: id}}})
		if err != nil {
			return err
		}
		return s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
			entry := audit.Record(who, permission.ManageKeys, "key", id, s.clock.Now())
			entry.Fields = []string{"chain_added"}
			return r.Audit.Record(ctx, entry)
		})
	})
	return added, err
}

// ring is the key set with what is encrypted with its keys.
type ring struct {
	set  []byte
	keys []ports.EncryptionKey
	uses map[ports.KeyID]int64
}

func (r ring) newest() ports.EncryptionKey { return r.keys[len(r.keys)-1] }

// settled says whether every value is encrypted with the newest key.
func (r ring) settled() bool {
	if !r.newest().Primary {
		return false
	}
	for id, values := range r.uses {
		if id != r.newest().ID && values > 0 {
			return false
		}
	}
	return true
}

func (s *Keys) encryption() ports.Encryption { return s.store }

func (s *Keys) look(ctx context.Context) (ring, error) {
	set, err := s.secrets.Fresh(ctx, ports.KeySetSecret)
	if err != nil {
		return ring{}, err
	}
	keys, err := s.encryption().Keys(set)
	if err != nil {
		return ring{}, err
	}
	uses, err := s.encryption().Uses(ctx)
	return ring{set: set, keys: keys, uses: uses}, err
}

// keep puts a changed key set where it is kept. What is done to a key is on record before it is done.
// It gives the set back if a program cannot write there, for the operator to do it.
func (s *Keys) keep(ctx context.Context, who permission.Actor, what string, set []byte, ids ...ports.KeyID) (handOver []byte, err error) {
	if err := s.note(ctx, who, what, ids...); err != nil {
		return nil, err
	}
	err = s.secrets.Put(ctx, ports.KeySetSecret, set)
	if fault.CodeOf(err) == "secret_read_only" {
		return set, nil
	}
	s.happened(ctx, "keys."+what, err, ids...)
	return nil, err
}

func (s *Keys) note(ctx context.Context, who permission.Actor, what string, ids ...ports.KeyID) error {
	return s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		entries := make([]audit.Entry, len(ids))
		for i, id := range ids {
			entries[i] = audit.Record(who, permission.ManageKeys, "key", keyText(id), s.clock.Now())
			entries[i].Fields = []string{what}
		}
		return r.Audit.Record(ctx, entries...)
	})
}

func (s *Keys) happened(ctx context.Context, name string, err error, ids ...ports.KeyID) {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = keyText(id)
	}
	s.events.Happened(ctx, ports.Event{Name: name, Err: err, Values: []ports.Value{{Name: "keys", Text: strings.Join(texts, ",")}}})
}

func keyText(id ports.KeyID) string { return strconv.FormatUint(uint64(id), 10) }

func (s *Keys) allowed(ctx context.Context, who permission.Actor) error {
	err := permission.Check(who, permission.ManageKeys, "")
	if err == nil {
		return nil
	}
	return ports.Refused(ctx, s.store, audit.Record(who, permission.ManageKeys, "key", "", s.clock.Now()), err)
}

// keysLease is how long nobody else may change keys after the last sign of life.
const keysLease = time.Minute

// alone does something while nobody else changes keys, and lets go when it is done.
func (s *Keys) alone(ctx context.Context, do func(context.Context) error) error {
	if err := s.hold(ctx, keysLease); err != nil {
		return err
	}
	err := do(ctx)
	if free := s.hold(context.WithoutCancel(ctx), 0); err == nil {
		err = free
	}
	return err
}

func (s *Keys) hold(ctx context.Context, how time.Duration) error {
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		now := s.clock.Now()
		_, err := r.Outbox.Lease(ctx, "keys", s.holder, now, now.Add(how))
		return err
	})
	if fault.CodeOf(err) == "lease_held" {
		return fault.New(fault.Conflict, "lease_held", "somebody else is changing the keys, or was until a minute ago")
	}
	return err
}
