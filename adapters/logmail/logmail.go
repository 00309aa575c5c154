// Package logmail takes mail that is not to be sent, and tells of it: for development and trials.
package logmail

import (
	"context"
	"strconv"

	"surgicase/domain/fault"
	"surgicase/domain/mail"
	"surgicase/ports"
)

// Mailer is a ports.Mailer that delivers nothing. What it tells of a letter is who sent what kind of it
// and how much: neither its addresses nor its text, nor the names of its files.
type Mailer struct{ events ports.Events }

// Open makes the mailer.
func Open(events ports.Events) *Mailer { return &Mailer{events} }

// Send implements ports.Mailer.
func (m *Mailer) Send(ctx context.Context, letter mail.Letter) error {
	if err := letter.Check(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	size := 0
	for _, e := range letter.Enclosed {
		size += len(e.Content)
	}
	m.events.Happened(ctx, ports.Event{Name: "mail.logged", Outcome: "success", Values: []ports.Value{
		{Name: "message_id", Text: letter.MessageID},
		{Name: "subject", Text: letter.Subject},
		{Name: "recipients", Text: strconv.Itoa(len(letter.To))},
		{Name: "enclosures", Text: strconv.Itoa(len(letter.Enclosed))},
		{Name: "enclosed_bytes", Text: strconv.Itoa(size)},
	}})
	return fault.New(fault.Conflict, mail.NotDelivered, "Mail is not delivered here: EMAIL_URL is log://.")
}
