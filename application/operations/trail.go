package operations

import (
	"context"
	"strconv"

	"surgicase/domain/audit"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Trail reads the audit trail.
type Trail struct {
	store ports.Store
	clock ports.Clock
}

// NewTrail makes the service.
func NewTrail(store ports.Store, clock ports.Clock) *Trail { return &Trail{store: store, clock: clock} }

// Log returns a page of the trail, newest first. Reading it is itself put on the trail, with the names
// of the filters and the case that was followed.
//
// Faults: Forbidden.
func (s *Trail) Log(ctx context.Context, who permission.Actor, q audit.Query) (audit.Page, error) {
	followed := string(q.Case)
	if q.Number != 0 {
		followed = strconv.FormatInt(q.Number, 10)
	}
	entry := audit.Record(who, permission.ReadAudit, "audit_log", followed, s.clock.Now())
	entry.Fields = filters(q)
	if err := permission.Check(who, permission.ReadAudit, ""); err != nil {
		return audit.Page{}, ports.Refused(ctx, s.store, entry, err)
	}
	page, err := view(ctx, s.store, func(ctx context.Context, r ports.Repos) (audit.Page, error) { return r.Audit.List(ctx, q) })
	if err != nil {
		return page, err
	}
	return page, s.store.Logged(ctx, entry.Reading())
}

// filters names the filters of a query.
func filters(q audit.Query) []string {
	var names []string
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"actor", q.Actor != ""},
		{"action", q.Action != ""},
		{"entity", q.Entity != ""},
		{"entity_id", q.EntityID != ""},
		{"outcome", q.Outcome != ""},
		{"case_id", q.Case != ""},
		{"human_case_id", q.Number != 0},
		{"from", !q.From.IsZero()},
		{"to", !q.To.IsZero()},
	} {
		if f.set {
			names = append(names, f.name)
		}
	}
	return names
}

// Read hands the whole trail over as it stands at one moment.
func (s *Trail) Read(ctx context.Context, do func(audit.Evidence) error) error {
	return s.store.View(ctx, func(ctx context.Context, r ports.Repos) error {
		e := audit.Evidence{At: s.clock.Now(), Links: r.Seals.Links(ctx)}
		last, err := r.Seals.Last(ctx)
		if err != nil {
			return err
		}
		e.Seals = last.Seq
		if e.Checkpoints, err = r.Seals.Checkpoints(ctx, 0); err != nil {
			return err
		}
		return do(e)
	})
}

// Export is Read for taking the trail out of the house, which is put on the trail.
//
// Faults: Forbidden.
func (s *Trail) Export(ctx context.Context, who permission.Actor, do func(audit.Evidence) error) error {
	entry := audit.Record(who, permission.ReadAudit, "audit_export", "", s.clock.Now())
	if err := permission.Check(who, permission.ReadAudit, ""); err != nil {
		return ports.Refused(ctx, s.store, entry, err)
	}
	if err := s.store.Logged(ctx, entry.Reading()); err != nil {
		return err
	}
	return s.Read(ctx, do)
}
