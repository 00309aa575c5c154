package stored

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"surgicase/adapters/agevault"
	"surgicase/adapters/fileblob"
	"surgicase/adapters/sqlstore"
	"surgicase/application/backups"
	"surgicase/domain/audit"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

type deaf struct{}

func (deaf) Happened(context.Context, ports.Event) {}

// TestBackupFormatStays verifies the signature of a backup with what is spelled out here alone, and reads the members
// of its lines.
func TestBackupFormatStays(t *testing.T) {
	store, err := sqlstore.OpenSQLite(sqlstore.Config{URL: filled(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	now := given.NewClock()
	folder := filepath.Join(t.TempDir(), "objects")
	blobs, err := fileblob.Open(fileblob.Config{Folder: folder, LinkKey: make([]byte, 32), Now: now.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = blobs.Close() }()
	secret, err := agevault.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	vault, err := agevault.Open("", secret)
	if err != nil {
		t.Fatal(err)
	}
	seed := bytes.Repeat([]byte{3}, ed25519.SeedSize)
	signer, err := audit.NewSigner(seed)
	if err != nil {
		t.Fatal(err)
	}
	made, err := backups.New(store, backups.Outside{
		Blobs: blobs, Vault: vault, Clock: now, Events: deaf{}, Program: "test",
		Keys: func(context.Context, bool) (backups.SigningKeys, error) {
			return backups.SigningKeys{Signer: &signer}, nil
		},
	}).Make(t.Context(), permission.System("cli"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(made.Key, "backups/") {
		t.Errorf("the backup is %s", made.Key)
	}
	content := read(t, blobs, made.Key)
	signature := read(t, blobs, "backup-signatures/"+strings.TrimPrefix(made.Key, "backups/")+".json")
	checkSignature(t, made.Key, content, signature, seed)

	plain, err := vault.Unseal(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := gzip.NewReader(plain)
	if err != nil {
		t.Fatal(err)
	}
	checkLines(t, unpacked)
}

func read(t *testing.T, blobs ports.Blobs, key string) []byte {
	t.Helper()
	content, _, err := blobs.Get(t.Context(), key, ports.Span{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = content.Close() }()
	all, err := io.ReadAll(content)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func checkSignature(t *testing.T, key string, content, signature, seed []byte) {
	t.Helper()
	var file map[string]any
	if err := json.Unmarshal(signature, &file); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	want := map[string]any{"backup": key, "size": float64(len(content)), "sha256": hex.EncodeToString(sum[:])}
	for member, value := range want {
		if file[member] != value {
			t.Errorf("%s of the signature is %v, want %v", member, file[member], value)
		}
	}
	text := fmt.Sprintf("surgicase backup 1\n%s\n%d\n%x\n", key, len(content), sum)
	private := ed25519.NewKeyFromSeed(seed)
	var signed struct {
		Signature []byte `json:"signature"`
		KeyID     string `json:"key_id"`
	}
	if err := json.Unmarshal(signature, &signed); err != nil {
		t.Fatal(err)
	}
	id := sha256.Sum256(private[ed25519.SeedSize:])
	if !bytes.Equal(signed.Signature, ed25519.Sign(private, []byte(text))) || signed.KeyID != hex.EncodeToString(id[:8]) {
		t.Errorf("another text was signed than %q: %s", text, signature)
	}
}

// checkLines looks at the members of each kind of line, and at the end.
func checkLines(t *testing.T, from io.Reader) {
	t.Helper()
	kinds, lines := map[string]bool{}, bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if lines.Bytes()[0] == '[' {
			continue // a row
		}
		var members map[string]any
		if err := json.Unmarshal(lines.Bytes(), &members); err != nil {
			t.Fatal(err)
		}
		kinds[strings.Join(slices.Sorted(maps.Keys(members)), " ")] = true
		if end, is := members["end"]; is && end != "of backup" {
			t.Errorf("the end is %v", end)
		}
		if format, is := members["surgicase_backup"]; is && format != 1.0 {
			t.Errorf("the format is %v", format)
		}
	}
	want := []string{"end sha256", "made_at program schema signed surgicase_backup tables", "rows sha256 table"}
	if got := slices.Sorted(maps.Keys(kinds)); lines.Err() != nil || !slices.Equal(got, want) {
		t.Errorf("the lines have the members %q, want %q (%v)", got, want, lines.Err())
	}
}
