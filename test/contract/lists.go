package contract

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"surgicase/domain/civil"
	"surgicase/domain/directory"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// Lists is the contract of ports.Lists.
func Lists(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"a new store has a label for every status and type, and kinds of documents", seededLists},
		{"Put replaces a label, that of status 0 too", putStatus},
		{"Put replaces and adds user types, with and without a cap", putUserType},
		{"Put replaces and adds kinds of documents, told apart by letter case", putDocType},
		{"kinds of documents are removed unless a document has them", removeUnusedDocTypes},
		{"questions come by display order for exactly one type", faqs},
		{"no questions make an empty list, not nil", noFAQs},
	})
}

func (w *world) put(entry ports.ListEntry) {
	w.t.Helper()
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Lists.Put(ctx, entry) })
}

func (w *world) statuses() []directory.StatusLabel {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]directory.StatusLabel, error) {
		return r.Lists.Statuses(ctx)
	})
}

func (w *world) userTypes() []directory.UserTypeLabel {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]directory.UserTypeLabel, error) {
		return r.Lists.UserTypes(ctx)
	})
}

func (w *world) docTypes() []directory.DocType {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]directory.DocType, error) { return r.Lists.DocTypes(ctx) })
}

func (w *world) faqs(t permission.UserType) []directory.FAQ {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]directory.FAQ, error) { return r.Lists.FAQs(ctx, t) })
}

func removeUnusedDocTypes(w *world) {
	u := given.User("ann", 1)
	u.Documents = []directory.UserDocument{{Type: "Medical License", Name: surgical.NewPHI("license.pdf"), Key: surgical.NewPHI("k")}}
	w.do(func(ctx context.Context, r ports.Repos) error {
		if err := r.Users.Add(ctx, u); err != nil {
			return err
		}
		return r.Lists.RemoveUnusedDocTypes(ctx, directory.BuiltInDocTypes)
	})
	equal(w.t, "kinds", w.docTypes(), []directory.DocType{{Name: "Medical License", Prefix: "LIC"}})
}

func seededLists(w *world) {
	var statuses []surgical.Status
	for _, s := range w.statuses() {
		statuses = append(statuses, s.Status)
		if s.Label == "" {
			w.t.Errorf("status %d has no label", s.Status)
		}
	}
	equal(w.t, "statuses", statuses, surgical.Statuses)
	var types []permission.UserType
	for _, u := range w.userTypes() {
		types = append(types, u.Type)
		if _, err := surgical.ParseStatus(u.MaxStatus); err != nil {
			w.t.Errorf("type %d has the cap %d", u.Type, u.MaxStatus)
		}
	}
	equal(w.t, "types", types, []permission.UserType{1, 7, 10, 20, 100, 999})
	if len(w.docTypes()) == 0 {
		w.t.Error("there are no kinds of documents")
	}
}

func putStatus(w *world) {
	want := w.statuses()
	want[0].Label, want[1].Label = "Entwurf 📝", "Eingereicht"
	for i := range 2 {
		w.put(ports.ListEntry{Status: &want[i]})
	}
	equal(w.t, "statuses", w.statuses(), want)
}

func putUserType(w *world) {
	want := w.userTypes()
	want[0].MaxStatus = 0
	added := directory.UserTypeLabel{Type: 5, Label: "Trainee", MaxStatus: 10}
	w.put(ports.ListEntry{UserType: &want[0]})
	w.put(ports.ListEntry{UserType: &added})
	equal(w.t, "types", w.userTypes(), append([]directory.UserTypeLabel{want[0], added}, want[1:]...))
}

func putDocType(w *world) {
	first := directory.DocType{Name: "AAA", Prefix: "A"}
	for _, d := range []directory.DocType{{Name: "AAA", Prefix: "old"}, {Name: "zzz", Prefix: "Z"}, first, {Name: "aaa", Prefix: "a"}} {
		w.put(ports.ListEntry{DocType: &d})
	}
	got := w.docTypes()
	equal(w.t, "first", got[0], first)
	equal(w.t, "last two", got[len(got)-2:], []directory.DocType{{Name: "aaa", Prefix: "a"}, {Name: "zzz", Prefix: "Z"}})
}

