package operations

import (
	"context"
	"strconv"

	"surgicase/domain/audit"
	"surgicase/domain/mail"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Mail manages who gets reports by mail, and reads what became of letters. It is for Global Admins.
type Mail struct {
	store ports.Store
	clock ports.Clock
}

// NewMail makes the service.
func NewMail(store ports.Store, clock ports.Clock) *Mail { return &Mail{store: store, clock: clock} }

const recipientEntity = "report_recipient"

// Recipients returns up to limit recipients with an id above after, of some lists or of all.
//
// Faults: Forbidden.
func (s *Mail) Recipients(ctx context.Context, who permission.Actor, lists []mail.List, after int64, limit int) ([]mail.Recipient, error) {
	if err := s.allowed(ctx, who, recipientEntity); err != nil {
		return nil, err
	}
	return view(ctx, s.store, func(ctx context.Context, r ports.Repos) ([]mail.Recipient, error) {
		return r.Recipients.List(ctx, lists, after, limit)
	})
}

// Add puts somebody on a list.
//
// Faults: Forbidden; Conflict "recipient_exists".
func (s *Mail) Add(ctx context.Context, who permission.Actor, to mail.Recipient) (mail.Recipient, error) {
	if err := s.allowed(ctx, who, recipientEntity); err != nil {
		return to, err
	}
	to.CreatedAt = s.clock.Now()
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		if err := r.Recipients.Add(ctx, &to); err != nil {
			return err
		}
		id := strconv.FormatInt(to.ID, 10)
		note := audit.Record(who, permission.SendMail, recipientEntity, id, to.CreatedAt)
		return r.Audit.Record(ctx, note.Changing(nil, nil, audit.Digest([]byte(recipientEntity+":"+id), to.Contents()...)))
	})
	return to, err
}

// Remove takes somebody off his list.
//
// Faults: Forbidden; NotFound "recipient_not_found".
func (s *Mail) Remove(ctx context.Context, who permission.Actor, id int64) error {
	if err := s.allowed(ctx, who, recipientEntity); err != nil {
		return err
	}
	note := audit.Record(who, permission.SendMail, recipientEntity, strconv.FormatInt(id, 10), s.clock.Now())
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		if _, err := r.Recipients.Remove(ctx, id); err != nil {
			return err
		}
		return r.Audit.Record(ctx, note.Changing([]string{"removed"}, nil, nil))
	})
	return ports.Refused(ctx, s.store, note, err)
}

// Log returns a page of the e-mail log, newest first. It does not hold what was written.
//
// Faults: Forbidden.
func (s *Mail) Log(ctx context.Context, who permission.Actor, q mail.Query) (mail.Page, error) {
	if err := s.allowed(ctx, who, "email_log"); err != nil {
		return mail.Page{}, err
	}
	return view(ctx, s.store, func(ctx context.Context, r ports.Repos) (page mail.Page, err error) {
		if page.Letters, err = r.Letters.List(ctx, q); err == nil && q.Count {
			page.Total, err = r.Letters.Count(ctx, q)
		}
		return page, err
	})
}

func (s *Mail) allowed(ctx context.Context, who permission.Actor, entity string) error {
	if err := permission.Check(who, permission.SendMail, ""); err != nil {
		return ports.Refused(ctx, s.store, audit.Record(who, permission.SendMail, entity, "", s.clock.Now()), err)
	}
	return nil
}
