package sqlstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"surgicase/domain/fault"
	"surgicase/ports"
)

var at = time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)

// shelf is a provider that holds one key set.
type shelf struct {
	mu    sync.Mutex
	set   []byte
	err   error
	fresh atomic.Int64 // questions past the cache
	pause time.Duration
}

func (s *shelf) get(_ context.Context, fresh bool) ([]byte, error) {
	if fresh {
		s.fresh.Add(1)
		time.Sleep(s.pause)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.set, s.err
}

func (s *shelf) put(set []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set, s.err = set, err
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// freshSets gives a key set, the set with one more key, and that with the new key as primary.
func freshSets(t *testing.T) (one, added, promoted []byte) {
	t.Helper()
	set := must[[]byte](t)
	one = set(NewKeySet())
	added = set((&Store{}).AddKey(one, at))
	return one, added, set((&Store{}).Promote(added, at.Add(time.Hour)))
}

func open(t *testing.T, set []byte) *Keyring {
	t.Helper()
	return must[*Keyring](t)(OpenKeyring(set))
}

var here = place("patient_first", "c-1")

func sealed(t *testing.T, with []byte, text string) []byte {
	t.Helper()
	return must[[]byte](t)(open(t, with).sealBytes([]byte(text), here))
}

func opens(t *testing.T, k *Keyring, value []byte, want string) {
	t.Helper()
	if got, err := k.openBytes(value, here); err != nil || string(got) != want {
		t.Errorf("opened %q, %v", got, err)
	}
}

func TestKeySetsChangeOneStepAtATime(t *testing.T) {
	one, added, promoted := freshSets(t)
	store := &Store{}
	list := func(set []byte) string {
		var text []string
		for _, k := range must[[]ports.EncryptionKey](t)(store.Keys(set)) {
			text = append(text, fmt.Sprintf("primary=%t added=%t promoted=%t", k.Primary, k.Added.Equal(at), k.Promoted.Equal(at.Add(time.Hour))))
		}
		return strings.Join(text, "; ")
	}
	const fresh, old = "primary=true added=false promoted=false", "primary=false added=false promoted=false"
	for set, want := range map[*[]byte]string{
		&one: fresh, &added: fresh + "; primary=false added=true promoted=false", &promoted: old + "; primary=true added=true promoted=true",
	} {
		if got := list(*set); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	keys := must[[]ports.EncryptionKey](t)(store.Keys(promoted))
	if _, err := store.DropKeys(promoted, keys[0].ID, keys[1].ID); !errors.Is(err, fault.Conflict) || fault.CodeOf(err) != "key_in_use" {
		t.Errorf("dropping the primary key: %v", err)
	}
	if got := list(must[[]byte](t)(store.DropKeys(promoted, keys[0].ID))); got != "primary=true added=true promoted=true" {
		t.Errorf("after dropping the old key: %s", got)
	}
	value := sealed(t, promoted, "x")
	if id, ok := keyOf(value); !ok || id != keys[1].ID || !bytes.HasPrefix(value, prefixOf(id)) {
		t.Errorf("the value names the key %d, want %d", id, keys[1].ID)
	}
}

func TestWhatAnOlderVersionDoesNotKnowStaysInTheKeySet(t *testing.T) {
	one, _, _ := freshSets(t)
	var members map[string]json.RawMessage
	if err := json.Unmarshal(one, &members); err != nil {
		t.Fatal(err)
	}
	members["later"] = json.RawMessage(`{"x":1}`)
	later := must[[]byte](t)(json.Marshal(members))
	if added := must[[]byte](t)((&Store{}).AddKey(later, at)); !bytes.Contains(added, []byte(`"later":{"x":1}`)) {
		t.Errorf("lost in %s", added)
	}
}

func TestWhatIsNoKeySetIsRefused(t *testing.T) {
	_, _, set := freshSets(t)
	for _, text := range []string{
		"", "{}", "null", "[]", `{"seal":{},"digest":{}}`, strings.Replace(string(set), `"seal"`, `"leas"`, 1),
		strings.Replace(string(set), `"digest"`, `"gidest"`, 1), string(set[:len(set)-9]), strings.Replace(string(set), `"dates":{`, `"dates":{"1":7,`, 1),
	} {
		if _, err := OpenKeyring([]byte(text)); !errors.Is(err, fault.Invalid) || fault.CodeOf(err) != "invalid_key_set" {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

func TestAKeyringTakesUpWhatItIsGiven(t *testing.T) {
	one, added, promoted := freshSets(t)
	at := &shelf{set: one}
	k := must[*Keyring](t)(LoadKeyring(t.Context(), at.get))
	refreshed := func(want bool) {
		t.Helper()
		if changed, err := k.Refresh(t.Context()); err != nil || changed != want {
			t.Fatalf("changed %t, %v", changed, err)
		}
	}
	refreshed(false)
	old := must[[]byte](t)(k.sealBytes([]byte("old"), here))
	for _, set := range [][]byte{added, promoted} {
		at.put(set, nil)
		refreshed(true)
		refreshed(false)
		opens(t, k, old, "old")
	}
	fresh := must[[]byte](t)(k.sealBytes([]byte("new"), here))
	if !bytes.Equal(fresh[:prefixSize], sealed(t, promoted, "x")[:prefixSize]) {
		t.Error("not sealed with the new key")
	}
	at.put([]byte("rubbish"), nil)
	if _, err := k.Refresh(t.Context()); !errors.Is(err, fault.Invalid) {
		t.Errorf("rubbish: %v", err)
	}
	strange, _, _ := freshSets(t)
	at.put(strange, nil)
	if _, err := k.Refresh(t.Context()); !errors.Is(err, fault.Invalid) {
		t.Errorf("the key set of another database: %v", err)
	}
	opens(t, k, old, "old")
	opens(t, k, fresh, "new")
	if at.fresh.Load() != 0 {
		t.Errorf("asked past the cache %d times", at.fresh.Load())
	}
}

func TestOfManyWhoMeetAnUnknownKeyOneAsks(t *testing.T) {
	one, _, promoted := freshSets(t)
	at := &shelf{set: one, pause: 20 * time.Millisecond}
	k := must[*Keyring](t)(LoadKeyring(t.Context(), at.get))
	value := sealed(t, promoted, "new")
	at.put(promoted, nil)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { opens(t, k, value, "new") })
	}
	all.Wait()
	if n := at.fresh.Load(); n != 1 {
		t.Errorf("%d asked", n)
	}
}

func TestAnUnknownKeyIsAFaultAndNoFlood(t *testing.T) {
	one, _, promoted := freshSets(t)
	_, _, other := freshSets(t)
	at := &shelf{set: one}
	k := must[*Keyring](t)(LoadKeyring(t.Context(), at.get))
	strange := sealed(t, other, "strange")
	for range 100 {
		if _, err := k.openBytes(strange, here); !errors.Is(err, fault.Unavailable) || fault.CodeOf(err) != "key_unknown" {
			t.Fatalf("got %v", err)
		}
	}
	if n := at.fresh.Load(); n > 2 {
		t.Errorf("asked %d times", n)
	}
	k.asked = k.asked.Add(-askPause)
	at.put(nil, errors.New("away"))
	if _, err := k.openBytes(sealed(t, promoted, "new"), here); fault.CodeOf(err) != "key_unknown" || !strings.Contains(err.Error(), "away") {
		t.Errorf("while the provider is away: %v", err)
	}
	broken := sealed(t, one, "mine")
	broken[len(broken)-1] ^= 1
	asked := at.fresh.Load()
	if _, err := k.openBytes(broken, here); err == nil || fault.CodeOf(err) != "" || at.fresh.Load() != asked {
		t.Errorf("a broken value of a known key: %v, asked %d times", err, at.fresh.Load()-asked)
	}
	for _, value := range [][]byte{{1}, {1, 2, 3, 4}, {0, 0, 0, 0, 0, 0}, []byte("plain text")} {
		if _, err := k.openBytes(value, here); err == nil {
			t.Errorf("%q was opened", value)
		}
	}
}

// A snapshot of the database may be older than the key set in use.
func TestADroppedKeyStillOpensForWhoReadsAnOlderSnapshot(t *testing.T) {
	_, _, promoted := freshSets(t)
	keys := must[[]ports.EncryptionKey](t)((&Store{}).Keys(promoted))
	dropped := must[[]byte](t)((&Store{}).DropKeys(promoted, keys[0].ID))
	at := &shelf{set: promoted}
	one := must[[]byte](t)((&Store{}).DropKeys(flip(t, promoted), keys[1].ID))
	value := sealed(t, one, "old")
	k := must[*Keyring](t)(LoadKeyring(t.Context(), at.get))
	at.put(dropped, nil)
	if _, err := k.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	opens(t, k, value, "old")
	opens(t, k, value, "old")
	if at.fresh.Load() != 0 {
		t.Error("asked for a key that was there")
	}
	if _, err := open(t, dropped).openBytes(value, here); fault.CodeOf(err) != "key_unknown" {
		t.Errorf("a new process opens it: %v", err)
	}
}

// flip makes the older of two keys the primary again.
func flip(t *testing.T, set []byte) []byte {
	t.Helper()
	keys := must[[]ports.EncryptionKey](t)((&Store{}).Keys(set))
	return bytes.Replace(set, fmt.Appendf(nil, `"primaryKeyId":%d`, keys[1].ID), fmt.Appendf(nil, `"primaryKeyId":%d`, keys[0].ID), 1)
}

func TestAColumnThatIsNotRotatedCannotBeSealed(t *testing.T) {
	one, _, _ := freshSets(t)
	s := sealer{keys: open(t, one)}
	if s.bytes([]byte("x"), "surprise", "1"); s.err == nil {
		t.Error("sealed")
	}
}

func BenchmarkSealAndOpen(b *testing.B) {
	set, _ := NewKeySet()
	k, _ := OpenKeyring(set)
	b.Run("open", func(b *testing.B) {
		value, _ := k.sealBytes([]byte("Rosalind"), here)
		for b.Loop() {
			_, _ = k.openBytes(value, here)
		}
	})
	b.Run("seal", func(b *testing.B) {
		for b.Loop() {
			_, _ = k.sealBytes([]byte("Rosalind"), here)
		}
	})
	b.Run("pointer", func(b *testing.B) {
		for b.Loop() {
			_ = k.current.Load()
		}
	})
}
