package npi

import (
	"slices"
	"strings"
	"unicode"
)

// longestWord is how much of a word is looked for, in characters.
const longestWord = 40

// Words parts a name into the words by which it is found: letter case and accents folded, apostrophes
// and full stops dropped, parted at everything else that is no letter or digit. Each word comes once.
func Words(name string) []string {
	var words []string
	var word strings.Builder
	length := 0
	end := func() {
		if w := word.String(); w != "" && !slices.Contains(words, w) {
			words = append(words, w)
		}
		word.Reset()
		length = 0
	}
	for _, c := range name {
		switch {
		case strings.ContainsRune("'’‘`´ʼ.", c) || unicode.Is(unicode.Mn, c):
		case !unicode.IsLetter(c) && !unicode.IsDigit(c):
			end()
		case length < longestWord:
			length++
			fold(&word, c)
		}
	}
	end()
	return words
}

// fold writes a letter without its case and accent.
func fold(to *strings.Builder, c rune) {
	if c < unicode.MaxASCII {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		to.WriteByte(byte(c)) //nolint:gosec // below 0x7f
		return
	}
	c = unicode.ToLower(c)
	if plain, found := plainLetters[c]; found {
		to.WriteString(plain)
		return
	}
	to.WriteRune(c)
}

// plainLetters are the letters of European alphabets without their accents.
var plainLetters = func() map[rune]string {
	m := map[rune]string{}
	for plain, accented := range map[string]string{
		"a": "àáâãäåāăąǎ", "ae": "æ", "c": "çćĉċč", "d": "ðďđ", "e": "èéêëēĕėęěẽ", "g": "ĝğġģ", "h": "ĥħ", "i": "ìíîïĩīĭįı", "j": "ĵ",
		"k": "ķ", "l": "ĺļľŀł", "n": "ñńņňŋ", "o": "òóôõöøōŏő", "oe": "œ", "r": "ŕŗř", "s": "śŝşšș", "ss": "ß", "t": "ţťŧț", "th": "þ",
		"u": "ùúûüũūŭůűųư", "w": "ŵ", "y": "ýÿŷỳ", "z": "źżž",
	} {
		for _, c := range accented {
			m[c] = plain
		}
	}
	return m
}()

// SameName says whether two spellings can be of one name: the words of one are among those of the
// other, in any order.
func SameName(a, b string) bool {
	long, short := Words(a), Words(b)
	if len(long) < len(short) {
		long, short = short, long
	}
	for _, w := range short {
		if !slices.Contains(long, w) {
			return false
		}
	}
	return len(short) > 0
}
