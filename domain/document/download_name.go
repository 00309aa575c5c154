package document

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// endings are the ends of names that say the type of a document, the one that we write first.
var endings = map[string][]string{
	"application/pdf": {".pdf"}, "image/jpeg": {".jpg", ".jpeg", ".jpe", ".jfif"}, "image/png": {".png"}, "image/tiff": {".tif", ".tiff"}, "image/heic": {".heic", ".heif"},
}

// imageEndings are ends of names that would contradict the one of another type: they are exchanged, where others are kept before it.
var imageEndings = []string{".pdf", ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".heic", ".heif", ".gif", ".bmp", ".webp"}

// unknownEnding ends the names of what is no document that we know.
const unknownEnding = ".bin"

// DownloadName is the name under which a document is handed out. It ends in the extension of what the content is, whatever the client
// called it, and holds nothing that a system takes for more than a name: controls, directions of text, device names, dots and blanks
// at its end. What is stored keeps its spelling.
func DownloadName(stored, media string) string {
	name := strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || isDirection(r) || isHidden(r) || r == utf8.RuneError {
			return -1
		}
		if r == '/' || r == '\\' {
			return '_'
		}
		return r
	}, stored))
	known := endings[media]
	if known == nil {
		known = []string{unknownEnding}
	}
	ending := path.Ext(trimEnd(name))
	switch lower := strings.ToLower(ending); {
	case slices.Contains(known, lower):
		name = strings.TrimSuffix(trimEnd(name), ending)
	case slices.Contains(imageEndings, lower):
		name, ending = strings.TrimSuffix(trimEnd(name), ending), known[0]
	default:
		ending = known[0]
	}
	name = trimEnd(cut(trimEnd(name), MaxName-len(ending)-1))
	if name == "" {
		name = "document"
	}
	return escapeDevice(name) + ending
}

// Segment is a name as part of a path in an archive that any system unpacks: without what Windows forbids, and not longer than the
// most bytes, its extension kept.
func Segment(name string, most int) string {
	name = strings.Map(func(r rune) rune {
		if r == ' ' || unicode.IsControl(r) || strings.ContainsRune(`<>:"/\|?*`, r) {
			return '_'
		}
		return r
	}, name)
	ending := path.Ext(name)
	if len(ending) > most/2 {
		ending = ""
	}
	stem := trimEnd(cut(strings.TrimSuffix(name, ending), most-len(ending)-1))
	if stem == "" {
		stem = "_"
	}
	return escapeDevice(stem) + trimEnd(ending)
}

func trimEnd(s string) string {
	return strings.TrimRightFunc(s, func(r rune) bool { return r == '.' || unicode.IsSpace(r) })
}

// cut takes whole characters off the end.
func cut(s string, most int) string {
	for len(s) > most {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// devices are names that Windows takes for a device, whatever follows their first full stop.
// Source: learn.microsoft.com/windows/win32/fileio/naming-a-file.
var devices = []string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"}

// escapeDevice puts a line before the name of a device.
func escapeDevice(name string) string {
	first, _, _ := strings.Cut(name, ".")
	first = strings.ToUpper(strings.TrimRightFunc(first, unicode.IsSpace))
	runes := []rune(first)
	numbered := len(runes) == 4 && (string(runes[:3]) == "COM" || string(runes[:3]) == "LPT") && strings.ContainsRune("0123456789¹²³", runes[3])
	if numbered || slices.Contains(devices, first) {
		return "_" + name
	}
	return name
}
