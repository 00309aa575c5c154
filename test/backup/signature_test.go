package backup_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"surgicase/application/backups"
	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/ports"
)

func signingKeys(t *testing.T, seed byte) backups.SigningKeys {
	t.Helper()
	signer, err := audit.NewSigner(bytes.Repeat([]byte{seed}, audit.SeedLength))
	if err != nil {
		t.Fatal(err)
	}
	return backups.SigningKeys{Signer: &signer, Public: []audit.PublicKey{signer.Public}}
}

func signatureOf(key string) string {
	return backups.SignaturePrefix + strings.TrimPrefix(key, backups.Prefix) + ".json"
}

func (h *house) read(key string) []byte {
	h.t.Helper()
	content, _, err := h.blobs.Get(h.t.Context(), key, ports.Span{})
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = content.Close() }()
	all, err := io.ReadAll(content)
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

func (h *house) write(key string, content []byte) {
	h.t.Helper()
	if _, err := h.blobs.Put(h.t.Context(), ports.Object{Key: key, Size: int64(len(content)), ContentType: "application/octet-stream"}, bytes.NewReader(content)); err != nil {
		h.t.Fatal(err)
	}
}

// TestForgedBackups: whoever has the public key can encrypt a backup of their own, and whoever can write the storage
// can exchange and remove objects. Only the signing key makes a backup valid. Source: spec/decisions.md 11.9.
func TestForgedBackups(t *testing.T) {
	t.Parallel()
	ours, theirs := signingKeys(t, 1), signingKeys(t, 2)
	for _, x := range []struct {
		name  string
		forge func(h *house, earlier, key string)
		// The codes of the faults; "" if there is none.
		restore, unsigned, verify string
	}{
		{"as it was made", func(*house, string, string) {}, "", "", ""},
		{"without its signature", func(h *house, _, key string) { h.remove(signatureOf(key)) }, "backup_unsigned", "", "backup_forged"},
		{"with the signature of an earlier one", func(h *house, earlier, key string) {
			h.write(signatureOf(key), h.read(signatureOf(earlier)))
		}, "backup_forged", "backup_forged", "backup_forged"},
		{"an earlier one with its signature under a new name", func(h *house, earlier, key string) {
			h.write(key, h.read(earlier))
			h.write(signatureOf(key), bytes.ReplaceAll(h.read(signatureOf(earlier)), []byte(earlier), []byte(key)))
		}, "backup_forged", "backup_forged", "backup_forged"},
		{"another content", func(h *house, earlier, key string) { h.write(key, h.read(earlier)) }, "backup_damaged", "backup_damaged", "backup_damaged"},
		{"a byte at its end", func(h *house, _, key string) { h.write(key, append(h.read(key), 0)) }, "backup_damaged", "backup_damaged", "backup_damaged"},
		{"no signature at all", func(h *house, _, key string) { h.write(signatureOf(key), []byte("{}")) }, "backup_forged", "backup_forged", "backup_forged"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.signing = ours
			store := h.store("sqlite")
			earlier, made := h.make(store), h.make(store)
			if made.Signature != backups.SignatureValid {
				t.Errorf("it was made %s", made.Signature)
			}
			x.forge(h, earlier.Key, made.Key)
			_, err := h.service(h.store("sqlite")).Restore(t.Context(), operator, made.Key)
			wantFault(t, "restoring", err, x.restore)
			_, err = h.service(h.store("sqlite")).Unsigned(true).Restore(t.Context(), operator, made.Key)
			wantFault(t, "restoring with --unsigned", err, x.unsigned)
			_, err = h.service(store).Verify(t.Context(), operator, made.Key, h.store("sqlite"), nil)
			wantFault(t, "verifying", err, x.verify)
		})
	}
	t.Run("made with keys of their own", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		store := h.store("sqlite")
		h.signing = theirs
		made := h.make(store)
		h.signing = ours
		_, err := h.service(h.store("sqlite")).Restore(t.Context(), operator, made.Key)
		wantFault(t, "restoring", err, "backup_forged")
		_, err = h.service(store).Verify(t.Context(), operator, made.Key, h.store("sqlite"), nil)
		wantFault(t, "verifying", err, "backup_forged")
		_, err = h.service(h.store("sqlite")).Unsigned(true).Restore(t.Context(), operator, made.Key)
		wantFault(t, "restoring with --unsigned", err, "")
		h.signing = backups.SigningKeys{Public: append(ours.Public, theirs.Public...)} // BACKUP_VERIFY_KEYS
		_, err = h.service(h.store("sqlite")).Restore(t.Context(), operator, made.Key)
		wantFault(t, "restoring with both keys", err, "")
	})
	t.Run("made before there were signatures", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		store := h.store("sqlite")
		h.signing = backups.SigningKeys{}
		before := h.make(store)
		h.signing = ours
		_, err := h.service(h.store("sqlite")).Restore(t.Context(), operator, before.Key)
		wantFault(t, "restoring", err, "backup_unsigned")
		v, err := h.service(store).Verify(t.Context(), operator, before.Key, h.store("sqlite"), nil)
		wantFault(t, "verifying", err, "")
		if v.Signature != backups.SignatureBefore {
			t.Errorf("it is %s", v.Signature)
		}
		h.make(store)
		h.signing = backups.SigningKeys{}
		after := h.make(store) // which is what an attacker makes of it
		h.signing = ours
		_, err = h.service(store).Verify(t.Context(), operator, after.Key, h.store("sqlite"), nil)
		wantFault(t, "verifying one that came later", err, "backup_forged")
	})
}

// TestPruneRemovesSignatures: no signature outlives its backup.
func TestPruneRemovesSignatures(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	store := h.store("sqlite")
	old, kept := h.make(store), h.make(store)
	if _, err := h.service(store).Prune(t.Context(), operator, 0); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]bool{old.Key: false, signatureOf(old.Key): false, kept.Key: true, signatureOf(kept.Key): true} {
		_, err := h.blobs.Stat(t.Context(), key)
		if got := !errors.Is(err, fault.NotFound); got != want {
			t.Errorf("%s is there: %t, %v", key, got, err)
		}
	}
}

func (h *house) remove(key string) {
	h.t.Helper()
	if err := h.blobs.Remove(h.t.Context(), key); err != nil {
		h.t.Fatal(err)
	}
}

func wantFault(t *testing.T, what string, err error, code string) {
	t.Helper()
	if got := fault.CodeOf(err); got != code && (code != "" || got != "backup_keys_lost") { // no key has sealed what someRows makes
		t.Errorf("%s: code %q, want %q: %v", what, got, code, err)
	}
	if code == "" && err != nil && fault.CodeOf(err) == "" {
		t.Errorf("%s: %v", what, err)
	}
}
