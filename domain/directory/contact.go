// Package directory holds the people and places of a practice: providers and other users, the
// surgeons and facilities they work with, and groups.
package directory

import (
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"surgicase/domain/fault"
	"surgicase/domain/names"
)

// states are the USPS codes of states, districts, territories and military mail.
// Source: USPS Publication 28, appendix B.
const states = " AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI UM FM MH PW AA AE AP "

// ParseState reads a two-letter state code in any letter case; empty stays empty.
func ParseState(s string) (string, error) {
	up := strings.ToUpper(s)
	if s == "" || (len(up) == 2 && strings.Contains(states, " "+up+" ")) {
		return up, nil
	}
	return "", fault.New(fault.Invalid, "invalid_state", "must be a two-letter US state")
}

// zipCode is a ZIP code as people type it, once separators are plain: ZIP+4 with a hyphen, a blank or nothing.
var zipCode = regexp.MustCompile(`^([0-9]{5})(?:[- ]?([0-9]{4}))?$`)

// ParseZIP reads a ZIP code of five or nine digits and returns the one spelling that is kept: 12345 or 12345-6789.
// Between the parts any dash, a blank or nothing is taken; empty stays empty.
func ParseZIP(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	parts := zipCode.FindStringSubmatch(plainSeparators(s))
	switch {
	case parts == nil:
		return "", fault.New(fault.Invalid, "invalid_zip", "must be a ZIP code of five or nine digits, such as 12345-6789")
	case parts[2] == "":
		return parts[1], nil
	}
	return parts[1] + "-" + parts[2], nil
}

// extension is the end of a telephone number that leads on to a person: x11, ext. 11, #11.
var extension = regexp.MustCompile(`(?i)[\s,;]*(?:x|#|ext\.?|extn\.?|extension|;ext=)[\s.:]*[0-9]+$`)

// ParsePhone reads a US telephone number of ten digits, with or without +1 and whatever separators word processors
// and web pages put between them, and returns the digits; empty stays empty. There is no room for an extension.
func ParsePhone(s string) (string, error) {
	plain := plainSeparators(s)
	digits := phoneSeparators.Replace(strings.TrimPrefix(plain, "tel:"))
	if len(digits) == 11 && digits[0] == '1' {
		digits = digits[1:]
	}
	switch {
	case s == "", len(digits) == 10 && onlyDigits(digits) && digits[0] > '1':
		return digits, nil
	case extension.MatchString(plain):
		return "", fault.New(fault.Invalid, "invalid_telephone", "must be a telephone number of ten digits; leave out the extension")
	}
	return "", fault.New(fault.Invalid, "invalid_telephone", "must be a telephone number of ten digits")
}

var phoneSeparators = strings.NewReplacer("+", "", "-", "", " ", "", "(", "", ")", "", "[", "", "]", "", ".", "", "/", "", "·", "", "•", "")

// plainSeparators returns a number as it would be typed on an ASCII keyboard: every dash is a hyphen, every blank
// a space, and what nobody sees is left out.
func plainSeparators(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c < unicode.MaxASCII && c != '\t':
			return c
		case unicode.In(c, unicode.Zs), c == '\t':
			return ' '
		case unicode.In(c, unicode.Pd), c == '\u2212', c == '\u2043', c == '\u02d7':
			return '-'
		case unicode.In(c, unicode.Cf):
			return -1
		case c == '\u2044', c == '\u2215': // slashes
			return '/'
		}
		return c
	}, s)
}

// maxEmail is the longest address that can be stored, in bytes.
const maxEmail = 250

// ParseEmail reads a bare address and lower-cases its domain. An international domain is taken in its ASCII form
// only; what people type is brought into it before it comes here.
func ParseEmail(s string) (string, error) {
	if !ascii(s) && strings.ContainsFunc(s, unicode.IsLetter) && utf8.ValidString(s) {
		if local, _, found := strings.Cut(s, "@"); found && ascii(local) {
			return "", fault.New(fault.Invalid, "invalid_email", "must be an e-mail address; write an international domain in its ASCII form (xn--...)")
		}
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > maxEmail || !ascii(s) {
		return "", fault.New(fault.Invalid, "invalid_email", "must be an e-mail address")
	}
	local, domain, _ := strings.Cut(s, "@")
	if !strings.Contains(strings.Trim(domain, "."), ".") || strings.ContainsAny(s, " \"<>[]") {
		return "", fault.New(fault.Invalid, "invalid_email", "must be an e-mail address")
	}
	return local + "@" + strings.ToLower(domain), nil
}

// ParseTimezone accepts an IANA zone name; empty stays empty.
func ParseTimezone(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	_, err := time.LoadLocation(s)
	if err != nil || roundabout(s) || len(s) > 64 || (s != "UTC" && !strings.Contains(s, "/")) || strings.HasPrefix(s, "right/") || strings.HasPrefix(s, "posix/") {
		return "", fault.New(fault.Invalid, "invalid_timezone", "must be an IANA time zone such as America/New_York")
	}
	return s, nil
}

// roundabout says whether a path has a step that leads nowhere, and so names what another names, too.
func roundabout(path string) bool {
	return strings.Contains("/"+path+"/", "//") || strings.Contains("/"+path+"/", "/./")
}

// ParseTaxID reads an EIN (99-9999999) or SSN (999-99-9999), with or without hyphens, and gives
// the nine digits; empty stays empty.
func ParseTaxID(s string) (string, error) {
	digits := strings.ReplaceAll(s, "-", "")
	shaped := s == digits || (len(s) == 10 && s[2] == '-') || (len(s) == 11 && s[3] == '-' && s[6] == '-')
	if s == "" || (len(digits) == 9 && onlyDigits(digits) && shaped) {
		return digits, nil
	}
	return "", fault.New(fault.Invalid, "invalid_tax_id", "must be a tax id of nine digits")
}

// ParseLine trims a line of text and checks its length in characters. Control characters are
// refused; required lines must not be blank.
func ParseLine(s string, longest int, required bool) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "" && required:
		return "", fault.New(fault.Invalid, "required", "must not be empty")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, isControl):
		return "", fault.New(fault.Invalid, "invalid_text", "must not hold control characters")
	case utf8.RuneCountInString(s) > longest:
		return "", fault.New(fault.Invalid, "too_long", "must be at most %d characters long", longest)
	}
	return s, nil
}

// ParseName is ParseLine for the name of a person or a place: composed (NFC), without control, format or other
// invisible characters. Source: docs/rules.md, Duplicate cases.
func ParseName(s string, longest int, required bool) (string, error) {
	s, err := ParseLine(norm.NFC.String(s), longest, required)
	if err != nil {
		return "", err
	}
	if err := names.Check(s); err != nil {
		return "", err
	}
	return s, nil
}

func isControl(r rune) bool {
	return r < 0x20 || (r >= 0x7f && r < 0xa0) || r == 0x2028 || r == 0x2029 || r == utf8.RuneError
}

func onlyDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] > 0x7e || s[i] < 0x21 {
			return false
		}
	}
	return true
}
