package stored

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"surgicase/adapters/sqlstore"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// noteKeySet notes what is read out of the fixed key set.
func noteKeySet(t *testing.T, note func(string, []byte)) {
	t.Helper()
	keys, err := (&sqlstore.Store{}).Keys([]byte(fixedKeys(t)))
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range keys {
		added, promoted := k.Added.Format(time.RFC3339), k.Promoted.Format(time.RFC3339)
		text := fmt.Sprintf("%d primary=%t added=%s promoted=%s", k.ID, k.Primary, added, promoted)
		note(fmt.Sprintf("key set: key %d", i+1), []byte(text))
	}
	chain, err := sqlstore.ChainKeysOf([]byte(fixedKeys(t)))
	if err != nil || len(chain) != 1 {
		t.Fatal(chain, err)
	}
	note("key set: chain key", []byte(chain[0].ID()))
}

// filled is a database with a value in every encrypted column and every keyed digest.
func filled(t *testing.T) (databaseURL string) {
	t.Helper()
	keys, err := sqlstore.OpenKeyring([]byte(fixedKeys(t)))
	if err != nil {
		t.Fatal(err)
	}
	url := given.TempSQLite(t)
	store, err := sqlstore.OpenSQLite(sqlstore.Config{URL: url, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	if _, err := store.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	now, body := given.Morning, sha256.Sum256([]byte(`{"case_id":"c-1"}`))
	err = store.InTx(t.Context(), func(ctx context.Context, r ports.Repos) error {
		if err := r.Users.Add(ctx, given.User("dr-a", permission.Provider)); err != nil {
			return err
		}
		if err := r.Cases.Add(ctx, given.Case("c-1", "dr-a")); err != nil {
			return err
		}
		if err := r.Statements.AddPassword(ctx, "dr-a", surgical.NewPHI("a password"), now); err != nil {
			return err
		}
		row := ports.Arrival{Table: "cases", ID: "c-1", Became: "c-1", Content: surgical.NewPHI("a row")}
		if err := r.Arrivals.Add(ctx, []ports.Arrival{row}); err != nil {
			return err
		}
		request := ident.RequestKey{Caller: "dr-a", Route: "POST /case", Key: "k-1"}
		_, err := r.Requests.Begin(ctx, request, body[:], now, now.Add(time.Minute), now.Add(-time.Hour))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// noteDigestColumns notes the keyed digests by which equal values are found without storing them.
func noteDigestColumns(t *testing.T, note func(string, []byte)) {
	t.Helper()
	url := filled(t)
	for name, query := range map[string]string{
		"cases.twin_digest":          "SELECT lower(hex(twin_digest)) FROM cases",
		"cases.folded_digest":        "SELECT lower(hex(folded_digest)) FROM cases",
		"case_documents.key_digest":  "SELECT lower(hex(key_digest)) FROM case_documents WHERE kind = 'demo'",
		"arrivals.content_digest":    "SELECT lower(hex(content_digest)) FROM arrivals",
		"idempotency_keys.body_hash": "SELECT lower(hex(body_hash)) FROM idempotency_keys",
	} {
		note("column "+name, one(t, url, query))
	}
}

// one is the hexadecimal value that a query gives.
func one(t *testing.T, url, query string) []byte {
	t.Helper()
	rows := given.Rows(t, url, query)
	if len(rows) != 1 {
		t.Fatalf("%s: %q", query, rows)
	}
	value, err := hex.DecodeString(strings.TrimSpace(rows[0]))
	if err != nil {
		t.Fatalf("%s: %q, %v", query, rows, err)
	}
	return value
}

// TestAssociatedDataStays opens what the store has encrypted with Tink alone. The associated data is spelled out here:
// with another one nothing that is stored can be opened.
func TestAssociatedDataStays(t *testing.T) {
	var members struct{ Seal json.RawMessage }
	if err := json.Unmarshal([]byte(fixedKeys(t)), &members); err != nil {
		t.Fatal(err)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(members.Seal)))
	if err != nil {
		t.Fatal(err)
	}
	opener, err := aead.New(handle)
	if err != nil {
		t.Fatal(err)
	}
	url := filled(t)
	digestKey := sha256.Sum256([]byte("c-1"))
	for _, x := range []struct{ column, from, data, want string }{
		{"patient_first", "cases", "patient_first\x1fc-1", "Pat"},
		{"patient_last", "cases", "patient_last\x1fc-1", "Patient-c-1"},
		{"patient_dob", "cases", "patient_dob\x1fc-1", "1961-07-08"},
		{"digest_key", "cases", "digest_key\x1fc-1", string(digestKey[:])},
		{"file_name", "case_documents WHERE kind = 'demo'", "file_name\x1f1/demo", "demo-c-1.pdf"},
		{"object_key", "case_documents WHERE kind = 'note'", "object_key\x1f1/note", "private/case-documents/dr-a/note-c-1.pdf"},
		{"tax_id", "users", "tax_id\x1fdr-a", "123456789"},
		{"document_name", "user_documents", "document_name\x1fdr-a", "licence-dr-a.pdf"},
		{"object_key", "user_documents", "object_key\x1fdr-a", "private/user-documents/dr-a/licence-dr-a.pdf"},
		{"report_password", "report_passwords", "report_password\x1fdr-a", "a password"},
	} {
		sealed := one(t, url, "SELECT hex("+x.column+") FROM "+x.from)
		if plain, err := opener.Decrypt(sealed, []byte(x.data)); err != nil || string(plain) != x.want {
			t.Errorf("%s of %s with %q: %q, %v", x.column, x.from, x.data, plain, err)
		}
	}
}
