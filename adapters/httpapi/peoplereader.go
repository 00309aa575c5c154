package httpapi

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"surgicase/domain/civil"
	"surgicase/domain/directory"
	"surgicase/domain/npi"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

// Column widths of people and places. Source: reference-wire.md, data model.
const (
	maxCity        = 50
	maxPlaceLine   = 100
	maxFacility    = 1000
	maxReferrer    = 100
	maxStatesText  = 500
	maxCredentials = 100
	maxDocType     = 100
	maxDocuments   = directory.MaxDocuments
)

func (r *reader) name(location, text string) string { return r.nameOf(location, text, maxName, true) }

// lineOf gives a parser for a line that may be empty.
func (r *reader) lineOf(longest int) func(string, string) string {
	return func(location, text string) string { return r.line(location, text, longest, false) }
}

// referrer reads the name of somebody, or none.
func (r *reader) referrer(location, text string) string {
	return r.nameOf(location, text, maxReferrer, false)
}

// facility reads the name of a place.
func (r *reader) facility(location, text string) string {
	return r.nameOf(location, text, maxFacility, true)
}

func (r *reader) email(location, text string) string {
	email, err := directory.ParseEmail(ASCIIAddress(text))
	r.bad.Check(location, err)
	return email
}

// ASCIIAddress returns an e-mail address with its international domain in the ASCII form in which mail servers look
// it up (RFC 5891). What is no such domain comes back as it is.
func ASCIIAddress(address string) string {
	local, domain, found := strings.Cut(address, "@")
	ascii, err := idna.Lookup.ToASCII(domain)
	if !found || err != nil || strings.IndexFunc(domain, func(c rune) bool { return c > unicode.MaxASCII }) < 0 {
		return address
	}
	return local + "@" + ascii
}

func (r *reader) state(location, text string) string {
	state, err := directory.ParseState(text)
	r.bad.Check(location, err)
	return state
}

func (r *reader) zip(location, text string) string {
	zip, err := directory.ParseZIP(text)
	r.bad.Check(location, err)
	return zip
}

func (r *reader) phone(location string, d Digits) string {
	phone, err := directory.ParsePhone(string(d))
	r.bad.Check(location, err)
	return phone
}

func (r *reader) npi(location string, d Digits) npi.NPI {
	n, err := npi.Parse(string(d))
	r.bad.Check(location, err)
	return n
}

func (r *reader) zone(location, text string) string {
	zone, err := directory.ParseTimezone(text)
	r.bad.Check(location, err)
	return zone
}

func (r *reader) taxID(location, text string) surgical.PHI {
	digits, err := directory.ParseTaxID(text)
	r.bad.Check(location, err)
	return surgical.NewPHI(digits)
}

// day reads a date; empty means none.
func (r *reader) day(location, text string) civil.Date {
	if text == "" {
		return civil.Date{}
	}
	return r.date(location, text)
}

// The years that a time may lie in.
const earliest, latest = 1990, 2199

// instant reads a time of RFC 3339; one without a zone, as the old product wrote them, is UTC.
func (r *reader) instant(location, text string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		switch t, err := time.Parse(layout, text); {
		case err != nil:
		case t.Year() < earliest || t.Year() > latest:
			r.bad.Add(location, "must lie in the years %d to %d", earliest, latest)
			return time.Time{}
		default:
			return t.UTC().Truncate(time.Microsecond)
		}
	}
	r.bad.Add(location, "must be a time such as 2026-11-02T15:04:05Z")
	return time.Time{}
}

// whole reads a whole number within bounds.
func (r *reader) whole(location string, d Digits, low, high int) int {
	n, err := strconv.ParseUint(string(d), 10, 31)
	if err != nil || int(n) < low || int(n) > high {
		r.bad.Add(location, "must be a whole number from %d to %d", low, high)
		return low
	}
	return int(n)
}

func (r *reader) messagePref(location string, d Digits) int { return r.whole(location, d, 0, 3) }

func (r *reader) userType(location string, d Digits) permission.UserType {
	return permission.UserType(r.whole(location, d, int(permission.Provider), int(directory.MaxUserType)))
}

// status reads the number of a case status.
func (r *reader) status(location string, d Digits) int {
	n := r.whole(location, d, 0, int(surgical.Closed))
	_, err := surgical.ParseStatus(n)
	r.bad.Check(location, err)
	return n
}

// text reads several lines: line breaks and tabs are allowed, other control characters are not.
func (r *reader) text(location, text string, longest int) string {
	flat := strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ").Replace(text)
	r.line(location, flat, longest, true)
	return strings.TrimSpace(norm.NFC.String(strings.ReplaceAll(text, "\r\n", "\n")))
}
