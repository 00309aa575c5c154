package directory

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Registries and old records hold names in capitals. The Proper functions spell them for people; what
// is stored stays as it came. Source: spec/reference-wire.md 0A.

// ProperName spells a person's or a city's name: JANE MCDONALD becomes Jane McDonald.
func ProperName(s string) string { return eachWord(s, properWord) }

// ProperFacility spells the name of a facility: THE CHILDREN'S HOSPITAL (MAIN) becomes The Children's
// Hospital (Main). Legal forms and ordinals keep their usual spelling.
func ProperFacility(s string) string {
	return eachWord(s, func(w string) string {
		if legal, known := legalForms[strings.ToLower(w)]; known {
			return legal
		}
		return properWord(w)
	})
}

// ProperAddress spells a line of an address: 10 NE 5TH ST STE 4B becomes 10 NE 5th St Ste 4B.
func ProperAddress(s string) string {
	return eachWord(s, func(w string) string {
		lower := strings.ToLower(w)
		switch {
		case compass[lower], lower == "po", lower == "p.o", unitNumber(lower):
			return strings.ToUpper(w)
		}
		return properWord(w)
	})
}

// ProperState writes codes of up to two letters in capitals, and names as names.
func ProperState(s string) string {
	if s = strings.TrimSpace(s); utf8.RuneCountInString(s) <= 2 {
		return strings.ToUpper(s)
	}
	return ProperName(s)
}

var legalForms = map[string]string{
	"llc": "LLC", "llp": "LLP", "pllc": "PLLC", "lp": "LP", "pc": "PC", "pa": "PA", "inc": "Inc", "corp": "Corp", "ltd": "Ltd", "dba": "dba",
	"asc": "ASC", "mri": "MRI", "ent": "ENT", "va": "VA", "usa": "USA", "us": "US", "ii": "II", "iii": "III", "iv": "IV",
}

var compass = map[string]bool{"n": true, "s": true, "e": true, "w": true, "ne": true, "nw": true, "se": true, "sw": true}

// macNames begin with Mac without being sons of anybody; other words after mac get a capital.
var macNames = []string{"mace", "macy", "mack", "macia", "macr", "mach", "macu", "maco"}

// eachWord spells the words of a text, whose runs of spaces collapse. Punctuation around a word stays
// where it is.
func eachWord(s string, spell func(string) string) string {
	words := strings.Fields(s)
	for i, word := range words {
		parts := strings.Split(word, "-")
		for j, part := range parts {
			core := strings.TrimFunc(part, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
			if core == "" {
				continue
			}
			before, after, _ := strings.Cut(part, core)
			parts[j] = before + spell(core) + after
		}
		words[i] = strings.Join(parts, "-")
	}
	return strings.Join(words, " ")
}

// properWord spells one word without punctuation around it.
func properWord(w string) string {
	w = strings.ToLower(w)
	if rest, found := strings.CutPrefix(w, "mc"); found && rest != "" && !strings.HasPrefix(rest, "'") {
		return "Mc" + capital(rest)
	}
	if rest, found := strings.CutPrefix(w, "mac"); found && utf8.RuneCountInString(rest) > 2 && !plainMac(w) {
		return "Mac" + capital(rest)
	}
	parts := strings.Split(w, "'")
	for i, part := range parts {
		if i == 0 || utf8.RuneCountInString(part) > 2 { // O'Connor, but Children's and They'll
			parts[i] = capital(part)
		}
	}
	return strings.Join(parts, "'")
}

func plainMac(w string) bool {
	for _, plain := range macNames {
		if strings.HasPrefix(w, plain) {
			return true
		}
	}
	return false
}

func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if first == utf8.RuneError {
		return s
	}
	return string(unicode.ToTitle(first)) + s[size:]
}

// unitNumber says whether a word is a number of a door or suite such as 4b: digits and one letter.
func unitNumber(lower string) bool {
	digits := strings.TrimRight(lower, "abcdefghijklmnopqrstuvwxyz")
	return digits != "" && onlyDigits(digits) && len(lower)-len(digits) == 1
}
