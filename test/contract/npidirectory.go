package contract

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/npi"
	"surgicase/ports"
	"surgicase/test/given"
)

// NPIDirectory is the contract of ports.NPIDirectory.
func NPIDirectory(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"a record comes back as loaded", recordRoundTrip},
		{"it is empty until something was loaded", emptyDirectory},
		{"an unknown NPI is NotFound", unknownNPI},
		{"the newer line wins, whichever comes first", newerLineWins},
		{"a deactivated NPI keeps its name and is found by nobody", deactivatedRecord},
		{"a name that changed is found by its new words only", changedName},
		{"every word must begin a word of the name", everyWord},
		{"accents, letter case, apostrophes, full stops and hyphens do not matter", foldedWords},
		{"words of first names are not found in last names", wordsOfParts},
		{"a state narrows", searchByState},
		{"whole words come before longer ones, and the limit holds", rankedSearch},
		{"a search without words finds none, as an empty list", emptySearch},
		{"an NPI that comes twice in a batch is there once", twiceInABatch},
		{"a load goes on where it ended, and is done once", resumedLoad},
		{"a batch that fails leaves nothing", failedBatch},
		{"whoever begins later overtakes", overtakenLoad},
		{"rejected rows are kept in order", rejectedRows},
	})
}

func september(d int) civil.Date { return civil.Date{Year: 2026, Month: time.September, Day: d} }

// person and company are records with numbers made of n.
func person(n int, first, last string, updated int) npi.Record {
	return npi.Record{
		NPI: given.NPIOf(n), Kind: npi.Individual, First: first, Last: last, Updated: september(updated),
		Address: npi.Address{Line: "1 SAMPLE PLAZA", City: "TESTVILLE", State: "OR", ZIP: "970010001"},
	}
}

func company(n int, name string, updated int) npi.Record {
	return npi.Record{
		NPI: given.NPIOf(n), Kind: npi.Organization, Organization: name, Updated: september(updated),
		Address: npi.Address{Line: "2 SAMPLE PLAZA", City: "TESTVILLE", State: "WA", ZIP: "98001"},
	}
}

func fileOf(name string) npi.File {
	sum := sha256.Sum256([]byte(name))
	return npi.File{Name: name, SHA256: sum[:], Size: int64(len(name))}
}

// writing is attempt in a transaction that writes.
func writing[T any](w *world, fn func(context.Context, ports.Repos) (T, error)) (got T, err error) {
	err = w.try(func(ctx context.Context, r ports.Repos) (err error) {
		got, err = fn(ctx, r)
		return err
	})
	return got, err
}

