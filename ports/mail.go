package ports

import (
	"context"

	"surgicase/domain/mail"
)

// Mailer sends mail.
type Mailer interface {
	// Send hands a letter over to be delivered and returns when it has been taken, for all recipients
	// or for none. The same MessageID goes out with every attempt, so that a receiver who gets it twice
	// sees it once. Unavailable mail.Unavailable when it was not taken but may be later; Unavailable
	// mail.Unconfirmed when nobody knows whether it was taken; Invalid mail.Refused when it never will
	// be; Conflict mail.NotDelivered from a mailer that delivers nothing, when all is well with the letter.
	Send(ctx context.Context, letter mail.Letter) error
}