func faqs(w *world) {
	long := strings.Repeat("Ä long answer. ", 5000)
	var entries []directory.FAQ
	for i, order := range []int{3, 1, 2, 1} {
		entries = append(entries, directory.FAQ{Type: 1, Header: fmt.Sprint("Question ", i), Text: long, Order: order})
	}
	other := directory.FAQ{Type: 10, Header: "Other", Text: "Other", Order: 0}
	w.put(ports.ListEntry{FAQ: &other})
	for i := range entries {
		w.put(ports.ListEntry{FAQ: &entries[i]})
		if entries[i].ID == 0 {
			w.t.Error("a question has no id")
		}
	}
	equal(w.t, "questions", w.faqs(1), []directory.FAQ{entries[1], entries[3], entries[2], entries[0]})
	equal(w.t, "others", w.faqs(10), []directory.FAQ{other})
}

func noFAQs(w *world) { isEmpty(w.t, "questions", w.faqs(20)) }

// Codes is the contract of ports.Codes.
func Codes(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"an entry comes back as stored", codeRoundTrip},
		{"Put replaces by code, kind and first day", putCodes},
		{"thousands of entries can be put at once", manyCodes},
		{"no entries make an empty list, not nil", noCodes},
		{"entries come by code, kind and first day, page by page", codePages},
		{"entries can be asked for by kind and by day", codesByKindAndDay},
		{"a search finds the start of a code and the words of a description", searchCodes},
		{"accents count, the letter case of ASCII does not", searchAccents},
		{"wildcards and quotes mean themselves", searchWildcards},
		{"a count counts all pages", countCodes},
	})
}

func (w *world) catalogue(entries ...directory.ProcedureCode) {
	w.t.Helper()
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Codes.Put(ctx, entries) })
}

func (w *world) codes(q ports.CodeQuery) []directory.ProcedureCode {
	w.t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	return read(w, func(ctx context.Context, r ports.Repos) ([]directory.ProcedureCode, error) {
		return r.Codes.List(ctx, q)
	})
}

func entry(code, description string) directory.ProcedureCode {
	return directory.ProcedureCode{Code: code, Kind: "cpt", Description: description, Category: "general"}
}

func codesOf(entries []directory.ProcedureCode) string {
	var codes []string
	for _, e := range entries {
		codes = append(codes, e.Code)
	}
	return strings.Join(codes, " ")
}

func day(year, dayOfJanuary int) civil.Date {
	return civil.Date{Year: year, Month: 1, Day: dayOfJanuary}
}

func codeRoundTrip(w *world) {
	e := entry("Z9001", strings.Repeat("Résection ", 240))
	e.From, e.Until = day(2025, 1), day(2025, 31)
	w.catalogue(e)
	equal(w.t, "entries", w.codes(ports.CodeQuery{}), []directory.ProcedureCode{e})
}

func putCodes(w *world) {
	old, open := entry("Z9001", "old"), entry("Z9001", "open")
	old.From, old.Until = day(2024, 1), day(2024, 31)
	w.catalogue(old, open, entry("Z9001", "again"))
	hcpcs := entry("Z9001", "other kind")
	hcpcs.Kind = "hcpcs"
	old.Until, old.Description, old.Category = civil.Date{}, "new", ""
	w.catalogue(hcpcs, old)
	w.catalogue()
	equal(w.t, "entries", w.codes(ports.CodeQuery{}), []directory.ProcedureCode{entry("Z9001", "again"), old, hcpcs})
}

func manyCodes(w *world) {
	entries := make([]directory.ProcedureCode, 2500)
	for i := range entries {
		entries[i] = entry(fmt.Sprintf("%05d", i), "description")
	}
	w.catalogue(entries...)
	w.catalogue(entries...)
	equal(w.t, "entries", len(w.codes(ports.CodeQuery{Limit: 20_000})), 2500)
}

func noCodes(w *world) {
	isEmpty(w.t, "entries", w.codes(ports.CodeQuery{}))
	isEmpty(w.t, "found", w.codes(ports.CodeQuery{Search: "x"}))
}

func codePages(w *world) {
	var entries []directory.ProcedureCode
	for i := range 12 {
		e := entry(fmt.Sprint("Z900", i/6), "description")
		if i%6 >= 3 {
			e.Kind = "hcpcs"
		}
		if i%3 > 0 {
			e.From = day(2020+i%3, 1)
		}
		entries = append(entries, e)
	}
	w.catalogue(entries...)
	equal(w.t, "all", w.codes(ports.CodeQuery{}), entries)
	q := ports.CodeQuery{Limit: 5, Search: "desc"}
	for first := 0; first < len(entries); first += 5 {
		page := w.codes(q)
		equal(w.t, fmt.Sprint("page from ", first), page, entries[first:min(first+5, 12)])
		q.After = &page[len(page)-1]
	}
	isEmpty(w.t, "beyond the last page", w.codes(q))
}

