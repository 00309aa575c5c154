package operations

import (
	"context"
	"slices"
	"strconv"

	"surgicase/domain/audit"
	"surgicase/domain/directory"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Lists reads and edits the lists that clients show. Reading is for every user and leaves no trace;
// editing is for Global Admins.
type Lists struct {
	store ports.Store
	clock ports.Clock
}

// NewLists makes the service.
func NewLists(store ports.Store, clock ports.Clock) *Lists { return &Lists{store: store, clock: clock} }

// Statuses returns the labels of the case statuses.
func (s *Lists) Statuses(ctx context.Context) ([]directory.StatusLabel, error) {
	return view(ctx, s.store, func(ctx context.Context, r ports.Repos) ([]directory.StatusLabel, error) {
		return r.Lists.Statuses(ctx)
	})
}

// UserTypes returns the labels of the user types.
func (s *Lists) UserTypes(ctx context.Context) ([]directory.UserTypeLabel, error) {
	return view(ctx, s.store, func(ctx context.Context, r ports.Repos) ([]directory.UserTypeLabel, error) {
		return r.Lists.UserTypes(ctx)
	})
}

// DocTypes returns the kinds of user documents.
func (s *Lists) DocTypes(ctx context.Context) ([]directory.DocType, error) {
	return view(ctx, s.store, func(ctx context.Context, r ports.Repos) ([]directory.DocType, error) { return r.Lists.DocTypes(ctx) })
}

// FAQs returns the questions for users of exactly the caller's type.
func (s *Lists) FAQs(ctx context.Context, who permission.Actor) ([]directory.FAQ, error) {
	return view(ctx, s.store, func(ctx context.Context, r ports.Repos) ([]directory.FAQ, error) { return r.Lists.FAQs(ctx, who.Type) })
}

// PutStatus gives a status another label and says whether it had none before.
//
// Faults: Forbidden.
func (s *Lists) PutStatus(ctx context.Context, who permission.Actor, l directory.StatusLabel) (added bool, err error) {
	return s.put(ctx, who, "case_statuses", strconv.Itoa(int(l.Status)), ports.ListEntry{Status: &l}, func(ctx context.Context, r ports.Repos) (bool, error) {
		list, err := r.Lists.Statuses(ctx)
		return slices.ContainsFunc(list, func(x directory.StatusLabel) bool { return x.Status == l.Status }), err
	})
}

// PutUserType names a user type and sets the cap that users get with it. Users who have the type
// keep their cap. It says whether the type is new in the list.
//
// Faults: Forbidden.
func (s *Lists) PutUserType(ctx context.Context, who permission.Actor, l directory.UserTypeLabel) (added bool, err error) {
	return s.put(ctx, who, "user_types", strconv.Itoa(int(l.Type)), ports.ListEntry{UserType: &l}, func(ctx context.Context, r ports.Repos) (bool, error) {
		list, err := r.Lists.UserTypes(ctx)
		return slices.ContainsFunc(list, func(x directory.UserTypeLabel) bool { return x.Type == l.Type }), err
	})
}

// PutDocType stores a kind of user document and says whether it is new.
//
// Faults: Forbidden.
func (s *Lists) PutDocType(ctx context.Context, who permission.Actor, d directory.DocType) (added bool, err error) {
	return s.put(ctx, who, "user_doc_types", d.Name, ports.ListEntry{DocType: &d}, func(ctx context.Context, r ports.Repos) (bool, error) {
		list, err := r.Lists.DocTypes(ctx)
		return slices.ContainsFunc(list, func(x directory.DocType) bool { return x.Name == d.Name }), err
	})
}

// AddFAQ adds a question and gives its id.
//
// Faults: Forbidden.
func (s *Lists) AddFAQ(ctx context.Context, who permission.Actor, f directory.FAQ) (directory.FAQ, error) {
	_, err := s.put(ctx, who, "faqs", "", ports.ListEntry{FAQ: &f}, func(context.Context, ports.Repos) (bool, error) { return false, nil })
	return f, err
}

// put stores an entry of a list, the audit entry with it.
func (s *Lists) put(ctx context.Context, who permission.Actor, list, id string, entry ports.ListEntry, held func(context.Context, ports.Repos) (bool, error)) (added bool, err error) {
	note := audit.Record(who, permission.EditLists, list, id, s.clock.Now())
	if err := permission.Check(who, permission.EditLists, ""); err != nil {
		return false, ports.Refused(ctx, s.store, note, err)
	}
	err = s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		before, err := held(ctx, r)
		if err != nil {
			return err
		}
		added = !before
		if err := r.Lists.Put(ctx, entry); err != nil {
			return err
		}
		if entry.FAQ != nil {
			note.EntityID = strconv.FormatInt(entry.FAQ.ID, 10)
		}
		return r.Audit.Record(ctx, note)
	})
	return added, err
}

// view reads one thing from a snapshot.
func view[T any](ctx context.Context, store ports.Store, read func(context.Context, ports.Repos) (T, error)) (T, error) {
	var out T
	err := store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		out, err = read(ctx, r)
		return err
	})
	return out, err
}
