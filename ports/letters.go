package ports

import (
	"context"

	"surgicase/domain/mail"
)

// Letters keeps what is to be mailed and what became of it.
type Letters interface {
	// Add stores a letter and gives its id. Conflict "letter_exists" if its occasion has one for this
	// address and user.
	Add(ctx context.Context, p *mail.Posted) error

	// Get returns a letter. NotFound "letter_not_found".
	Get(ctx context.Context, id int64) (mail.Posted, error)

	// Save writes how far a letter is that had so many attempts when it was read in this transaction.
	// Conflict "changed_meanwhile" if somebody else went on with it or it has ended.
	Save(ctx context.Context, p *mail.Posted, attempts int) error

	// List returns a page, without texts.
	List(ctx context.Context, q mail.Query) ([]mail.Posted, error)

	// Count counts what the query finds on all pages together.
	Count(ctx context.Context, q mail.Query) (int, error)
}

// Recipients stores who gets reports by mail.
type Recipients interface {
	// Add stores a recipient and gives the id. Conflict "recipient_exists" if the address is on the list.
	Add(ctx context.Context, r *mail.Recipient) error

	// Remove takes a recipient off his list and returns who it was. NotFound "recipient_not_found".
	Remove(ctx context.Context, id int64) (mail.Recipient, error)

	// List returns up to limit recipients with an id above after, in order of id; with lists only those
	// that are on one of them.
	List(ctx context.Context, lists []mail.List, after int64, limit int) ([]mail.Recipient, error)
}

// recipientsPage is how many recipients are read at once.
const recipientsPage = 500

// AllRecipients gives everybody who is on a list; without a list, on any.
func AllRecipients(ctx context.Context, r Repos, list mail.List) ([]mail.Recipient, error) {
	var all []mail.Recipient
	after := int64(0)
	for {
		page, err := r.Recipients.List(ctx, []mail.List{list}, after, recipientsPage)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < recipientsPage {
			return all, nil
		}
		after = page[len(page)-1].ID
	}
}

// Post queues a letter to be sent after the transaction. One that is not to be sent is only noted.
// Conflict "letter_exists" if its occasion has one for this address and user.
func Post(ctx context.Context, r Repos, p *mail.Posted) error {
	if err := r.Letters.Add(ctx, p); err != nil || p.Status != mail.Queued {
		return err
	}
	return r.Outbox.Put(ctx, SendLetter, p.Payload(), p.CreatedAt)
}
