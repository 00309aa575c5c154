package directory_test

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"surgicase/domain/directory"
)

func TestProperSpelling(t *testing.T) {
	for _, kind := range []struct {
		name  string
		spell func(string) string
		cases map[string]string
	}{
		{"name", directory.ProperName, map[string]string{
			"MCDONALD": "McDonald", "O'CONNOR": "O'Connor", "SMITH-JONES": "Smith-Jones", "SAN FRANCISCO": "San Francisco", "  JANE   DOE ": "Jane Doe",
			"MACY": "Macy", "MACK": "Mack", "MACDONALD": "MacDonald", "MACEDO": "Macedo", "mc": "Mc", "mac": "Mac", "de la cruz": "De La Cruz",
			"O'BRIEN-MCKAY": "O'Brien-McKay", "ÁNGEL ÑANDÚ": "Ángel Ñandú", "D'ANGELO": "D'Angelo", "JR.": "Jr.", "": "", "-": "-", "'": "'", "MACHADO": "Machado",
		}},
		{"facility", directory.ProperFacility, map[string]string{
			"ST. MARY'S HOSPITAL": "St. Mary's Hospital", "(MAIN) CLINIC": "(Main) Clinic", "CHILDREN'S HOSPITAL (EAST)": "Children's Hospital (East)",
			"EXAMPLE SURGERY CENTER, LLC": "Example Surgery Center, LLC", "MACY'S CLINIC INC.": "Macy's Clinic Inc.", "[NORTH] {WING}": "[North] {Wing}",
		}},
		{"address", directory.ProperAddress, map[string]string{
			"123 MAIN ST. STE 4B": "123 Main St. Ste 4B", "10 NE 5TH ST": "10 NE 5th St", "1 N. SAMPLE PLAZA": "1 N. Sample Plaza", "PO BOX 12": "PO Box 12",
			"22ND AVE (REAR)": "22nd Ave (Rear)",
		}},
		{"state", directory.ProperState, map[string]string{"or": "OR", "OREGON": "Oregon", " tx ": "TX", "": "", "NEW YORK": "New York"}},
	} {
		for in, want := range kind.cases {
			if got := kind.spell(in); got != want {
				t.Errorf("%s %q is spelled %q, want %q", kind.name, in, got, want)
			}
		}
	}
}

func TestProperSpellingChangesOnlyLetterCase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.StringMatching(`[A-Za-zÀ-ÖØ-öø-ÿ0-9 .,'()\[\]{}!-]{0,40}`).Draw(t, "text")
		for name, spell := range map[string]func(string) string{
			"name": directory.ProperName, "facility": directory.ProperFacility, "address": directory.ProperAddress,
		} {
			out := spell(in)
			if !strings.EqualFold(out, strings.Join(strings.Fields(in), " ")) {
				t.Fatalf("%s: %q became %q", name, in, out)
			}
			if spell(out) != out {
				t.Fatalf("%s: %q is not spelled for good: %q", name, out, spell(out))
			}
			if strings.IndexFunc(out, unicode.IsLetter) == 0 && unicode.IsLower([]rune(out)[0]) && name == "name" && unicode.ToTitle([]rune(out)[0]) != []rune(out)[0] {
				t.Fatalf("%s: %q begins small", name, out)
			}
		}
	})
}
