package accounting

import (
	"strings"
	"unicode"
)

// latin lists, by its base letter, every Latin letter that is one with a mark.
var latin = map[string]string{
	"A": "ÀÁÂÃÄÅĀĂĄǍǞǠǺȀȂȦḀẠẢẤẦẨẪẬẮẰẲẴẶ",
	"B": "ḂḄḆ",
	"C": "ÇĆĈĊČḈ",
	"D": "ĎḊḌḎḐḒ",
	"E": "ÈÉÊËĒĔĖĘĚȄȆȨḔḖḘḚḜẸẺẼẾỀỂỄỆ",
	"F": "Ḟ",
	"G": "ĜĞĠĢǦǴḠ",
	"H": "ĤȞḢḤḦḨḪ",
	"I": "ÌÍÎÏĨĪĬĮİǏȈȊḬḮỈỊ",
	"J": "Ĵ",
	"K": "ĶǨḰḲḴ",
	"L": "ĹĻĽḶḸḺḼ",
	"M": "ḾṀṂ",
	"N": "ÑŃŅŇǸṄṆṈṊ",
	"O": "ÒÓÔÕÖŌŎŐƠǑǪǬȌȎȪȬȮȰṌṎṐṒỌỎỐỒỔỖỘỚỜỞỠỢ",
	"P": "ṔṖ",
	"R": "ŔŖŘȐȒṘṚṜṞ",
	"S": "ŚŜŞŠȘṠṢṤṦṨ",
	"T": "ŢŤȚṪṬṮṰ",
	"U": "ÙÚÛÜŨŪŬŮŰŲƯǓǕǗǙǛȔȖṲṴṶṸṺỤỦỨỪỬỮỰ",
	"V": "ṼṾ",
	"W": "ŴẀẂẄẆẈ",
	"X": "ẊẌ",
	"Y": "ÝŶŸȲẎỲỴỶỸ",
	"Z": "ŹŻŽẐẒẔ",
	"a": "àáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặ",
	"b": "ḃḅḇ",
	"c": "çćĉċčḉ",
	"d": "ďḋḍḏḑḓ",
	"e": "èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ",
	"f": "ḟ",
	"g": "ĝğġģǧǵḡ",
	"h": "ĥȟḣḥḧḩḫẖ",
	"i": "ìíîïĩīĭįǐȉȋḭḯỉị",
	"j": "ĵǰ",
	"k": "ķǩḱḳḵ",
	"l": "ĺļľḷḹḻḽ",
	"m": "ḿṁṃ",
	"n": "ñńņňǹṅṇṉṋ",
	"o": "òóôõöōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợ",
	"p": "ṕṗ",
	"r": "ŕŗřȑȓṙṛṝṟ",
	"s": "śŝşšșṡṣṥṧṩ",
	"t": "ţťțṫṭṯṱẗ",
	"u": "ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự",
	"v": "ṽṿ",
	"w": "ŵẁẃẅẇẉẘ",
	"x": "ẋẍ",
	"y": "ýÿŷȳẏẙỳỵỷỹ",
	"z": "źżžẑẓẕ",
}

