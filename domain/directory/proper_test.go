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
			"O'BRIEN-MCKAY": "O'Brien-McKay", "SMITH III": "Smith III", "smith, md": "Smith, MD", "ST. JOHN, MD": "St. John, MD", "KIM PATEL DO": "Kim Patel DO", "DO": "Do",
			"J.R.": "J.R.", "j.r.": "J.R.", "EXAMPLE P.C.": "Example P.C.", "ANN LEE, PH.D.": "Ann Lee, Ph.D.", "ANN LEE PHD": "Ann Lee PhD", "SMITH SURGICAL LLC": "Smith Surgical LLC",
			"O\u2019CONNOR": "O\u2019Connor", "o\u02bcconnor": "O\u02bcConnor", "SMITH\u2011JONES": "Smith\u2011Jones", "DIMAGGIO\u2013MCKAY": "Dimaggio\u2013McKay",
			// What has both is as it was typed.
			"DeShawn": "DeShawn", "LaSalle III": "LaSalle III", "JoAnn": "JoAnn", "DiMaggio-McKay": "DiMaggio-McKay", "Smith MD": "Smith MD", "van der Berg": "van der Berg", "Macdonald": "Macdonald",
			"MacKay": "MacKay", "O\u2019connor": "O\u2019connor", "D\u2019Arcy": "D\u2019Arcy", "McDONALD": "McDONALD", "de la Cruz": "de la Cruz", "Example  P.C.": "Example P.C.", "STRAUß": "Strauß", "ÁNGEL ÑANDÚ": "Ángel Ñandú", "D'ANGELO": "D'Angelo", "JR.": "Jr.", "": "", "-": "-", "'": "'", "MACHADO": "Machado",
		}},
		{"facility", directory.ProperFacility, map[string]string{
			"ST. MARY'S HOSPITAL": "St. Mary's Hospital", "Example Spine P.C.": "Example Spine P.C.", "EXAMPLE SPINE P.C.": "Example Spine P.C.", "EXAMPLE PC": "Example PC", "eXample Clinic": "eXample Clinic",
			"CHILDREN\u2019S CLINIC": "Children\u2019s Clinic", "J.R. EXAMPLE MD, PA": "J.R. Example MD, PA", "(MAIN) CLINIC": "(Main) Clinic", "CHILDREN'S HOSPITAL (EAST)": "Children's Hospital (East)",
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
			if both := strings.ContainsFunc(in, unicode.IsUpper) && strings.ContainsFunc(in, unicode.IsLower); both && !strings.ContainsRune(in, 'ß') && out != strings.Join(strings.Fields(in), " ") {
				t.Fatalf("%s: %q was typed so and became %q", name, in, out)
			} else if !both && strings.IndexFunc(out, unicode.IsLetter) == 0 && unicode.IsLower([]rune(out)[0]) && name == "name" && unicode.ToTitle([]rune(out)[0]) != []rune(out)[0] {
				t.Fatalf("%s: %q begins small", name, out)
			}
		}
	})
}

func TestProperPerson(t *testing.T) {
	for _, x := range []struct{ first, last, want string }{
		{"JANE", "MCDONALD", "Jane McDonald"},
		{"jane", "MCDONALD", "Jane McDonald"},
		{"J", "smith", "J Smith"},
		{"JP", "Smith", "JP Smith"},
		{"JP", "SMITH", "Jp Smith"},
		{"J.R.", "Smith III", "J.R. Smith III"},
		{"Anna", "van der Berg", "Anna van der Berg"},
		{"Maria", "de la cruz", "Maria De La Cruz"},
		{"Jean", "DUPONT", "Jean Dupont"},
		{"Wei", "LI", "Wei Li"},
		{"ANN", "Example", "Ann Example"},
		{" ann ", "  ", "Ann"},
		{"", "", ""},
		{"李", "小龙", "李 小龙"},
	} {
		if got := directory.FullName(x.first, x.last); got != x.want {
			t.Errorf("%q %q is spelled %q, want %q", x.first, x.last, got, x.want)
		}
	}
}
