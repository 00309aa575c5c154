package operations

import (
	"context"
	"strconv"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/job"
	"surgicase/domain/mail"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Notices tells the people who run the house what they should know, by mail.
type Notices struct {
	store ports.Store
	clock ports.Clock
	ids   ports.IDs
	post  *Post
	desk  NoticeDesk
}

// NoticeDesk is what notices are written on, and to whom.
type NoticeDesk struct {
	mail.Stationery
	To []string
}

// NewNotices makes the service.
func NewNotices(store ports.Store, clock ports.Clock, ids ports.IDs, post *Post, desk NoticeDesk) *Notices {
	return &Notices{store: store, clock: clock, ids: ids, post: post, desk: desk}
}

// noticeTimeout is how long sending at once may take; after that the outbox has the letter.
const noticeTimeout = 10 * time.Second

// Tell queues a notice to each of those people, once for an occasion.
func (s *Notices) Tell(ctx context.Context, kind mail.Kind, occasion string, values mail.Values) error {
	_, err := s.queue(ctx, kind, occasion, values)
	return err
}

// TellAtOnce is Tell for what must leave the house before the database can be changed: it does not wait
// for the outbox, which takes over only if sending fails.
func (s *Notices) TellAtOnce(ctx context.Context, kind mail.Kind, occasion string, values mail.Values) error {
	letters, err := s.queue(ctx, kind, occasion, values)
	ctx, cancel := context.WithTimeout(ctx, noticeTimeout)
	defer cancel()
	for i := range letters {
		if sendErr := s.post.Send(ctx, letters[i].Payload()); err == nil && fault.CodeOf(sendErr) == "" {
			err = sendErr
		}
	}
	return err
}

// JobFailed tells that a run of a job failed for good. It is the work of an outbox task that names it.
func (s *Notices) JobFailed(ctx context.Context, payload string) error {
	id, err := mail.ParsePayload(payload)
	if err != nil {
		return err
	}
	run, err := view(ctx, s.store, func(ctx context.Context, r ports.Repos) (job.Run, error) { return r.Jobs.Get(ctx, id) })
	if err != nil {
		return err
	}
	return s.Tell(ctx, mail.JobFailed, "job:"+payload, mail.Values{
		"job": run.Job, "scheduled_at": run.At.Format(time.RFC3339), "failed_at": run.FinishedAt.Format(time.RFC3339),
		"outcome": run.Outcome, "attempts": strconv.Itoa(run.Attempts),
	})
}

func (s *Notices) queue(ctx context.Context, kind mail.Kind, occasion string, values mail.Values) ([]mail.Posted, error) {
	if len(s.desk.To) == 0 {
		return nil, nil
	}
	var queued []mail.Posted
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		queued = nil
		for _, address := range s.desk.To {
			p := s.desk.Letter(kind, "", s.ids.Unique(), values)
			p.Occasion, p.To, p.CreatedAt, p.CreatedBy = occasion, address, s.clock.Now(), permission.System("auto").User
			err := ports.Post(ctx, r, &p)
			if fault.CodeOf(err) == "letter_exists" {
				continue // a task is done at least once
			}
			if err != nil {
				return err
			}
			queued = append(queued, p)
		}
		return nil
	})
	return queued, err
}
