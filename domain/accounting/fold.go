package accounting

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// signs are written otherwise before a text is decomposed: their decomposition would be another sign, or
// there is none.
var signs = strings.NewReplacer(
	"‘", "'", "’", "'", "‚", "'", "‛", "'", "ʻ", "'", "ʼ", "'", "ʹ", "'", "′", "'", "“", "'", "”", "'", "„", "'", "″", "'", "«", "'", "»", "'", "´", "'",
	"‐", "-", "‑", "-", "‒", "-", "–", "-", "—", "-", "―", "-", "−", "-", "·", ".", "•", "-", "×", "x", "№", "No.", "∕", "/",
	"꞉", ":", "∶", ":", "ː", ":", "،", ",", "、", ",", "。", ".", "¡", "", "¿", "", "§", "S.", "©", "(c)", "®", "(r)",
)

// spelled lists letters that no decomposition leads to ASCII, by how they are written. Cyrillic and Greek
// follow the passports (ICAO 9303, ISO 843).
var spelled = map[rune]string{
	'ß': "ss", 'ẞ': "SS", 'Æ': "AE", 'æ': "ae", 'Œ': "OE", 'œ': "oe", 'Ø': "O", 'ø': "o", 'Ð': "D", 'ð': "d", 'Đ': "D", 'đ': "d", 'Þ': "Th", 'þ': "th",
	'Ł': "L", 'ł': "l", 'Ħ': "H", 'ħ': "h", 'ı': "i", 'ȷ': "j", 'ĸ': "k", 'Ŋ': "N", 'ŋ': "n", 'Ŧ': "T", 'ŧ': "t", 'Ƶ': "Z", 'ƶ': "z", 'Ə': "E", 'ə': "e",
	'\u2044': "/", 'Ɓ': "B", 'ɓ': "b", 'Ɗ': "D", 'ɗ': "d", 'Ƙ': "K", 'ƙ': "k", 'Ƴ': "Y", 'ƴ': "y", 'Ɛ': "E", 'ɛ': "e", 'Ɔ': "O", 'ɔ': "o", 'Ɨ': "I", 'ɨ': "i", 'Ʉ': "U", 'ʉ': "u",
	'А': "A", 'Б': "B", 'В': "V", 'Г': "G", 'Д': "D", 'Е': "E", 'Ж': "Zh", 'З': "Z", 'И': "I", 'К': "K", 'Л': "L", 'М': "M", 'Н': "N", 'О': "O", 'П': "P",
	'Р': "R", 'С': "S", 'Т': "T", 'У': "U", 'Ф': "F", 'Х': "Kh", 'Ц': "Ts", 'Ч': "Ch", 'Ш': "Sh", 'Щ': "Shch", 'Ъ': "", 'Ы': "Y", 'Ь': "", 'Э': "E", 'Ю': "Iu",
	'Я': "Ia", 'Є': "Ie", 'І': "I", 'Ґ': "G", 'Ј': "J", 'Љ': "Lj", 'Њ': "Nj", 'Ђ': "Dj", 'Ћ': "C", 'Џ': "Dz", 'Ѕ': "Dz", 'Ә': "A", 'Ғ': "G", 'Қ': "K", 'Ң': "N",
	'Ө': "O", 'Ұ': "U", 'Ү': "U", 'Һ': "H", 'Ѣ': "E",
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ж': "zh", 'з': "z", 'и': "i", 'к': "k", 'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p",
	'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "kh", 'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "shch", 'ъ': "", 'ы': "y", 'ь': "", 'э': "e", 'ю': "iu",
	'я': "ia", 'є': "ie", 'і': "i", 'ґ': "g", 'ј': "j", 'љ': "lj", 'њ': "nj", 'ђ': "dj", 'ћ': "c", 'џ': "dz", 'ѕ': "dz", 'ә': "a", 'ғ': "g", 'қ': "k", 'ң': "n",
	'ө': "o", 'ұ': "u", 'ү': "u", 'һ': "h", 'ѣ': "e",
	'Α': "A", 'Β': "V", 'Γ': "G", 'Δ': "D", 'Ε': "E", 'Ζ': "Z", 'Η': "I", 'Θ': "Th", 'Ι': "I", 'Κ': "K", 'Λ': "L", 'Μ': "M", 'Ν': "N", 'Ξ': "X", 'Ο': "O", 'Π': "P",
	'Ρ': "R", 'Σ': "S", 'Τ': "T", 'Υ': "Y", 'Φ': "F", 'Χ': "Ch", 'Ψ': "Ps", 'Ω': "O",
	'α': "a", 'β': "v", 'γ': "g", 'δ': "d", 'ε': "e", 'ζ': "z", 'η': "i", 'θ': "th", 'ι': "i", 'κ': "k", 'λ': "l", 'μ': "m", 'ν': "n", 'ξ': "x", 'ο': "o", 'π': "p",
	'ρ': "r", 'σ': "s", 'ς': "s", 'τ': "t", 'υ': "y", 'φ': "f", 'χ': "ch", 'ψ': "ps", 'ω': "o",
}

