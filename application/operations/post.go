package operations

import (
	"context"
	"io"

	"surgicase/domain/fault"
	"surgicase/domain/mail"
	"surgicase/ports"
)

// Post sends the letters that were queued. A letter reaches its receiver at most twice, with the same
// Message-ID, however often an attempt is cut short: each one is noted before it begins.
type Post struct {
	store  ports.Store
	clock  ports.Clock
	events ports.Events
	blobs  ports.Blobs
	mailer ports.Mailer
}

// NewPost makes the service.
func NewPost(store ports.Store, clock ports.Clock, events ports.Events, blobs ports.Blobs, mailer ports.Mailer) *Post {
	return &Post{store: store, clock: clock, events: events, blobs: blobs, mailer: mailer}
}

// largestEnclosure is more than mail servers take.
const largestEnclosure = 30 << 20

// Send makes one attempt at the letter that a task names.
//
// Faults: Unavailable when there should be another attempt.
func (s *Post) Send(ctx context.Context, payload string) error {
	id, err := mail.ParsePayload(payload)
	if err != nil {
		return err
	}
	queued, err := view(ctx, s.store, func(ctx context.Context, r ports.Repos) (mail.Posted, error) { return r.Letters.Get(ctx, id) })
	if err != nil || queued.Status != mail.Queued {
		return err
	}
	enclosed, err := s.enclosed(ctx, queued)
	if err != nil {
		return s.set(ctx, id, func(p *mail.Posted) error {
			if !p.Claimed.After(s.clock.Now()) { // else somebody is sending it: he could read the files
				p.Fail(codeOr(err, "enclosure_unreadable"), s.clock.Now())
			}
			return againFor(p, err)
		})
	}
	claimed, err := s.claim(ctx, id)
	if err != nil || claimed == nil {
		return err
	}
	outcome := s.mailer.Send(ctx, mail.Letter{
		MessageID: claimed.MessageID, To: []string{claimed.To}, Subject: claimed.Subject, Text: claimed.Text, Enclosed: enclosed,
	})
	// Whoever is about to stop the program shall not make the letter go out twice.
	return s.conclude(context.WithoutCancel(ctx), *claimed, outcome)
}

// claim notes an attempt before it begins. It gives nil when there is nothing to send any more.
func (s *Post) claim(ctx context.Context, id int64) (*mail.Posted, error) {
	goOn := false
	claimed, err := s.change(ctx, id, func(p *mail.Posted) (err error) {
		goOn, err = p.Claim(s.clock.Now())
		return err
	})
	if err != nil || claimed == nil || !goOn {
		return nil, err
	}
	return claimed, nil
}

// conclude notes how an attempt ended. If it took so long that somebody else has begun another, only
// success is worth noting: what that one does not know yet.
func (s *Post) conclude(ctx context.Context, claimed mail.Posted, outcome error) error {
	return s.set(ctx, claimed.ID, func(p *mail.Posted) error {
		if p.Attempts != claimed.Attempts && outcome != nil {
			return nil
		}
		if p.Conclude(outcome, s.clock.Now()) {
			return againFor(p, outcome)
		}
		return nil
	})
}

// againFor passes on why a letter is still queued, so that its task comes again.
func againFor(p *mail.Posted, why error) error {
	if p.Status != mail.Queued {
		return nil
	}
	return fault.New(fault.Unavailable, codeOr(why, p.Reason), "The mail is not sent yet.").Because(why)
}

// set is change for those who need not know how the letter stands then.
func (s *Post) set(ctx context.Context, id int64, do func(*mail.Posted) error) error {
	_, err := s.change(ctx, id, do)
	return err
}

// change changes a letter and gives it as it is now, nil if it had ended before; it tells when the letter
// ends here. What do returns is passed on after the letter is written, except when that cannot be claimed:
// then nothing is.
func (s *Post) change(ctx context.Context, id int64, do func(*mail.Posted) error) (*mail.Posted, error) {
	var changed *mail.Posted
	var after error
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		changed, after = nil, nil // of a run before, which lost the race
		p, err := r.Letters.Get(ctx, id)
		if err != nil || p.Status != mail.Queued {
			return err
		}
		attempts := p.Attempts
		if after = do(&p); fault.CodeOf(after) == "letter_claimed" {
			return nil
		}
		changed = &p
		return r.Letters.Save(ctx, &p, attempts)
	})
	if err != nil {
		return nil, err
	}
	if changed != nil && changed.Status != mail.Queued {
		s.tell(ctx, changed)
	}
	return changed, after
}

func (s *Post) tell(ctx context.Context, p *mail.Posted) {
	outcome := p.Reason
	if p.Status == mail.Sent || p.Reason == mail.NotDelivered {
		outcome = "success"
	}
	s.events.Happened(ctx, ports.Event{Name: "mail." + string(p.Status), Outcome: outcome, Values: []ports.Value{
		{Name: "message_id", Text: p.MessageID}, {Name: "kind", Text: string(p.Kind)},
	}})
}

func codeOr(err error, usual string) string {
	if code := fault.CodeOf(err); code != "" {
		return code
	}
	return usual
}

// enclosed reads the stored files that go with a letter.
func (s *Post) enclosed(ctx context.Context, p mail.Posted) ([]mail.Enclosure, error) {
	var all []mail.Enclosure
	for _, f := range p.Enclosed {
		content, _, err := s.blobs.Get(ctx, f.Key, ports.Span{})
		if err != nil {
			return nil, err
		}
		e := mail.Enclosure{Name: f.Name, ContentType: f.ContentType}
		e.Content, err = io.ReadAll(io.LimitReader(content, largestEnclosure+1))
		if closeErr := content.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return nil, fault.New(fault.Unavailable, "storage_unavailable", "The file cannot be read.").Because(err)
		}
		if len(e.Content) > largestEnclosure {
			return nil, fault.New(fault.Invalid, mail.Refused, "The file is too large for mail.")
		}
		all = append(all, e)
	}
	return all, nil
}
