// Package names holds what is true of every name of a person or place: which characters a name may hold, and
// when two spellings are one name. It knows nothing of whose name it is, and it changes no name that is stored:
// Fold is for comparison only. Start reading at Fold. Source: docs/rules.md, Duplicate cases.
package names

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"surgicase/domain/fault"
)

// Check refuses control and format characters, and others that nobody sees. They make two names of one that
// look the same, and may turn the direction of what stands around them. Joiners (U+200C, U+200D), which a few
// scripts use inside words, are among them. Of look-alikes it refuses only those that Fold cannot tell.
//
// Faults: Invalid "invalid_text".
func Check(name string) error {
	for _, c := range name {
		if isInvisible(c) {
			return fault.New(fault.Invalid, "invalid_text", "must not hold control, format or other invisible characters (found %U)", c)
		}
	}
	for word := range strings.FieldsSeq(norm.NFKC.String(name)) {
		if strings.ContainsAny(word, ambiguous) && isMixed(word) {
			return fault.New(fault.Invalid, "invalid_text", "must not hold the Greek letters nu, upsilon or eta among Latin letters")
		}
	}
	return nil
}

// Visible returns the name without the characters that Check refuses.
func Visible(name string) string {
	return strings.Map(func(c rune) rune {
		if isInvisible(c) {
			return -1
		}
		return c
	}, name)
}

// isInvisible reports whether a character has no shape of its own. Marks such as variation selectors change the
// shape of the character before them; they are kept and count for nothing when names are compared.
func isInvisible(c rune) bool {
	if c < unicode.MaxASCII {
		return c < 0x20
	}
	return unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) || c == unicode.ReplacementChar ||
		c == brailleBlank || (unicode.Is(unicode.Other_Default_Ignorable_Code_Point, c) && !unicode.Is(unicode.Mn, c))
}

// brailleBlank is a symbol by its category, and looks like a blank.
const brailleBlank = '\u2800'

// maxPasses bounds how often a name is folded until nothing changes. Two suffice for every name that was tried.
const maxPasses = 4

// Fold returns the form in which names are compared: what one person types for one name on two keyboards is
// equal. Compatibility forms and letter case are folded; marks, apostrophes, quotes, full stops and invisible
// characters are removed; dashes, commas and blanks count as one blank; letters of other alphabets that look
// like Latin ones count as these. Folding a folded name changes nothing. A name that holds nothing but what is
// removed is compared as it is, in small letters.
func Fold(name string) string {
	folded := foldOnce(name)
	for range maxPasses {
		again := foldOnce(folded)
		if again == folded {
			break
		}
		folded = again
	}
	if folded == "" {
		return strings.Join(strings.Fields(strings.ToLower(name)), " ")
	}
	return folded
}

func foldOnce(name string) string {
	// Before NFKC, which makes a blank and a mark of some apostrophes, and a sigma of a Greek letter like c.
	name = norm.NFKC.String(strings.Map(withoutQuotes, name))
	var out strings.Builder
	for _, c := range norm.NFKD.String(cases.Fold().String(name)) {
		c = cherokeeCapital(c)
		switch plain, found := plainLetters[c]; {
		case isSeparator(c):
			out.WriteByte(' ')
		case unicode.In(c, unicode.Mn, unicode.Me), isQuote(c), isFullStop(c), isInvisible(c):
		case found:
			out.WriteString(plain)
		default:
			out.WriteRune(c)
		}
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

func withoutQuotes(c rune) rune {
	switch {
	case isQuote(c):
		return -1
	case c == '\u03f2' || c == '\u03f9': // the lunate sigma
		return 'c'
	}
	return c
}

// quotes are the apostrophes of all keyboards, what is typed for them, and quotation marks.
const quotes = "'\"`\u00b4\u00a8\u02b9\u02ba\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u02ca\u02cb\u02ee\u02f4\u02f5\u02f6\u0374\u0384\u0385" +
	"\u055a\u055b\u05f3\u05f4\u07f4\u07f5\u1fbd\u1fbf\u1fcd\u1fce\u1fdd\u1fde\u1fef\u1ffd\u1ffe\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f" +
	"\u2032\u2033\u2035\u2036\u275b\u275c\u275d\u275e\ua78b\ua78c\uff02\uff07\uff40"

func isQuote(c rune) bool { return strings.ContainsRune(quotes, c) }

// fullStops are the marks of abbreviations, also those of other scripts.
const fullStops = ".\u00b7\u06d4\u2022\u2024\u2027\u2219\u22c5\u3002\ufe52\uff0e\uff61"

func isFullStop(c rune) bool { return strings.ContainsRune(fullStops, c) }

// dashes are those that are no dashes by their category, and other signs that part the words of a name.
const dashes = "\u02d7\u2043\u2212\u2500\u2796\u30fb\uff65_,\uff0c\u3001\u060c\u00af\u203e"

func isSeparator(c rune) bool {
	return unicode.IsSpace(c) || unicode.In(c, unicode.Zs, unicode.Pd) || c == brailleBlank || strings.ContainsRune(dashes, c)
}

// isMixed reports whether a word holds Latin letters and others.
func isMixed(word string) bool {
	latin := strings.ContainsFunc(word, func(c rune) bool { return unicode.Is(unicode.Latin, c) })
	return latin && strings.ContainsFunc(word, func(c rune) bool { return unicode.IsLetter(c) && !unicode.Is(unicode.Latin, c) })
}

// cherokeeCapital returns the capital of a small Cherokee letter: case folding exchanges the two.
func cherokeeCapital(c rune) rune {
	switch {
	case 'ꭰ' <= c && c <= 'ꮿ':
		return c - 'ꭰ' + 'Ꭰ'
	case 'ᏸ' <= c && c <= 'ᏽ':
		return c - 'ᏸ' + 'Ᏸ'
	}
	return c
}