func codesByKindAndDay(w *world) {
	open, first, second, hcpcs := entry("A0001", ""), entry("B0001", ""), entry("C0001", ""), entry("D0001", "")
	first.Until = day(2024, 31)
	second.From = day(2025, 1)
	hcpcs.Kind = "hcpcs"
	w.catalogue(open, first, second, hcpcs)
	equal(w.t, "kind", codesOf(w.codes(ports.CodeQuery{Kind: "hcpcs"})), "D0001")
	equal(w.t, "before", codesOf(w.codes(ports.CodeQuery{On: day(2024, 31)})), "A0001 B0001 D0001")
	equal(w.t, "between", codesOf(w.codes(ports.CodeQuery{On: civil.Date{Year: 2024, Month: 2, Day: 1}})), "A0001 D0001")
	equal(w.t, "after", codesOf(w.codes(ports.CodeQuery{On: day(2025, 1), Kind: "cpt"})), "A0001 C0001")
}

func searchCodes(w *world) {
	w.catalogue(entry("27447", "Total knee replacement"), entry("27130", "Total hip replacement"), entry("Z9001", "Knee injection, left"), entry("J0001", "drug"))
	for search, want := range map[string]string{
		"27": "27130 27447", "274": "27447", "7447": "", "z9": "Z9001", "knee": "27447 Z9001", "KNEE total": "27447", "repl hip": "27130",
		"total  \t replacement ": "27130 27447", "knee hip": "", "": "27130 27447 J0001 Z9001", "  ": "27130 27447 J0001 Z9001",
	} {
		equal(w.t, "search for "+search, codesOf(w.codes(ports.CodeQuery{Search: search})), want)
	}
	equal(w.t, "with a kind", codesOf(w.codes(ports.CodeQuery{Search: "knee", Kind: "hcpcs"})), "")
	after := entry("27447", "")
	equal(w.t, "after a code", codesOf(w.codes(ports.CodeQuery{Search: "knee", After: &after})), "Z9001")
}

func searchAccents(w *world) {
	w.catalogue(entry("A0001", "résection"), entry("A0002", "resection"), entry("A0003", "ÉPAULE"))
	for search, want := range map[string]string{"résection": "A0001", "RéSECTION": "A0001", "resection": "A0002", "Resect": "A0002", "ÉPAULE": "A0003", "Épaule": "A0003"} {
		equal(w.t, "search for "+search, codesOf(w.codes(ports.CodeQuery{Search: search})), want)
	}
}

func searchWildcards(w *world) {
	w.catalogue(entry("A0001", "100% of it"), entry("A0002", "1000 of it"), entry("A0003", "snake_case"), entry("A0004", `back\slash`), entry("A0005", "wow! it's"))
	for search, want := range map[string]string{
		"100%": "A0001", "%": "A0001", "_": "A0003", "snake_": "A0003", `\`: "A0004", `k\s`: "A0004", "!": "A0005", "it's": "A0005", "A____": "", "' OR 1=1 --": "",
	} {
		equal(w.t, "search for "+search, codesOf(w.codes(ports.CodeQuery{Search: search})), want)
	}
}

func countCodes(w *world) {
	count := func(q ports.CodeQuery) int {
		return read(w, func(ctx context.Context, r ports.Repos) (int, error) { return r.Codes.Count(ctx, q) })
	}
	equal(w.t, "none", count(ports.CodeQuery{}), 0)
	hcpcs, later := entry("A0003", "knee"), entry("A0004", "hip")
	hcpcs.Kind, later.From = "hcpcs", day(2026, 2)
	w.catalogue(entry("A0001", "knee"), entry("A0002", "hip"), hcpcs, later)
	after := entry("A0002", "")
	equal(w.t, "all", count(ports.CodeQuery{Limit: 1, After: &after}), 4)
	equal(w.t, "found", count(ports.CodeQuery{Search: "knee"}), 2)
	equal(w.t, "of a kind", count(ports.CodeQuery{Kind: "cpt"}), 3)
	equal(w.t, "on a day", count(ports.CodeQuery{On: day(2026, 1)}), 3)
}
