package api

import (
	"bytes"
	"database/sql"
	"encoding/hex"
	"net/http"
	"net/url"
	"os"
	"testing"

	"surgicase/test/given"
)

// What is purged leaves no trace in the file of the database, encrypted or not: free pages are overwritten.
func TestPurgedValuesAreGoneFromTheFile(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), nil)
	at := p.cast()["provider"]
	const insurer = "Insurer-of-a-purged-case"
	p.drafts("provider", at, "gone", "kept")
	for id, name := range map[string]string{"gone": insurer, "kept": "Insurer-of-another"} {
		p.send(http.MethodPatch, "/case", "provider", map[string]any{"case_id": id, "ins_provider": name}).is(200)
	}
	encrypted, err := hex.DecodeString(p.database().value("SELECT HEX(patient_last) FROM cases c JOIN case_ids i ON i.human_case_id = c.human_case_id WHERE i.case_id = 'gone'"))
	if err != nil || len(encrypted) < 20 {
		t.Fatalf("%x %v", encrypted, err)
	}
	for what, value := range map[string][]byte{"plain text": []byte(insurer), "encrypted": encrypted} {
		if !p.inFile(value) {
			t.Fatalf("%s: it is not found before, so this test says nothing", what)
		}
	}
	p.send(http.MethodDelete, "/case?case_id=gone", "provider", nil).is(200)
	p.purge()
	for what, value := range map[string][]byte{"plain text": []byte(insurer), "encrypted": encrypted} {
		if p.inFile(value) {
			t.Errorf("%s: it is still in the file", what)
		}
	}
	if !p.inFile([]byte("Insurer-of-another")) {
		t.Error("what is kept is gone, too")
	}
}

// inFile reports whether a value is in the file of the database or in its log, once the log was carried over.
func (p *program) inFile(value []byte) bool {
	p.t.Helper()
	u, err := url.Parse(p.databaseURL)
	if err != nil {
		p.t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", "file:"+u.Path+"?_busy_timeout=10000")
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var busy, frames, done int
	if err := db.QueryRowContext(p.t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &done); err != nil || busy != 0 {
		p.t.Fatalf("the log was not carried over: %d, %v", busy, err)
	}
	for _, name := range []string{u.Path, u.Path + "-wal"} {
		content, err := os.ReadFile(name)
		if err != nil {
			p.t.Fatal(err)
		}
		if bytes.Contains(content, value) {
			return true
		}
	}
	return false
}
