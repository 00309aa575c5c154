package npi_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"surgicase/domain/npi"
)

func TestSpellings(t *testing.T) {
	for name, want := range map[string]string{
		"O Bryan":           "[[o bryan] [obryan]]",
		"O'Bryan":           "[[obryan] [o bryan]]",
		"Mc Donald":         "[[mc donald] [mcdonald]]",
		"de la Cruz":        "[[de la cruz] [delacruz] [del acruz]]",
		"smith and sons":    "[[smith sons]]",
		"Saint Mary's":      "[[saint marys] [st marys]]",
		"St. Mary and Anne": "[[st mary anne] [saint mary anne]]",
		"and":               "[[and]]",
		"La":                "[[la]]",
		"Doe":               "[[doe]]",
	} {
		if got := fmt.Sprint(npi.Spellings(npi.Words(name))); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}

func TestSpellings_are_few_and_hold_words(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := npi.Words(rapid.StringMatching(`([a-z]{1,6} ){1,12}`).Draw(t, "name"))
		spellings := npi.Spellings(words)
		if len(spellings) == 0 || len(spellings) > 6 {
			t.Fatalf("%d spellings of %q", len(spellings), words)
		}
		for _, s := range spellings {
			for _, w := range s {
				if w == "" {
					t.Fatalf("an empty word in %q of %q", s, words)
				}
			}
		}
	})
}
