package npi_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"surgicase/domain/civil"
	"surgicase/domain/npi"
)

func TestWords(t *testing.T) {
	for name, want := range map[string]string{
		"O'BRIEN-MACY": "obrien macy", "ST. MARY'S": "st marys", "Zoë Łukasz-Straße": "zoe lukasz strasse", "Zoe\u0308": "zoe", "  A  B A ": "a b",
		"山田": "山田", "{}": "", "=== 3M CO.": "3m co", "Æsop": "aesop", strings.Repeat("x", 90): strings.Repeat("x", 40),
	} {
		if got := strings.Join(npi.Words(name), " "); got != want {
			t.Errorf("%q has the words %q, want %q", name, got, want)
		}
	}
}

func TestWordsOfWordsAreTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := npi.Words(rapid.String().Draw(t, "name"))
		if again := npi.Words(strings.Join(words, " ")); !slices.Equal(words, again) {
			t.Fatalf("%q became %q", words, again)
		}
		for _, w := range words {
			if strings.ContainsAny(w, "<>") {
				t.Fatalf("%q holds a sign of the index", w)
			}
		}
	})
}

func TestSameName(t *testing.T) {
	for _, pair := range []struct {
		a, b string
		same bool
	}{
		{"ROWENA TESTWELL", "Rowena Testwell", true},
		{"TESTWELL, ROWENA", "Rowena Q. Testwell", true},
		{"ROWENA TESTWELL", "Rowena Testwell-Smith", true},
		{"ROWENA TESTWELL", "Robin Testwell", false},
		{"ROWENA TESTWELL", "", false},
		{"", "", false},
	} {
		if npi.SameName(pair.a, pair.b) != pair.same || npi.SameName(pair.b, pair.a) != pair.same {
			t.Errorf("%+v", pair)
		}
	}
}

func TestActive(t *testing.T) {
	first, second := civil.Date{Year: 2026, Month: time.March, Day: 1}, civil.Date{Year: 2026, Month: time.March, Day: 2}
	for _, test := range []struct {
		gone, back civil.Date
		active     bool
	}{{active: true}, {gone: first}, {first, second, true}, {first, first, true}, {second, first, false}, {back: first, active: true}} {
		r := npi.Record{Deactivated: test.gone, Reactivated: test.back}
		if r.Active() != test.active {
			t.Errorf("%+v", test)
		}
	}
}

// lines draws lines about one NPI, no two of the same day.
func lines(t *rapid.T) []npi.Record {
	days := rapid.SliceOfNDistinct(rapid.IntRange(1, 28), 1, 6, rapid.ID).Draw(t, "days")
	out := make([]npi.Record, len(days))
	on := func(d int) civil.Date { return civil.Date{Year: 2026, Month: time.May, Day: d} }
	for i, d := range days {
		out[i] = npi.Record{Updated: on(d)}
		if rapid.Bool().Draw(t, "named") {
			out[i].Kind, out[i].Last = npi.Individual, rapid.SampledFrom([]string{"LEE", "LEIGH", "LI"}).Draw(t, "last")
		}
		if rapid.Bool().Draw(t, "gone") {
			out[i].Deactivated = on(rapid.IntRange(1, d).Draw(t, "day"))
		}
		if rapid.Bool().Draw(t, "back") {
			out[i].Reactivated = on(rapid.IntRange(1, d).Draw(t, "day"))
		}
	}
	return out
}

func TestDatesOfDeactivationMergeInAnyOrder(t *testing.T) {
	merge := func(lines []npi.Record) npi.Record {
		out := lines[0]
		for _, l := range lines[1:] {
			out = npi.Merge(out, l)
		}
		return out
	}
	rapid.Check(t, func(t *rapid.T) {
		in := lines(t)
		forth := merge(in)
		for _, l := range in {
			if again := npi.Merge(forth, l); again != forth {
				t.Fatalf("a line merged again changes %+v to %+v", forth, again)
			}
		}
		shuffled := rapid.Permutation(in).Draw(t, "order")
		other := merge(shuffled)
		if other.Active() != forth.Active() || other.Updated != forth.Updated {
			t.Fatalf("%+v or %+v", forth, other)
		}
	})
}

func TestMerge(t *testing.T) {
	on := func(d int) civil.Date { return civil.Date{Year: 2026, Month: time.May, Day: d} }
	named := npi.Record{Kind: npi.Individual, Last: "LEE", Updated: on(5)}
	gone := npi.Record{Deactivated: on(9), Updated: on(9)}
	if got := npi.Merge(named, gone); got.Last != "LEE" || got.Active() {
		t.Errorf("%+v", got)
	}
	if got := npi.Merge(gone, named); got.Last != "LEE" || got.Active() || got.Updated != on(9) {
		t.Errorf("%+v", got)
	}
	if got := npi.Merge(named, npi.Record{Kind: npi.Individual, Last: "OLD", Updated: on(4)}); got != named {
		t.Errorf("%+v", got)
	}
	if (&npi.Record{Kind: npi.Organization, Organization: "CENTER"}).Name() != "CENTER" || named.Name() != "LEE" {
		t.Error("names")
	}
	sum := npi.Tally{Rows: 1, Added: 1}.Plus(npi.Tally{Rows: 2, Changed: 1, Unchanged: 1, Rejected: 3})
	if sum != (npi.Tally{Rows: 3, Added: 1, Changed: 1, Unchanged: 1, Rejected: 3}) {
		t.Errorf("%+v", sum)
	}
}
