package bootstrap

import (
	"regexp"
	"strings"
)

// encodePassword is the hint for URLs with a password in them.
const encodePassword = "in the password write # / ? @ : % as %23 %2F %3F %40 %3A %25"

var urlScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

// shownURL returns all that a message may show of a URL that may hold a password: its scheme. Where the password ends
// is for a parser to say, and a password that is not percent-encoded misleads every parser.
func shownURL(text string) string {
	if scheme := urlScheme.FindString(text); scheme != "" {
		return scheme + "…"
	}
	return "(no URL)"
}

// secretMarks stand in values that hold a secret, wherever they were put by mistake.
var secretMarks = []string{"@", "AGE-SECRET-KEY-", "BEGIN PRIVATE KEY", "sc_"}

// shownValue returns what a message may show of a value of any variable.
func shownValue(value string) string {
	for _, mark := range secretMarks {
		switch {
		case !strings.Contains(strings.ToUpper(value), strings.ToUpper(mark)):
		case mark != "@":
			return "(a secret)"
		case urlScheme.MatchString(value):
			return shownURL(value)
		}
	}
	return value
}
