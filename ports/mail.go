package ports

import "context"

// Mailer sends mail.
type Mailer interface {
	// Send hands a letter over to be delivered and returns when it has been taken. The same MessageID
	// goes out with every attempt, so that a receiver who gets it twice sees it once. Unavailable
	// "mail_unavailable" when it may work later, Invalid "mail_refused" when it never will.
	Send(ctx context.Context, letter Letter) error
}

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
