package directory

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Registries and old records hold names in capitals, and some people type in small letters only. The
// Proper functions spell such texts for people; a text with capitals and small letters was typed with
// care, and stays as it is. What is stored stays as it came. Source: docs/DECISIONS.md, 2026-11-30.

// ProperName spells a name of a person or a city: JANE MCDONALD becomes Jane McDonald, DeShawn LaSalle
// stays.
func ProperName(s string) string { return respell(s, properPart) }

// ProperPerson spells the two names of a person, each by itself. Two capitals beside a last name that was
// typed with care are initials: JP Smith stays, JP SMITH becomes Jp Smith.
func ProperPerson(first, last string) (string, string) {
	if first = joinBlanks(first); utf8.RuneCountInString(first) != 2 || first != strings.ToUpper(first) || !hasBothCases(last) {
		first = ProperName(first)
	}
	return first, ProperName(last)
}

// FullName returns the name of a person as people read it.
func FullName(first, last string) string {
	first, last = ProperPerson(first, last)
	return strings.TrimSpace(first + " " + last)
}

// ProperFacility spells the name of a facility: THE CHILDREN'S HOSPITAL (MAIN) becomes The Children's
// Hospital (Main). Legal forms and ordinals keep their usual spelling.
func ProperFacility(s string) string {
	return respell(s, func(w string, position int) string {
		if form, known := facilityForms[strings.ToLower(w)]; known {
			return form
		}
		return properPart(w, position)
	})
}

// ProperAddress spells a line of an address: 10 NE 5TH ST STE 4B becomes 10 NE 5th St Ste 4B.
func ProperAddress(s string) string {
	return respell(s, func(w string, _ int) string {
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

// properForms are written one way wherever they follow a name: numbers of generations, degrees and legal
// forms. As the first word they are names: Do, Ma and Vi are.
var properForms = map[string]string{
	"ii": "II", "iii": "III", "iv": "IV", "vi": "VI", "vii": "VII", "viii": "VIII",
	"md": "MD", "do": "DO", "pa": "PA", "dpm": "DPM", "dds": "DDS", "dmd": "DMD", "dvm": "DVM", "dc": "DC", "dnp": "DNP", "np": "NP", "rn": "RN", "bsn": "BSN", "msn": "MSN",
	"crna": "CRNA", "cnm": "CNM", "aprn": "APRN", "fnp": "FNP", "mph": "MPH", "mba": "MBA", "mbbs": "MBBS", "facs": "FACS", "facog": "FACOG", "faaos": "FAAOS", "phd": "PhD",
	"pharmd": "PharmD", "llc": "LLC", "llp": "LLP", "pllc": "PLLC", "lp": "LP", "pc": "PC", "plc": "PLC", "psc": "PSC",
}

var facilityForms = map[string]string{
	"llc": "LLC", "llp": "LLP", "pllc": "PLLC", "lp": "LP", "pc": "PC", "pa": "PA", "inc": "Inc", "corp": "Corp", "ltd": "Ltd", "dba": "dba",
	"asc": "ASC", "mri": "MRI", "ent": "ENT", "va": "VA", "usa": "USA", "us": "US", "ii": "II", "iii": "III", "iv": "IV", "md": "MD",
}

var compass = map[string]bool{"n": true, "s": true, "e": true, "w": true, "ne": true, "nw": true, "se": true, "sw": true}

// macNames begin with Mac without being sons of anybody; other words after mac get a capital.
var macNames = []string{"mace", "macy", "mack", "macia", "macr", "mach", "macu", "maco"}

// isApostrophe reports whether a character is what keyboards and word processors write for an apostrophe.
func isApostrophe(c rune) bool {
	return strings.ContainsRune("'\u2018\u2019\u02bb\u02bc\u00b4\uff07", c)
}

func isDash(c rune) bool {
	return strings.ContainsRune("-\u2010\u2011\u2012\u2013\u2014\ufe63\uff0d", c)
}

// hasBothCases reports whether a text holds capitals and small letters. The small sharp s has no capital on
// most keyboards.
func hasBothCases(s string) bool {
	upper := strings.ContainsFunc(s, func(c rune) bool { return unicode.IsUpper(c) || unicode.IsTitle(c) })
	return upper && strings.ContainsFunc(s, func(c rune) bool { return unicode.IsLower(c) && c != 'ß' && unicode.ToUpper(c) != c })
}

func joinBlanks(s string) string { return strings.Join(strings.Fields(s), " ") }

// respell spells the words of a text that is all capitals or all small letters, and joins blanks of any.
// Words are numbered, and parts of a word that dashes part are words of their own. Punctuation around a
// word stays where it is.
func respell(s string, spell func(word string, position int) string) string {
	if s = joinBlanks(s); hasBothCases(s) {
		return s
	}
	var out strings.Builder
	position := 0
	for s != "" {
		end := strings.IndexFunc(s, func(c rune) bool { return c == ' ' || isDash(c) })
		if end < 0 {
			end = len(s)
		}
		if part := s[:end]; strings.ContainsFunc(part, isLetterOrDigit) {
			out.WriteString(spellCore(part, func(core string) string { return spell(core, position) }))
			position++
		} else {
			out.WriteString(part)
		}
		_, size := utf8.DecodeRuneInString(s[end:])
		out.WriteString(s[end : end+size])
		s = s[end+size:]
	}
	return out.String()
}

func isLetterOrDigit(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }

// spellCore spells what stands between the punctuation around a word.
func spellCore(part string, spell func(string) string) string {
	core := strings.TrimFunc(part, func(c rune) bool { return !isLetterOrDigit(c) && !unicode.IsMark(c) })
	before, after, _ := strings.Cut(part, core)
	return before + spell(core) + after
}

// plainWord is a word as the tables of forms have it: p.c is pc.
func plainWord(w string) string { return strings.ReplaceAll(strings.ToLower(w), ".", "") }

// properPart spells a word of a name. Letters with dots between them are initials or a degree.
func properPart(w string, position int) string {
	form, known := properForms[plainWord(w)]
	switch {
	case strings.Contains(w, "."):
		parts := strings.Split(w, ".")
		for i, part := range parts {
			parts[i] = properWord(part)
		}
		return strings.Join(parts, ".")
	case known && position > 0:
		return form
	}
	return properWord(w)
}

// properWord spells one word without punctuation around it.
func properWord(w string) string {
	w = strings.ToLower(w)
	if rest, found := strings.CutPrefix(w, "mc"); found && rest != "" && !strings.ContainsFunc(firstLetter(rest), isApostrophe) {
		return "Mc" + capital(rest)
	}
	if rest, found := strings.CutPrefix(w, "mac"); found && utf8.RuneCountInString(rest) > 2 && !plainMac(w) {
		return "Mac" + capital(rest)
	}
	var out strings.Builder
	for first := true; ; first = false {
		end := strings.IndexFunc(w, isApostrophe)
		part := w
		if end >= 0 {
			part = w[:end]
		}
		if first || utf8.RuneCountInString(part) > 2 { // O'Connor, but Children's and They'll
			part = capital(part)
		}
		out.WriteString(part)
		if end < 0 {
			return out.String()
		}
		_, size := utf8.DecodeRuneInString(w[end:])
		out.WriteString(w[end : end+size])
		w = w[end+size:]
	}
}

func firstLetter(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return s[:size]
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