func (w *world) beginLoad(name string) npi.Load {
	w.t.Helper()
	load, err := writing(w, func(ctx context.Context, r ports.Repos) (npi.Load, error) {
		return r.NPILoads.Begin(ctx, fileOf(name), w.clock.Now())
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return load
}

func (w *world) apply(load npi.Load, lines ...npi.Record) (npi.Load, error) {
	return writing(w, func(ctx context.Context, r ports.Repos) (npi.Load, error) {
		return r.NPILoads.Apply(ctx, load, npi.Batch{Rows: int64(len(lines)), Records: lines})
	})
}

// publish loads lines as a file of their own.
func (w *world) publish(lines ...npi.Record) npi.Tally {
	w.t.Helper()
	load, err := w.apply(w.beginLoad(w.ids.Unique()), lines...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.do(func(ctx context.Context, r ports.Repos) error { return r.NPILoads.Finish(ctx, load, w.clock.Now()) })
	return load.Tally
}

func (w *world) directoryHas(n int) (npi.Record, error) {
	return attempt(w, func(ctx context.Context, r ports.Repos) (npi.Record, error) { return r.NPIs.Get(ctx, given.NPIOf(n)) })
}

func (w *world) search(q npi.Query) []npi.Record {
	w.t.Helper()
	if q.Limit == 0 {
		q.Limit = 50
	}
	found, err := attempt(w, func(ctx context.Context, r ports.Repos) ([]npi.Record, error) { return r.NPIs.Search(ctx, q) })
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// namesFound searches individuals by "last" or "last/first" and gives their names.
func (w *world) namesFound(text string) string {
	w.t.Helper()
	last, first, _ := strings.Cut(text, "/")
	var names []string
	for _, r := range w.search(npi.Query{Kind: npi.Individual, Last: npi.Words(last), First: npi.Words(first)}) {
		names = append(names, r.Name())
	}
	return strings.Join(names, ", ")
}

func recordRoundTrip(w *world) {
	a, b := person(1, "ZOË", "O'BRIEN-MACY", 1), company(2, "ST. MARY'S HOSPITAL {EAST} 100%_\\", 2)
	b.Deactivated, b.Reactivated = september(1), september(2)
	equal(w.t, "tally", w.publish(a, b), npi.Tally{Rows: 2, Added: 2})
	for i, want := range []npi.Record{a, b} {
		got, err := w.directoryHas(i + 1)
		equal(w.t, "error", err, nil)
		equal(w.t, "record", got, want)
	}
}

func unknownNPI(w *world) {
	_, err := w.directoryHas(1)
	refused(w.t, err, fault.NotFound, "npi_not_found")
}

func newerLineWins(w *world) {
	older, newer := person(1, "ANN", "OLD", 1), person(1, "ANN", "NEW", 2)
	w.publish(older)
	equal(w.t, "newer", w.publish(newer), npi.Tally{Rows: 1, Changed: 1})
	equal(w.t, "older", w.publish(older), npi.Tally{Rows: 1, Unchanged: 1})
	equal(w.t, "again", w.publish(newer), npi.Tally{Rows: 1, Unchanged: 1})
	got, _ := w.directoryHas(1)
	equal(w.t, "record", got, newer)
	equal(w.t, "found by the new name", w.namesFound("new"), "ANN NEW")
	equal(w.t, "found by the old name", w.namesFound("old"), "")
}

func deactivatedRecord(w *world) {
	w.publish(person(1, "ANN", "GONE", 5))
	w.publish(npi.Record{NPI: given.NPIOf(1), Deactivated: september(3)}, npi.Record{NPI: given.NPIOf(2), Deactivated: september(3)})
	got, err := w.directoryHas(1)
	equal(w.t, "error", err, nil)
	equal(w.t, "name and active", []any{got.Name(), got.Active()}, []any{"ANN GONE", false})
	got, err = w.directoryHas(2)
	equal(w.t, "unknown before", []any{err, got.Active()}, []any{nil, false})
	equal(w.t, "found", w.namesFound("gone"), "")
	w.publish(person(1, "ANN", "GONE", 5)) // an older file does not bring it back
	equal(w.t, "found by an older file", w.namesFound("gone"), "")
	back := person(1, "ANN", "BACK", 9)
	back.Deactivated, back.Reactivated = september(3), september(9)
	w.publish(back)
	equal(w.t, "reactivated", w.namesFound("back"), "ANN BACK")
}

func changedName(w *world) {
	w.publish(company(1, "NORTH SURGERY CENTER", 1), person(2, "ANN", "LEE", 1))
	w.publish(company(1, "SOUTH SURGERY CENTER", 2))
	find := func(text string) int {
		return len(w.search(npi.Query{Kind: npi.Organization, Name: npi.Words(text)}))
	}
	equal(w.t, "north", find("north"), 0)
	equal(w.t, "south", find("south"), 1)
	equal(w.t, "both words", find("center south"), 1)
	equal(w.t, "old and kept word", find("center north"), 0)
	equal(w.t, "other kind", find("lee"), 0)
}

func everyWord(w *world) {
	w.publish(person(1, "MARY ANN", "VAN DER BERG", 1), person(2, "MARY", "BERGMAN", 1), person(3, "JOHN", "BERG", 1))
	for query, want := range map[string]string{
		"berg": "JOHN BERG, MARY ANN VAN DER BERG, MARY BERGMAN", "berg/mary": "MARY ANN VAN DER BERG, MARY BERGMAN", "berg/ann": "MARY ANN VAN DER BERG",
		"der": "MARY ANN VAN DER BERG", "van berg/an ma": "MARY ANN VAN DER BERG", "erg": "", "berg/peter": "", "/john": "JOHN BERG", "ber/jo": "JOHN BERG",
		"%": "", "b%g": "", "b_rg": "",
	} {
		equal(w.t, query, w.namesFound(query), want)
	}
}

func foldedWords(w *world) {
	w.publish(person(1, "SEÁN", "O'BRIEN-MACY", 1), company(2, "ST. MARY'S HÔPITAL", 1), person(3, "Jürgen", "Groß", 1), person(4, "愛", "山田", 1))
	for _, query := range []string{"obrien", "macy", "O’Brien", "o'brien", "OBR/sean", "macy obrien", "Obrïen/Seán"} {
		equal(w.t, query, w.namesFound(query), "SEÁN O'BRIEN-MACY")
	}
	equal(w.t, "gross", w.namesFound("gross/jurgen"), "Jürgen Groß")
	equal(w.t, "other script", w.namesFound("山"), "愛 山田")
	for _, query := range []string{"marys", "st marys", "MARY'S", "hopital st", "s.t."} {
		equal(w.t, query, len(w.search(npi.Query{Kind: npi.Organization, Name: npi.Words(query)})), 1)
	}
}

func wordsOfParts(w *world) {
	w.publish(person(1, "THOMAS", "JAMES", 1), person(2, "JAMES", "THOMAS", 1))
	equal(w.t, "last", w.namesFound("thomas"), "JAMES THOMAS")
	equal(w.t, "first", w.namesFound("/thomas"), "THOMAS JAMES")
	equal(w.t, "both", w.namesFound("james/thomas"), "THOMAS JAMES")
}

func searchByState(w *world) {
	here, there := person(1, "ANN", "LEE", 1), person(2, "BEA", "LEE", 1)
	there.Address.State = "wa"
	w.publish(here, there)
	find := func(state string) int {
		return len(w.search(npi.Query{Kind: npi.Individual, Last: []string{"lee"}, State: state}))
	}
	equal(w.t, "OR, WA, TX, all", []int{find("OR"), find("WA"), find("TX"), find("")}, []int{1, 1, 0, 2})
	here.Address.State, here.Updated = "TX", september(2)
	w.publish(here)
	equal(w.t, "moved", []int{find("OR"), find("TX")}, []int{0, 1})
}

func rankedSearch(w *world) {
	var lines []npi.Record
	for i := range 300 {
		lines = append(lines, person(1000+i, fmt.Sprintf("A%03d", i), "SMITHSON", 1))
	}
	w.publish(append(lines, person(1, "ZED", "SMITH", 1))...)
	found := w.search(npi.Query{Kind: npi.Individual, Last: []string{"smith"}})
	equal(w.t, "found", len(found), 50)
	equal(w.t, "first", found[0].Name(), "ZED SMITH")
	equal(w.t, "second", found[1].Name(), "A000 SMITHSON")
}

func emptyDirectory(w *world) {
	empty := func() bool {
		w.t.Helper()
		return read(w, func(ctx context.Context, r ports.Repos) (bool, error) { return r.NPIs.Empty(ctx) })
	}
	equal(w.t, "empty at first", empty(), true)
	w.publish(person(1, "ANN", "LEE", 1))
	equal(w.t, "empty afterwards", empty(), false)
}

func emptySearch(w *world) {
	w.publish(person(1, "ANN", "LEE", 1))
	for _, q := range []npi.Query{{Kind: npi.Individual}, {Kind: npi.Organization, Last: []string{"lee"}}, {Kind: npi.Individual, Last: []string{"nobody"}}} {
		if found := w.search(q); found == nil || len(found) > 0 {
			w.t.Errorf("%+v found %v", q, found)
		}
	}
}

func twiceInABatch(w *world) {
	equal(w.t, "tally", w.publish(person(1, "ANN", "FIRST", 2), person(1, "ANN", "SECOND", 2), person(1, "ANN", "OLD", 1)), npi.Tally{Rows: 3, Added: 1, Changed: 1, Unchanged: 1})
	equal(w.t, "found", w.namesFound("/ann"), "ANN SECOND")
}

func resumedLoad(w *world) {
	load := w.beginLoad("weekly.zip")
	equal(w.t, "new", load.Tally, npi.Tally{})
	if _, err := w.apply(load, person(1, "ANN", "LEE", 1)); err != nil {
		w.t.Fatal(err)
	}
	load = w.beginLoad("weekly.zip")
	equal(w.t, "resumed", []any{load.Tally, load.FinishedAt.IsZero()}, []any{npi.Tally{Rows: 1, Added: 1}, true})
	load, err := w.apply(load, person(2, "BEA", "LEE", 1))
	equal(w.t, "error", err, nil)
	w.do(func(ctx context.Context, r ports.Repos) error { return r.NPILoads.Finish(ctx, load, given.Morning) })
	w.beginLoad("begun.zip")
	load = w.beginLoad("weekly.zip")
	names, err := attempt(w, func(ctx context.Context, r ports.Repos) ([]string, error) {
		return r.NPILoads.Loaded(ctx, []string{"weekly.zip", "other.zip", "begun.zip"})
	})
	equal(w.t, "names", []any{names, err}, []any{[]string{"weekly.zip"}, nil})
	equal(w.t, "done", []any{load.Tally, load.FinishedAt}, []any{npi.Tally{Rows: 2, Added: 2}, given.Morning})
}

func failedBatch(w *world) {
	load := w.beginLoad("weekly.zip")
	_ = w.try(func(ctx context.Context, r ports.Repos) error {
		if _, err := r.NPILoads.Apply(ctx, load, npi.Batch{Rows: 1, Records: []npi.Record{person(1, "ANN", "LEE", 1)}}); err != nil {
			return err
		}
		return fault.New(fault.Invalid, "no", "no")
	})
	equal(w.t, "found", w.namesFound("lee"), "")
	equal(w.t, "resumed", w.beginLoad("weekly.zip").Tally, npi.Tally{})
}

func overtakenLoad(w *world) {
	early := w.beginLoad("one")
	late := w.beginLoad("two")
	_, err := w.apply(early, person(1, "ANN", "LEE", 1))
	refused(w.t, err, fault.Conflict, "npi_load_overtaken")
	err = w.try(func(ctx context.Context, r ports.Repos) error { return r.NPILoads.Finish(ctx, early, given.Morning) })
	refused(w.t, err, fault.Conflict, "npi_load_overtaken")
	_, err = w.apply(late, person(1, "ANN", "LEE", 1))
	equal(w.t, "the later one", err, nil)
	_, err = w.apply(late, person(1, "ANN", "LEE", 1)) // from where it stood before the batch
	refused(w.t, err, fault.Conflict, "npi_load_overtaken")
}

func rejectedRows(w *world) {
	load := w.beginLoad("bad")
	batch := npi.Batch{Rows: 9, Rejected: []npi.Rejection{{Row: 2, Reason: "has no NPI"}, {Row: 7, Reason: "is no row"}}}
	load, err := writing(w, func(ctx context.Context, r ports.Repos) (npi.Load, error) { return r.NPILoads.Apply(ctx, load, batch) })
	equal(w.t, "error", err, nil)
	equal(w.t, "tally", load.Tally, npi.Tally{Rows: 9, Rejected: 2})
	list := func(after int64, limit int) []npi.Rejection {
		got, err := attempt(w, func(ctx context.Context, r ports.Repos) ([]npi.Rejection, error) {
			return r.NPILoads.Rejected(ctx, load.ID, after, limit)
		})
		equal(w.t, "error", err, nil)
		return got
	}
	equal(w.t, "all", list(0, 10), batch.Rejected)
	equal(w.t, "page", list(0, 1), batch.Rejected[:1])
	equal(w.t, "rest", list(2, 10), batch.Rejected[1:])
	equal(w.t, "none", list(7, 10), []npi.Rejection{})
}
