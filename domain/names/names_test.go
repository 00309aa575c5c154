package names_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"surgicase/domain/fault"
	"surgicase/domain/names"
)

// Every spelling of a line is one name.
var sameNames = [][]string{
	{
		"O'Connor", "O’Connor", "O‘Connor", "OʼConnor", "Oʻconnor", "O´Connor", "O`Connor", "O′Connor", "O＇Connor", "O‛Connor", "OꞌConnor",
		"O\"Connor", "OConnor", "oconnor", "O’CONNOR", "O\u02b9Connor", "O\uff40Connor", "O\u201bConnor", "O\u1fbdConnor", "O''Connor",
	},
	{
		"Smith-Jones", "Smith Jones", "Smith\u2010Jones", "Smith\u2011Jones", "Smith\u2012Jones", "Smith\u2013Jones", "Smith\u2014Jones", "Smith\u2015Jones",
		"Smith\u2212Jones", "Smith\ufe63Jones", "Smith\uff0dJones", "Smith\u00a0Jones", "Smith\u3000Jones", "Smith\u202fJones", " Smith  -  Jones ",
		"Smith--Jones", "smith\tjones", "Smith\u2043Jones", "Smith\u02d7Jones", "Smith\u2e3aJones", "Smith_Jones",
	},
	{"Doe Jr.", "Doe Jr", "Doe, Jr.", "DOE JR", "Doe Jr\u3002", "Doe\uff0cJr\uff0e"},
	{"J.R.", "JR", "jr", "J\u2024R"},
	{"Strauß", "STRAUSS", "Strauss", "STRAUẞ", "Strau\u017f\u017f"},
	{"Sam", "Ｓam", "ＳＡＭ", "\U0001d412am", "Ⓢam", "S\u00adam", "S\u200bam", "S\u200dam", "\ufeffSam", "S\u2060am", "\u202eSam", "S\u034fam", "S\u3164am", "Sam\ufe0f"},
	{"Sofia", "Soﬁa", "Sofía", "SOFI\u0301A", "Sofıa", "SOFİA"},
	{"Zoe", "Zoë", "Zoe\u0308", "ZOË", "Z\u00f3\u00e9"},
	{"Sørensen", "Sorensen", "SØRENSEN"},
	{"Łukasz", "Lukasz"},
	{"Ann", "Аnn", "Ann\u0361", "ᴀnn", "ꓮnn"},
	{"Nora", "Νora", "Nоra", "Norа", "Nοra"},
	{"Poppe", "Рорре", "ΡΟΡΡΕ", "РOРPЕ"},
	{"Peter", "Pеtеr", "Ρeter", "Реtеr"},
	{"Vincent", "Ѵincent", "vincent"},
	{"Cora", "\u03f2ora", "Сora", "Ⅽora", "Ꮯora"},
	{"Παύλος", "ΠΑΥΛΟΣ", "Παυλος"},
	{"Ёлкин", "ёлкин", "Елкин"},
	{"...", " ... "},
}

func TestFold(t *testing.T) {
	for _, spellings := range sameNames {
		want := names.Fold(spellings[0])
		for _, spelling := range spellings[1:] {
			if got := names.Fold(spelling); got != want {
				t.Errorf("Fold(%+q) = %+q, want %+q as for %q", spelling, got, want, spellings[0])
			}
		}
	}
}

func TestFold_different(t *testing.T) {
	different := []string{
		"Smith", "Smyth", "SmithJones", "Smith Jones", "Jones Smith", "O Connor", "OConnor", "OConor", "Doe", "Doe Jr", "Doe Sr", "Doe II", "Doe III", "J R", "JR",
		"Müller", "Mueller", "Иванов", "Петров", "김", "이", "山田", "山本", "Ναταλία", "Ann", "Anne", "...", "", "–x", "0'Connor", "?", "!",
	}
	seen := map[string]string{}
	for _, name := range different {
		folded := names.Fold(name)
		if other, found := seen[folded]; found {
			t.Errorf("%q and %q are both %q", name, other, folded)
		}
		seen[folded] = name
	}
}

func TestFold_twice(t *testing.T) {
	// A name that is folded holds nothing that folding removes.
	for c := rune(1); c <= 0x1ffff; c++ {
		isVisible := unicode.IsLetter(c) || unicode.IsMark(c) || unicode.IsSymbol(c) || unicode.IsPunct(c) || unicode.IsNumber(c)
		if 0x3400 <= c && c < 0xd7a4 || !isVisible {
			continue
		}
		for _, name := range []string{"a" + string(c) + "b", string(c)} {
			once := names.Fold(name)
			if twice := names.Fold(once); twice != once {
				t.Fatalf("Fold(%+q) = %+q, folded again %+q", name, once, twice)
			}
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, spellings := range sameNames {
		for _, s := range spellings {
			f.Add(s)
		}
	}
	f.Fuzz(func(t *testing.T, name string) {
		name = strings.ToValidUTF8(name, "")
		folded := names.Fold(name)
		if again := names.Fold(folded); again != folded {
			t.Errorf("Fold(%+q) = %+q, folded again %+q", name, folded, again)
		}
		for what, same := range map[string]string{
			"NFC": norm.NFC.String(name), "NFD": norm.NFD.String(name), "an apostrophe": name + "’", "a blank": " " + name + "\u00a0",
			"small letters as they were stored": strings.ToLower(strings.Join(strings.Fields(name), " ")),
		} {
			if names.Fold(same) != folded && strings.ContainsFunc(folded, unicode.IsLetter) {
				t.Errorf("Fold(%+q) = %+q, with %s %+q", name, folded, what, names.Fold(same))
			}
		}
		if !strings.ContainsAny(norm.NFKC.String(name), "ΝνΥυΗη") && names.Check(names.Visible(name)) != nil {
			t.Errorf("Visible(%+q) holds what Check refuses", name)
		}
	})
}

func TestCheck(t *testing.T) {
	for _, c := range []rune{
		0, '\n', '\t', 0x1b, 0x7f, 0x85, 0xad, 0x61c, 0x180e, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2060, 0x2066, 0x2069,
		0xfeff, 0xfff9, 0xe0001, 0xe0041, 0x3164, 0x115f, 0xffa0, 0x2800, 0xe000, 0x1d173,
	} {
		if err := names.Check("Sam" + string(c) + "Doe"); !errors.Is(err, fault.Invalid) {
			t.Errorf("%U is taken", c)
		}
		if got := names.Visible("Sam" + string(c) + "Doe"); got != "SamDoe" {
			t.Errorf("Visible with %U = %+q", c, got)
		}
	}
	for _, name := range []string{"Νora", "Steνen", "Smith Gυs", "Ηans"} {
		if err := names.Check(name); !errors.Is(err, fault.Invalid) {
			t.Errorf("Check(%+q) takes a letter that looks like two", name)
		}
	}
	taken := slices.Concat(sameNames[0], []string{"Zoe\u0308", "山田", "بن علي", "कमला", "O'Grady & <b>Sons</b>", "Sam 😀", "Smith\u00a0Jones", "i\u0307", "❤\ufe0f", "Νίκος", "Νίκος Smith", "Zoё"})
	for _, name := range taken {
		if err := names.Check(name); err != nil {
			t.Errorf("Check(%+q): %v", name, err)
		}
	}
}
