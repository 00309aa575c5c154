// Package people holds everything about users, their surgeons and facilities, and groups.
package people

import (
	"context"
	"errors"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/npi"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// trail is what the services of this package have in common: a store, a clock, and telling of what
// happened.
type trail struct {
	store  ports.Store
	clock  ports.Clock
	events ports.Events
	entity string
}

func (t trail) entry(who permission.Actor, action permission.Action, id string) audit.Entry {
	return audit.Record(who, action, t.entity, id, t.clock.Now())
}

// refused notes a refused attempt with the fields it was about and returns err.
func (t trail) refused(ctx context.Context, who permission.Actor, action permission.Action, id string, err error, fields ...string) error {
	entry := t.entry(who, action, id)
	entry.Fields = fields
	return ports.Refused(ctx, t.store, entry, err)
}

// read notes that something was read, or refused, before the answer leaves.
func (t trail) read(ctx context.Context, who permission.Actor, action permission.Action, id string, err error, things ...string) error {
	entry := t.entry(who, action, id)
	if err != nil {
		return ports.Refused(ctx, t.store, entry, err)
	}
	return t.store.Logged(ctx, entry.Reading(things...))
}

func (t trail) happened(ctx context.Context, name string, who permission.Actor, err error) {
	t.events.Happened(ctx, ports.Event{Name: name, Err: err, Values: []ports.Value{{Name: "actor", Text: string(who.User)}}})
}

// verify has an NPI held against the registry after the commit; none needs that.
func (t trail) verify(ctx context.Context, r ports.Repos, id string, number npi.NPI) error {
	if number == 0 {
		return nil
	}
	return r.Outbox.Put(ctx, ports.VerifyNPI, t.entity+":"+id, t.clock.Now())
}

// digest covers contents that are no secret: the id serves as the key, so that equal contents of two
// things look different.
func (t trail) digest(id string, contents []string) []byte {
	return audit.Digest([]byte(t.entity+":"+id), contents...)
}

// checkVersion holds the version that the client has seen against the stored one; 0 means any.
func checkVersion(seen, stored int64) error {
	if seen != 0 && seen != stored {
		return fault.New(fault.Stale, "version_mismatch", "It has changed since you read it.")
	}
	return nil
}

// checkActive refuses a user named in a body who does not exist or is inactive.
func checkActive(ctx context.Context, r ports.Repos, id ident.UserID) error {
	u, err := r.Users.GetForUse(ctx, id)
	if errors.Is(err, fault.NotFound) || (err == nil && !u.Active) {
		return fault.InvalidField("body.user_id", "is not an active user")
	}
	return err
}
