package npidirectory

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/test/given"
	"surgicase/test/nppes"
)

func TestAFileIsLoadedOnceWhateverItsName(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	content := csvOf(t, nppes.Spec{Rows: 250, Seed: 1, Hostile: 100})
	first, err := h.load("one.csv", content)
	if err != nil || first.Already || first.Tally.Rows < 250 || len(first.Rejected) == 0 {
		t.Fatalf("%+v, %v", first, err)
	}
	before := h.content()
	h.clock.Advance(time.Hour)
	again, err := h.load("two.csv", content)
	if err != nil || !again.Already || again.File.Name != "one.csv" || !again.FinishedAt.Equal(given.Morning) || h.content() != before {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := h.imports.Import(t.Context(), permission.Actor{User: "dr", Type: permission.Provider}, sourceOf("x", content), nil); !errors.Is(err, fault.Forbidden) {
		t.Errorf("a provider imports: %v", err)
	}
}

func TestFilesInAnyOrderMakeTheSameDirectory(t *testing.T) {
	t.Parallel()
	monthly := csvOf(t, nppes.Spec{Rows: 400, Seed: 1, Updated: "01/10/2026"})
	weekly := csvOf(t, nppes.Spec{Rows: 100, First: 350, Seed: 2, Updated: "01/17/2026"})
	var report bytes.Buffer
	if err := nppes.WriteReportZIP(&report, [][2]string{{nppes.Number(10), "01/12/2026"}, {nppes.Number(360), "01/12/2026"}, {nppes.Number(999), "01/12/2026"}}, false); err != nil {
		t.Fatal(err)
	}
	digests := map[string]bool{}
	for _, order := range [][][]byte{{monthly, weekly, report.Bytes()}, {report.Bytes(), weekly, monthly}, {weekly, report.Bytes(), monthly}} {
		h := newHouse(t, nil)
		for i, content := range order {
			if _, err := h.load(fmt.Sprint(i), content); err != nil {
				t.Fatal(err)
			}
		}
		digests[h.records()] = true
	}
	if len(digests) != 1 {
		t.Errorf("%d directories", len(digests))
	}
}

// records is a digest of the directory without its log.
func (h *house) records() string {
	h.t.Helper()
	db, err := sql.Open("sqlite3", strings.TrimPrefix(h.url, "sqlite://"))
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	var all, words string
	err = errors.Join(
		db.QueryRow("SELECT group_concat(npi || last_name || first_name || organization_name || updated_on || deactivated_on, ';') FROM (SELECT * FROM npi_directory ORDER BY npi)").Scan(&all),
		db.QueryRow("SELECT group_concat(word || npi || words, ';') FROM (SELECT * FROM npi_words ORDER BY part, word, npi)").Scan(&words))
	if err != nil {
		h.t.Fatal(err)
	}
	return all + words
}
