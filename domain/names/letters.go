package names

// plainLetters are letters that count as Latin ones, as they are after folding: strokes and ligatures that have
// no decomposition, and look-alikes of other alphabets (after Unicode Technical Standard 39). A name in one
// other alphabet is folded, too, so that it equals a Latin name that looks the same.
var plainLetters = func() map[rune]string {
	m := map[rune]string{}
	for plain, letters := range map[string]string{
		"ae": "æ", "oe": "œ", "th": "þ", "ss": "ß", "ij": "ĳ",
		"a": "ɑᴀαаⲁꓮᎪ",
		"b": "ƀɓʙβвьⲃꓐᏏᏴ",
		"c": "ƈᴄсⲥꓚᏟҫ",
		"d": "đðɗɖᴅԁꓓᎠᏧ",
		"e": "ɛᴇεеⲉꓰᎬҽ",
		"f": "ƒꜰꓝ",
		"g": "ɠɡɢԍցꓖᏀᏳ",
		"h": "ħɦʜηһнհⲏꓧᎻᏂ",
		"i": "ıɨɩɪιіⲓꓲᎥ",
		"j": "ɉȷᴊϳјյꓙᎫ",
		"k": "ĸƙᴋκкⲕꓗᏦқ",
		"l": "łɫƚʟǀӏլꓡᏞ",
		"m": "ɱᴍμмⲙꓟᎷ",
		"n": "ŋɲɴνпոⲛꓠ",
		"o": "øɵᴏοоօⲟꓳөѳ",
		"p": "ƥᴘρрⲣꓑᏢ",
		"q": "ɋԛզ",
		"r": "ɍʀгꓣᎡᏒ",
		"s": "ꜱѕꓢᏕᏚ",
		"t": "ŧƭᴛτтⲧꓔᎢ",
		"u": "ʉᴜսꓴ",
		"v": "ʋᴠѵꓦᏙ",
		"w": "ᴡѡԝꓪᎳᏔ",
		"x": "χхⲭꓫ",
		"y": "ƴɏʏυγуүұⲩꓬᎩᎽ",
		"z": "ƶᴢζⲍꓜᏃ",
	} {
		for _, c := range letters {
			m[c] = plain
		}
	}
	return m
}()

// ambiguous are Greek letters whose capital looks like another Latin letter than their small form does (N and v,
// Y and u, H and n). Letter case must not matter, so Fold takes them for the capital, and Check refuses them where
// they stand among Latin letters.
const ambiguous = "ΝνΥυΗη"
