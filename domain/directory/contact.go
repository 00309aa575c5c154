// Package directory holds the people and places of a practice: providers and other users, the
// surgeons and facilities they work with, and groups.
package directory

import (
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"surgicase/domain/fault"
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

// ParseZIP reads 12345 or 12345-6789 (or nine digits); empty stays empty.
func ParseZIP(s string) (string, error) {
	plain := strings.Replace(s, "-", "", 1)
	hyphenRight := !strings.Contains(s, "-") || (len(s) == 10 && s[5] == '-')
	if s == "" || (hyphenRight && (len(plain) == 5 || len(plain) == 9) && onlyDigits(plain)) {
		return s, nil
	}
	return "", fault.New(fault.Invalid, "invalid_zip", "must be a ZIP code of five or nine digits")
}

// ParsePhone reads a US telephone number of ten digits, with or without +1 and the usual
// punctuation, and gives the digits; empty stays empty.
func ParsePhone(s string) (string, error) {
	digits := strings.NewReplacer("+", "", "-", "", " ", "", "(", "", ")", "", ".", "").Replace(s)
	if len(digits) == 11 && digits[0] == '1' {
		digits = digits[1:]
	}
	if s == "" || (len(digits) == 10 && onlyDigits(digits) && digits[0] > '1') {
		return digits, nil
	}
	return "", fault.New(fault.Invalid, "invalid_telephone", "must be a telephone number of ten digits")
}

// maxEmail is the longest address that can be stored, in bytes.
const maxEmail = 250

// ParseEmail reads a bare address and lower-cases its domain.
func ParseEmail(s string) (string, error) {
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