// fold writes a text in ASCII: letters lose their marks, Cyrillic and Greek are spelled, signs and wide
// forms become their plain cousins. What has no spelling is left out, and whole is false.
func fold(text string) (ascii string, whole bool) {
	var out strings.Builder
	whole = true
	// Compatibility forms come apart into letters and marks: ﬁ, Ａ and ά need no line in a table.
	runes := []rune(norm.NFKD.String(signs.Replace(text)))
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		if spelling, used := greekPair(runes[i:], i == 0 || !unicode.IsLetter(runes[i-1]) && !unicode.IsMark(runes[i-1])); used > 0 {
			out.WriteString(spelling)
			i += used - 1
			continue
		}
		spelling, known := spelled[r]
		switch {
		case r <= unicode.MaxASCII:
			out.WriteRune(r)
		case known:
			out.WriteString(spelling)
		case unicode.IsSpace(r):
			out.WriteByte(' ')
		case unicode.IsMark(r), unicode.Is(unicode.Cf, r): // marks and joiners show nothing of their own
		default:
			whole = false
		}
	}
	return out.String(), whole
}

// greekPairs are two letters that are written as one sound. A capital is where the first letter is one.
var greekPairs = map[string]string{"ου": "ou", "γγ": "ng", "γξ": "nx", "γχ": "nch"}

// voiced are the letters before which αυ, ευ and ηυ end in v, and not in f.
const voiced = "αεηιουωβγδζλμνρ"

// greekPair spells a pair of Greek letters at the beginning of a decomposed text and returns how many
// characters it takes; 0 if there is none. A diaeresis on the second letter, or an accent on the first,
// parts the two.
func greekPair(text []rune, atWordStart bool) (spelling string, used int) {
	if len(text) < 2 || !unicode.Is(unicode.Greek, text[0]) || !unicode.Is(unicode.Greek, text[1]) {
		return "", 0
	}
	used = 2
	for used < len(text) && unicode.Is(unicode.Mn, text[used]) {
		if text[used] == '\u0308' {
			return "", 0
		}
		used++
	}
	first, pair := unicode.ToLower(text[0]), string([]rune{unicode.ToLower(text[0]), unicode.ToLower(text[1])})
	spelling = greekPairs[pair]
	switch {
	case pair == "μπ" && atWordStart:
		spelling = "b"
	case pair == "αυ", pair == "ευ", pair == "ηυ":
		spelling = spelled[first] + "f"
		if used < len(text) && strings.ContainsRune(voiced, unicode.ToLower(text[used])) {
			spelling = spelled[first] + "v"
		}
	}
	if spelling == "" {
		return "", 0
	}
	if unicode.IsUpper(text[0]) {
		if unicode.IsUpper(text[1]) {
			return strings.ToUpper(spelling), used
		}
		spelling = strings.ToUpper(spelling[:1]) + spelling[1:]
	}
	return spelling, used
}

// plain replaces what no accounting file can carry: there is no escape for tabs and line ends, double
// quotes and semicolons break imports. Source: spec/formats.md d.
var plain = strings.NewReplacer(`"`, "'", ";", ",")

// formulaStarts are what a spreadsheet takes for the beginning of a formula, and "!" what an importer
// takes for a header.
const formulaStarts = "=+-@!"

// Clean makes a text safe for a cell of IIF and CSV: ASCII, on one line, without what an importer or a
// spreadsheet would take for more than text. What cannot be written in ASCII is left out.
func Clean(text string) string {
	folded, _ := fold(text)
	return tidyCell(folded)
}

// CleanName is Clean for names in lists, where a colon would make a sub-account. Of a name without a
// letter or digit that can be written nothing is left.
func CleanName(text string) string {
	folded, _ := fold(text)
	return nameCell(folded)
}

func nameCell(folded string) string {
	folded = tidyCell(strings.ReplaceAll(folded, ":", "-"))
	if !strings.ContainsFunc(folded, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return ""
	}
	return folded
}

func tidyCell(folded string) string {
	folded = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, folded)
	folded = strings.Join(strings.Fields(plain.Replace(folded)), " ")
	return strings.TrimLeft(folded, formulaStarts+" ")
}

// Cut shortens a text to the longest that a field takes.
func Cut(text string, longest int) string {
	if len(text) > longest {
		return strings.TrimRight(text[:longest], " ")
	}
	return text
}
