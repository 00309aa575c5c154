package operations

import (
	"context"
	"errors"
	"strconv"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Trail reads the audit trail.
type Trail struct {
	keys  []audit.ChainKey
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

// With returns the service with chain keys, to check seals of format 2.
func (s *Trail) With(keys []audit.ChainKey) *Trail {
	with := *s
	with.keys = keys
	return &with
}

// VerifyPatience is how long a verification may take. A trail of ten million entries takes minutes.
const VerifyPatience = time.Hour

// Verify checks the trail from its beginning to its end, against its own checkpoints and those that were kept
// elsewhere. Nothing less finds an old entry that was changed, so it is always the whole. It is put on the trail.
//
// Faults: Forbidden; Conflict "audit_trail_broken" if somebody changed the trail, "audit_entry_unsealed" if an
// entry has waited for too long, which may only want a sealer; Unavailable "audit_verify_timeout".
func (s *Trail) Verify(ctx context.Context, who permission.Actor, kept []audit.Checkpoint, keys []audit.PublicKey) (report audit.Report, err error) {
	entry := audit.Record(who, permission.ReadAudit, "audit_verification", "", s.clock.Now())
	if err := permission.Check(who, permission.ReadAudit, ""); err != nil {
		return report, ports.Refused(ctx, s.store, entry, err)
	}
	if err := s.store.Logged(ctx, entry.Reading()); err != nil {
		return report, err
	}
	ctx, cancel := context.WithTimeout(ctx, VerifyPatience)
	defer cancel()
	err = s.Read(ctx, func(e audit.Evidence) (err error) {
		e.ChainKeys = s.keys
		report, err = e.Verify(kept, keys, func(int64) {})
		return err
	})
	return report, judged(ctx, err)
}

// judged gives a broken trail its code, by which people and metrics know it.
func judged(ctx context.Context, err error) error {
	var broken *audit.Broken
	switch {
	case errors.As(err, &broken) && broken.Why == audit.Unsealed:
		return fault.New(fault.Conflict, "audit_entry_unsealed", "An entry of the audit trail was not sealed in time.").Because(err)
	case errors.As(err, &broken):
		return fault.New(fault.Conflict, TrailBroken, "The audit trail is not what it was.").Because(err)
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fault.New(fault.Unavailable, "audit_verify_timeout", "Verifying the audit trail took too long.").Because(err)
	}
	return err
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
