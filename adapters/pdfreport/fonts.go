package pdfreport

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// The fonts are embedded, with their licences: names are written as their owners write them, and a
// report looks the same everywhere. Noto Sans has Latin, Greek and Cyrillic; what it has not is set in
// DejaVu Sans.
//
//go:embed fonts/*.ttf
var fontFiles embed.FS

// face is a font in two weights.
type face struct {
	family  string
	regular []byte
	bold    []byte
	glyphs  *sfnt.Font
}

var faces = sync.OnceValues(func() ([]face, error) {
	var loaded []face
	for _, f := range []struct{ family, regular, bold string }{
		{"noto", "NotoSans-Regular.ttf", "NotoSans-Bold.ttf"},
		{"dejavu", "DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf"},
	} {
		regular, err := fontFiles.ReadFile("fonts/" + f.regular)
		if err != nil {
			return nil, err
		}
		bold, err := fontFiles.ReadFile("fonts/" + f.bold)
		if err != nil {
			return nil, err
		}
		glyphs, err := sfnt.Parse(regular)
		if err != nil {
			return nil, fmt.Errorf("font %s: %w", f.regular, err)
		}
		loaded = append(loaded, face{f.family, regular, bold, glyphs})
	}
	return loaded, nil
})

const (
	missing    = '\ufffd'
	basicPlane = 0xffff // the PDF library knows no characters beyond it
	boldStyle  = "B"
	plainStyle = ""
)

// typesetter chooses fonts and loads each into the document when it is first needed.
type typesetter struct {
	pdf    *fpdf.Fpdf
	faces  []face
	loaded map[string]bool
	buffer sfnt.Buffer
}

// set makes the document ready to write the text and gives it as it can be written, from left to right.
func (t *typesetter) set(text, style string, size float64) string {
	return leftToRight(t.choose(text, style, size))
}

// choose is set without the order: for texts that are still to be broken into lines.
func (t *typesetter) choose(text, style string, size float64) string {
	text = visible(text)
	chosen, written := t.faces[0], text
	if !t.has(chosen, text) {
		chosen = t.faces[len(t.faces)-1]
		written = t.substituted(chosen, text)
	}
	key := chosen.family + style
	if !t.loaded[key] {
		content := chosen.regular
		if style == boldStyle {
			content = chosen.bold
		}
		t.pdf.AddUTF8FontFromBytes(chosen.family, style, content)
		t.loaded[key] = true
	}
	t.pdf.SetFont(chosen.family, style, size)
	return written
}

func (t *typesetter) has(f face, text string) bool {
	for _, r := range text {
		if r > basicPlane {
			return false
		}
		if index, err := f.glyphs.GlyphIndex(&t.buffer, r); err != nil || index == 0 {
			return false
		}
	}
	return true
}

// substituted puts a mark where even the last font has no glyph.
func (t *typesetter) substituted(f face, text string) string {
	out := []rune(text)
	for i, r := range out {
		if !t.has(f, string(r)) {
			out[i] = missing
		}
	}
	return string(out)
}

// visible gives a text in composed letters, on one line, without what steers its direction.
func visible(text string) string {
	var out []rune
	for _, r := range norm.NFC.String(text) {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r):
			out = append(out, ' ')
		case unicode.Is(unicode.Cf, r):
		default:
			out = append(out, r)
		}
	}
	return string(out)
}

// leftToRight gives a text in the order in which it is seen: the PDF library knows no other. Words of a
// script that runs the other way, and their letters, are turned around where they stand.
func leftToRight(text string) string {
	words := strings.Split(text, " ")
	for i := 0; i < len(words); i++ {
		end := i
		for end < len(words) && rightToLeft(words[end]) {
			words[end] = bidi.ReverseString(words[end])
			end++
		}
		if end > i {
			slices.Reverse(words[i:end])
			i = end
		}
	}
	return strings.Join(words, " ")
}

// rightToLeft says whether a word has letters that are written from right to left.
func rightToLeft(word string) bool {
	const first = 0x590 // Hebrew is the first such script
	for _, r := range word {
		if r >= first {
			if p, _ := bidi.LookupRune(r); p.Class() == bidi.R || p.Class() == bidi.AL {
				return true
			}
		}
	}
	return false
}
