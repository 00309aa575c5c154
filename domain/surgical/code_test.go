package surgical_test

import (
	"fmt"
	"strings"
	"testing"

	"surgicase/domain/pay"
	"surgicase/domain/surgical"

	"pgregory.net/rapid"
)

func TestParseCode(t *testing.T) {
	for in, want := range map[string]string{
		"Z9001": "Z9001", "z9001": "Z9001", "00000": "00000", "Z9001-50": "Z9001-50", "z9001-lt": "Z9001-LT",
		"Z9001-50-LT": "Z9001-50-LT", "Z9001-50-50": "Z9001-50-50", "Z9001-AA-BB-CC-99": "Z9001-AA-BB-CC-99",
	} {
		t.Run(fmt.Sprintf("%q is a code", in), func(t *testing.T) {
			got, err := surgical.ParseCode(in)
			wantCode(t, err, "")
			equal(t, "code", got.String(), want)
			equal(t, "procedure", string(got.Procedure), want[:5])
			equal(t, "modifiers", len(got.Modifiers), strings.Count(in, "-"))
		})
	}
	for _, in := range []string{
		"", "-", "-50", "Z900", "Z90011", "Z9001-", "Z9001-5", "Z9001-500", "Z9001--50", "Z9001-5 ", "Z9001 -50", " Z9001",
		"Z9001-50-LT-RT-XX-YY", "Z900é", "Z900\x00", "Z90 1", "Z9001–50", "Z9001-é", "Z9001-[{", "Z9001-@`", "Z9001'", "Ｚ9",
		"Z9001-ſ", "Z9001;DROP",
	} {
		t.Run(fmt.Sprintf("%q is none", in), func(t *testing.T) {
			got, err := surgical.ParseCode(in)
			wantCode(t, err, "invalid_procedure_code")
			equal(t, "code", got, surgical.Code{})
		})
	}
}

// Some letters get shorter in upper case: five bytes may become four characters of ASCII.
func TestParseCodeOfLettersThatShrink(t *testing.T) {
	for _, in := range []string{"ſ123", "1ſſ", "ı234", "ı23x-50"} {
		t.Run(fmt.Sprintf("%q is no code", in), func(t *testing.T) {
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("panic: %v", r)
				}
			}()
			_, err := surgical.ParseCode(in)
			wantCode(t, err, "invalid_procedure_code")
		})
	}
}

func FuzzParseCode(f *testing.F) {
	for _, seed := range []string{"Z9001", "z9001-50", "Z9001-50-LT-RT-XX", "Z9001-", "", "é1234", "Z9001-5\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		c, err := surgical.ParseCode(in)
		if err != nil {
			wantCode(t, err, "invalid_procedure_code")
			return
		}
		equal(t, "upper case of what was sent", c.String(), strings.ToUpper(in))
		for _, b := range []byte(strings.ReplaceAll(c.String(), "-", "")) {
			if (b < 'A' || b > 'Z') && (b < '0' || b > '9') {
				t.Errorf("%q holds %q", c, b)
			}
		}
		again, err := surgical.ParseCode(c.String())
		equal(t, "read again", again, c)
		equal(t, "error", err, nil)
	})
}

func TestUniqueCodes(t *testing.T) {
	t.Run("the first of each stays, in order, and modifiers tell codes apart", func(t *testing.T) {
		var codes []surgical.Code
		for _, s := range []string{"Z9002", "Z9001-50", "Z9002", "Z9001", "z9001-50", "Z9001-LT"} {
			codes = append(codes, code(t, s))
		}
		equal(t, "unique", texts(surgical.UniqueCodes(codes)), "Z9002 Z9001-50 Z9001 Z9001-LT")
		equalSlices(t, "procedures", surgical.Procedures(surgical.UniqueCodes(codes)), []pay.Code{"Z9002", "Z9001", "Z9001", "Z9001"})
	})
	t.Run("none stay none", func(t *testing.T) {
		equal(t, "unique", len(surgical.UniqueCodes(nil)), 0)
		equal(t, "procedures", surgical.Procedures(nil), []pay.Code{})
	})
	t.Run("modifiers do not price", func(t *testing.T) {
		table := pay.NewTable(1, []pay.Row{
			{Tier: 1, Code: "Z9001", Category: "SPINE", Amount: 100_000}, {Tier: 1, Code: "Z9002", Category: "GYN", Amount: 40_000},
		})
		rapid.Check(t, func(t *rapid.T) {
			modifiers := rapid.StringMatching(`(-[A-Z0-9]{2}){0,4}`)
			codes := []surgical.Code{code(t, "Z9001"+modifiers.Draw(t, "first")), code(t, "Z9002"+modifiers.Draw(t, "second"))}
			x := table.Price(1, surgical.Procedures(codes))
			if x.Amount != 100_000 || x.Winner != "Z9001" || x.Status != pay.Priced {
				t.Fatalf("%v price at %v", codes, x)
			}
		})
	})
}
