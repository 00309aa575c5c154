// Package document holds the rules for documents: what their names may be, under which names they are handed out, what their content
// says that they are, and where they lie. It reads and stores nothing. Start reading at Open, which every upload passes, and at
// DownloadName, which every download does.
package document

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"surgicase/domain/fault"
	"surgicase/domain/surgical"
)

// MaxName is the longest file name, in bytes.
const MaxName = 200

// ParseName accepts a plain file name: no path, no characters that are not seen, at most MaxName bytes. The caller has brought it to
// Unicode form NFC. Source: spec/decisions.md 6.2.
//
// Faults: Invalid "invalid_file_name", which says what is wrong.
func ParseName(s string) (surgical.PHI, error) {
	if strings.ContainsFunc(s, isDirection) {
		return surgical.PHI{}, invalidName("must not hold characters that change the direction of text")
	}
	return ParseStoredName(s)
}

// ParseStoredName accepts what ParseName does, and the names that other programs have stored: those keep their spelling.
//
// Faults: as ParseName.
func ParseStoredName(s string) (surgical.PHI, error) {
	switch {
	case s == "":
		return surgical.PHI{}, invalidName("must be a file name")
	case len(s) > MaxName:
		return surgical.PHI{}, invalidName("must be at most %d bytes long in UTF-8; this one has %d", MaxName, len(s))
	case !utf8.ValidString(s), strings.ContainsRune(s, utf8.RuneError):
		return surgical.PHI{}, invalidName("must be text in UTF-8")
	case strings.ContainsFunc(s, unicode.IsControl):
		return surgical.PHI{}, invalidName("must not hold control characters")
	case strings.ContainsAny(s, `/\`):
		return surgical.PHI{}, invalidName("must be a plain file name without a path")
	case s == ".", s == "..":
		return surgical.PHI{}, invalidName("must be the name of a file, not of a folder")
	case strings.TrimSpace(s) != s:
		return surgical.PHI{}, invalidName("must not begin or end with a blank")
	}
	return surgical.NewPHI(s), nil
}

func invalidName(format string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, "invalid_file_name", format, args...)
}

// CleanName takes out of the name of an upload what its sender does not see: the folders before it, which some browsers send, blanks
// at its ends, and characters that only change how it looks. What is left goes to ParseName.
func CleanName(s string) string {
	if isWindowsPath(s) {
		s = s[strings.LastIndexAny(s, `/\`)+1:]
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if isDirection(r) || isHidden(r) {
			return -1
		}
		return r
	}, s))
}

// isWindowsPath reports whether a name begins with a drive or a server.
func isWindowsPath(s string) bool {
	isLetter := len(s) > 2 && (s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z')
	return strings.HasPrefix(s, `\\`) || isLetter && s[1] == ':' && (s[2] == '\\' || s[2] == '/')
}

// isDirection reports whether a character changes the direction of the text around it. Source: Unicode 15, 23.2, UAX 9.
func isDirection(r rune) bool {
	return r == 0x61c || r == 0x200e || r == 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x206f
}

// isHidden reports whether a character shows nothing. The joiners stay: emoji and Persian names are written with them.
func isHidden(r rune) bool {
	return r == 0xad || r == 0x180e || r == 0x200b || r == 0x2028 || r == 0x2029 || r >= 0x2060 && r <= 0x2064 || r == 0xfeff ||
		r >= 0xfff9 && r <= 0xfffb || r >= 0xe0001 && r <= 0xe007f
}
