// Package support takes what users report: bugs, and what their clients saw of requests.
package support

import (
	"context"
	"errors"
	"strconv"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/domain/support"
	"surgicase/ports"
)

// Service keeps bug reports and has the bug tracker follow them.
type Service struct {
	store   ports.Store
	clock   ports.Clock
	events  ports.Events
	tracker ports.BugTracker
}

// New makes the service.
func New(store ports.Store, clock ports.Clock, events ports.Events, tracker ports.BugTracker) *Service {
	return &Service{store: store, clock: clock, events: events, tracker: tracker}
}

const entity = "bug"

func (s *Service) entry(who permission.Actor, action permission.Action, id int64) audit.Entry {
	name := ""
	if id != 0 {
		name = strconv.FormatInt(id, 10)
	}
	return audit.Record(who, action, entity, name, s.clock.Now())
}

func digest(b *support.Bug) []byte {
	return audit.Digest([]byte(entity+":"+strconv.FormatInt(b.ID, 10)), b.Contents()...)
}

// Report records a bug and has the bug tracker told.
//
// Faults: Forbidden.
func (s *Service) Report(ctx context.Context, who permission.Actor, b support.Bug) (support.Bug, error) {
	if err := permission.Check(who, permission.ReportBug, ""); err != nil {
		return b, ports.Refused(ctx, s.store, s.entry(who, permission.ReportBug, 0), err)
	}
	b.Status, b.Reporter, b.CreatedAt = support.Open, who.User, s.clock.Now()
	b.UpdatedAt = b.CreatedAt
	if b.RequestID == "" {
		b.RequestID = who.RequestID
	}
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		if err := r.Bugs.Add(ctx, &b); err != nil {
			return err
		}
		if err := s.follow(ctx, r, &b); err != nil {
			return err
		}
		return r.Audit.Record(ctx, s.entry(who, permission.ReportBug, b.ID).Changing(nil, nil, digest(&b)))
	})
	s.events.Happened(ctx, ports.Event{Name: "bug.reported", Err: err, Values: []ports.Value{{Name: "actor", Text: string(who.User)}}})
	return b, err
}

func (s *Service) follow(ctx context.Context, r ports.Repos, b *support.Bug) error {
	return r.Outbox.Put(ctx, ports.TrackBug, strconv.FormatInt(b.ID, 10), s.clock.Now())
}

// List returns a page of the bugs that the actor may see: his own, or everybody's.
func (s *Service) List(ctx context.Context, who permission.Actor, q support.Query) ([]support.Bug, error) {
	if permission.Check(who, permission.ReadAllBugs, "") != nil {
		if err := permission.Check(who, permission.ReportBug, ""); err != nil {
			return nil, ports.Refused(ctx, s.store, s.entry(who, permission.ReportBug, 0), err)
		}
		q.Reporter = who.User
	}
	var list []support.Bug
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		list, err = r.Bugs.List(ctx, q)
		return err
	})
	return list, err
}

// Change changes a bug and says which fields have another value now.
//
// Faults: NotFound "bug_not_found" also when it is not the actor's to see; Forbidden "scope_missing".
func (s *Service) Change(ctx context.Context, who permission.Actor, id int64, c support.Changes) (fields []string, err error) {
	err = s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		fields = nil
		b, err := s.get(ctx, r, who, id)
		if err != nil {
			return err
		}
		before := digest(&b)
		if fields = b.Apply(c, s.clock.Now()); len(fields) == 0 {
			return nil
		}
		if err := r.Bugs.Save(ctx, &b); err != nil {
			return err
		}
		if err := s.follow(ctx, r, &b); err != nil {
			return err
		}
		return r.Audit.Record(ctx, s.entry(who, permission.EditBug, id).Changing(fields, before, digest(&b)))
	})
	return fields, ports.Refused(ctx, s.store, s.entry(who, permission.EditBug, id), err)
}

func (s *Service) get(ctx context.Context, r ports.Repos, who permission.Actor, id int64) (support.Bug, error) {
	b, err := r.Bugs.Get(ctx, id)
	if err != nil {
		return b, err
	}
	switch err := permission.Check(who, permission.EditBug, b.Reporter); {
	case fault.CodeOf(err) == "scope_missing":
		return b, err
	case err != nil:
		return b, fault.New(fault.NotFound, "bug_not_found", "There is no such bug.").Naming("bug_id", strconv.FormatInt(id, 10))
	}
	return b, nil
}

// Track tells the bug tracker how a bug stands now. It is the work of an outbox task.
//
// Faults: Unavailable when it should be tried again.
func (s *Service) Track(ctx context.Context, payload string) error {
	id, err := strconv.ParseInt(payload, 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, "payload_invalid", "the task names no bug").Because(err)
	}
	var b support.Bug
	if err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		b, err = r.Bugs.Get(ctx, id)
		return err
	}); err != nil || b.Told >= b.Version {
		return err
	}
	reference, err := s.tell(ctx, b)
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		return r.Bugs.Tracked(ctx, id, reference, b.Version)
	})
}

// tell files the bug, or brings it up to date. One that the tracker has lost is filed anew.
func (s *Service) tell(ctx context.Context, b support.Bug) (string, error) {
	if b.Tracked != "" {
		err := s.tracker.Update(ctx, b.Tracked, b)
		if !errors.Is(err, fault.NotFound) {
			return b.Tracked, err
		}
	}
	return s.tracker.Report(ctx, b)
}

// LogRequest keeps what a client reports of a request. It proves nothing, so it stays off the trail.
//
// Faults: Forbidden.
func (s *Service) LogRequest(ctx context.Context, who permission.Actor, r support.ClientRequest) error {
	if err := permission.Check(who, permission.LogClientRequest, ""); err != nil {
		return ports.Refused(ctx, s.store, s.entry(who, permission.LogClientRequest, 0), err)
	}
	r.User, r.LoggedAt = who.User, s.clock.Now()
	return s.store.InTx(ctx, func(ctx context.Context, repos ports.Repos) error { return repos.ClientRequests.Add(ctx, r) })
}

// forgetBatch is how many reports are removed in one transaction.
const forgetBatch = 1000

// Forget removes what clients reported too long ago to be of use, and says how much that was.
func (s *Service) Forget(ctx context.Context) (forgotten int, err error) {
	before := s.clock.Now().Add(-support.KeptReports)
	for {
		gone := 0
		err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) (err error) {
			gone, err = r.ClientRequests.Forget(ctx, before, forgetBatch)
			return err
		})
		forgotten += gone
		if err != nil || gone < forgetBatch {
			return forgotten, err
		}
	}
}