// spelled lists letters and signs that become other ones. Cyrillic and Greek follow the passports
// (ICAO 9303, ISO 843 without marks).
var spelled = map[string]string{
	"ß": "ss", "ẞ": "SS", "Æ": "AE", "æ": "ae", "Ǽ": "AE", "ǽ": "ae", "Œ": "OE", "œ": "oe", "Ø": "O", "ø": "o", "Ǿ": "O", "ǿ": "o",
	"Ð": "D", "ð": "d", "Đ": "D", "đ": "d", "Þ": "Th", "þ": "th", "Ł": "L", "ł": "l", "Ħ": "H", "ħ": "h", "ı": "i", "ĸ": "k",
	"Ŋ": "N", "ŋ": "n", "Ŧ": "T", "ŧ": "t", "ſ": "s", "Ƶ": "Z", "ƶ": "z", "Ə": "E", "ə": "e", "ŉ": "'n", "ĳ": "ij", "Ĳ": "IJ",
	"‘": "'", "’": "'", "‚": "'", "‛": "'", "ʻ": "'", "ʼ": "'", "ʹ": "'", "“": "'", "”": "'", "„": "'", "«": "'", "»": "'", "´": "'",
	"‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "…": "...", "·": ".", "•": "-", "×": "x", "№": "No.", "ª": "a", "º": "o",
	"А": "A", "Б": "B", "В": "V", "Г": "G", "Д": "D", "Е": "E", "Ё": "E", "Ж": "Zh", "З": "Z", "И": "I", "Й": "I", "К": "K", "Л": "L",
	"М": "M", "Н": "N", "О": "O", "П": "P", "Р": "R", "С": "S", "Т": "T", "У": "U", "Ф": "F", "Х": "Kh", "Ц": "Ts", "Ч": "Ch", "Ш": "Sh",
	"Щ": "Shch", "Ъ": "", "Ы": "Y", "Ь": "", "Э": "E", "Ю": "Iu", "Я": "Ia", "Є": "Ie", "І": "I", "Ї": "I", "Ґ": "G", "Ј": "J", "Љ": "Lj", "Њ": "Nj",
	"а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "i", "к": "k", "л": "l",
	"м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh",
	"щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "iu", "я": "ia", "є": "ie", "і": "i", "ї": "i", "ґ": "g", "ј": "j", "љ": "lj", "њ": "nj",
	"Α": "A", "Β": "V", "Γ": "G", "Δ": "D", "Ε": "E", "Ζ": "Z", "Η": "I", "Θ": "Th", "Ι": "I", "Κ": "K", "Λ": "L", "Μ": "M", "Ν": "N",
	"Ξ": "X", "Ο": "O", "Π": "P", "Ρ": "R", "Σ": "S", "Τ": "T", "Υ": "Y", "Φ": "F", "Χ": "Ch", "Ψ": "Ps", "Ω": "O",
	"α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l", "μ": "m", "ν": "n",
	"ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps", "ω": "o",
	"ά": "a", "έ": "e", "ή": "i", "ί": "i", "ό": "o", "ύ": "y", "ώ": "o", "Ά": "A", "Έ": "E", "Ή": "I", "Ί": "I", "Ό": "O", "Ύ": "Y", "Ώ": "O",
}

var folded = func() map[rune]string {
	m := map[rune]string{}
	for base, letters := range latin {
		for _, r := range letters {
			m[r] = base
		}
	}
	for letter, text := range spelled {
		for _, r := range letter {
			m[r] = text
		}
	}
	return m
}()

// unknown stands for a letter that has no spelling here.
const unknown = '?'

// Fold writes a text in ASCII: letters lose their marks, Cyrillic and Greek are spelled, signs become
// their plain cousins. What has no spelling becomes a question mark.
func Fold(text string) string {
	var out strings.Builder
	for _, r := range text {
		spelling, known := folded[r]
		switch {
		case r <= unicode.MaxASCII:
			out.WriteRune(r)
		case known:
			out.WriteString(spelling)
		case unicode.IsSpace(r):
			out.WriteByte(' ')
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r): // marks and joiners show nothing of their own
		default:
			out.WriteRune(unknown)
		}
	}
	return out.String()
}

// plain replaces what no accounting file can carry: there is no escape for tabs and line ends, double
// quotes and semicolons break imports. Source: spec/formats.md d.
var plain = strings.NewReplacer(`"`, "'", ";", ",")

// formulaStarts are what a spreadsheet takes for the beginning of a formula, and "!" what an importer
// takes for a header.
const formulaStarts = "=+-@!"

// Clean makes a text safe for a cell of IIF and CSV: ASCII, on one line, without what an importer or a
// spreadsheet would take for more than text.
func Clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, Fold(text))
	text = strings.Join(strings.Fields(plain.Replace(text)), " ")
	return strings.TrimLeft(text, formulaStarts+" ")
}

// CleanName is Clean for names in lists, where a colon would make a sub-account.
func CleanName(text string) string {
	return Clean(strings.ReplaceAll(text, ":", "-"))
}

// Cut shortens a text to the longest that a field takes.
func Cut(text string, longest int) string {
	if len(text) > longest {
		return strings.TrimRight(text[:longest], " ")
	}
	return text
}
