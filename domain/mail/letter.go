// Package mail holds the rules of what is mailed: letters, who gets them, and the templates they are
// written from.
package mail

import (
	"strings"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
)

// Letter is a mail. Its subject and file names hold no patient data.
type Letter struct {
	MessageID string // without angle brackets, such as "0190…@surgicase.example"
	To        []string
	Subject   string
	Text      string
	HTML      string // empty for plain text only
	Enclosed  []Enclosure
}

// Enclosure is a file that goes with a letter.
type Enclosure struct {
	Name        string
	ContentType string
	Content     []byte
}

// The codes of failed attempts to send.
const (
	Unavailable = "mail_unavailable"
	Unconfirmed = "mail_unconfirmed"
	Refused     = "mail_refused"

	// NotDelivered is of a mailer that delivers nothing (EMAIL_URL=log://). It is no failure, and nothing was sent.
	NotDelivered = "mail_not_delivered"
)

// mostHeader is the longest text in a header, in bytes.
const mostHeader = 500

// Check says whether the letter can be sent at all. What stands in a header must not begin another one.
//
// Faults: Invalid "mail_refused".
func (l Letter) Check() error {
	refused := func(text string) error { return fault.New(fault.Invalid, Refused, "The mail has %s.", text) }
	if len(l.To) == 0 {
		return refused("no recipient")
	}
	for _, address := range l.To {
		if _, err := directory.ParseEmail(address); err != nil {
			return refused("a recipient who is no address")
		}
	}
	local, domain, found := strings.Cut(l.MessageID, "@")
	if !found || local == "" || domain == "" || strings.ContainsAny(l.MessageID, "<> ") || !fitsHeader(l.MessageID) {
		return refused("no valid Message-ID")
	}
	if l.Subject == "" || !fitsHeader(l.Subject) {
		return refused("no valid subject")
	}
	for _, e := range l.Enclosed {
		if e.Name == "" || strings.ContainsAny(e.Name, `/\"`) || !fitsHeader(e.Name) || !fitsHeader(e.ContentType) {
			return refused("an enclosure without a valid name")
		}
	}
	return nil
}

func fitsHeader(text string) bool {
	return len(text) <= mostHeader && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}
